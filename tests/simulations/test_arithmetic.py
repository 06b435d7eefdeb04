"""The exact arithmetic: accuracy against Arb, limits, and what its coefficients are worth."""

import doctest
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb, ctx
from numba import njit

from attnlaws.simulations import arithmetic, logarithm, primitives
from attnlaws.simulations.arithmetic import (
    bits_to_float32,
    bits_to_float64,
    float32_to_bits,
    float64_to_bits,
    fma32,
    fma64,
    pexp32,
    pexp64,
    plog32,
    plog64,
    pradius32,
    psincos32,
    psincos64,
)


@njit
def _each(f, x, out):
    for i in range(x.size):
        out[i] = f(x[i])


@njit
def _each_angle(f, words, sine, cosine):
    for i in range(words.size):
        sine[i], cosine[i] = f(words[i])


def apply(f, x):
    out = np.empty_like(x)
    _each(f, x, out)
    return out


def apply_angle(f, words, dtype):
    sine, cosine = np.empty(words.size, dtype), np.empty(words.size, dtype)
    _each_angle(f, words, sine, cosine)
    return sine, cosine


def ulps32(got, exact):
    """Error in units in the last place of float32; ``exact`` is a float64, good to 1e-8 of those units."""
    exponent = np.frexp(np.abs(exact))[1]
    return np.abs(got.astype(np.float64) - exact) / np.exp2(np.maximum(exponent - 24, -149).astype(np.float64))


def ulps64(got, balls):
    """The largest error in units in the last place of float64, against Arb at 200 bits."""
    worst = 0.0
    for value, ball in zip(got.tolist(), balls, strict=True):
        exponent = int(np.frexp(abs(float(ball)))[1])
        worst = max(worst, abs(float((arb(value) - ball) * arb(2) ** -max(exponent - 53, -1074))))
    return worst


@pytest.fixture(autouse=True)
def _arb_precision():
    before, ctx.prec = ctx.prec, 200
    yield
    ctx.prec = before


def floats32(first, last, step):
    """Every ``step``-th float32 between two positive ones, evenly over their bits."""
    low, high = (int(np.float32(v).view(np.uint32)) for v in (first, last))
    return np.arange(low, high, step, dtype=np.uint32).view(np.float32)


def test_plog32():
    x = np.concatenate([floats32(0.5, 2.0, 3), floats32(1.2e-38, 3.4e38, 997)])
    x = x[x != 1]
    assert ulps32(apply(plog32, x), np.log(x.astype(np.float64))).max() < 0.96
    assert plog32(1.0) == 0 and not np.signbit(plog32(1.0))


def test_plog64():
    rng = np.random.default_rng(1)
    x = np.concatenate(
        [rng.uniform(0.5, 2, 4000), 1 + 1e-3 * rng.normal(size=2000), np.exp(rng.uniform(-708, 709, 4000))]
    )
    assert ulps64(apply(plog64, x), [arb(v).log() for v in x.tolist()]) < 0.9
    assert plog64(1.0) == 0 and not np.signbit(plog64(1.0))


def test_pexp32():
    x = np.concatenate([floats32(1e-9, 88.72, 1009), -floats32(1e-9, 104.5, 1009)])
    assert ulps32(apply(pexp32, x), np.exp(x.astype(np.float64))).max() < 1.03


def test_pexp64():
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.uniform(-0.4, 0.4, 3000), rng.uniform(-746, 709.78, 7000)])
    assert ulps64(apply(pexp64, x), [arb(v).exp() for v in x.tolist()]) < 1.01


@pytest.mark.parametrize(
    ("f", "kind", "largest", "smallest"),
    [(pexp32, np.float32, 88.72283, -103.97208), (pexp64, float, 709.782, -745.1332)],
)
def test_pexp_at_its_ends(f, kind, largest, smallest):
    limits = np.finfo(kind)
    assert limits.max * 0.999 < f(kind(largest)) <= limits.max
    assert f(kind(smallest)) == limits.smallest_subnormal
    assert f(kind(largest + 0.01)) == np.inf and f(kind(np.inf)) == np.inf
    assert f(kind(smallest - 0.01)) == 0 and f(kind(-np.inf)) == 0
    assert f(kind(0)) == 1 and np.isnan(f(kind(np.nan)))


@pytest.mark.parametrize(("f", "kind"), [(plog32, np.float32), (plog64, np.float64)])
def test_plog_at_its_ends(f, kind):
    """Nothing that is no logarithm looks like one: a sum that underflowed, or a NaN, stays visible behind it."""
    limits = np.finfo(kind)
    assert f(kind(0)) == -np.inf and f(kind(-0.0)) == -np.inf and f(kind(np.inf)) == np.inf
    for nothing in (np.nan, -1, -np.inf, -limits.smallest_subnormal, -limits.tiny):
        assert np.isnan(f(kind(nothing)))
    tiny = np.array([limits.smallest_subnormal, 3 * limits.smallest_subnormal, limits.tiny / 3, limits.tiny], kind)
    ends = np.append(tiny, limits.max)
    exact = [float(arb(float(value)).log()) for value in ends]
    np.testing.assert_allclose(apply(f, ends), exact, rtol=limits.eps)


