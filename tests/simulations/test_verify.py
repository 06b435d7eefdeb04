"""From claim to verdict, on the laws of the catalog and on claims that are wrong."""

import itertools
from dataclasses import replace

import pytest
from memory_store import MemoryStore
from sympy import Piecewise, Symbol, symbols

from attnlaws import registry
from attnlaws.simulations import verify as verify_module
from attnlaws.simulations.experiment import Draw, Exact, Experiment, Smooth, Streaming
from attnlaws.simulations.profile import FULL, NORMAL, QUICK
from attnlaws.simulations.timings import PHASES, Timings
from attnlaws.simulations.verdict import Verdict
from attnlaws.simulations.verify import SHARE, key_of, proof_of, verify
from attnlaws.theory.claim import Equal, Outcome, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, real
from attnlaws.theory.prove import Proof
from attnlaws.theory.steps import Definition, Derivation, Equals
from attnlaws.theory.vocabulary import Phi, Phi_inverse

KAPPA, SIGMA = symbols("kappa sigma")
SOON = 10
"""Every so many-th law is judged in the quick run of the tests; ``make verify`` judges all of them as well."""


@pytest.fixture(scope="module")
def stores():
    """One store for all tests of this file, so that right and wrong claims share their simulations."""
    return MemoryStore()


def judged(law_id, store, **options):
    return verify(registry.law(law_id), registry.experiment(law_id), store, profile=QUICK, **options)


@pytest.mark.parametrize(
    "law_id",
    [pytest.param(law_id, marks=pytest.mark.slow if at % SOON else ()) for at, law_id in enumerate(registry.ids())],
)
def test_every_law_comes_out_as_expected_and_its_sabotages_are_refuted(law_id, stores):
    """False alarms: 1e-10 per check; a true law is missed with chance 2e-6 per point (left INCONCLUSIVE)."""
    verdict = judged(law_id, stores)
    assert verdict.outcome is verdict.expected
    assert set(verdict.sabotages.values()) == {Outcome.REFUTED}
    assert len(verdict.sabotages) >= 3
    assert verdict.badge in ("proven", "checked", "cited", "algorithm")
    assert verdict.visible < 3 * verdict.delta or verdict.outcome is Outcome.REFUTED
    assert verdict.as_expected


def test_a_readers_wrong_formula_is_refuted_on_the_same_simulations(stores):
    law, experiment = registry.law("topk.tail_mass"), registry.experiment("topk.tail_mass")
    judged("topk.tail_mass", stores)
    before = {identity: len(rows) for identity, rows in stores.kept.items()}
    assert before
    wrong = law.claiming(Phi(-Phi_inverse(KAPPA) - SIGMA / 2))
    verdict = verify(wrong, experiment, stores, profile=QUICK)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.badge == "conjecture"
    assert not verdict.as_expected
    assert before.keys() <= stores.kept.keys()
    assert key_of(wrong) != key_of(law)


def test_a_formula_wrong_by_two_percent_is_refuted_and_by_a_tenth_of_a_percent_is_not(stores):
    law, experiment = registry.law("retrieval.linear"), registry.experiment("retrieval.linear")
    near, far = (
        verify(law.claiming(lambda form, f=f: form * f), experiment, stores, profile=QUICK) for f in (1.001, 1.02)
    )
    assert near.outcome is not Outcome.REFUTED
    assert far.outcome is Outcome.REFUTED


def test_a_claim_that_is_far_off_is_not_simulated_to_the_last_digit(stores):
    """A factor of two is told from a pilot; a claim off by a little takes the whole run."""
    law, experiment = registry.law("retrieval.exponential"), registry.experiment("retrieval.exponential")
    law = replace(law, grid=Grid("tau", ({"n": 65, "d_k": 32, "convention": "geometric"},), (8, 12, 16)))
    far, near = (
        verify(law.claiming(lambda form, f=f: form * f), experiment, stores, profile=QUICK) for f in (2, 1.001)
    )
    assert far.outcome is Outcome.REFUTED and near.outcome is not Outcome.REFUTED
    for early, whole in zip(far.points, near.points, strict=True):
        assert early.outcome is Outcome.REFUTED
        assert 100 * early.replicates < whole.replicates


