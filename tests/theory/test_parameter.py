"""Domains: what they accept, what they refuse and in which words."""

import random

import numpy as np
import pytest

from attnlaws.theory.domain import Number
from attnlaws.theory.parameter import Parameter, choice, integer, real, vectors


@pytest.mark.parametrize(
    ("domain", "value", "message"),
    [
        (integer(above=2), 2, "d = 2: must be an integer > 2"),
        (integer(2), float("nan"), "d = nan: must be an integer >= 2"),
        (integer(2), float("inf"), "d = inf: must be an integer >= 2"),
        (integer(2), 2.5, "d = 2.5: must be an integer >= 2"),
        (integer(2), True, "d = True: must be an integer >= 2"),
        (integer(2), "7", "d = '7': must be an integer >= 2"),
        (integer(2), 3 + 0j, "d = (3+0j): must be an integer >= 2"),
        (integer(2), None, "d = None: must be an integer >= 2"),
        (integer(2), [], "d = []: must be an integer >= 2"),
        (integer(2), [4, 1], "d = 1: must be an integer >= 2"),
        (integer(2), [[4], [5, 6]], "d = [[4], [5, 6]]: must be an integer >= 2"),
        (integer(2), 10**400, "must be an integer >= 2"),
        (integer(2), np.array([1, None], dtype=object), "must be an integer >= 2"),
        (integer(2, or_none=True), 1, "d = 1: must be an integer >= 2 or none"),
        (real(above=0, below=1), 1.5, "d = 1.5: must be a real number in (0, 1)"),
        (real(above=0, below=1), 0.0, "d = 0.0: must be a real number in (0, 1)"),
        (real(above=0, maximum=35), 36, "d = 36.0: must be a real number in (0, 35]"),
        (choice("a", "b"), "c", "d = 'c': must be one of a, b"),
        (choice("a", "b"), 1, "d = 1: must be one of a, b"),
        (vectors(), [1.0, 2.0], "d = [1.0, 2.0]: must be sets of vectors [..., vector, coordinate] of real numbers"),
        (vectors(), [[1.0], [1.0, 2.0]], "d = [[1.0], [1.0, 2.0]]: must be sets of vectors"),
        (vectors(), [[0.0, 1.0], [np.nan, 2.0]], "d[1][0] = nan: must be sets of vectors"),
        (vectors(), [[[0.0, -np.inf]]], "d[0][0][1] = -inf: must be sets of vectors"),
        (
            vectors(),
            [[2e100]],
            "d[0][0] = 2e+100: must be sets of vectors [..., vector, coordinate] of real numbers up to",
        ),
        (vectors(), np.zeros((3, 0)), "must be sets of vectors"),
        (vectors(), [[1j]], "must be sets of vectors"),
        (vectors(), [["a"]], "must be sets of vectors"),
        (vectors(fewest=2), [[1.0, 2.0]], "d = 1 vectors: must be sets of vectors"),
        (vectors(beside="s"), 1.0, "real numbers up to 1e100, one for each of the s"),
    ],
)
def test_refuses(domain, value, message):
    with pytest.raises(ValueError) as caught:
        domain.check("d", value)
    assert message in str(caught.value)


def test_accepts_and_normalizes():
    assert integer(2).check("n", 64.0) == 64 and isinstance(integer(2).check("n", 64.0), int)
    assert isinstance(real(above=0).check("x", np.float32(2)), float)
    assert integer(2, or_none=True).check("n", None) is None
    array = integer(2).check("n", [[2, 3]])
    assert array.dtype == np.float64 and array.shape == (1, 2)
    assert real(maximum=1).check("x", 1) == 1.0
    sets = vectors().check("v", np.ones((2, 3, 4), np.float32))
    assert sets.dtype == np.float64 and sets.shape == (2, 3, 4)


def test_parses_words():
    assert integer(2).parse("1e6") == 10**6
    assert integer(2).parse("999999999999") == 999999999999
    assert integer(2, or_none=True).parse("none") is None
    assert real(above=0).parse("0.25") == 0.25
    assert choice("a", "b").parse("b") == "b"
    assert vectors().parse("1,2;3,4;5,6").tolist() == [[1, 2], [3, 4], [5, 6]]
    for domain, text in (
        (integer(2), "x"),
        (integer(2), "2.5"),
        (integer(2), "none"),
        (real(), "nan"),
        (choice("a"), "b"),
        (vectors(), "1,2;3"),
        (vectors(), "1,x"),
    ):
        with pytest.raises(ValueError, match="k = "):
            domain.parse(text, "k")


@pytest.mark.parametrize("wide", [True, False])
def test_samples_stay_inside_and_reach_both_ends(wide):
    rng = random.Random(1)
    for domain in (integer(2, 10**6), integer(above=2), real(above=0, below=1), real(above=0, maximum=35), real()):
        values = [domain.sample(rng, wide) for _ in range(400)]
        assert domain.holds(np.array([float(value) for value in values])).all()
    assert all(float(value) == value for value in values)
    if wide:
        fractions = [float(real(above=0, below=1).sample(rng)) for _ in range(400)]
        assert min(fractions) < 1e-250 and 1 - max(fractions) < 1e-14
        integers = [integer(2, 10**6).sample(rng) for _ in range(400)]
        assert min(integers) == 2 and max(integers) == 10**6


def test_domains_meet():
    met = integer(1, 10).meet(integer(above=2))
    assert isinstance(met, Number) and met.describe() == "an integer > 2 and <= 10"


def test_symbols_know_their_sign():
    assert Parameter("x", "", real(above=0)).symbol.is_positive
    assert Parameter("x", "", integer(1)).symbol.is_positive
    assert Parameter("x", "", real()).symbol.is_positive is None
    assert Parameter("x", "", real(minimum=0)).symbol.is_positive is None


@pytest.mark.parametrize("wide", [True, False])
def test_samples_of_vectors_stay_inside_and_are_exact_in_float64(wide):
    rng = random.Random(2)
    sets = [vectors(fewest=3).sample(rng, wide, count) for count in (None, 5) for _ in range(200)]
    for drawn in sets:
        assert vectors(fewest=3).check("v", np.array(drawn, float)).shape == (len(drawn), len(drawn[0]))
        assert all(float(x) == x for vector in drawn for x in vector)
    assert {len(drawn) for drawn in sets[200:]} == {5} and min(map(len, sets)) >= 3
    largest = [max(abs(x) for vector in drawn for x in vector) for drawn in sets]
    if wide:
        assert min(filter(None, largest)) < 1e-60 and max(largest) > 1e60
    assert any(drawn[0] == drawn[-1] for drawn in sets)


def test_vectors_are_indexed_twice_in_formulas():
    symbol = Parameter("v", "", vectors()).symbol
    assert symbol[1, 2].is_real and symbol[1, 2].indices == (1, 2)


def test_a_count_within_rows_may_have_to_leave_one_over():
    open_end, closed = integer(1, 9, fewer_than="logits"), integer(1, 9, within="logits")
    assert open_end.describe() == "an integer >= 1 and <= 9 and < the number of logits"
    assert closed.describe() == "an integer >= 1 and <= 9 and <= the number of logits"
    for both in (open_end.meet(integer(2)), integer(2).meet(open_end)):
        assert (both.within, both.within_open, both.low) == ("logits", True, 2)
    assert not closed.meet(integer(2)).within_open
