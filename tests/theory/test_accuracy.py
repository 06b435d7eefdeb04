"""Certificates: the shipped laws pass, a formula written the naive way does not."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from attnlaws import registry
from attnlaws.theory.accuracy import certify
from attnlaws.theory.claim import LooserAccuracy
from attnlaws.theory.retrieval.linear import LAW as LINEAR
from attnlaws.theory.steps import Conjecture
from attnlaws.theory.topk.tail_mass import LAW as TAIL_MASS
from attnlaws.theory.vocabulary import Phi, Phi_inverse

kappa, sigma = (TAIL_MASS.parameter(name).symbol for name in ("kappa", "sigma"))


def test_tail_mass_is_accurate_in_both_tails():
    (certificate,) = certify(TAIL_MASS)
    assert certificate.passed and certificate.points >= 400 and certificate.rule == "condition"


def test_linear_is_accurate_in_every_case():
    certificates = certify(LINEAR, points=40, algorithm_points=4)
    assert len(certificates) == 7
    for certificate in certificates:
        assert certificate.passed, certificate
        assert certificate.rule == ("declared" if certificate.case == "convention=median" else "condition")


def certifies_itself(law_id: str) -> bool:
    """Whether a law's own tests certify it, as those do whose references are slow or need points of their own."""
    path = Path(__file__).with_name(f"test_{law_id.split('.')[1]}.py")
    return path.exists() and "certify(" in path.read_text("utf-8")


@pytest.mark.parametrize("points", [50, pytest.param(500, marks=pytest.mark.slow)])
@pytest.mark.parametrize("law_id", [law_id for law_id in registry.ids() if not certifies_itself(law_id)])
def test_every_other_law_is_accurate_over_its_whole_domain(law_id, points):
    law = registry.law(law_id)
    certificates = certify(law, points, algorithm_points=4)
    assert len(certificates) == len(law.derivations)
    for certificate in certificates:
        assert certificate.passed and certificate.points > 0, certificate


@pytest.mark.parametrize(
    "naive",
    [
        1 - Phi(Phi_inverse(kappa) + sigma, evaluate=False),
        (1 - sp.erf((Phi_inverse(kappa) + sigma) / sp.sqrt(2))) / 2,
    ],
)
def test_a_naive_formula_fails(naive):
    case = dataclasses.replace(TAIL_MASS.derivations[0], steps=(Conjecture(naive, ""),))
    (certificate,) = certify(dataclasses.replace(TAIL_MASS, steps=(), derivations=(case,)), points=150)
    assert not certificate.passed and certificate.ratio > 1e6


def test_a_wrong_algorithm_fails():
    case = LINEAR.derivation(convention="median", d_v=4)
    routine = case.value
    assert routine is not None
    wrong = dataclasses.replace(case, value=lambda **given: routine(**given) * (1 + 2e-9))
    (certificate,) = certify(dataclasses.replace(LINEAR, steps=(), derivations=(wrong,)), algorithm_points=2)
    assert not certificate.passed


def test_a_looser_bound_needs_a_reason_and_has_a_limit():
    with pytest.raises(ValueError, match="1e-6"):
        LooserAccuracy(1e-5, "lazy")
    with pytest.raises(ValueError, match="reason"):
        LooserAccuracy(1e-9, "")


def test_values_stay_positive_far_out():
    values = TAIL_MASS(kappa=np.array([1e-290, 1 - 2.0**-53]), sigma=np.array([0.5, 20.0]))
    assert values[0] == 1.0 and 0 < values[1] < 1e-150
