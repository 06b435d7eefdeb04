"""Compiled kernels are found again, never confused, and never the work of an engine that has changed."""

import ast
import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sympy import Symbol

from attnlaws import registry
from attnlaws.simulations import build, replicate, task
from attnlaws.simulations.experiment import Replicate
from attnlaws.simulations.generate import ITEM, Layout, item_text
from attnlaws.simulations.primitives import kernel
from attnlaws.simulations.replicate import HEADER
from attnlaws.simulations.stream_kernel import LOOPS

SIMULATIONS = "attnlaws.simulations."
ONLY_RUNS = {"run"}
"""What an experiment's file may import beside the engine: ``run.main`` makes it a script, and draws nothing."""
CHILD = """
import sys
from attnlaws import registry
from attnlaws.simulations import replicate, task
from attnlaws.simulations.simulate import make_task
from attnlaws.simulations.task import Block
law, experiment = registry.law("topk.tail_mass"), registry.experiment("topk.tail_mass")
task = make_task(law, experiment, law.validate(n=64, kappa=0.25, sigma=1.0), 0, "literal")
print("ready", flush=True)
sys.stdin.readline()
bits = task.values(0, 100).tobytes().hex()
module = replicate.build(task.shape)
print(len(module.block.stats.cache_misses), sum(module.block.stats.cache_hits.values()), bits)
"""


