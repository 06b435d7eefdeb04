"""Arrays that the top-k estimators refuse: each fault by its name, its place and its value."""

import math
import subprocess
import sys

import array_api_strict as strict
import numpy as np
import pytest

import attnlaws as al
from attnlaws.estimators import k_eps, softmax_tail_mass

NAN, INF = math.nan, math.inf
ROWS = [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


class Foreign:
    """An array type that knows nothing of the array API."""

    shape, dtype, ndim = (3,), "float64", 1

    def __repr__(self):
        return "Foreign"


LOGITS = [
    ([[0.0, 1.0], [NAN, NAN]], r"logits\[1, 0\] = nan: must be a real number, or -inf for a masked key"),
    ([0.0, INF], r"logits\[1\] = inf: must be a real number, or -inf"),
    ([-INF, -INF], r"logits: must have a key that is not masked"),
    ([[0.0, 1.0], [-INF, -INF]], r"logits\[1\]: must have a key that is not masked"),
    ([], r"logits.shape = \(0,\): must be free of zeros"),
    ([[], []], r"logits.shape = \(2, 0\): must be free of zeros"),
    (np.empty((0, 3)), r"logits.shape = \(0, 3\): must be free of zeros"),
    (1.0, "logits.ndim = 0: must be an integer >= 1"),
    (np.array(1.0), "logits.ndim = 0: must be an integer >= 1"),
    ([[1.0, 2.0], [3.0]], r"logits = \[\[1.0, 2.0\], \[3.0\]\]: must be an array of .* in rows of equal length"),
    (["a", "b"], r"logits = \['a', 'b'\]: must be an array of "),
    ([None, 1.0], r"logits = \[None, 1.0\]: must be an array of "),
    ([1j, 2.0], r"logits = \[1j, 2.0\]: must be an array of "),
    ("text", "logits = 'text': must be an array of "),
    (None, "logits = None: must be an array of "),
    ({"a": 1}, r"logits = \{'a': 1\}: must be an array of "),
    (Foreign(), "logits = Foreign: must be an array of "),
    (np.array([1.0, None]), r"logits.dtype = dtype\('O'\): must be a real floating-point or integer type"),
    (np.array(["a"]), r"logits.dtype = dtype\('<U1'\): must be "),
    (np.array([1j]), r"logits.dtype = dtype\('complex128'\): must be "),
    (np.array([True]), r"logits.dtype = dtype\('bool'\): must be "),
    (np.ones(3, np.longdouble), r"logits.dtype = dtype\('float128'\): must be .* of 64 bits or fewer"),
    (np.ma.array([1.0, 2.0], mask=[True, False]), "type of logits = .*MaskedArray.*: must be a plain array"),
    ([0, 2**53 + 1], r"logits\[1\] = 9007199254740993: must be at most 2\^53 in size"),
    (np.array([2**64 - 1], np.uint64), r"logits\[0\] = 18446744073709551615: must be at most 2\^53"),
]


@pytest.mark.parametrize(("logits", "message"), LOGITS, ids=range(len(LOGITS)))
def test_logits(logits, message):
    for function, size in ((softmax_tail_mass, 1), (k_eps, 0.1)):
        with pytest.raises(ValueError, match=f"^{message}"):
            function(logits, size)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        ([1, 0, 1], r"mask.dtype = dtype\('int64'\): must be bool \(True where a key may be attended\)"),
        (np.ones(3), r"mask.dtype = dtype\('float64'\): must be bool"),
        ([True, False], r"mask.shape = \(2,\): must be one that broadcasts to that of logits, \(2, 3\)"),
        (np.ones((4, 2, 3), bool), r"mask.shape = \(4, 2, 3\): must be one that broadcasts to that of logits"),
        ([[True], [False]], r"logits\[1\]: must have a key that is not masked"),
        ("yes", "mask = 'yes': must be an array of "),
        (strict.asarray([True, False, True]), "type of mask = .*: must be that of logits, <class 'numpy.ndarray'>"),
    ],
)
def test_a_mask(mask, message):
    for function, size in ((softmax_tail_mass, 1), (k_eps, 0.1)):
        with pytest.raises(ValueError, match=f"^{message}"):
            function(np.array(ROWS), size, mask)


