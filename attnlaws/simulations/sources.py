"""Which files an experiment's numbers come from, beside the engine's, which have a hash of their own."""

import ast
import inspect
from collections.abc import Callable
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
    for node in ast.walk(ast.parse(known[path])):
        module = str(getattr(node, "module", ""))
        if isinstance(node, ast.ImportFrom) and f"{module}.".startswith(("attnlaws.simulations.", "attnlaws.theory.")):
            engine = Path(__file__).parent
            folder = engine.parent.joinpath(*module.split(".")[1:])
            for name in node.names:
                for file in (folder / f"{name.name}.py", folder.with_suffix(".py")):
                    if file.exists() and file.parent != engine:
                        read_sources(file, known)


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
