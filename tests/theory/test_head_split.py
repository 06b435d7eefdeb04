"""retrieval.head_split against quadrature of its definitions, moments by mpmath, and simulated memories."""

import math

import mpmath
import numpy as np
import pytest

from attnlaws import registry
from attnlaws.simulations.experiment import Draw, length_of
from attnlaws.theory.enclose import enclose
from attnlaws.theory.prove import prove
from attnlaws.theory.retrieval.exponential import LAW as EXPONENTIAL
from attnlaws.theory.retrieval.head_split import LAW

D_K, HEADS = (LAW.parameter(name).symbol for name in ("d_k", "heads"))
READINGS = [(kernel, reading) for kernel in ("exponential", "linear") for reading in ("one", "average")]


@pytest.mark.parametrize("case", LAW.derivations, ids=lambda case: case.label)
@pytest.mark.parametrize(("d_k", "heads"), [(7, 1), (64, 4), (30, 9)])
def test_definitions_evaluate_to_the_form(case, d_k, heads):
    point = {D_K: d_k, HEADS: heads}
    definition, form = enclose(case.steps[0].expr, point, 15), enclose(case.form, point, 25)
    assert (definition - form).contains(0)
    assert float(definition.rad()) < 1e-9
    assert LAW(d_k=d_k, heads=heads, **case.when) == pytest.approx(float(form), rel=1e-13)


def test_every_step_is_symbolic():
    assert set(prove(LAW).badges.values()) == {"proven"}


@pytest.mark.parametrize(("d_k", "heads"), [(64, 1), (64, 2), (64, 4), (100, 5)])
@pytest.mark.parametrize(("kernel", "reading"), READINGS)
def test_moments_by_mpmath(d_k, heads, kernel, reading):
    """Two moments of a weight by numerical integration, and as many heads' as there are pairs of them."""
    width = mpmath.mpf(d_k) / heads
    tau = mpmath.sqrt(width)
    weight, target = {
        "exponential": (lambda score: mpmath.exp(score / tau), mpmath.exp(width / tau)),
        "linear": (lambda score: score, width),
    }[kernel]

    def moment(power):
        return mpmath.quad(
            lambda score: weight(score) ** power * mpmath.npdf(score, 0, tau), [-12 * tau, 0, 2 * tau, 16 * tau]
        )

    table = [[moment(2) if i == j else moment(1) ** 2 for i in range(heads)] for j in range(heads)]
    noise = moment(2) if reading == "one" else sum(map(sum, table)) / heads**2
    want = mpmath.log(target**2 / noise)
    assert LAW(d_k=d_k, heads=heads, kernel=kernel, reading=reading) == pytest.approx(float(want), rel=1e-9)


def test_one_head_is_the_geometric_convention_of_its_own_width():
    for d_k, heads in ((64, 4), (256, 2)):
        width = d_k // heads
        log = EXPONENTIAL(n=2, d_k=width, tau=math.sqrt(width), convention="geometric", output="log")
        assert LAW(d_k=d_k, heads=heads) == pytest.approx(-log, rel=1e-14)


def test_a_split_costs_an_exponent_that_averaging_does_not_bring_back():
    """A width of 64 in 1, 2 and 4 heads, worked out by hand."""
    assert LAW(d_k=64, heads=[1, 2, 4]) == pytest.approx([14.0, 9.31, 6.0], abs=0.005)
    assert LAW(d_k=64, heads=[1, 2, 4], reading="average") == pytest.approx([14.0, 9.69, 6.64], abs=0.005)
    assert LAW(d_k=64, heads=[1, 2, 4], kernel="linear", reading="average") == pytest.approx([math.log(64)] * 3)
    gains = LAW(d_k=64, heads=np.array([1, 4, 10**6]), reading="average") - LAW(d_k=64, heads=np.array([1, 4, 10**6]))
    assert gains[0] == 0 and gains[1] < gains[2] < 1


@pytest.mark.parametrize("reading", ["one", "average"])
def test_a_head_s_keys_have_its_own_dimension(reading):
    """A simulation draws keys of dimension d_k/heads, and refuses a width that does not divide."""
    experiment = registry.experiment("retrieval.head_split")
    point = {"d_k": 12, "heads": 3, "kernel": "exponential", "reading": reading}
    assert experiment.shape("literal", point).draws(point) == 4 + 3 * 4
    with pytest.raises(ValueError, match=r"^d_k = 13: must be a multiple of heads = 3"):
        experiment.shape("literal", point).draws(point | {"d_k": 13})
    assert length_of("d_k", point) == 12 and Draw("key", "d_k/heads").size(point) == 4
