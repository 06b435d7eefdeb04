"""topk.divergences against brute force in exact and in high precision, and its rows against bad input."""

import math
import random

import mpmath
import numpy as np
import pytest
import sympy as sp

from attnlaws.theory.accuracy import certify
from attnlaws.theory.enclose import enclose
from attnlaws.theory.law import Law
from attnlaws.theory.ordered import LENGTH, dropped, kept, settled_sums, weight
from attnlaws.theory.prove import prove
from attnlaws.theory.steps import Definition, Equals
from attnlaws.theory.topk.divergences import LAW, cut, full

LOGITS, K, ORDER = (LAW.parameter(name).symbol for name in ("logits", "k", "order"))
ROW = (3.0, 1.5, 1.5, 0.0, -2.0)


def brute_force(logits, k, order):
    """Every divergence from its definition, key by key, with 60 digits."""
    with mpmath.workdps(60):
        weights = sorted((mpmath.exp(mpmath.mpf(float(score))) for score in logits), reverse=True)
        p = [w / mpmath.fsum(weights) for w in weights]
        q = [w / mpmath.fsum(weights[:k]) if i < k else mpmath.mpf(0) for i, w in enumerate(weights)]
        pairs, a = list(zip(p, q, strict=True)), mpmath.mpf(order)

        def relative(x, y):  # KL(x|y)
            return mpmath.fsum(s * mpmath.log(s / t) for s, t in zip(x, y, strict=True) if s)

        middle = [(s + t) / 2 for s, t in pairs]
        return {
            "tv": mpmath.fsum(abs(s - t) for s, t in pairs) / 2,
            "kl": relative(q, p),
            "chi_square": mpmath.fsum((t - s) ** 2 / s for s, t in pairs),
            "hellinger": mpmath.fsum((mpmath.sqrt(s) - mpmath.sqrt(t)) ** 2 for s, t in pairs) / 2,
            "renyi": mpmath.log(mpmath.fsum(t**a * s ** (1 - a) for s, t in pairs if t)) / (a - 1),
            "reverse_renyi": mpmath.log(mpmath.fsum(s**a * t ** (1 - a) for s, t in pairs if t)) / (a - 1),
            "jensen_shannon": (relative(p, middle) + relative(q, middle)) / 2,
            "odds": mpmath.fsum(p[k:]) / mpmath.fsum(p[:k]),
        }


@pytest.mark.parametrize("output", LAW.outputs)
def test_values_against_brute_force(output):
    rng = random.Random(output)
    for _ in range(60):
        spread = rng.choice([0.0, 0.1, 1.0, 5.0, 60.0])
        logits = [rng.gauss(0, spread) for _ in range(rng.randint(2, 30))]
        k, order = rng.randint(1, len(logits) - 1), rng.uniform(0.05, 0.95)
        want = brute_force(logits, k, order)[output]
        if want > 1e-290:
            assert LAW(logits=logits, k=k, order=order, output=output) == pytest.approx(float(want), rel=2e-13)


def test_nothing_dropped_is_no_distance_and_masked_keys_are_not_there():
    for output in LAW.outputs:
        assert LAW(logits=ROW, k=5, output=output) == 0
        masked = LAW(logits=[*ROW, -np.inf, -np.inf], k=2, output=output)
        assert masked == LAW(logits=ROW, k=2, output=output)


def test_tails_far_below_one_are_kept():
    assert LAW(logits=[0.0, -660.0], k=1) == pytest.approx(math.exp(-660.0), rel=1e-12)
    assert LAW(logits=[1e5, 1e5 - 500], k=1, output="kl") == pytest.approx(math.exp(-500.0), rel=1e-12)


def test_rows_broadcast():
    logits = np.random.default_rng(1).normal(size=(3, 1, 8))
    values = LAW(logits=logits, k=np.array([1, 4]), output="kl")
    assert values.shape == (3, 2)
    assert values[2, 1] == LAW(logits=logits[2, 0], k=4, output="kl")


