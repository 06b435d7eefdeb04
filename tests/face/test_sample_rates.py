"""``attnlaws.rates``: the numbers of the minimax laws in one table."""

import re

import numpy as np
import pytest

import attnlaws as al
from attnlaws import registry
from attnlaws.sample_rates import SIDES


def test_numbers_counted_by_hand():
    """alpha = kappa = 1: axis D + 1 opens at (D + 1)(D + 4)/2, and u = (ln n + 1 + ... + D)/(2 + D)."""
    found = al.rates(alpha=1.0, kappa=1.0, log_n=np.log([1e2, 1e4, 1e6, 1e9, 1e12]))
    assert found.axes.tolist() == [1, 3, 3, 5, 6]
    assert found.risk == pytest.approx([2.38e-2, 2.28e-3, 3.61e-4, 3.69e-5, 5.25e-6], rel=2e-3)
    assert found.local_exponent == pytest.approx([2 / 3, 2 / 5, 2 / 5, 2 / 7, 2 / 8])
    assert found.u[1] == pytest.approx((np.log(1e4) + 6) / 5)


def test_a_single_size_gives_numbers():
    found = al.rates(1, 0.5, 27.6, d_q=2, beta=0.5)
    fields = (found.u, found.risk, found.axes, found.local_exponent, found.constant, found.power)
    assert {np.ndim(field) for field in fields} == {0}
    assert found.local_exponent == pytest.approx(1 / (3 + found.axes))
    assert found.constant == pytest.approx(1) and found.power == 0.5


def test_the_risk_may_underflow_but_not_u():
    found = al.rates(4.0, 10.0, 1e5)
    assert found.risk == 0 and 1e3 < found.u < 1e5


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"alpha": 9}, "alpha = 9.0: must be a real number in [0.25, 4]"),
        ({"log_n": [1.0, -1.0]}, "log_n = -1.0: must be a real number in (0, 1e5]"),
        ({"d_q": 1.5}, "d_q = 1.5: must be an integer"),
        ({"beta": 2}, "beta = 2.0: must be a real number in [0.05, 1]"),
        ({"kappa": [1.0, 2.0], "log_n": [1.0, 2.0, 3.0]}, "shapes do not broadcast"),
    ],
)
def test_errors_name_parameter_domain_and_value(given, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        al.rates(**{"alpha": 1.0, "kappa": 0.5, "log_n": 10.0, **given})


def test_printed_it_is_a_table_with_a_row_for_each_size():
    lines = str(al.rates(1.0, 0.5, [6.9, 13.8])).splitlines()
    assert len(lines) == 4
    assert lines[0] == "alpha = 1, kappa = 0.5, beta = 1, d_q = 0, p = 0.5, C = 2"
    assert lines[1].split()[:6] == ["ln", "n", "axes", "D", "exponent", "u"]
    assert lines[3].split()[:3] == ["13.8", "6", "0.25"]
    varied = str(al.rates([0.5, 1.0], 0.5, 10.0)).splitlines()
    assert varied[0] == "kappa = 0.5, beta = 1, d_q = 0" and varied[1].split()[:3] == ["alpha", "p", "C"]


class Bound:
    """A law that is not evaluated beyond ln n = 20."""

    outputs = ("log", "risk")

    def __call__(self, *, output, log_n, alpha, kappa):
        if log_n > 20:
            raise ValueError("too many modes")
        return log_n + alpha * kappa if output == "risk" else 0.0


def test_bounds_are_those_of_the_laws_in_the_catalog(monkeypatch):
    monkeypatch.setattr(registry, "ids", lambda: [SIDES["upper"]])
    monkeypatch.setattr(registry, "law", lambda law_id: Bound())
    found = al.rates(1.0, 0.5, [10.0, 30.0])
    assert found.lower is None
    assert found.upper[0] == 10.5 and np.isnan(found.upper[1])
    lines = str(found).splitlines()
    assert lines[1].endswith("upper bound") and "lower bound" not in lines[1]
    assert [line.split()[-1] for line in lines[2:]] == ["10.5", "-"]
    for other in (al.rates(1.0, 0.5, 10.0, d_q=1), al.rates(1.0, 0.5, 10.0, beta=0.5)):
        assert other.upper is None  # those laws are about Lipschitz functionals without a query


def test_bounds_of_this_catalog_enclose_what_they_bound():
    """The lower bound is below the upper one, wherever the catalog has both and evaluates them."""
    found = al.rates(1.0, 1.0, [5.0, 9.0])
    if found.lower is not None and found.upper is not None:
        assert (found.lower < found.upper).all()
    else:
        assert not set(SIDES.values()) <= set(registry.ids())
