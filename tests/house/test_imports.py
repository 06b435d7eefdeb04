"""Imports run one way: theory, simulations, figures, face; and what is quick stays quick."""

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

FLOORS = ("theory", "simulations", "figures")
ALLOWED = {
    "theory": {"theory"},
    "simulations": {"theory", "simulations"},
    "figures": set(FLOORS),
    "estimators": {"theory", "estimators"},
}
HEAVY = ("sympy", "scipy", "numba", "cupy", "distributed", "matplotlib", "xarray", "numpy", "rich")
ONLY = {"cupy": "gpu", "dask": "cluster", "distributed": "cluster", "toolz": "cluster"}
"""What comes with an extra, and the one module that imports it."""
POINT = ("--n", "32", "--kappa", "0.25", "--sigma", "1", "--replicates", "50")


def python(*arguments, **options):
    """Run a Python of its own and give what it printed."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("floor", ALLOWED)
def test_a_floor_imports_only_the_floors_below_it(floor, modules, imports_of):
    for name, tree in modules.items():
        if name.startswith(f"attnlaws.{floor}"):
            ours = {imported for imported in imports_of(tree) if imported.startswith("attnlaws.")}
            above = {imported for imported in ours if imported.split(".")[1] not in ALLOWED[floor]}
            if floor == "estimators":  # which take from above the text of a kernel
                above -= {"attnlaws.simulations.cuda_source", "attnlaws.simulations.cuda_source.header_source"}
            assert not above, f"{name} imports {above}"


@pytest.mark.parametrize("package", ONLY)
def test_what_comes_with_an_extra_is_imported_by_one_module(package, modules, imports_of):
    users = {name for name, tree in modules.items() if any(i.split(".")[0] == package for i in imports_of(tree))}
    assert users <= {f"attnlaws.simulations.{ONLY[package]}"}


def test_no_import_is_relative(modules):
    for name, tree in modules.items():
        assert not [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level], name


def test_the_imports_are_seen_where_they_hide(imports_of):
    """The walk itself: an import inside a function, and a module taken from a package."""
    tree = ast.parse("def f():\n    from attnlaws import registry\n    import cupy.cuda")
    assert imports_of(tree) == {"attnlaws", "attnlaws.registry", "cupy.cuda"}


def test_importing_the_package_loads_nothing_of_weight():
    loaded = python("-c", "import attnlaws, sys; print(*sys.modules)").split()
    assert not {name.split(".")[0] for name in loaded} & set(HEAVY)


@pytest.mark.parametrize("command", [["list"], ["list", "topk"], ["--help"], ["--version"]])
def test_a_quick_command_imports_no_law_and_nothing_of_weight(command):
    code = f"import sys; from attnlaws.cli import main; main({command!r}); print('LOADED', *sys.modules)"
    loaded = python("-c", code).split("LOADED")[1].split()
    assert not {name.split(".")[0] for name in loaded} & set(HEAVY)
    assert not [name for name in loaded if name.startswith(("attnlaws.theory", "attnlaws.simulations.topk"))]


def test_a_verdict_without_a_picture_loads_no_matplotlib(tmp_path):
    command = ["verify", "topk.blom", "--quick"]
    code = f"import sys; from attnlaws.cli import main; main({command!r}); print('LOADED', *sys.modules)"
    loaded = python("-c", code, cwd=tmp_path).split("LOADED")[1].split()
    assert "attnlaws.simulations.verdict" in loaded and "matplotlib" not in loaded


def test_help_takes_less_than_three_tenths_of_a_second():
    """The fastest of five, because another process may have the core."""
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        python("-m", "attnlaws.cli", "--help")
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.3


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_refuses_its_bare_name(floor, root):
    code = f"import sys; sys.path.insert(0, {str(root)!r})\ntry: import {floor}\nexcept ImportError as e: print(e)"
    assert f"import it as attnlaws.{floor}" in python("-c", code, cwd=root)


@pytest.mark.parametrize("name", [*FLOORS, "cuda"])
def test_the_links_at_the_root_point_into_the_package(name, root):
    link = root / name
    assert link.is_symlink()
    assert link.readlink() == Path("attnlaws", name)
    assert link.resolve() == (root / "attnlaws" / name).resolve()


def test_an_experiment_runs_as_a_script_through_the_link(root, out):
    script = "simulations/topk/tail_mass.py"
    assert "--kappa VALUE" in python(script, "--help", cwd=root)
    lines = python(script, *POINT, "--out", str(out), cwd=root).splitlines()
    assert lines[0] == "topk.tail_mass, seed 0, mode literal, on cpu"
    mean, error, replicates = (float(word) for word in lines[2].split())
    assert 0 < mean < 1
    assert 0 < error < 0.1
    assert replicates == 50


def test_a_script_answers_bad_input_as_the_program_does(root, out):
    command = [sys.executable, "simulations/topk/tail_mass.py", *POINT, "--kappa", "2", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: kappa = 2.0: must be a real number in (0, 1)\n"


def test_experiments_end_in_the_same_two_lines(files, root):
    experiments = [f for f in files if f.parts[:2] == ("attnlaws", "simulations") and len(f.parts) == 4]
    endings = {tuple((root / f).read_text().splitlines()[-2:]) for f in experiments if f.stem != "__init__"}
    assert endings == {('if __name__ == "__main__":', "    run.main(__file__)")}
