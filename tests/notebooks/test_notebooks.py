"""The notebooks, run from their first cell to the last in a kernel of their own."""

import shutil
from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
SHOWN = {
    "first_steps": ("topk.tail_mass: REFUTED", "topk.tail_mass: SUPPORTED", "image/png", "52.767", "keys needed"),
    "retrieval": (
        *("retrieval.exponential: SUPPORTED", "retrieval.typical_norm_as_mean: REFUTED", "image/png"),
        *("10.88", "0.83705", "must be a real number > 4", "104.3", "36.8", "1.21e+04", "2.43e+12", "over 192 pairs"),
    ),
    "minimax": (
        *("minimax.local_exponent: SUPPORTED", "minimax.sandwich: SUPPORTED", "minimax.population_output: REFUTED"),
        *("image/png", "R^2 of a line 0.994, sd(p) = 5.66 sd(ln R)", "best sharpness 5.10", "sharpness 7.27"),
    ),
    "topk": (
        *("topk.k_eps: SUPPORTED", "topk.k_eps_beyond_freezing: REFUTED", "topk.scored_equals_kept: REFUTED"),
        *("image/png", "decided in 384 of 384 rows", "1 - p_1 = 0.0", "of 4096 keys scored"),
    ),
}
"""What a reader is promised to see."""


def executed(path, folder):
    """A copy of the notebook with its outputs, run beside a copy of the data: the project keeps nothing of it."""
    (folder / "notebooks").mkdir()
    shutil.copytree(ROOT / "tests" / "data", folder / "tests" / "data")
    notebook = jupytext.read(path)
    resources = {"metadata": {"path": folder / "notebooks"}}
    return NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_it_promises(path, tmp_path):
    cells = [cell for cell in executed(path, tmp_path).cells if cell.cell_type == "code"]
    assert len(cells) >= 10
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    assert all(cell.outputs for cell in cells), "a cell says nothing"
    for promised in SHOWN[path.stem]:
        assert promised in str(outputs)


def test_every_notebook_promises_something():
    assert [path.stem for path in NOTEBOOKS] == sorted(SHOWN)
