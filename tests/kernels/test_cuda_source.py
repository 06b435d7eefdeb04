"""The text of a kernel: whole, from one set of constants, and refused where there is none."""

import doctest
import re

import numpy as np
import pytest
from catalog_kernels import catalog, modes, points, printed, runs_on_a_gpu, tasks, tasks_at
from sympy import Integer

from attnlaws import registry
from attnlaws.simulations import cuda_source, logarithm, philox
from attnlaws.simulations.cuda_source import (
    FOLDER,
    constants_text,
    header_of,
    header_source,
    kernel_source,
    workspace_size,
)
from attnlaws.simulations.experiment import Draw, Replicate, Streaming, VectorSum
from attnlaws.simulations.generate import Layout

HEADERS = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.cuh"))


@pytest.mark.parametrize("name", catalog())
def test_a_text_needs_no_other_file(name):
    task = catalog()[name]
    text = kernel_source(task.shape, task.parameters)
    assert not re.search(r"#include|#pragma once", text)
    for header in ("arithmetic.cuh", "stream.cuh", "sums.cuh", "constants.cuh"):
        assert text.count(f'#line 1 "{header}"') == 1


@pytest.mark.parametrize("header", HEADERS)
def test_lines_are_numbered_as_in_their_file(header):
    written = (FOLDER / header).read_text("utf-8").splitlines()
    name, number = "", 0
    for line in header_source(header).splitlines():
        if match := re.fullmatch(r'#line (\d+) "(.+)"', line):
            name, number = match[2], int(match[1])
            continue
        if name == header and line:
            assert line == written[number - 1]
        number += 1


def test_constants_are_those_that_numba_compiles():
    text = constants_text()
    assert f"constexpr float L7 = {float(logarithm._L7).hex()}f;" in text
    assert f"constexpr double ATANH_3 = {float(logarithm._ATANH[3]).hex()};" in text
    assert f"constexpr u64 M0 = {philox._M0}ull;" in text
    names = re.findall(r" (\w+) =", text)
    assert len(names) == len(set(names)) > 100
    for kind, digits in re.findall(r"constexpr (float|double) \w+ = (\S+?)f?;", text):
        value = float.fromhex(digits)
        assert kind == "double" or value == float(np.float32(value))


def test_the_constants_of_the_headers_are_all_printed():
    known = set(re.findall(r"constexpr \w+ (\w+) =", constants_text()))
    code = re.sub(r"//.*|#.*|\bu64\b", "", "".join((FOLDER / h).read_text() for h in ("arithmetic.cuh", "stream.cuh")))
    own = {"EXACT", "WIDTH", "UNROLLED"}
    assert set(re.findall(r"\b[A-Z][A-Z0-9_]*\b", code)) - own <= known


@pytest.mark.parametrize(("law_id", "mode"), modes())
def test_every_law_and_mode_is_among_the_kernels(law_id, mode):
    law = registry.law(law_id)
    found = list(tasks_at(points(law), law, mode))
    assert found
    known = {printed(task.shape, task.parameters) for task in catalog().values()}
    assert {printed(task.shape, task.parameters) for task in found if runs_on_a_gpu(task)} <= known


def test_every_stream_is_a_kernel_and_every_kernel_file_has_a_replicate():
    """A replicate has a kernel where somebody wrote one; without it, a GPU is refused by name."""
    found = {name: [*tasks(*name)] for name in modes()}
    assert all(runs_on_a_gpu(task) for some in found.values() for task in some if isinstance(task.shape, Streaming))
    files = {header_of(task.shape) for some in found.values() for task in some if isinstance(task.shape, Replicate)}
    written = {path for path in files if path.exists()}
    assert set(FOLDER.glob("*/*.cuh")) == written
    assert {"tail_mass.cuh", "divergences.cuh", "k_eps.cuh"} <= {path.name for path in written}


def test_a_law_without_a_kernel_is_refused_on_a_gpu():
    task = next(tasks("topk.poisson_dirichlet", "literal"))
    with pytest.raises(
        ValueError, match=r"poisson_dirichlet: its kernel is not written in CUDA \(there is no cuda/topk"
    ):
        kernel_source(task.shape, task.parameters)


def test_shapes_that_differ_have_texts_that_differ():
    """The catalog has one task for each of them, by what its text is made of, which is as much as the text."""
    texts = [kernel_source(task.shape, task.parameters) for task in catalog().values()]
    assert len(texts) == len(set(texts)) > 50


def rows(k0, k1, replicate, scratch, out, n):
    """A kernel of this file, which has no twin."""


def test_a_kernel_that_is_not_written_in_cuda_is_named():
    shape = Replicate(rows, lambda **_: {"n": 1}, lambda **_: 1, lambda **_: 1, ("out",))
    with pytest.raises(ValueError, match=r"its kernel is not written in CUDA \(there is no cuda/.*\.cuh\)"):
        kernel_source(shape, {"n": 1})


def test_the_workspace_holds_the_sums_and_the_shared_vectors():
    query, key, value = Draw("query", "d_k"), Draw("key", "d_k"), Draw("value", "d_v")
    one = VectorSum("read", query.symbol, value)
    shape = Streaming(
        lambda **_: 1, (key, value), {}, shared=(query,), sums={"a": Integer(1), "b": Integer(2)}, vector_sums=(one,)
    )
    assert workspace_size(shape, {"d_k": 5, "d_v": 3}) == (2 + 3) * 256 + 8
    assert Layout(shape).lengths == ["d_k", "d_v"]


def test_examples():
    assert doctest.testmod(cuda_source) == (0, 4)