def test_a_claim_about_every_instance_is_refuted_by_one_of_them(stores):
    """No noise: what is seen is the tolerance and the rounding, here 1.1e-9 relative."""
    law, experiment = registry.law("topk.divergences"), registry.experiment("topk.divergences")
    odds = law.derivation("odds").form
    wrong = law.claiming({"odds": Piecewise((odds, odds < 26), (odds * (1 + 2e-9), True))})
    verdict = verify(wrong, experiment, stores, profile=QUICK)
    refuted = [point for point in verdict.points if point.outcome is Outcome.REFUTED]
    assert len(refuted) == 1
    assert (refuted[0].parameters["k"], refuted[0].parameters["n"], refuted[0].parameters["output"]) == (1, 64, "odds")
    assert refuted[0].theory > 26
    assert verdict.outcome is Outcome.REFUTED
    assert judged("topk.divergences", stores).visible == pytest.approx(1.1e-9)


def test_the_whole_distribution_is_judged_where_it_is_claimed(stores):
    verdict = judged("retrieval.linear", stores)
    assert [point.what for point in verdict.points].count("law") == 2


def test_a_wrong_distribution_is_refuted_though_its_median_is_right(stores):
    law, experiment = registry.law("retrieval.linear"), registry.experiment("retrieval.linear")
    from attnlaws.theory.f_ratio import cdf

    def distribution(y, *, n, d_k, d_v=None, convention="median"):
        median = float(law(n=n, d_k=d_k, d_v=d_v, convention="median"))
        return cdf((y / median) ** 1.2 * median, n - 1, d_k, d_v)

    verdict = verify(replace(law, distribution=distribution), experiment, stores, profile=QUICK)
    assert {point.outcome for point in verdict.points if point.what == "law"} == {Outcome.REFUTED}
    assert {point.outcome for point in verdict.points if point.what == "mean"} == {Outcome.SUPPORTED}


def test_a_limit_without_an_affordable_size_is_undecided(memory):
    law = registry.law("topk.tail_mass")
    far = replace(law, grid=Grid("sigma", ({"kappa": 0.1},), (12.0,)))
    verdict = verify(far, registry.experiment("topk.tail_mass"), memory, profile=QUICK)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "no affordable size" in verdict.points[0].reason
    assert not memory.kept


def test_a_limit_is_judged_at_the_smallest_size_that_its_correction_allows(stores):
    law = registry.law("topk.tail_mass")
    for point in judged("topk.tail_mass", stores).points:
        n, theory = point.parameters["n"], point.theory
        assert abs(point.correction) <= point.allowance < theory * law.delta / SHARE
        smaller = n // 2
        if smaller >= SHARE / law.delta:
            assert abs(
                law.correction(kappa=point.parameters["kappa"], sigma=point.parameters["sigma"], n=smaller)
            ) > 0.9 * (theory * law.delta / SHARE)


def test_proofs_are_made_once_and_again_when_the_claim_changes(memory, monkeypatch):
    law = registry.law("topk.tail_mass")
    proof = proof_of(law, memory)
    made = []
    monkeypatch.setattr(verify_module, "prove", lambda law: made.append(law) or proof)
    assert proof_of(law, memory) == proof
    assert made == []
    proof_of(law.claiming(1 - KAPPA), memory)
    assert len(made) == 1


def test_a_law_without_a_grid_cannot_be_judged(memory):
    law = replace(registry.law("topk.tail_mass"), grid=None)
    with pytest.raises(ValueError, match="must have a grid"):
        verify(law, registry.experiment("topk.tail_mass"), memory)


WIDTH = Parameter("width", "standard deviation", real(above=0, maximum=8))
X = Symbol("x", real=True)


