"""The project's own files, which the tests of this folder read."""

import ast
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SKIPPED = ("__pycache__", ".git", ".venv", ".attnlaws", ".pytest_cache", ".ruff_cache", "build", "dist", "figures-out")


def listed(*arguments: str) -> list[Path]:
    """Paths that git knows, or would take in; relative to the root."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard", *arguments]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return sorted({Path(name) for name in found.split("\0") if name and (ROOT / name).exists()})


def walked() -> list[Path]:
    """The same without git: every file that is not a product."""
    return sorted(
        path.relative_to(ROOT)
        for path in ROOT.rglob("*")
        if path.is_file()
        and not any(part in SKIPPED or part.endswith(".egg-info") for part in path.relative_to(ROOT).parts)
    )


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def files() -> list[Path]:
    """Every file of the project, relative to its root."""
    try:
        return listed()
    except (OSError, subprocess.CalledProcessError):
        return walked()


@pytest.fixture(scope="session")
def modules(files: list[Path]) -> dict[str, ast.Module]:
    """The syntax tree of every module of the package, by its dotted name."""
    return {
        ".".join(path.with_suffix("").parts).removesuffix(".__init__"): ast.parse((ROOT / path).read_text("utf-8"))
        for path in files
        if path.parts[0] == "attnlaws" and path.suffix == ".py"
    }


@pytest.fixture(scope="session")
def imports_of() -> Callable[[ast.AST], set[str]]:
    """The function that finds what a tree imports: dotted names, inside functions too.

    ``from a import b`` gives both ``a`` and ``a.b``, because b may be a module.
    """

    def find(tree: ast.AST) -> set[str]:
        names: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                module = node.module or ""
                names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
        return names

    return find
