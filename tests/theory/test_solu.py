"""retrieval.solu against independent routes: quadrature, limits, the model itself."""

import numpy as np
import pytest
from scipy import special

from attnlaws import registry
from attnlaws.theory.enclose import enclose
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.exponential import LAW as EXPONENTIAL
from attnlaws.theory.retrieval.exponential import SMALLEST_MEAN
from attnlaws.theory.retrieval.solu import LAW

N, D_K, TAU = (LAW.parameter(name).symbol for name in ("n", "d_k", "tau"))


def test_every_step_is_symbolic():
    assert set(prove(LAW).badges.values()) == {"proven"}


@pytest.mark.parametrize(("n", "d_k", "tau"), [(2, 3, 5.0), (65, 16, 4.25), (17, 5, 1.0), (257, 64, 8.0)])
def test_mean_by_quadrature(n, d_k, tau):
    """The trapezoid rule over the score and the logarithm of the target's squared norm, both without ends."""
    u = np.exp(np.linspace(-40, np.log(40 * d_k + 400), 4001))[:, None]
    z = np.linspace(-14, 14, 281) + 2 * np.sqrt(u) / tau  # standard normal scores, about the peak of the integrand
    noise = (z**2 / u) * np.exp(2 * (np.sqrt(u) * z - u) / tau - z**2 / 2) / np.sqrt(2 * np.pi)
    density = np.exp(d_k / 2 * np.log(u / 2) - u / 2 - special.gammaln(d_k / 2))
    steps = (z[0, 1] - z[0, 0]) * np.log(u[1, 0] / u[0, 0])
    want = (n - 1) * (noise * density).sum() * steps
    assert LAW(n=n, d_k=d_k, tau=tau) == pytest.approx(want, rel=1e-8)
    assert LAW(n=n, d_k=d_k, tau=tau, output="log") == pytest.approx(np.log(want), abs=1e-8)


def test_the_linear_factor_is_worth_a_power_of_the_dimension():
    """At tau = sqrt(d) the exponential kernel's ratio is divided by about d/5."""
    d_k = np.array([10**4, 10**6])
    gain = np.exp(LAW(n=9, d_k=d_k, tau=d_k**0.5, output="log") - EXPONENTIAL(n=9, d_k=d_k, tau=d_k**0.5, output="log"))
    assert gain * d_k == pytest.approx([5, 5], rel=0.01)


def test_the_logarithm_reaches_where_the_value_does_not():
    assert LAW(n=2, d_k=10**6, tau=2) == 0
    point = {N: 2, D_K: 10**6, TAU: 2}
    want = -(10**6) / 2 * np.log(2) + np.log(2 / (10**6 - 2) + 1)
    assert LAW(n=2, d_k=10**6, tau=2, output="log") == pytest.approx(want, rel=1e-14)
    assert float(enclose(LAW.derivation("log").form, point, 30)) == pytest.approx(want, rel=1e-14)


def test_the_model_itself():
    """Keys and values drawn literally. False alarm: 6e-7 at 5 standard errors; visible: about 9 %."""
    rng = np.random.default_rng(3)
    n, d_k, tau, d_v, runs = 17, 16, 16.0, 3, 20_000
    keys = rng.standard_normal((runs, n, d_k))
    values = rng.standard_normal((runs, n, d_v))
    values /= np.linalg.norm(values, axis=2, keepdims=True)
    scores = np.einsum("rnk,rk->rn", keys, keys[:, 0])
    weights = scores * np.exp(scores / tau)
    noise = np.einsum("rn,rnv->rv", weights[:, 1:], values[:, 1:])
    ratio = (noise**2).sum(1) / weights[:, 0] ** 2
    error, want = ratio.std() / runs**0.5, LAW(n=n, d_k=d_k, tau=tau)
    assert abs(ratio.mean() - want) < 5 * error < 0.12 * want


def test_what_does_not_exist_is_refused():
    for output in LAW.outputs:
        with pytest.raises(ValueError, match=r"^d_k = 2: must be an integer > 2 .*is infinite"):
            LAW(n=9, d_k=2, tau=4, output=output)
        with pytest.raises(ValueError, match=r"^tau = 0.8: must be a real number > 0.828427"):
            LAW(n=9, d_k=8, tau=0.8, output=output)
        assert np.isfinite(LAW(n=9, d_k=3, tau=SMALLEST_MEAN * 1.01, output=output))


@pytest.mark.parametrize(
    ("mode", "d_k", "tau", "reason"),
    [("literal", 4, 8, "no variance"), ("literal", 64, 1.6, "no variance"), ("collapsed", 64, 1.7, "single keys"),
     ("tilted", 64, 1.7, ""), ("literal", 64, 16, ""),
     ("literal", 64, 8, "single scores"), ("tilted", 64, 8, ""), ("literal", 32, 6, "single scores"),
     ("literal", 16, 4, "")],
)  # fmt: skip
def test_it_says_where_an_error_bar_is_not_to_be_trusted(mode, d_k, tau, reason):
    said = registry.experiment("retrieval.solu").reliable(mode=mode, n=65, d_k=d_k, tau=tau)
    assert reason in said
    assert bool(said) == bool(reason)
