"""From an experiment to a compiled kernel, kept on disk under a name that carries the hash of all it depends on.

Generated modules, and not closures, because Numba's on-disk cache never hits for a function that arrives as an argument
or through a closure, and a kernel found under the wrong key would return another law's numbers without a word.
"""

import hashlib
import importlib.util
import os
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from attnlaws.simulations.experiment import Arithmetic
from attnlaws.simulations.shared import compiled_functions, make_ready

ENGINE = (
    "primitives",
    "shared",
    "logarithm",
    "arithmetic",
    "philox",
    "lanes",
    "stream",
    "sums",
    "masses",
    "selection",
    "rows",
    "radix",
    "window",
    "experiment",
    "sources",
    "emit",
    "generate",
    "item_loops",
    "stream_kernel",
    "replicate",
    "task",
    "build",
)


@lru_cache
def engine_hash(arithmetic: Arithmetic = "exact") -> str:
    """Hash of the source of everything that can change a result's bits.

    Exact arithmetic has the same bits in Numba and in CUDA; what fast arithmetic gives is up to the CUDA text alone.

    Example:
        >>> len(engine_hash()), engine_hash() == engine_hash("fast")
        (64, False)
    """
    digest, here = hashlib.sha256(), Path(__file__).parent
    files = [here / f"{name}.py" for name in ENGINE]
    if arithmetic == "fast":
        files += [here / "cuda_source.py", *sorted((here.parent / "cuda").rglob("*.cuh"))]
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def cache_directory() -> Path:
    """Where compiled kernels are kept: ``ATTNLAWS_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("ATTNLAWS_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "attnlaws"


def module_of(stem: str, text: str) -> ModuleType:
    """The module of a text, under a name that carries the hash of the text and of the engine.

    The stem is for people who look into the cache. No law is in the name: laws with equal texts share a kernel.

    Raises:
        ValueError: the cache folder cannot be written.
    """
    digest = hashlib.sha256((engine_hash() + text).encode()).hexdigest()
    return _imported(f"{stem}_{digest[:32]}", text, str(cache_directory()))


@lru_cache
def _imported(name: str, text: str, directory: str) -> ModuleType:
    """Write the module unless it stands there, then import it."""
    path = Path(directory) / f"{name}.py"
    if not path.exists():
        _write_once(path, text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    make_ready(compiled_functions(module))
    return module


def _write_once(path: Path, text: str) -> None:
    """Put a file in place whole; whoever comes second leaves the first one's file, and its time stamp, alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, suffix=".draft")
        with os.fdopen(handle, "w") as file:
            file.write(text)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            Path(draft).unlink()
    except OSError as error:
        raise ValueError(
            f"ATTNLAWS_CACHE = {str(path.parent)!r}: must be a folder that can be written ({error.strerror})"
        ) from error
