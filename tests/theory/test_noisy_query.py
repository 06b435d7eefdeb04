"""retrieval.noisy_query against independent routes: quadrature, the determinant, the exact query, its domain."""

import random

import numpy as np
import pytest

from attnlaws.theory.law import sample_point
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.exponential import LAW as EXPONENTIAL
from attnlaws.theory.retrieval.noisy_query import LARGEST_NOISE, LAW


@pytest.mark.parametrize(("d_k", "tau", "noise"), [(1, 3.0, 0.0), (4, 6.0, 0.5), (16, 8.0, 1.0), (3, 4.0, 1.2)])
def test_one_component_by_quadrature(d_k, tau, noise):
    """The mean of exp(2 (g - k)(k + s e)/tau) over three standard normals, to the power of the dimension."""
    wide, step = np.linspace(-36, 36, 1801, retstep=True)
    density = np.exp(-(wide**2) / 2) / np.sqrt(2 * np.pi) * step
    query = wide[:, None] + noise * wide  # k down, e across
    # The mean over g by its own sum, at a table of queries: exp(2 g q/tau) is entire, so that interpolation is exact
    # enough where it is done in the logarithm, a parabola.
    table = np.linspace(-5, 5, 3)
    parabola = np.polyfit(table, [np.log(density @ np.exp(2 * wide * q / tau)) for q in table], 2)
    exponent = np.polyval(parabola, query) - 2 * wide[:, None] * query / tau
    exponent -= (wide[:, None] ** 2 + wide**2) / 2
    one = np.exp(exponent).sum() * step**2 / (2 * np.pi)
    assert LAW(n=65, d_k=d_k, tau=tau, noise=noise) == pytest.approx(64 * one**d_k, rel=1e-9)


def test_the_determinant_of_the_quadratic_form():
    for d_k, tau, noise in ((4, 4.0, 1.0), (64, 8.0, 2.5), (7, 0.9, 0.1)):
        a, b = 2 / tau**2, 2 / tau
        form = np.array([[a - b, a * noise - b * noise / 2], [a * noise - b * noise / 2, a * noise**2]])
        want = 8 * np.linalg.det(np.eye(2) - 2 * form) ** (-d_k / 2)
        assert LAW(n=9, d_k=d_k, tau=tau, noise=noise) == pytest.approx(want, rel=1e-11)


def test_every_step_is_symbolic():
    assert set(prove(LAW).badges.values()) == {"proven"}


def test_without_noise_it_is_the_mean_of_an_exact_query():
    point = {"n": 65, "d_k": np.array([1, 16, 64]), "tau": np.array([0.9, 4.0, 8.0])}
    for output in LAW.outputs:
        assert LAW(noise=0, output=output, **point) == pytest.approx(EXPONENTIAL(output=output, **point), rel=1e-13)


def test_noise_multiplies_by_exp_4_s_squared_at_the_temperature_of_attention():
    gain = LAW(n=9, d_k=10**6, tau=1000, noise=1, output="log") - LAW(n=9, d_k=10**6, tau=1000, noise=0, output="log")
    assert gain == pytest.approx(4, rel=0.01)


@pytest.mark.parametrize(("tau", "end"), [(0.9, 0.2263846), (2.0, 1.0), (4.0, 1.8708287), (8.0, 3.3911650)])
def test_noise_ends_where_the_form_reaches_the_gaussian_s(tau, end):
    """The least eigenvalue of 1 - 2 A vanishes there; the error names parameter, domain and value."""
    a, b = 2 / tau**2, 2 / tau
    for noise, exists in ((end * (1 - 1e-6), True), (end * (1 + 1e-6), False)):
        form = np.array([[a - b, a * noise - b * noise / 2], [a * noise - b * noise / 2, a * noise**2]])
        assert (np.linalg.eigvalsh(np.eye(2) - 2 * form).min() > 0) == exists
        if exists:
            assert LAW(n=9, d_k=4, tau=tau, noise=noise) > 0
            assert LAW.validate(n=9, d_k=4, tau=tau, noise=noise)["noise"] == noise
            continue
        for call in (LAW, LAW.validate):
            with pytest.raises(ValueError, match=r"^noise = .*: must be a real number < .*tau.*mean over Gauss"):
                call(n=9, d_k=4, tau=tau, noise=noise)


def test_an_array_names_the_element_that_is_too_noisy():
    with pytest.raises(ValueError, match=r"^noise = 3.0: must be a real number < sqrt.* = 1.87083 "):
        LAW(n=9, d_k=4, tau=[8.0, 4.0], noise=3.0, output="log")
    with pytest.raises(ValueError, match="shapes do not broadcast together"):
        LAW(n=9, d_k=4, tau=[8.0, 4.0], noise=[0.1, 0.2, 0.3])


def test_points_are_drawn_below_an_end_that_depends_on_others():
    case, rng = LAW.derivations[0], random.Random(1)
    domains = {name: LAW.parameter(name).domain for name in ("tau", "noise")}
    for wide in (True, False):
        points = [sample_point(domains, rng, wide, case) for _ in range(50)]
        assert all(
            float(p["noise"]) < float(LARGEST_NOISE.subs(LARGEST_NOISE.free_symbols.pop(), p["tau"])) for p in points
        )
        assert len({p["tau"] for p in points}) == 50
