"""Numbers of retrieval that other programs were used to find, simulated anew; and formulas that miss them.

Expected values come from float64 programs that share no code with this package, written down in as many digits as were
sure (text), or from a closed form typed in here (a number). Seeds are fresh, and modes literal unless that is out of
reach. Each estimate may lie 4.42 standard errors off (false alarm 1 in 10^5 a row), and half a unit of the last digit
that was written; `resolution` bounds the former, so a row sees relative errors of that size. A formula that is said to
miss lies at least 6.5 standard errors away.
"""

import math
from decimal import Decimal

import mpmath
import pytest
from memory_store import MemoryStore

from attnlaws import registry
from attnlaws.simulations.estimate import estimate
from attnlaws.simulations.run import run
from attnlaws.simulations.simulate import make_task

SEED = 20261121
LINEAR = "retrieval.linear"
EXPONENTIAL = "retrieval.exponential"
EXPECTATION, RATIO, GEOMETRIC, MEDIAN = ({"convention": c} for c in ("expectation", "ratio", "geometric", "median"))
ROOT_32, ROOT_128 = math.sqrt(32), math.sqrt(128)

BIASED = 5 * math.erfc(math.sqrt(2)) / 2 - 2 * math.exp(-2) / math.sqrt(2 * math.pi)
"""The mean of max(z - 2, 0)^2 for a standard normal z: (1 + b^2) Q(b) - b phi(b) at b = 2."""


def bessel(d, tau):
    """0F1(; d/2; d^2/tau^2), the mean of exp(2 d cos/tau) over a sphere of radius sqrt(d)."""
    return float(mpmath.hyp0f1(mpmath.mpf(d) / 2, (mpmath.mpf(d) / tau) ** 2))


