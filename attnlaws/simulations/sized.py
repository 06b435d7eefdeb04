"""The run that a verdict is taken from: its spread says how large it is, and nothing else that it shows."""

import math

from attnlaws.simulations.estimate import Estimate
from attnlaws.simulations.grow import GROWTH, PRECISE, Growing, Grown, pilot_size
from attnlaws.simulations.judge import far_off, too_wide, wanted
from attnlaws.theory.claim import Claim

PILOT_LEAST = 256
"""Replicates of a pilot: its skewness is used too."""


def affords(growing: Growing, claim: Claim, theory: float, delta: float, allowance: float) -> bool:
    """Whether a run that has its pilot may have the replicates that a verdict needs, or the claim is far off.

    Args:
        growing: the run, with its limits; without a pilot, since there is no time for any, nothing else is affordable.
        claim: what is asserted.
        theory: the formula's value.
        delta: relative tolerance.
        allowance: absolute distance granted beyond the tolerance.
    """
    if not growing.size:
        return True
    found = growing.estimate()
    needed = wanted(theory, found, delta, allowance)
    return needed <= growing.most or far_off(claim, theory, found, delta, allowance)


def sized_run(
    growing: Growing,
    claim: Claim,
    theory: float,
    delta: float,
    allowance: float,
    *,
    output: str = "",
    precision: int = 1,
    least: int = 0,
    may_end_early: bool = True,
) -> Grown:
    """Run as many replicates as the spread asks for, or as the limits allow.

    A verdict is right as often as stated only if the run does not end for what it shows of the mean. This one ends at
    the size that its pilot's spread asked for, or a larger one if the error bar of so large a run is still too wide,
    or where time or memory do. Its mean is not looked at before, but for claims that are eight standard errors beyond
    their tolerance, or bounds that hold by as much: they are not simulated to the last digit, and a true one is so
    far off once in 10^15 looks. It is judged once, by the caller, and may well be undecided then.

    Args:
        growing: the run, with its limits.
        claim: what is asserted.
        theory: the formula's value.
        delta: relative tolerance.
        allowance: absolute distance granted beyond the tolerance.
        output: the output of the law that is estimated; the empty name stands for the default one.
        precision: how many times smaller than needed the error bar is made.
        least: replicates that are asked for in any case.
        may_end_early: whether the run may end where the claim is far off.

    Returns:
        The estimate, of no replicates where time did not suffice for any; and why the run ended.
    """
    growing.to(pilot_size(growing.task, PILOT_LEAST))
    if not growing.size:
        return Grown(Estimate(math.nan, math.inf, 0), growing.stopped)
    found = growing.estimate(output)
    needed = max(least, wanted(theory, found, delta, allowance) * precision**2)
    while growing.size < needed:
        if growing.stopped:
            return Grown(found, growing.stopped)
        if may_end_early and far_off(claim, theory, found, delta, allowance):
            break
        growing.to(min(GROWTH * growing.size, needed))
        found = growing.estimate(output)
        if growing.size >= needed and too_wide(claim, theory, found, delta, allowance):
            needed = wanted(theory, found, delta, allowance) * precision**2
    return Grown(found, PRECISE)
