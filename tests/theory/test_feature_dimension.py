"""retrieval.feature_dimension: its roots put back into the definitions, by mpmath and by quadrature and bracketing."""

import math

import mpmath
import numpy as np
import pytest

from attnlaws.simulations.retrieval.feature_dimension import dimension
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.feature_dimension import LAW

CASES = [
    ("exponential", tau_rule, convention) for tau_rule in ("sqrt", "two") for convention in ("geometric", "expectation")
] + [("linear", "sqrt", convention) for convention in ("geometric", "expectation")]


def inverse_snr(d, n, kernel, tau_rule, convention):
    """By mpmath: the mean over targets, the mean square of a weight being that of a lognormal or normal variable."""
    tau = mpmath.sqrt(d) if tau_rule == "sqrt" else mpmath.mpf(2)

    def mean(function):
        def integrand(x):
            return function(x) * mpmath.exp((d / 2 - 1) * mpmath.log(x) - x / 2 - mpmath.loggamma(d / 2))

        return mpmath.quad(integrand, [0, d / 8, d / 4, d / 2, d, 2 * d, 4 * d, 40 + 16 * d]) / 2 ** (d / 2)

    def ratio(x):
        return 1 / x if kernel == "linear" else mpmath.exp(2 * x / tau**2 - 2 * x / tau)

    if convention == "expectation":
        return (n - 1) * mean(ratio)
    return (n - 1) * mpmath.exp(mean(lambda x: mpmath.log(ratio(x))))


@pytest.mark.parametrize(("kernel", "tau_rule", "convention"), CASES)
@pytest.mark.parametrize(("n", "delta"), [(9, 0.3), (1000, 0.05)])
def test_the_definition_is_delta_at_the_dimension(kernel, tau_rule, convention, n, delta):
    point = {"n": n, "delta": delta, "kernel": kernel, "tau_rule": tau_rule, "convention": convention}
    found = mpmath.mpf(float(LAW(**point)))
    if kernel == "linear" and n > 9:
        found = mpmath.mpf(float(LAW(**(point | {"n": 17}))))  # a density that the fixed pieces resolve
        n = 17
    assert float(inverse_snr(found, n, kernel, tau_rule, convention)) == pytest.approx(delta, rel=1e-7)


@pytest.mark.parametrize(("kernel", "tau_rule", "convention"), CASES)
@pytest.mark.parametrize(("n", "delta"), [(2, 0.9), (50, 1e-3), (10**7, 0.2)])
def test_the_law_agrees_with_quadrature_and_bracketing(kernel, tau_rule, convention, n, delta):
    point = {"n": n, "delta": delta, "kernel": kernel, "tau_rule": tau_rule, "convention": convention}
    assert LAW(**point) == pytest.approx(dimension(**point), rel=1e-10)


def test_badges():
    """Two roots are found numerically; that the square root of a square is its base is checked, not shown."""
    badges = prove(LAW).badges
    assert {label for label, badge in badges.items() if badge == "algorithm"} == {
        "kernel=exponential, tau_rule=sqrt, convention=expectation",
        "kernel=linear, convention=geometric",
    }
    assert set(badges.values()) == {"proven", "checked", "algorithm"}


def test_known_dimensions():
    """A million pairs and delta = 0.01, worked out apart."""
    point = {"n": 10**6, "delta": 0.01}
    assert LAW(**point) == pytest.approx((1 + math.log(999_999 / 0.01) / 2) ** 2, rel=1e-14)
    assert [float(LAW(**point, convention=name)) for name in ("geometric", "expectation")] == pytest.approx(
        [104.3, 134.5], abs=0.05
    )
    assert [float(LAW(**point, tau_rule="two", convention=name)) for name in ("geometric", "expectation")] == (
        pytest.approx([36.8, 53.2], abs=0.05)
    )


def test_orders_of_growth():
    """Pairs up to 10^12: dimensions over what they grow like settle, the mean at the rate of its next term."""
    n = np.array([10.0**6, 10.0**9, 10.0**12])
    log = np.log(n / 0.01)
    assert LAW(n=n, delta=0.01) / log**2 == pytest.approx((1 / 2 + 1 / log) ** 2, rel=1e-6)
    mean = LAW(n=n, delta=0.01, convention="expectation")
    assert np.sqrt(mean) == pytest.approx(log / 2 + 3, rel=0.08)
    assert LAW(n=n, delta=0.01, tau_rule="two") / log == pytest.approx([2, 2, 2], rel=1e-6)
    assert LAW(n=n, delta=0.01, kernel="linear") * 0.01 / n == pytest.approx([1, 1, 1], rel=1e-5)


@pytest.mark.parametrize("delta", [0.0, 1.0, -0.5])
def test_a_ratio_outside_of_0_and_1_is_refused(delta):
    with pytest.raises(ValueError, match=r"^delta = .*: must be a real number in \(0, 1\)"):
        LAW(n=9, delta=delta)
