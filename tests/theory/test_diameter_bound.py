"""topk.diameter_bound: values in high precision, order, equality and where each bound is the better one."""

import numpy as np
import pytest
from cut_by_hand import by_hand, instances

from attnlaws.theory.prove import prove
from attnlaws.theory.topk.diameter_bound import LAW
from attnlaws.theory.topk.output_error import LAW as ERROR

FACTORS = {"diameter": ("across", 1), "reach": ("reach", 1), "radius": ("radius", 2), "norm": ("norm", 2)}


@pytest.mark.parametrize("output", LAW.outputs)
def test_values_against_sums_in_high_precision(output):
    for logits, values, k in instances(output, 30):
        hand = by_hand(logits, values, k)
        distance, factor = FACTORS[output]
        want = float(factor * hand["tail"] * hand[distance])
        assert LAW(logits=logits, values=values, k=k, output=output) == pytest.approx(want, rel=1e-13)


def test_the_bounds_in_their_order():
    for logits, values, k in instances("order", 200):
        given = {"logits": logits, "values": values, "k": k}
        bound = {output: float(LAW(**given, output=output)) for output in LAW.outputs}
        least = float(ERROR(**given))
        assert least <= bound["reach"] * (1 + 1e-14) <= bound["diameter"] * (1 + 2e-14)
        assert bound["diameter"] <= min(bound["radius"], bound["norm"]) * (1 + 1e-14)


def test_two_keys_reach_all_but_the_last():
    given = {"logits": [0.5, -1.0], "values": [[1.0, 2.0], [4.0, -2.0]], "k": 1}
    want = 5 / (1 + np.exp(1.5))
    for output in ("diameter", "reach", "radius"):
        assert LAW(**given, output=output) == pytest.approx(want, rel=1e-15)
    assert ERROR(**given) == pytest.approx(want, rel=1e-15)
    assert LAW(**given, output="norm") == pytest.approx(2 * np.sqrt(20) / (1 + np.exp(1.5)), rel=1e-15)
    opposite = {**given, "values": [[1.0, -2.0], [-1.0, 2.0]]}
    assert LAW(**opposite, output="norm") == pytest.approx(float(ERROR(**opposite)), rel=1e-15)


def test_an_offset_of_the_values_makes_the_bound_by_norms_useless_and_leaves_the_others():
    given = {"logits": [1.0, 0.5, 0.0], "k": 1}
    near, far = ({**given, "values": np.array([[0.0], [1.0], [3.0]]) + offset} for offset in (0.0, 1024.0))
    for output in ("diameter", "reach", "radius"):
        assert LAW(**near, output=output) == pytest.approx(float(LAW(**far, output=output)), rel=1e-14)
    assert LAW(**far, output="norm") > 300 * LAW(**near, output="norm")


def test_nothing_dropped_is_no_error_and_masked_keys_are_far_from_nothing():
    values = [[1.0], [2.0], [1e9]]
    for output in LAW.outputs:
        assert LAW(logits=[0.0, 1.0, 2.0], values=values, k=3, output=output) == 0
        masked = LAW(logits=[0.0, 1.0, -np.inf], values=values, k=1, output=output)
        assert masked == LAW(logits=[0.0, 1.0], values=values[:2], k=1, output=output)


def test_every_step_is_symbolic_or_checked():
    proof = prove(LAW)
    assert set(proof.badges.values()) == {"checked"} and not proof.failed
