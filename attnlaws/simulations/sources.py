"""Which files an experiment's numbers come from, beside the engine's, which have a hash of their own."""

import ast
import inspect
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path


def read_sources(path: Path, known: dict[Path, str]) -> None:
    """Collect the text of a file, of the experiments and of the theory that it imports, and so on.

    Args:
        path: where to begin.
        known: texts by file, to which they are added.

    Example:
        >>> known: dict[Path, str] = {}
        >>> read_sources(Path(__file__).parent / "topk" / "k_eps.py", known)
        >>> [file.name for file in known]
        ['k_eps.py']
    """
    if path in known:
        return
    known[path] = path.read_text("utf-8")
    engine = Path(__file__).parent
    for module, names in _imports(known[path]):
        folder = engine.parent.joinpath(*module.split(".")[1:])
        for name in names:
            for file in (folder / f"{name}.py", folder.with_suffix(".py")):
                if file.exists() and file.parent != engine:
                    read_sources(file, known)


@lru_cache(maxsize=512)
def _imports(text: str) -> list[tuple[str, list[str]]]:
    """What a text imports from experiments and theory; every task asks for it, and parsing is slow."""
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    ours = ("attnlaws.simulations.", "attnlaws.theory.")
    return [
        (str(node.module), [name.name for name in node.names]) for node in found if f"{node.module}.".startswith(ours)
    ]


def source_of(function: Callable[..., object]) -> str:
    """A function's source text.

    Raises:
        ValueError: there is none to be read, as for a function typed at a bare prompt.
    """
    try:
        return inspect.getsource(function)
    except OSError as error:
        raise ValueError(
            f"{function.__name__}: its source must be readable (write it in a file or a notebook)"
        ) from error
