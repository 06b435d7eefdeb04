"""Functions that are compiled once: found again by kernels in another process, and called with nothing else."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

from attnlaws.simulations.rows import tail_share
from attnlaws.simulations.selection import kth_largest
from attnlaws.simulations.stream import fill_normals64, normals

KERNEL = '''
import json, sys
import numpy as np
from numba.core import event
from attnlaws.simulations.build import module_of

TEXT = """
import numpy as np
from numba import njit
from attnlaws.simulations.rows import tail_share
from attnlaws.simulations.stream import fill_normals64

@njit(cache=True)
def within(out, spare):
    fill_normals64(1, 2, 3, 4, out)
    return tail_share(out, spare, 5, 1.0)

@njit(cache=True)
def outer(out, spare):
    return within(out, spare)
"""
compiled = []


class Recorder(event.Listener):
    def on_start(self, event):
        compiled.append(str(event.data["dispatcher"]))

    def on_end(self, event):
        pass


with event.install_listener("numba:compile", Recorder()):
    share = module_of("outer", TEXT).outer(np.empty(1000), np.empty(1000))
print(json.dumps([share, len(compiled)]))
'''


def test_another_process_finds_the_kernel_and_what_it_calls(tmp_path):
    """If the second did not look for the symbols before it loads the kernel, it would end by a signal."""
    answers = []
    for _ in range(2):
        environment = dict(os.environ, ATTNLAWS_CACHE=str(tmp_path))
        done = subprocess.run(
            [sys.executable, "-c", KERNEL], env=environment, capture_output=True, text=True, check=True
        )
        answers.append(json.loads(done.stdout))
    (first, compiled), (second, found) = answers
    assert compiled > 10
    assert found == 0
    scores = np.empty(1000)
    fill_normals64(1, 2, 3, 4, scores)
    weights = np.sort(np.exp(scores))
    assert first == second == pytest.approx(weights[:-5].sum() / weights.sum(), rel=1e-13)  # a thousand roundings


def test_it_is_called_from_python_with_what_numbers_there_are():
    out = np.empty(10)
    fill_normals64(1, np.uint64(2), np.int32(3), 4, out)
    again = np.empty(10)
    fill_normals64(*map(np.uint64, (1, 2, 3, 4)), again)
    np.testing.assert_array_equal(out, again)
    assert kth_largest(np.array([1.0, 3.0, 2.0]), np.uint8(2)) == 2.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kth_largest(np.arange(10.0)[::2], 1), r"kth_largest: values must be array\(float64, 1d, C\), not"),
        (lambda: kth_largest(np.arange(10.0), 2.5), r"kth_largest: k must be int64, not float64"),
        (lambda: kth_largest(np.arange(10), 1), r"kth_largest: values must be array\(float64, 1d, C\), not"),
        (
            lambda: fill_normals64(1, 2, 3, 4, np.empty(3, np.float32)),
            r"fill_normals64: out must be array\(float64",
        ),
        (lambda: tail_share(np.ones(3), np.ones((3, 1)), 1, 1.0), r"tail_share: ordered must be array\(float64, 1d"),
    ],
)
def test_another_type_is_refused_by_name(call, message):
    with pytest.raises(TypingError, match=message):
        call()


def test_a_kernel_s_text_is_not_compiled_again_with_it():
    """What is called by a symbol leaves one call in the caller, whatever its own length."""

    @njit
    def caller(x):
        return kth_largest(x, 1)

    assert caller(np.array([1.0, 5.0, 2.0])) == 5.0
    (text,) = caller.inspect_asm().values()
    assert "attnlaws.kth_largest" in text
    assert len(text) < 20_000


def test_normals_are_what_the_shared_function_fills():
    out = np.empty(7)
    fill_normals64(*(np.uint64(word) for word in (0x19BD1C25, 0x83A470CD)), 2, 0, out)  # the key of its docstring
    np.testing.assert_array_equal(normals(0, "topk.tail_mass", 2, 7, np.float64), out)