def moments_law(**options) -> Law:
    """The second moment of a normal variable, and as a further output the fourth."""
    s = WIDTH.symbol
    second = Definition(gaussian_mean(X**2, X, s**2), "an integral"), Equals(s**2, "it is the variance")
    fourth = Definition(gaussian_mean(X**4, X, s**2), "an integral"), Equals(3 * s**4, "three times its square")
    return Law(
        name="moments",
        doc="Moments of a normal variable.",
        parameters=(WIDTH,),
        source=Source("a book", "a page", "text"),
        claim=Equal(),
        derivations=(Derivation(second), Derivation(fourth, output="fourth")),
        grid=Grid("width", ({},), (1, 2, 3)),
        sabotages={"a fourth moment of no normal variable": {"fourth": 2 * s**4}, "a second moment": 2 * s**2},
        **options,
    )


def moments_drawn() -> Experiment:
    draw = Draw("z")
    powers = {f"power{k}": (Symbol("width") * draw.symbol) ** k / 64 for k in (2, 4)}
    return Experiment(
        modes={
            "literal": lambda **_: Streaming(
                items=lambda **_: 64, item=(draw,), sums=powers, outputs={name: Symbol(name) for name in powers}
            )
        },
        reference=lambda draws, **_: {},
        estimator=lambda **_: Smooth(Symbol("power2")),
        also={"fourth": lambda **_: Smooth(Symbol("power4"))},
        arithmetic_error=1e-6,
        arithmetic_reason="float32",
    )


def test_every_output_that_an_experiment_shows_is_judged(memory):
    verdict = verify(moments_law(), moments_drawn(), memory, profile=QUICK)
    assert verdict.outcome is Outcome.SUPPORTED
    assert [(point.output, point.parameters["width"]) for point in verdict.points] == [
        (output, width) for width in (1, 2, 3) for output in ("", "fourth")
    ]
    assert [point.theory for point in verdict.points] == [1, 3, 4, 48, 9, 243]
    assert set(verdict.sabotages.values()) == {Outcome.REFUTED}


def test_a_point_is_simulated_in_the_first_mode_whose_error_bar_can_be_trusted_there(memory):
    """At width 2 the first mode cannot be trusted, and at width 3 neither."""
    drawn = moments_drawn()
    literal = drawn.modes["literal"]
    modes = {"literal": literal, "tilted": literal}
    unsound = {("literal", 2), ("literal", 3), ("tilted", 3)}
    experiment = replace(
        drawn, modes=modes, reliable=lambda *, mode, width: "hardly one is drawn" if (mode, width) in unsound else ""
    )
    verdict = verify(moments_law(), experiment, memory, profile=NORMAL)
    assert verdict.mode == "literal, tilted"
    of_width = {point.parameters["width"]: point for point in verdict.points}
    assert [of_width[width].outcome for width in (1, 2, 3)] == [Outcome.SUPPORTED] * 2 + [Outcome.INCONCLUSIVE]
    assert of_width[3].reason == "hardly one is drawn"


def test_a_mode_that_the_profile_cannot_afford_is_left_for_the_next(memory):
    """The first mode spreads more: at a hundredth it takes half a million replicates of 128 draws, the second 20000."""
    drawn, z, w = moments_drawn(), Draw("z"), Draw("w")
    powers = {f"power{k}": (Symbol("width") * z.symbol) ** k * (1 + 4 * w.symbol) / 64 for k in (2, 4)}
    noisy = replace(drawn.modes["literal"](), item=(z, w), sums=powers)
    experiment = replace(drawn, modes={"literal": lambda **_: noisy, "collapsed": drawn.modes["literal"]})
    law = moments_law()
    for draws, mode in ((1 << 27, "literal"), (1 << 24, "collapsed"), (1 << 16, "literal")):
        assert verify(law, experiment, memory, profile=replace(NORMAL, draws=draws)).mode == mode
    finer = replace(NORMAL, draws=1 << 27, precision=4)  # not at the cost of the literal mode
    assert verify(law, experiment, memory, profile=finer).mode == "literal"
    wrong = law.claiming({"": 3 * WIDTH.symbol**2})
    assert verify(wrong, experiment, memory, profile=replace(NORMAL, draws=1 << 24)).mode == "literal"


