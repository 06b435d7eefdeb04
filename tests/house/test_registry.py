"""Every law is whole, and a new one is two files and no edit anywhere else."""

import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from attnlaws import registry
from attnlaws.simulations.experiment import Exact, Experiment
from attnlaws.template import write_law
from attnlaws.theory.law import Law
from attnlaws.theory.steps import Conjecture, Definition

LAWS = registry.ids()
TOPIC_FOLDERS = ("simulations", "figures", "cuda")
TO_FILL_IN = "TODO"


@pytest.fixture(params=LAWS)
def law(request) -> Law:
    return registry.law(request.param)


def unfinished(package: Path, law_id: str) -> list[Path]:
    """Files of a law that still say that there is something to fill in."""
    topic, stem = law_id.split(".")
    floors = ("theory", "simulations")
    written = [package / floor / topic / f"{name}.py" for floor in floors for name in (stem, "__init__")]
    return [path for path in written if TO_FILL_IN in path.read_text("utf-8")]


def test_the_id_is_the_path(law):
    topic, stem = law.id.split(".")
    assert (registry.PACKAGE / "theory" / topic / f"{stem}.py").exists()
    assert law.id in LAWS


def test_a_law_is_simulated_or_computed_exactly_for_a_reason(law):
    experiment = registry.experiment(law.id)
    if isinstance(experiment, Exact):
        assert experiment.reason and 0 < experiment.error <= law.delta
    else:
        assert isinstance(experiment, Experiment)
    assert set(experiment.also) <= set(law.outputs[1:])


def test_a_law_says_where_it_was_read_and_in_which_regime_it_holds(law):
    assert law.source.paper
    assert law.source.place
    assert law.regime
    assert law.quantity != "value"


def test_a_law_has_a_wrong_claim_to_refute(law):
    assert law.sabotages
    assert {name: wrong.statement for name, wrong in law.claims_sabotaged().items()} == {
        name: f"Sabotage: {name}" for name in law.sabotages
    }


def test_a_law_is_judged_at_three_points_or_more(law):
    assert law.grid is not None
    assert len(law.grid.values) >= 3
    for point in law.grid.points():
        law.validate(**{**{p.name: 1024 for p in law.parameters if p.role == "simulation"}, **point})


def test_a_derivation_starts_at_a_definition_and_is_no_conjecture(law):
    for case in law.derivations:
        assert isinstance(case.steps[0], Definition), case.label
        assert not [step for step in case.steps if isinstance(step, Conjecture)], case.label


def test_a_statement_is_one_sentence(law):
    assert law.statement.endswith(".")
    assert law.statement[0].isupper()
    assert registry.statement(law.id) == law.statement


def test_nothing_of_the_template_is_left(law):
    assert not unfinished(registry.PACKAGE, law.id)


def test_an_experiment_answers_for_every_mode_at_every_point(law):
    """Its shape, its estimator, its rounding and its reference go by names that the law has."""
    experiment = registry.experiment(law.id)
    if isinstance(experiment, Exact):
        assert np.isfinite([experiment.value_of("", point) for point in law.grid.points()]).all()
        return
    assert callable(experiment.reference)
    assert experiment.modes
    assert experiment.arithmetic_reason
    names = {parameter.name for parameter in law.parameters}
    for point in law.grid.points():
        values = law.validate(**{**{p.name: 1024 for p in law.parameters if p.role == "simulation"}, **point})
        assert set(experiment.evaluated_at(**values)) <= names
        for mode in experiment.modes:
            shape = experiment.shape(mode, values)
            for output in ("", *experiment.also):
                assert set(experiment.estimator_of(output, values).outputs) <= set(shape.outputs)
            assert shape.draws(values) > 0


def test_a_topic_stands_on_every_floor_and_says_what_it_is_about(law):
    topic = law.id.split(".")[0]
    for floor in ("theory", "simulations"):
        package = importlib.import_module(f"attnlaws.{floor}.{topic}")
        assert (package.__doc__ or "").strip().endswith(".")


@pytest.mark.parametrize("floor", TOPIC_FOLDERS)
def test_every_file_of_a_topic_belongs_to_a_law(floor):
    found = {f"{path.parent.name}.{path.stem}" for path in (registry.PACKAGE / floor).glob("*/*.*")}
    found = {name for name in found if not name.endswith(".__init__") and not name.startswith("__pycache__")}
    assert found <= set(LAWS)


# --- a new law ------------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path):
    """A copy of the package, alone in a folder."""
    package = tmp_path / "copy" / "attnlaws"
    shutil.copytree(registry.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    return package


def attnlaws(package, *arguments):
    """Run the program of a copy."""
    environment = {**os.environ, "PYTHONPATH": str(package.parent)}
    command = [sys.executable, "-W", "error", "-m", "attnlaws.cli", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, cwd=package.parent, timeout=300
    )


@pytest.mark.slow
def test_a_new_law_is_two_files_that_work_at_once_and_are_refused_until_filled_in(copy):
    done = attnlaws(copy, "new", "memory.trial")
    files = [copy / floor / "memory" / "trial.py" for floor in ("theory", "simulations")]
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == [str(path) for path in files]
    assert "memory.trial" in attnlaws(copy, "list", "memory").stdout
    judged = attnlaws(copy, "verify", "memory.trial", "--quick", "--json")
    assert judged.returncode == 0, judged.stderr
    verdict = json.loads(judged.stdout)
    assert (verdict["outcome"], verdict["badge"]) == ("SUPPORTED", "proven")
    assert set(verdict["sabotages"].values()) == {"REFUTED"}

    packages = [path.parent / "__init__.py" for path in files]
    assert set(unfinished(copy, "memory.trial")) == {*files, *packages}
    for path in (*files, *packages):
        path.write_text(path.read_text().replace("TODO: ", "").replace(TO_FILL_IN, ""))
    assert not unfinished(copy, "memory.trial")


def test_a_new_law_in_a_known_topic_leaves_the_topic_s_text_alone(copy):
    before = {path: path.read_bytes() for path in copy.rglob("*.py")}
    files = write_law("topk.trial", copy)
    after = {path: path.read_bytes() for path in copy.rglob("*.py")}
    assert {path: text for path, text in after.items() if path not in files} == before


@pytest.mark.parametrize(
    "bad",
    ["", "one", "topk.", ".trial", "topk.Trial", "Topk.trial", "topk.2fast", "a.b.c", "../up.x", "topk.tail-mass",
     "topk._x", "_private.x", "topk.if", "lambda.x", "topk.trial ", "topk/x.y"],
)  # fmt: skip
def test_new_refuses_what_is_no_id(bad, copy):
    before = sorted(copy.rglob("*"))
    with pytest.raises(ValueError, match=r"^TOPIC.NAME = .*: must be two lower-case words joined by a dot"):
        write_law(bad, copy)
    assert sorted(copy.rglob("*")) == before


def test_new_refuses_a_law_that_is_there(copy):
    text = (copy / "theory" / "topk" / "tail_mass.py").read_bytes()
    done = attnlaws(copy, "new", "topk.tail_mass")
    assert done.returncode == 2
    assert "must be new; this law is there already" in done.stderr
    assert (copy / "theory" / "topk" / "tail_mass.py").read_bytes() == text


def test_new_says_so_where_nothing_can_be_written(copy):
    shutil.rmtree(copy / "simulations" / "topk")
    (copy / "simulations" / "topk").write_text("in the way")
    with pytest.raises(ValueError, match=r"must be a checkout that can be written"):
        write_law("topk.trial", copy)
    assert not (copy / "theory" / "topk" / "trial.py").exists()