class Child:
    """A process that draws a hundred replicates once it is told to."""

    def __init__(self, folder):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD],
            env=environment | {"ATTNLAWS_CACHE": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "ready\n"

    def start(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def finish(self):
        """Compilations, finds in the cache, and the bits."""
        printed, errors = self.process.communicate()
        assert self.process.returncode == 0, errors
        misses, hits, bits = printed.split()
        return int(misses), int(hits), bits


def stamps(folder):
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_two_processes_may_fill_an_empty_cache_at_once_and_a_third_compiles_nothing(tmp_path):
    folder = tmp_path / "kernels"
    both = [Child(folder), Child(folder)]
    for child in both:
        child.start()
    (_, _, bits), (_, _, other) = (child.finish() for child in both)
    assert bits == other
    before = stamps(folder)
    assert {name.rsplit(".", 1)[1] for name in before} >= {"py", "nbi", "nbc"}
    assert not [name for name in before if name.endswith(".draft")]
    third = Child(folder)
    third.start()
    assert third.finish() == (0, 1, bits)
    assert {name: stamp for name, stamp in stamps(folder).items() if not name.endswith(".pyc")} == {
        name: stamp for name, stamp in before.items() if not name.endswith(".pyc")
    }


def shape_of(law_id, mode, **parameters):
    law, experiment = registry.law(law_id), registry.experiment(law_id)
    return experiment.shape(mode, law.validate(**parameters))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty kernel cache."""
    monkeypatch.setenv("ATTNLAWS_CACHE", str(tmp_path / "kernels"))
    return tmp_path / "kernels"


def item_of(shape):
    return build.module_of("item", item_text(Layout(shape)))


def test_equal_texts_have_one_module_whichever_law_they_belong_to(folder):
    shape = shape_of("retrieval.linear", "collapsed", n=9, d_k=8, convention="ratio")
    changed = replace(shape, outputs={name: 2 * form for name, form in shape.outputs.items()})
    assert item_of(shape) is item_of(changed)
    assert len(list(folder.glob("*.py"))) == 1


def test_a_change_of_one_operation_in_the_sums_is_another_module(folder):
    shape = shape_of("retrieval.linear", "collapsed", n=9, d_k=8, convention="ratio")
    (name, form), *_ = shape.sums.items()
    names = {item_of(one).__name__ for one in (shape, replace(shape, sums={name: form + Symbol("query_norm2")}))}
    assert len(names) == 2


def test_a_change_of_the_engine_is_another_module(folder, monkeypatch):
    shape = shape_of("topk.tail_mass", "literal", n=8, kappa=0.5, sigma=1.0)
    before = replicate.build(shape).__name__
    monkeypatch.setattr(build, "engine_hash", lambda: "another engine")
    assert replicate.build(shape).__name__ != before


@pytest.mark.parametrize("blocked", ["a file", "below a file"])
def test_a_cache_folder_that_cannot_be_written_is_named(blocked, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    chosen = tmp_path / "file" if blocked == "a file" else tmp_path / "file" / "kernels"
    monkeypatch.setenv("ATTNLAWS_CACHE", str(chosen))
    shape = shape_of("topk.tail_mass", "literal", n=8, kappa=0.5, sigma=1.0)
    with pytest.raises(ValueError, match=r"^ATTNLAWS_CACHE = .*: must be a folder that can be written"):
        replicate.build(shape)


def engine_modules(trees, imports_of, start):
    """Modules of attnlaws.simulations that some trees import, those that they import, and so on."""
    found, waiting = set(), list(start)
    while waiting:
        names = {i.removeprefix(SIMULATIONS).split(".")[0] for i in imports_of(waiting.pop()) if SIMULATIONS in i}
        new = {name for name in names if SIMULATIONS + name in trees} - found
        found |= new
        waiting += [trees[SIMULATIONS + name] for name in new]
    return found


def test_no_source_that_can_change_a_bit_escapes_the_hash(modules, imports_of):
    """Stored rows and compiled kernels are known by the hash of the engine: it must cover all that makes them."""
    texts = HEADER, ITEM.format(number="None"), LOOPS.format(bits=32, width=4)
    start = [*map(ast.parse, texts), modules["attnlaws.simulations.task"]]
    reached = engine_modules(modules, imports_of, start) | {"task"}
    assert {"arithmetic", "primitives", "stream", "sums", "generate"} <= reached
    assert reached == set(build.ENGINE)


def test_no_experiment_draws_with_what_the_hash_does_not_cover(modules, imports_of):
    """A task is known by its experiment's own file, the experiments and the theory it imports, and the engine; a helper
    elsewhere would go unnoticed."""
    for law_id in registry.ids():
        ours = {i for i in imports_of(modules[SIMULATIONS + law_id]) if i.split(".")[0] == "attnlaws"}
        allowed = {SIMULATIONS + name for name in (*build.ENGINE, *ONLY_RUNS, *registry.ids())}
        ours = {i for i in ours if not i.startswith("attnlaws.theory.")}  # followed as far as it goes
        beyond = {i for i in ours if not any(i == name or i.startswith(f"{name}.") for name in allowed)}
        topics = {f"attnlaws.simulations.{known.split('.')[0]}" for known in registry.ids()}
        assert beyond <= {"attnlaws.simulations", *topics}, law_id


def test_an_experiment_whose_size_a_law_decides_depends_on_the_law_and_on_what_it_is_computed_with(monkeypatch):
    experiment = registry.experiment("retrieval.annealed_capacity")
    before, read = task.fingerprint(experiment), Path.read_text
    for name in ("theory/retrieval/capacity.py", "theory/quenched.py", "theory/laplace.py"):
        monkeypatch.setattr(
            Path, "read_text", lambda path, *a, n=name: read(path, *a) + "# new" * path.as_posix().endswith(n)
        )
        assert task.fingerprint(experiment) != before
        monkeypatch.undo()
    assert task.fingerprint(experiment) == before


def test_an_experiment_that_borrows_from_another_depends_on_its_file(monkeypatch):
    """A changed file that is imported must change the identity of what is drawn with it."""
    borrower, lender = (registry.experiment(f"retrieval.{name}") for name in ("typical_norm_as_mean", "exponential"))
    before = task.fingerprint(borrower), task.fingerprint(lender)
    read = Path.read_text
    monkeypatch.setattr(
        Path,
        "read_text",
        lambda path, *a: read(path, *a) + "# new" * path.as_posix().endswith("retrieval/exponential.py"),
    )
    assert all(new != old for new, old in zip(map(task.fingerprint, (borrower, lender)), before, strict=True))
    linear = registry.experiment("retrieval.linear")
    changed = task.fingerprint(linear)
    monkeypatch.undo()
    assert changed == task.fingerprint(linear)


LENDER = """
from attnlaws.simulations.primitives import kernel
from attnlaws.simulations.replicate import HEADER
from attnlaws.simulations.stream_kernel import LOOPS

@kernel
def twice(x):
    return {} * x
"""


@pytest.fixture
def lender(tmp_path, monkeypatch):
    """An experiment's module with a function for other kernels, by the factor that it multiplies with."""

    def load(factor):
        path = tmp_path / f"lender{factor}.py"
        path.write_text(LENDER.format(factor))
        spec = importlib.util.spec_from_file_location("attnlaws.simulations.lender", path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module

    return load


def borrowing(k0, k1, replicate, scratch, out, n):
    """A kernel that calls a function of another file."""
    out[0] = twice(np.float64(n))  # noqa: F821  (a test puts it there)


def test_a_kernel_that_calls_what_another_experiment_has_is_known_by_its_file_too(lender, monkeypatch):
    shape = Replicate(borrowing, lambda **_: {"n": 64}, lambda **_: 1, lambda **_: 1, ("out",))
    names, values = [], np.empty((2, 1))
    for factor in (2.0, 3.0):
        monkeypatch.setitem(globals(), "twice", lender(factor).twice)
        module = replicate.build(shape)
        module.block(np.uint64(1), np.uint64(2), 0, np.empty(1), values, 64)
        names.append(module.__name__)
        assert (values == 64 * factor).all()
    assert names[0] != names[1]


def test_a_kernel_that_calls_what_no_generated_module_can_import_is_refused(monkeypatch):
    monkeypatch.setitem(globals(), "twice", kernel(lambda x: 2 * x))
    shape = Replicate(borrowing, lambda **_: {"n": 64}, lambda **_: 1, lambda **_: 1, ("out",))
    with pytest.raises(ValueError, match=r"^twice: a kernel of your own can call only .*tail_share"):
        replicate.build(shape)