def test_a_law_that_is_right_in_one_output_and_wrong_in_another_is_refuted(memory):
    s = WIDTH.symbol
    wrong = moments_law().claiming({"fourth": 3.2 * s**4})
    verdict = verify(wrong, moments_drawn(), memory, profile=QUICK)
    assert verdict.outcome is Outcome.REFUTED
    assert {point.output for point in verdict.points if point.outcome is Outcome.REFUTED} == {"fourth"}
    assert "output=fourth" in str(verdict)


def test_a_law_without_simulation_is_held_against_an_exact_computation(memory):
    """No noise: what is seen is the tolerance and the stated error of the computation, here 1.1e-9 relative."""
    from scipy import integrate, stats

    def moment(order):
        return lambda *, width: integrate.quad(lambda x: x**order * stats.norm.pdf(x, scale=width), -60, 60)[0]

    exact = Exact(moment(2), 1e-10, "an integral says it all", also={"fourth": moment(4)})
    law = moments_law(delta=1e-9, delta_reason="nothing is drawn")
    verdict = verify(law, exact, memory, profile=QUICK)
    assert verdict.outcome is Outcome.SUPPORTED and verdict.exact and verdict.mode == "exact"
    assert verdict.visible == pytest.approx(1.1e-9)
    assert set(verdict.sabotages.values()) == {Outcome.REFUTED}
    s = WIDTH.symbol
    wrong = verify(law.claiming({"fourth": 3 * s**4 * (1 + 2e-9)}), exact, memory, profile=QUICK)
    assert wrong.outcome is Outcome.REFUTED
    assert not memory.kept


def test_time_that_does_not_suffice_leaves_open_and_a_second_run_goes_on_to_the_same_bits(memory):
    """A clock on which a second passes at every look: the pilots take it all, so all three points have one."""
    ticks = itertools.count()
    law, experiment = moments_law(), moments_drawn()
    short = verify(law, experiment, memory, profile=FULL, seconds=16.0, clock=lambda: float(next(ticks)))
    assert short.outcome is Outcome.INCONCLUSIVE and short.as_expected
    undecided = [point for point in short.points if point.outcome is Outcome.INCONCLUSIVE]
    assert undecided and {point.reason.rsplit("; ")[-1] for point in undecided} == {"ended by: seconds"}
    assert all(point.replicates >= 256 and point.wanted > point.replicates for point in undecided)
    drawn = sum(len(rows) for rows in memory.kept.values())
    longer = verify(law, experiment, memory, profile=QUICK, seconds=1e9)
    assert sum(len(rows) for rows in memory.kept.values()) > drawn
    memory.forget()
    assert longer == verify(law, experiment, memory, profile=QUICK)
    assert longer.outcome is Outcome.SUPPORTED


@pytest.mark.parametrize("law_id", ["retrieval.linear", "topk.tail_mass", "topk.divergences"])
def test_a_law_for_which_no_time_is_left_is_undecided(law_id, memory):
    """With whole laws, with a ladder, and of single instances, of which the first few are compared in any case."""
    law = registry.law(law_id)
    memory.add_record("proof", law_id, key_of(law), {"proof": Proof(law_id, "cited", ()).to_json()})
    verdict = verify(law, registry.experiment(law_id), memory, profile=FULL, seconds=1e-9)
    assert not memory.kept
    assert verdict.ladder == ()
    if law_id == "topk.divergences":
        assert {point.replicates for point in verdict.points} == {256}
    else:
        assert verdict.outcome is Outcome.INCONCLUSIVE and verdict.as_expected
        assert {point.reason for point in verdict.points} == {
            "0 replicates: at least 100 are needed; ended by: seconds"
        }
        assert "would have been refuted" not in str(verdict)
        assert Verdict.from_dict(verdict.as_dict()).outcome is Outcome.INCONCLUSIVE


def test_timings_add_up_to_the_time_that_a_verification_takes(memory):
    timings = Timings()
    start = timings.clock()
    verify(moments_law(), moments_drawn(), memory, profile=QUICK, timings=timings)
    passed = timings.clock() - start
    assert tuple(timings.seconds) == PHASES
    assert timings.total == pytest.approx(passed, abs=0.01)
    assert timings.seconds["load"] == timings.seconds["draw"] == 0.0
    assert all(timings.seconds[name] > 0 for name in ("derive", "compile", "simulate", "judge"))
