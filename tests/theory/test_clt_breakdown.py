"""minimax.clt_breakdown against quadrature, a product rule, sampling, and published values."""

from typing import Any

import mpmath
import numpy as np
import pytest
from scipy import stats

from attnlaws.theory.accuracy import certify
from attnlaws.theory.minimax.clt_breakdown import LAW
from attnlaws.theory.prove import prove


@pytest.mark.parametrize("s", [0.05, 1.0, 4.0, 12.0])
def test_two_tokens_by_mpmath(s):
    """With z = (g_1 - g_2)/sqrt 2 the output is (g_1 + g_2)/2 + z tanh(s z/sqrt 2)/sqrt 2."""
    root: Any = mpmath.sqrt(2)
    pieces = [-12, -4, -1, -0.1, 0, 0.1, 1, 4, 12]
    want: Any = mpmath.quad(lambda z: z * mpmath.tanh(s * z / root) / root * mpmath.npdf(z), pieces)
    assert LAW(tokens=2, s=s) == pytest.approx(float(want), rel=1e-9)
    same: Any = mpmath.quad(lambda z: (1 + mpmath.tanh(s * z / root) ** 2) / 2 * mpmath.npdf(z), pieces)
    assert LAW(tokens=2, s=s, output="ratio") == pytest.approx(float(2 * same * mpmath.exp(-s * s)), rel=1e-9)


@pytest.mark.parametrize("s", [0.7, 1.5])
def test_three_tokens_by_a_product_rule(s):
    """The definition itself, a sum over a lattice in three places; steps of 0.2 leave errors far below 1e-8."""
    lattice = np.arange(-9, 9.01, 0.2)
    density = np.exp(-(lattice**2) / 2) * 0.2 / np.sqrt(2 * np.pi)
    weight = np.exp(s * lattice)
    total = weight[:, None, None] + weight[:, None] + weight
    mean = np.einsum("i,j,k,ijk->", density, density, density, 3 * (weight * lattice) / total)
    assert LAW(tokens=3, s=s) == pytest.approx(mean, rel=1e-8)


@pytest.mark.parametrize(("tokens", "s"), [(50, 2.0), (1000, 4.5)])
def test_without_integration_by_parts(tokens, s):
    """T times the integral of E[g w exp(-t w)] psi^(T - 1), by sums over lattices in ln t and g."""
    place = np.linspace(-10, 14, 2401)
    density = stats.norm.pdf(place) * (place[1] - place[0])
    log_t = np.arange(-60.0, 40.0, 0.1)
    faded = np.exp(np.minimum(log_t[:, None] + s * place, 300.0))
    transform = np.exp(-faded) @ density
    moment = (place * faded * np.exp(-faded)) @ density
    want = tokens * np.sum(moment * transform ** (tokens - 1)) * 0.1
    assert LAW(tokens=tokens, s=s) == pytest.approx(want, rel=1e-8)


def test_how_the_output_freezes():
    """Of 10^4 tokens, an independent simulation at s/sqrt(2 ln T) = 1/4, 1/2, 1, 3/2, 2; its standard errors are 0.01.

    False alarm: 5 checks at 4 standard errors, 3e-4 in all, once. Visible: 0.04, a hundredth of the frozen output.
    """
    root = np.sqrt(2 * np.log(1e4))
    found = LAW(tokens=10**4, s=root * np.array([0.25, 0.5, 1.0, 1.5, 2.0]))
    assert found == pytest.approx([1.072, 2.128, 3.420, 3.706, 3.782], abs=0.04)
    assert LAW(tokens=10**4, s=root) < 0.8 * root


def test_very_sharp_attention_returns_the_largest_token():
    """The mean of the largest of 2, 3 and 4 normal variables; what is missing is of the order 1/s^2."""
    for tokens, largest in ((2, np.pi**-0.5), (3, 1.5 * np.pi**-0.5), (4, 1.02937537)):
        gaps = [largest - LAW(tokens=tokens, s=s) for s in (3.0, 6.0, 12.0)]
        assert 0 < gaps[2] < 0.007
        assert gaps[0] / gaps[1] == pytest.approx(4, rel=0.3)
        assert gaps[1] / gaps[2] == pytest.approx(4, rel=0.1)


def test_the_two_thresholds():
    """The variance leaves the delta method near s^2 = (1/2) ln T, the output leaves s near 2 ln T."""
    sizes = np.array([10**3, 10**6, 10**12])
    for factor, output, below, above in ((0.5, "ratio", 0.9, 0.1), (2.0, "value", 0.9, 0.7)):
        edge = np.sqrt(factor * np.log(sizes))
        low, high = (LAW(tokens=sizes, s=by * edge, output=output) for by in (0.7, 1.5))
        if output == "value":
            low, high = low / (0.7 * edge), high / (1.5 * edge)
        assert (np.diff(low) > 0).all() and low[0] > below
        assert (high < above).all()


def test_sampling_sees_both_variances():
    """Rows of 1000 tokens at s^2 = 0.1, 0.5, 1 ln T, with a seed of their own.

    Across the query the variance is Q. Along it, by parts, it is Q + s^2 (Q - Q^2 - 6 C + 6 E[(sum p^2)^2])
    with C the mean sum of cubes, and an independent simulation printed its ratio to the delta method as 0.992 +- 0.010,
    0.390 +- 0.009 and 0.019. False alarm: 9 checks at 5 standard errors, 5e-6 in all. Visible: 5 standard errors, 12 %.
    """
    rng, tokens, runs = np.random.default_rng(20), 1000, 4000
    for factor, printed in ((0.1, 0.992), (0.5, 0.390), (1.0, 0.019)):
        s = float(np.sqrt(factor * np.log(tokens)))
        place = rng.standard_normal((runs, tokens))
        share = np.exp(s * place)
        share /= share.sum(axis=1, keepdims=True)
        output, squares, cubes = (share * place).sum(1), (share**2).sum(1), (share**3).sum(1)
        delta = np.exp(s * s) / tokens
        ratio = LAW(tokens=tokens, s=s, output="ratio")
        error = squares.std() / runs**0.5 / delta
        assert abs(squares.mean() / delta - ratio) < 5 * error < 0.12 * ratio
        assert abs(output.mean() - LAW(tokens=tokens, s=s)) < 5 * output.std() / runs**0.5
        same = ratio * delta
        along = same + s**2 * (same - same**2 + 6 * np.mean(squares**2 - cubes))
        spread = output.var()
        error = np.std((output - output.mean()) ** 2) / runs**0.5 + 6 * s**2 * np.std(squares**2 - cubes) / runs**0.5
        assert abs(spread - along) < 5 * error
        assert along / (delta * (1 + s**2)) == pytest.approx(printed, abs=0.045)


def test_its_values_are_certified():
    for certificate in certify(LAW, algorithm_points=2):
        assert certificate.passed, certificate


def test_what_is_proved():
    proof = prove(LAW)
    assert proof.badge == "algorithm"
    steps = ["definition", "cited", "algorithm", "definition", "algorithm"]
    assert [result.status for result in proof.results] == steps
