"""topk.output_bound: its terms, which of them is the least, and the term that never is."""

import numpy as np
import pytest
from cut_by_hand import by_hand, instances

from attnlaws.theory.prove import prove
from attnlaws.theory.topk.output_bound import LAW


def terms(logits, values, k):
    """The three bounds, and the second one without the variance within the keys kept."""
    hand = by_hand(logits, values, k)
    root = (hand["chi_square"]) ** 0.5
    return {
        "diameter": hand["tail"] * hand["across"],
        "variance": root * hand["variance"] ** 0.5,
        "norm": 2 * hand["tail"] * hand["norm"],
        "improved": root * (hand["variance"] - hand["within"]) ** 0.5,
    }


def test_values_against_sums_in_high_precision():
    for logits, values, k in instances(1, 60):
        found = terms(logits, values, k)
        want = {
            "least": min(found["diameter"], found["variance"], found["norm"]),
            "variance": found["variance"],
            "improved": min(found["diameter"], found["improved"]),
        }
        for output in LAW.outputs:
            assert LAW(logits=logits, values=values, k=k, output=output) == pytest.approx(
                float(want[output]), rel=1e-12
            )


def test_the_third_term_is_never_the_least_alone():
    for logits, values, k in instances(2, 300):
        found = terms(logits, values, k)
        assert found["diameter"] <= found["norm"] * (1 + 1e-50)


def test_the_variance_is_the_least_where_it_is_below_a_part_of_the_distance():
    """The condition is checked against which term is smaller; both sides occur. Of two keys they are equal."""
    won = []
    for logits, values, k in instances(3, 300):
        if len(logits) == 2:
            continue
        hand, found = by_hand(logits, values, k), terms(logits, values, k)
        condition = hand["variance"] < hand["tail"] * (1 - hand["tail"]) * hand["across"] ** 2
        assert condition == (found["variance"] < found["diameter"])
        won.append(condition)
    assert 10 < sum(won) < len(won) - 10


def test_from_a_ball_alone_the_variance_never_wins():
    tail = np.linspace(1e-6, 1 - 1e-6, 1001)
    assert (2 * tail <= np.sqrt(tail / (1 - tail)) * (1 + 1e-15)).all()  # 2 R tau against R sqrt(chi^2)


def test_one_far_key_makes_the_variance_win():
    """Nine keys at 0 and one at 1, all weights equal, the far one kept: tau = 1/2 of ten, variance 0.09 < 0.25."""
    logits, values = [0.0] * 10, [[1.0]] + [[0.0]] * 9
    assert LAW(logits=logits, values=values, k=5, output="variance") == pytest.approx(0.3, rel=1e-15)
    assert LAW(logits=logits, values=values, k=5) == pytest.approx(0.3, rel=1e-15)
    # The dropped keys agree, so that nothing but the error is left: 1/5 - 1/10.
    assert LAW(logits=logits, values=values, k=5, output="improved") == pytest.approx(0.1, rel=1e-14)


def test_equality():
    """Two keys, and two groups of keys that agree among themselves."""
    for values in ([[0.0], [2.0]], [[0.0], [0.0], [2.0], [2.0]]):
        n = len(values)
        for output in LAW.outputs:
            found = LAW(logits=[0.0] * n, values=values, k=n // 2, output=output)
            assert found == pytest.approx(1.0, rel=1e-15), output


def test_nothing_dropped_is_no_error():
    for output in LAW.outputs:
        assert LAW(logits=[0.0, 1.0], values=[[1.0], [2.0]], k=2, output=output) == 0


def test_every_step_is_symbolic_or_checked():
    proof = prove(LAW)
    assert set(proof.badges.values()) == {"checked"} and not proof.failed
