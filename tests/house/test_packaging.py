"""The wheel holds the package, whole and nothing else; and our `cuda` folder does not hide NVIDIA's."""

import shutil
import subprocess
import sys
import zipfile

import pytest


@pytest.fixture(scope="module")
def wheel(files, root, tmp_path_factory):
    """Names of the files in the wheel that the project builds, from a copy of its sources."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for path in files:
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / path, source / path, follow_symlinks=False)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "wheel", *options, "-w", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = target.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_the_package_and_nothing_else(wheel, files):
    inside = {name for name in wheel if ".dist-info/" not in name}
    assert inside == {path.as_posix() for path in files if path.parts[0] == "attnlaws"}


def test_the_wheel_holds_what_is_not_python_too(wheel):
    assert {"attnlaws/py.typed", "attnlaws/cuda/README.md", "attnlaws/theory/topk/tail_mass.py"} <= wheel


def test_the_wheel_tells_who_may_use_it_and_how_it_is_started(wheel):
    assert {name.split("/", 1)[1] for name in wheel if ".dist-info/" in name} >= {
        "METADATA",
        "entry_points.txt",
        "licenses/LICENSE",
    }


def test_no_cuda_folder_is_a_package(files, root):
    """A `cuda/__init__.py` on the path hides NVIDIA's `cuda` namespace, and CuPy cannot be imported any more."""
    assert not [path for path in files if "cuda" in path.parts and path.suffix == ".py"]
    assert not list((root / "attnlaws" / "cuda").rglob("__init__.py"))
    assert not [path for path in (root / "tests").rglob("__init__.py") if "cuda" in path.parts]


def test_nvidia_s_cuda_is_found_beside_ours(root):
    code = "import sys; sys.path.insert(0, sys.argv[1]); import cuda.pathfinder; print(cuda.pathfinder.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(root)], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "site-packages" in done.stdout
