"""topk.scored_equals_kept: the certificate skips keys where it can, is sound, and cannot for independent keys."""

import numpy as np
import pytest

from attnlaws.simulations.topk.scored_equals_kept import BLOCK, reference
from attnlaws.theory.claim import Outcome
from attnlaws.theory.prove import prove
from attnlaws.theory.topk.k_eps import LAW as K_EPS
from attnlaws.theory.topk.scored_equals_kept import LAW


def fraction(keys, spread, share, seed):
    """What the certificate scores of given keys; its own assertions say that it is sound."""
    n, d = keys.shape
    query = np.random.default_rng(seed).standard_normal((1, d))
    items = np.concatenate([query, keys]).ravel()
    return reference({"items": items}, eps=share, sigma=spread, n=n, d=d)["fraction"]


def test_it_is_the_rule_and_is_replaced():
    assert LAW.form == K_EPS.form
    assert (LAW.expected, LAW.replaced_by) == (Outcome.REFUTED, "topk.scoring_ceiling")
    assert not prove(LAW).failed


@pytest.mark.parametrize("d", [8, 16, 64])
@pytest.mark.parametrize("share", [0.1, 0.01])
def test_independent_keys_are_all_scored(d, share):
    for seed in range(5):
        keys = np.random.default_rng(100 + seed).standard_normal((512, d))
        assert fraction(keys, 2.0, share, seed) == 1


def test_keys_that_form_clusters_are_not():
    """The same certificate, on blocks whose keys lie close together: it can skip, so that the refutation is no
    weakness of the count."""
    rng = np.random.default_rng(9)
    centers = np.repeat(rng.standard_normal((32, 16)), BLOCK, axis=0)
    found = [fraction(centers + 0.01 * rng.standard_normal((512, 16)), 3.0, 0.1, seed) for seed in range(5)]
    assert max(found) < 0.7


def test_a_bound_without_the_radius_is_caught():
    """A wrong certificate, whose blocks are taken to be points, is not sound for independent keys."""
    rng = np.random.default_rng(4)
    keys, query = rng.standard_normal((512, 16)), rng.standard_normal(16)
    query *= 2 / np.linalg.norm(query)
    mass = np.exp(keys @ query).reshape(-1, BLOCK).sum(axis=1)
    bound = BLOCK * np.exp(keys.reshape(-1, BLOCK, 16).mean(axis=1) @ query)
    assert (mass > bound).all()
