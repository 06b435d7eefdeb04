"""Sizing a memory: capacity against the laws and against formulas, and its inverses against itself."""

import math

import mpmath
import pytest

import attnlaws as al

KINDS = [
    (keys, convention) for keys in ("gaussian", "sphere") for convention in ("typical", "geometric", "expectation")
]


@pytest.mark.parametrize("d", [9, 64, 300])
@pytest.mark.parametrize("tau", [1.5, 2.0, 6.0])
def test_the_means_are_the_formulas_solved_for_n(d, tau):
    load = 4 * (tau - 1) / tau**2
    for target in (1.0, 0.01):
        found = al.capacity(d, tau, target, convention="geometric")
        assert found - 1 == pytest.approx(target * math.exp(load * d / 2), rel=1e-12)
        found = al.capacity(d, tau, target, convention="expectation")
        assert found - 1 == pytest.approx(target * (1 + load) ** (d / 2), rel=1e-12)


@pytest.mark.parametrize(("d", "tau"), [(9, 2.0), (64, 8.0)])
def test_on_a_sphere_the_mean_is_a_bessel_function(d, tau):
    with mpmath.workdps(30):
        steepness = mpmath.mpf(2) * d / tau
        want = mpmath.exp(steepness) / mpmath.hyp0f1(mpmath.mpf(d) / 2, steepness**2 / 4)
    for convention in ("geometric", "expectation"):
        assert al.capacity(d, tau, keys="sphere", convention=convention) - 1 == pytest.approx(float(want), rel=1e-11)


@pytest.mark.parametrize("keys", ["gaussian", "sphere"])
@pytest.mark.parametrize(("d", "tau"), [(8, 0.5), (12, 2.0), (64, 8.0)])
def test_typical_capacity_is_the_law_s(keys, d, tau):
    assert math.log(al.capacity(d, tau, keys=keys) - 1) / d == pytest.approx(
        float(al.law("retrieval.capacity")(tau=tau, d_k=d, keys=keys)), rel=1e-10
    )


def test_attention_s_temperature_is_the_default():
    assert al.capacity(64) == al.capacity(64, 8.0) == al.capacity(64, "sqrt")


@pytest.mark.parametrize(("keys", "convention"), KINDS)
@pytest.mark.parametrize("tau", ["sqrt", 2.5])
def test_a_dimension_is_the_smallest_that_is_enough(keys, convention, tau):
    for n, target in ((1000, 1.0), (1e7, 0.03)):
        d = al.dimension(n, tau, target, keys=keys, convention=convention)
        assert al.capacity(d, tau, target, keys=keys, convention=convention) >= n
        assert al.capacity(d - 1, tau, target, keys=keys, convention=convention) < n


@pytest.mark.parametrize(("keys", "convention"), KINDS)
def test_a_temperature_is_the_highest_that_is_enough(keys, convention):
    tau = al.temperature(1e5, 64, 0.1, keys=keys, convention=convention)
    assert al.capacity(64, tau, 0.1, keys=keys, convention=convention) == pytest.approx(1e5, rel=1e-6)
    assert al.capacity(64, 1.01 * tau, 0.1, keys=keys, convention=convention) < 1e5


@pytest.mark.parametrize(("keys", "convention"), KINDS)
def test_no_temperature_is_better_than_the_best(keys, convention):
    best = al.best_temperature(keys=keys, convention=convention)
    most = al.capacity(20, best, keys=keys, convention=convention)
    for tau in (0.5, 0.9, 1.5, 1.9, 2.1, 4.0):
        if convention == "expectation" and keys == "gaussian" and tau < 0.9:
            continue  # there the mean is infinite
        assert al.capacity(20, tau, keys=keys, convention=convention) <= most


def test_the_rules_of_the_literature_by_their_dimensions():
    """n = 10^6, inverse SNR 0.01: 104.3 and 134.5 at tau = sqrt(d), 36.8 and 53.2 at tau = 2."""
    found = [
        al.dimension(1e6, tau, 0.01, convention=convention)
        for tau in ("sqrt", 2)
        for convention in ("geometric", "expectation")
    ]
    assert found == [105, 135, 37, 54]


def test_a_memory_that_holds_no_second_pair_holds_one():
    assert al.capacity(4, 4.0, 1e-6) == 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: al.capacity(1), "d_k = 1: must be an integer >= 2"),
        (lambda: al.capacity(64.5), r"d_k = 64\.5: must be an integer"),
        (lambda: al.capacity(64, 0.1), r"tau = 0\.1: must be a real number"),
        (lambda: al.capacity(64, "root"), "tau = 'root': must be 'sqrt', or a real number"),
        (lambda: al.capacity(64, target=0), r"target = 0.*: must be a real number in .0, 1e6."),
        (lambda: al.capacity(64, keys="cube"), "keys = 'cube': must be one of gaussian, sphere"),
        (lambda: al.capacity(64, convention="mean"), "convention = 'mean': must be one of typical, geometric"),
        (lambda: al.capacity(64, 0.6, convention="expectation"), r"tau = 0\.6: must be a real number > 0\.828"),
        (lambda: al.dimension(1), r"n = 1.*: must be a real number"),
        (lambda: al.dimension(1e300, 100.0), r"n = 1e\+300: must be at most .*what 1024 dimensions hold"),
        (lambda: al.temperature(1e30, 16), r"n = 1e\+30: must be at most .*at the best temperature, tau = 0\.5"),
        (lambda: al.temperature(float("nan"), 16), "n = nan: must be a real number"),
    ],
)
def test_what_is_wrong_is_named(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


def test_more_pairs_than_float64_can_count():
    with pytest.raises(OverflowError, match=r"holds exp\(\d+\.\d\) pairs"):
        al.capacity(1024, 0.5, keys="sphere")