def test_pradius32():
    u = np.concatenate([floats32(0.5, 1.0, 3), floats32(1e-20, 0.5, 997)])
    exact = np.sqrt(-2 * np.log(u.astype(np.float64)))
    assert ulps32(apply(pradius32, np.float32(-2) * u), exact).max() < 1.13
    assert pradius32(np.float32(-2)) == 0


def test_psincos32():
    words = (np.arange(1 << 21, dtype=np.uint64) * 2053 + 3).astype(np.uint32)
    words = np.concatenate([words, words >> np.uint32(11), np.uint32(1 << 31) - (words >> np.uint32(20))])
    angle = np.pi / 4 + words.view(np.int32) * (np.pi / 2**33)
    for f, got in zip((np.sin, np.cos), apply_angle(psincos32, words, np.float32), strict=True):
        assert np.abs(got - f(angle)).max() < 2.4 * 2.0**-24


def test_psincos64():
    rng = np.random.default_rng(3)
    words = rng.integers(1, 2**64, 8000, dtype=np.uint64)
    words = np.concatenate([words, words >> rng.integers(0, 63, 8000).astype(np.uint64)])
    near = (np.uint64(1) << np.uint64(62)) * rng.integers(1, 4, 1000).astype(np.uint64)
    words = np.concatenate([words, near + rng.integers(1, 2**34, 1000).astype(np.uint64)])
    sine, cosine = apply_angle(psincos64, words, np.float64)
    angles = [arb(word) / arb(2) ** 63 for word in words.tolist()]
    assert ulps64(sine, [angle.sin_pi() for angle in angles]) < 1.6
    assert ulps64(cosine, [angle.cos_pi() for angle in angles]) < 1.6


def test_quarter_turns_are_exact():
    assert [psincos64(np.uint64(k << 62)) for k in range(4)] == [(0, 1), (1, 0), (0, -1), (-1, 0)]


def test_fma_rounds_once():
    rng = np.random.default_rng(4)
    for a, b in rng.normal(size=(200, 2)).tolist():
        c = -a * b * (1 + 2.0**-40)
        assert fma64(a, b, c) == float(Fraction(a) * Fraction(b) + Fraction(c))
    for a, b in rng.normal(size=(200, 2)).astype(np.float32):
        c = np.float32(-float(a) * float(b))
        # The exact value has at most 48 bits here, so float64 holds it and float32 rounds it once.
        assert fma32(a, b, c) == np.float32(float(a) * float(b) + float(c))


def test_bits_go_both_ways():
    assert bits_to_float32(float32_to_bits(np.float32(np.pi))) == np.float32(np.pi)
    assert bits_to_float64(float64_to_bits(np.pi)) == np.pi
    assert float64_to_bits(-2.0) == 0xC000000000000000 and float32_to_bits(-2.0) == 0xC0000000


def polynomial(prefix, count):
    module = logarithm if prefix in "LR" else arithmetic
    return [mpmath.mpf(float(getattr(module, f"_{prefix}{k}"))) for k in range(count)][::-1]


def grid(low, high, points=301):
    return [low + (high - low) * mpmath.mpf(k) / points for k in range(points + 1)]


def test_the_minimax_polynomials_are_as_good_as_stated():
    with mpmath.workdps(30):
        log = polynomial("L", 8)
        third = mpmath.mpf(1) / 3
        for f in grid(-third, third):
            value = f + f**2 * (-mpmath.mpf(1) / 2 + f * mpmath.polyval(log, f))
            assert abs(value - mpmath.log1p(f)) <= 6.5e-9 * abs(mpmath.log1p(f))
        radius = polynomial("R", 8)
        for g in grid(-2 * third, 2 * third):
            exact = -2 * mpmath.log1p(-g / 2)
            assert abs(g + g**2 * mpmath.polyval(radius, g) - exact) <= 5e-8 * abs(g)
        sine, cosine = polynomial("S", 4), polynomial("C", 4)
        unit, root = mpmath.mpf(float(arithmetic._RADIANS32)), mpmath.sqrt(2)
        for r in grid(mpmath.mpf(0), mpmath.mpf(2) ** 31):
            x, angle = unit * r, mpmath.pi * r / 2**33
            assert abs(x * mpmath.polyval(sine, x * x) - mpmath.sin(angle) / root) <= 2e-8
            assert abs(mpmath.polyval(cosine, x * x) - mpmath.cos(angle) / root) <= 4e-8


def test_the_constants_in_two_parts():
    with mpmath.workdps(40):
        ln2, circle = mpmath.log(2), 2 * mpmath.pi
        high, low = float(logarithm._LN2_HIGH64), float(logarithm._LN2_LOW64)
        assert (high, low) == (float(ln2), float(ln2 - float(ln2)))
        high, low = float(arithmetic._RADIANS_HIGH64) * 2.0**32, float(arithmetic._RADIANS_REST64) * 2.0**32
        assert (high, low) == (float(circle), float(circle - float(circle)))
        for bits, width, spare in ((32, 15, 1e-12), (64, 32, 1e-25)):
            top, rest = (float(getattr(arithmetic, f"_LN2_{part}{bits}")) for part in ("TOP", "REST"))
            assert (top * 2.0**width).is_integer()
            assert abs(ln2 - top - rest) < spare


@pytest.mark.parametrize(("module", "examples"), [(arithmetic, 4), (logarithm, 3), (primitives, 8)])
def test_examples(module, examples):
    assert doctest.testmod(module) == (0, examples)
