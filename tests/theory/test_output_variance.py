"""topk.output_variance against sums in high precision, and what its bounds add to the error."""

import numpy as np
import pytest
from cut_by_hand import by_hand, instances

from attnlaws.theory.enclose import enclose
from attnlaws.theory.ordered import LENGTH, WIDTH
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.output_variance import LAW


def wanted(logits, values, k):
    hand = by_hand(logits, values, k)
    known = hand["variance"] - hand["within"]
    return {
        "error": hand["error"],
        "chi_square": (hand["chi_square"] * hand["variance"]) ** 0.5,
        "kept_variance": (hand["chi_square"] * known) ** 0.5,
    }


@pytest.mark.parametrize("output", LAW.outputs)
def test_values_against_sums_in_high_precision(output):
    for logits, values, k in instances(output, 40):
        want = float(wanted(logits, values, k)[output])
        assert LAW(logits=logits, values=values, k=k, output=output) == pytest.approx(want, rel=1e-12)


def test_all_are_proven():
    assert set(prove(LAW).badges.values()) == {"proven"}


@pytest.mark.parametrize("output", LAW.outputs)
def test_the_definition_evaluates_to_the_form_and_to_no_wrong_one(output):
    symbols = (LAW.parameter(name).symbol for name in ("logits", "values", "k"))
    rows = (1.5, 1.0, 0.0, -2.0), ((1.0, 2.0), (0.0, -1.0), (3.0, 0.5), (-2.0, 0.25)), 2
    point = {**dict(zip(symbols, rows, strict=True)), LENGTH: 4, WIDTH: 2}
    definition, *others = (enclose(step.expr, point, 30) for step in LAW.derivation(output).steps)
    assert float(definition) == pytest.approx(float(wanted(*rows)[output]), rel=1e-15)
    for other in others:
        assert (definition - other).contains(0) and float(other.rad()) < 1e-25
    for name, forms in LAW.sabotages.items():
        assert isinstance(forms, dict)
        if output in forms:
            assert not (definition - enclose(forms[output], point, 30)).contains(0), name


def test_both_bounds_hold_and_the_one_without_the_kept_variance_is_never_larger():
    for logits, values, k in instances("order", 200):
        error, chi, kept = (float(LAW(logits=logits, values=values, k=k, output=name)) for name in LAW.outputs)
        assert chi >= kept * (1 - 1e-14)
        assert kept >= error * (1 - 1e-14)


def test_what_is_left_off_is_no_bound():
    """The variance within the keys kept may be taken off, that within the keys dropped may not be guessed from it."""
    given = {"logits": [0.0, 0.0, 0.0], "values": [[0.0], [0.0], [3.0]], "k": 2}
    hand = by_hand(**given)
    assert hand["within"] == 0
    for output in LAW.outputs:  # one key is dropped, and the kept ones agree: all three are equal
        assert LAW(**given, output=output) == pytest.approx(1.0, rel=1e-15)
    reverse = {"logits": [1.0, 0.0, 0.0], "values": [[3.0], [0.0], [6.0]], "k": 1}
    assert LAW(**reverse, output="error") == 0
    assert LAW(**reverse, output="kept_variance") > 1


def test_small_tail_masses_and_offsets_keep_their_digits():
    """In float64 the variance of all less that within the parts would be rounding: 1e-16 against 1e-22."""
    values = np.array([[0.0], [1.0], [2.0]]) + 2.0**20
    given = {"logits": [0.0, -1.0, -50.0], "values": values, "k": 2}
    want = wanted(**given)
    for output in LAW.outputs:
        assert LAW(**given, output=output) == pytest.approx(float(want[output]), rel=1e-13)
    for output in LAW.outputs:
        assert LAW(logits=[0.0, 1.0], values=[[1.0], [2.0]], k=2, output=output) == 0