ROWS = [
    # law, mode, point, output, value, formula that misses it (None where it holds), replicates, resolution
    (LINEAR, "literal", {"n": 65, "d_k": 32, "d_v": 16} | EXPECTATION, "", "2.4381", 65 / 32, 40_000, 0.02),
    (LINEAR, "literal", {"n": 257, "d_k": 64, "d_v": 32} | EXPECTATION, "", "4.4043", 257 / 64, 5_000, 0.03),
    (LINEAR, "literal", {"n": 65, "d_k": 32, "d_v": None} | RATIO, "", "1.8824", 65 / 32, 20_000, 0.02),
    ("retrieval.linear_sphere", "literal", {"n": 129, "d_k": 32}, "", 4.0, None, 8_000, 0.02),
    (
        "retrieval.power",
        "literal",
        {"n": 129, "d_k": 32, "p": 1, "kernel": "rectified"} | EXPECTATION,
        "",
        "2.1333",
        129 / 64,
        10_000,
        0.02,
    ),
    (EXPONENTIAL, "tilted", {"n": 257, "d_k": 32, "tau": ROOT_32} | EXPECTATION, "", "0.16614", 0.02309, 20_000, 0.03),
    (
        EXPONENTIAL,
        "tilted",
        {"n": 1025, "d_k": 128, "tau": ROOT_128} | EXPECTATION,
        "",
        "1.76e-5",
        1.13e-6,
        4_000,
        0.04,
    ),
    (EXPONENTIAL, "literal", {"n": 1025, "d_k": 128, "tau": ROOT_128} | GEOMETRIC, "", "1.13e-6", None, 2_000, 0.3),
    (
        "retrieval.exponential_sphere",
        "tilted",
        {"n": 2, "d_k": 16, "radius": 4.0, "tau": 4.0},
        "",
        bessel(16, 4.0) * math.exp(-8),
        math.exp(2 - 8),
        20_000,
        0.02,
    ),
    (
        "retrieval.exponential_sphere",
        "tilted",
        {"n": 2, "d_k": 64, "radius": 8.0, "tau": 8.0},
        "",
        bessel(64, 8.0) * math.exp(-16),
        math.exp(2 - 16),
        60_000,
        0.02,
    ),
    (
        "retrieval.exponential_sphere",
        "tilted",
        {"n": 2, "d_k": 64, "radius": 8.0, "tau": 4.0},
        "",
        bessel(64, 4.0) * math.exp(-32),
        math.exp(8 - 32),
        60_000,
        0.02,
    ),
    ("retrieval.rbf", "literal", {"n": 2, "d_k": 16, "tau": 4.0}, "", 2.0**-8, math.exp(-4), 200_000, 0.03),
    ("retrieval.rbf", "tilted", {"n": 2, "d_k": 64, "tau": 8.0}, "", 1.5**-32, math.exp(-12), 40_000, 0.03),
    (
        "retrieval.noisy_query",
        "tilted",
        {"n": 2, "d_k": 64, "tau": 8.0, "noise": 0.3},
        "",
        1.42625**-32,
        math.exp(2.18 - 16),
        40_000,
        0.04,
    ),
    (
        "retrieval.noisy_query",
        "tilted",
        {"n": 2, "d_k": 64, "tau": 8.0, "noise": 1.0},
        "",
        1.3125**-32,
        math.exp(4 - 16),
        40_000,
        0.04,
    ),
    ("retrieval.biased_relu", "tilted", {"n": 2, "rho": 8.0, "bias": 2.0}, "", BIASED / 36, None, 20_000, 0.04),
    ("retrieval.spread", "collapsed", {"d_k": 128, "tau": ROOT_128}, "", "2.578", 2 * math.sqrt(2), 20_000, 0.03),
    ("retrieval.heads", "tilted", {"heads": 4, "sigma": 1.0}, "", 1 / (1 / 4 + 3 / 4 * math.exp(-1)), 4, 20_000, 0.03),
    (
        "retrieval.heads",
        "tilted",
        {"heads": 16, "sigma": 1.0},
        "",
        1 / (1 / 16 + 15 / 16 * math.exp(-1)),
        16,
        20_000,
        0.03,
    ),
    ("retrieval.top1", "literal", {"n": 64, "d_k": 8}, "", "0.685", None, 40_000, 0.02),
    ("retrieval.top1", "literal", {"n": 256, "d_k": 16}, "", "0.919", None, 10_000, 0.02),
    ("retrieval.top1", "collapsed", {"n": 1024, "d_k": 16}, "", "0.811", None, 10_000, 0.03),
    ("retrieval.softmax_fidelity", "literal", {"n": 500, "d_k": 36, "tau": 6.0}, "", "0.3295302", None, 2_000, 0.02),
    ("retrieval.softmax_fidelity", "literal", {"n": 500, "d_k": 36, "tau": 6.0}, "mse", "0.4521190", None, 2_000, 0.02),
    ("retrieval.frozen", "literal", {"n": 30_000, "sigma": 4.0}, "", "33.47", 42.31, 400, 0.03),
    ("retrieval.frozen", "literal", {"n": 30_000, "sigma": 2.2}, "", "19.44", 20.85, 400, 0.03),
    ("retrieval.frozen", "literal", {"n": 30_000, "sigma": 2.2}, "participation", "0.174", 0.042, 2_500, 0.1),
    ("retrieval.capacity", "literal", {"tau": 1.0, "keys": "gaussian", "d_k": 8}, "", "0.660", 0.0, 4_000, 0.03),
    ("retrieval.capacity", "literal", {"tau": 4.0, "keys": "sphere", "d_k": 16}, "", "0.3868", 0.375, 3_000, 0.01),
]


def written(value):
    """A number, and by how much its last digit may be off: half a unit where it was written down."""
    if not isinstance(value, str):
        return value, 0.0
    digits = Decimal(value)
    return float(digits), 0.5 * 10.0 ** int(digits.as_tuple().exponent)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("law_id", "mode", "point", "output", "value", "missing", "replicates", "resolution"),
    ROWS,
    ids=[f"{row[0]}-{row[3] or index}" for index, row in enumerate(ROWS)],
)
def test_a_number_of_the_table(law_id, mode, point, output, value, missing, replicates, resolution):
    law, experiment = registry.law(law_id), registry.simulation(law_id)
    task = make_task(law, experiment, law.validate(**point), SEED, mode)
    found = estimate(task, run(task, replicates, MemoryStore()), replicates, output)
    value, rounding = written(value)
    assert 4.42 * found.standard_error < resolution * abs(value)
    assert abs(found.mean - value) < 4.42 * found.standard_error + rounding
    assert float(law(output=output or None, **point)) == pytest.approx(value, rel=1e-9, abs=rounding)
    if missing is not None:
        assert abs(found.mean - missing) > 6.5 * found.standard_error + rounding
