"""Find laws and experiments by id: the id is the path, and nothing is registered by hand."""

import ast
import difflib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnlaws.simulations.experiment import Exact, Experiment
    from attnlaws.theory.law import Law

PACKAGE = Path(__file__).parent


class UnknownLaw(ValueError):  # noqa: N818  (reads as what happened)
    """No law has this id."""


def ids(topic: str | None = None) -> list[str]:
    """Ids of all laws, or of one topic's, without importing any.

    Raises:
        ValueError: there is no such topic.

    Example:
        >>> "topk.tail_mass" in ids("topk")
        True
    """
    found = sorted(
        f"{path.parent.name}.{path.stem}"
        for path in (PACKAGE / "theory").glob("*/*.py")
        if path.stem != "__init__" and not path.parent.name.startswith("_")
    )
    if topic is None:
        return found
    chosen = [law_id for law_id in found if law_id.split(".")[0] == topic]
    if not chosen:
        topics = sorted({law_id.split(".")[0] for law_id in found})
        raise ValueError(f"topic = {topic!r}: must be one of {', '.join(topics)}")
    return chosen


def statement(law_id: str) -> str:
    """First line of a law's docstring, read without importing it."""
    tree = ast.parse(path_of(law_id).read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").split("\n")[0].strip()


def path_of(law_id: str) -> Path:
    """The file of a law's claim.

    Raises:
        UnknownLaw: names the three nearest ids.
    """
    known = ids()
    if law_id not in known:
        stems = {known_id.split(".")[1]: known_id for known_id in known}
        near = difflib.get_close_matches(str(law_id), known, 3, 0.75)
        near += [stems[s] for s in difflib.get_close_matches(str(law_id), list(stems), 3, 0.5) if stems[s] not in near]
        hint = f"did you mean {', '.join(near[:3])}?" if near else "`attnlaws list` shows them all"
        raise UnknownLaw(f"law = {law_id!r}: no law has this id; {hint}")
    topic, stem = law_id.split(".")
    return PACKAGE / "theory" / topic / f"{stem}.py"


def law(law_id: str) -> "Law":
    """A law by its id.

    Raises:
        UnknownLaw: names the three nearest ids.

    Example:
        >>> law("topk.tail_mass").id
        'topk.tail_mass'
    """
    path_of(law_id)
    return importlib.import_module(f"attnlaws.theory.{law_id}").LAW


def experiment(law_id: str) -> "Experiment | Exact":
    """What is held against a law: a simulation, or an exact computation.

    Raises:
        UnknownLaw: no law has this id.
    """
    path_of(law_id)
    return importlib.import_module(f"attnlaws.simulations.{law_id}").EXPERIMENT


def simulation(law_id: str) -> "Experiment":
    """The experiment of a law that can be simulated.

    Raises:
        UnknownLaw: no law has this id.
        ValueError: there is nothing to simulate; says why.
    """
    from attnlaws.simulations.experiment import Exact

    found = experiment(law_id)
    if isinstance(found, Exact):
        raise ValueError(
            f"law = {law_id!r}: must be a law that can be simulated ({found.reason}; `attnlaws verify {law_id}` "
            "compares it with an exact computation)"
        )
    return found


def figure_module(law_id: str) -> ModuleType | None:
    """The module that draws a law in its own way, if there is one."""
    return _optional(f"attnlaws.figures.{law_id}", PACKAGE / "figures" / f"{law_id.replace('.', '/')}.py")


def _optional(name: str, path: Path) -> ModuleType | None:
    return importlib.import_module(name) if path.exists() else None


def load_file(path: str | Path) -> "tuple[Law, Experiment | Exact]":
    """A reader's own law: a Python file that defines ``LAW`` and ``EXPERIMENT``.

    The file is run, as any script is.

    Raises:
        ValueError: the file cannot be read, or defines neither.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"FILE = {str(path)!r}: must be a Python file that defines LAW and EXPERIMENT (no such file)")
    name = f"attnlaws_reader_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"FILE = {str(path)!r}: must be a Python file (its name must end in .py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise ValueError(f"FILE = {str(path)!r}: cannot be run ({type(error).__name__}: {error})") from error
    from attnlaws.simulations.experiment import Exact, Experiment
    from attnlaws.theory.law import Law

    for wanted in ("LAW", "EXPERIMENT"):
        if not hasattr(module, wanted):
            raise ValueError(f"FILE = {str(path)!r}: must define {wanted}")
    if not isinstance(module.LAW, Law):
        raise ValueError(f"FILE = {str(path)!r}: LAW = {module.LAW!r}: must be a Law")
    if not isinstance(module.EXPERIMENT, Experiment | Exact):
        raise ValueError(f"FILE = {str(path)!r}: EXPERIMENT = {module.EXPERIMENT!r}: must be an Experiment or an Exact")
    return module.LAW, module.EXPERIMENT