def test_what_a_mask_hides_must_be_a_number_too():
    with pytest.raises(ValueError, match=r"^logits\[1\] = nan"):
        k_eps([0.0, NAN], 0.1, [True, False])


@pytest.mark.parametrize(
    ("k", "message"),
    [
        (0, r"k = 0: must be an integer >= 1 and <= 2 \(the keys left in logits\[0\]\)"),
        (-1, "k = -1: must be an integer >= 1"),
        (3, r"k = 3: must be an integer >= 1 and <= 2 \(the keys left in logits\[0\]\)"),
        (4, "k = 4: must be an integer >= 1 and <= 2 "),
        ([2, 4], r"k\[1\] = 4: must be an integer >= 1 and <= 3 \(the keys left in logits\[1\]\)"),
        ([[1], [3]], r"k\[1, 0\] = 3: must be an integer >= 1 and <= 2 \(the keys left in logits\[0\]\)"),
        (2.0, r"k.dtype = dtype\('float64'\): must be a type of integers"),
        (NAN, r"k.dtype = dtype\('float64'\): must be a type of integers"),
        (True, r"k.dtype = dtype\('bool'\): must be a type of integers"),
        (None, "k = None: must be an array of "),
        ("2", "k = '2': must be an array of "),
        (10**30, "k = 10+: must be an array of "),
        ([], r"k.dtype = dtype\('float64'\): must be a type of integers"),
        (np.empty(0, int), r"k.shape = \(0,\): must be free of zeros"),
        ([1, 1, 1], r"k.shape = \(3,\): must be one that broadcasts with the leading axes of logits, \(2,\)"),
        (strict.asarray(1), "type of k = .*: must be that of logits, <class 'numpy.ndarray'>"),
    ],
)
def test_a_number_of_keys(k, message):
    """In the first row a key is masked, so 2 are left there and 3 in the second."""
    with pytest.raises(ValueError, match=f"^{message}"):
        softmax_tail_mass(np.array(ROWS), k, np.array([[True, True, False], [True, True, True]]))


@pytest.mark.parametrize(
    ("eps", "message"),
    [
        (0, r"eps = 0.0: must be a real number in \(0, 1\)"),
        (1, r"eps = 1.0: must be a real number in \(0, 1\)"),
        (2, r"eps = 2.0: must be a real number in \(0, 1\)"),
        (-0.1, "eps = -0.1: must be"),
        (NAN, "eps = nan: must be"),
        ([0.1, INF], r"eps\[1\] = inf: must be"),
        (None, "eps = None: must be an array of "),
        (True, r"eps.dtype = dtype\('bool'\)"),
        ([0.1, 0.1, 0.1], r"eps.shape = \(3,\): must be one that broadcasts with the leading axes of logits, \(2,\)"),
        (strict.asarray(0.1), "type of eps = .*: must be that of logits, <class 'numpy.ndarray'>"),
    ],
)
def test_an_allowed_loss(eps, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        k_eps(np.array(ROWS), eps)


def test_arrays_on_different_devices_are_refused():
    here, there = strict.asarray(ROWS), strict.asarray(0.1, device=strict.Device("device1"))
    with pytest.raises(ValueError, match=r"^device of eps = .*device1.*: must be that of logits, "):
        k_eps(here, there)
    elsewhere = strict.asarray(ROWS, device=strict.Device("device1"))
    assert k_eps(elsewhere, 0.1).device == strict.Device("device1")
    assert al.estimators.inverse_snr(elsewhere, elsewhere, tau=1.0).device == strict.Device("device1")


def test_the_estimators_are_there_at_first_use_and_need_no_computer_algebra():
    code = (
        "import sys, attnlaws as al; print('numpy' in sys.modules, 'estimators' in dir(al));"
        "print(int(al.estimators.k_eps([0.0, 1.0], 0.5))); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, result, loaded = done.stdout.splitlines()
    assert (before, result) == ("False True", "1")
    assert not {name.split(".")[0] for name in loaded.split()} & {"sympy", "scipy", "numba", "matplotlib", "xarray"}
    with pytest.raises(AttributeError, match="has no attribute 'estimator'"):
        _ = al.estimator