@pytest.mark.parametrize("case", LAW.derivations, ids=lambda case: case.output)
@pytest.mark.parametrize("k", [1, 3, 4])
def test_definitions_evaluate_to_the_form(case, k):
    point = {LOGITS: tuple(ROW), K: k, LENGTH: len(ROW), ORDER: 0.25}
    definition, form = enclose(case.steps[0].expr, point, 30), enclose(case.form, point, 30)
    assert (definition - form).contains(0)
    assert float(definition.rad()) < 1e-20
    assert float(form) == pytest.approx(float(brute_force(ROW, k, 0.25)[case.output]), rel=1e-14)


def test_every_step_is_symbolic_and_accurate():
    assert set(prove(LAW).badges.values()) == {"proven"}
    assert all(certificate.passed for certificate in certify(LAW, points=60))


@pytest.mark.parametrize("name", [n for n, form in LAW.sabotages.items()])
def test_a_wrong_form_is_contradicted_by_the_definition(name):
    ((output, form),) = LAW.sabotages[name].items()
    case = LAW.derivation(output)
    wrong = Law("wrong", "Wrong.", LAW.parameters, LAW.source, LAW.claim, steps=(case.steps[0], Equals(form, "")))
    assert prove(wrong).badge == "contradicted"


def test_a_sum_whose_terms_share_no_factor_is_left_alone():
    squares = kept(lambda i: weight(LOGITS)(i) ** 2, K)
    assert settled_sums(squares) == squares
    wrong = Law("wrong", "Wrong.", LAW.parameters, LAW.source, LAW.claim,
                steps=(Definition(kept(lambda i: full(i) * cut(i), K), ""), Equals(sp.Integer(1), "")))  # fmt: skip
    assert prove(wrong).badge == "contradicted"
    assert settled_sums(dropped(full, K) + kept(full, K)).equals(1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"logits": [0.0, math.nan], "k": 1}, r"^logits\[1\] = nan: must be rows of real numbers or -inf"),
        ({"logits": [[0.0, math.inf]], "k": 1}, r"^logits\[0\]\[1\] = inf: must be rows"),
        ({"logits": [[0.0, 1.0], [-math.inf, -math.inf]], "k": 1}, r"^logits\[1\]\[0\] = -inf: .*a finite one in each"),
        ({"logits": [], "k": 1}, r"^logits = \[\]: must be rows"),
        ({"logits": 1.0, "k": 1}, r"^logits = 1.0: must be rows"),
        ({"logits": [[1.0], [1.0, 2.0]], "k": 1}, "^logits = .*: must be rows"),
        ({"logits": np.array([1.0, "a"], object), "k": 1}, "^logits = .*: must be rows"),
        ({"logits": [1j, 2.0], "k": 1}, "^logits = .*: must be rows"),
        ({"logits": ROW, "k": 0}, "^k = 0: must be an integer >= 1 and <= 1e9 and <= the number of logits"),
        ({"logits": ROW, "k": 6}, r"^k = 6: .*number of logits \(logits has 5\)"),
        ({"logits": [ROW, (0, 1, -math.inf, -math.inf, 2)], "k": 4}, r"^k = 4: .* \(logits\[1\] has 3\)"),
        ({"logits": np.zeros((3, 4)), "k": [1, 2]}, r"^shapes do not broadcast together: logits \(3, 4\), k \(2,\)"),
        ({"logits": ROW, "k": 1, "order": 1.0, "output": "reverse_renyi"}, "^order = 1.0: .*infinite"),
        ({"logits": ROW, "k": 1, "output": "reverse_kl"}, "^output = 'reverse_kl': must be one of tv, kl"),
        ({"logits": ROW, "k": 1, "sigma": 1.0}, "sigma is only needed to simulate"),
        ({"k": 1}, "needs logits"),
    ],
)  # fmt: skip
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        LAW(**arguments)


def test_an_array_on_a_device_is_asked_to_come_to_the_host():
    class OnDevice:
        def __array__(self, *_, **__):
            raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    for bad in ({"logits": OnDevice(), "k": 1}, {"logits": ROW, "k": OnDevice()}):
        with pytest.raises(ValueError, match=r"OnDevice: must be .* NumPy can read \(copy it to the host first\)"):
            LAW(**bad)
