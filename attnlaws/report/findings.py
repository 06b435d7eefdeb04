"""What a verdict found, in words and tables."""

from math import isfinite

from attnlaws import registry
from attnlaws.console import apart, seen, significant
from attnlaws.report.entry import badge, parameter_value
from attnlaws.report.markup import Markup, folded, join, table, tag
from attnlaws.simulations.judge import REFUTING
from attnlaws.simulations.verdict import Judged, Verdict, percent
from attnlaws.theory.claim import Bound, Outcome
from attnlaws.theory.law import Law

LONG = 12
"""Rows from which on a table is folded away."""


def sees(visible: float) -> str:
    """The smallest discrepancy that would have been refuted, or a dash where nothing was simulated.

    Example:
        >>> sees(40.0).split(), sees(float("inf"))
        (['×', '41'], '–')
    """
    return _spaced(seen(visible)) if isfinite(visible) else "–"


def tolerance(delta: float) -> str:
    """A tolerance as it is read."""
    return f"{_spaced(percent(delta))}, relative"


def _spaced(text: str) -> str:
    """The terminal's numbers in print."""
    return text.replace("%", "\u00a0%").replace("x ", "×\u00a0")


def found(law: Law, verdict: Verdict) -> str:
    """The verdict in words."""
    count, delta = len(verdict.points), _spaced(percent(verdict.delta))
    side = {"upper": f"at most {delta} above", "lower": f"at most {delta} below"}
    near = side[law.claim.side] if isinstance(law.claim, Bound) else f"within {delta} of"
    single = all(point.what == "instance" for point in verdict.points)
    against = "the exact computation" if verdict.exact else "the simulation"
    if verdict.outcome is Outcome.SUPPORTED:
        what = "every single instance" if single else f"the 99.9\u00a0% interval of {against}"
        what = against if verdict.exact else what
        return f"At every one of {count} points {what} lies {near} the formula."
    if verdict.outcome is Outcome.INCONCLUSIVE:
        open_ones = sum(point.outcome is Outcome.INCONCLUSIVE for point in verdict.points)
        more = f" About {verdict.wanted:,} replicates at the widest of them would decide it." if verdict.wanted else ""
        return f"{open_ones} of {count} points could not be decided.{more}"
    refuted = sum(point.outcome is Outcome.REFUTED for point in verdict.points)
    what = "an instance lies" if single else f"{against} lies more than {REFUTING} standard errors"
    what = f"{against} lies" if verdict.exact else what
    text = f"At {refuted} of {count} points {what} outside the tolerance: it is not {near} the formula."
    worst = verdict.worst
    if worst and worst.outcome is Outcome.REFUTED:
        at = ", ".join(f"{name} = {parameter_value(value)}" for name, value in worst.point.items())
        value = significant(worst.mean, worst.standard_error)
        text += f" Farthest off at {at}: the formula gives {worst.theory:.6g}, {against} {value}: "
        text += f"{_spaced(apart(worst.mean, worst.theory))}." if worst.theory else "not 0."
    return text


def figure_text(law: Law, verdict: Verdict) -> str:
    """The figure for who does not see it: what is drawn, and how it came out."""
    assert law.grid is not None
    own, across = registry.figure_module(law.id), law.parameter(law.grid.across)
    if own is not None:
        drawn = (own.__doc__ or "").strip().split("\n")[0].rstrip(".")
    else:
        curves = "one curve" if len(law.grid.series) == 1 else f"{len(law.grid.series)} curves"
        drawn = f"{law.quantity} against {across.name} ({across.meaning}), {curves}: theory as lines, simulation as "
        drawn += "points with 95\u00a0% intervals"
        if verdict.exact:
            drawn = drawn.replace("simulation as points with 95\u00a0% intervals", "exact values as points")
    parts = [drawn]
    if any(point.what == "mean" for point in verdict.points):
        parts.append("below, their difference in standard errors")
    if law.grid.ladder and verdict.ladder:
        parts.append(f"beside, the distance to the limit as {law.grid.ladder['along']} grows")
    supported = sum(point.outcome is Outcome.SUPPORTED for point in verdict.points)
    outcome = f"Outcome: {verdict.outcome}, {supported} of {len(verdict.points)} points supported."
    return f"{'; '.join(parts)}. {outcome}"


def undecided(verdict: Verdict) -> list[Markup]:
    """Why points stayed undecided, each reason once."""
    reasons = dict.fromkeys(point.reason for point in verdict.points if point.reason)
    return [tag("p", f"Undecided points: {'; '.join(reasons)}.", class_="note")] if reasons else []


def judged_points(verdict: Verdict) -> list[Markup]:
    """The table of points: parameters, theory, simulation, what separates them."""
    names = list(dict.fromkeys(name for point in verdict.points for name in point.point))
    head = (*names, "replicates", "theory", verdict.against, "off by", "in std. errors", "sees", "verdict")
    rows = [
        (*(_at(point, name) for name in names), f"{point.replicates:,}", *_numbers(point), badge(point.outcome))
        for point in verdict.points
    ]
    note = "Off by: simulation against theory, relative or as a factor, and in standard errors"
    note += ", there after the derived first correction." if verdict.ladder else "."
    if any(point.what == "law" for point in verdict.points):
        note += " Whole law: the largest distance between the two distribution functions."
    if any(point.what == "instance" for point in verdict.points):
        note += " Each row is the worst of its instances and outputs; replicates: how many instances were compared."
    note += " Sees: the smallest discrepancy that would have been refuted."
    whole = join([table("Judged points", head, rows, range(len(names) + 6)), tag("p", note, class_="note")])
    return [folded(f"All {len(rows)} judged points", whole) if len(rows) > LONG else whole]


def _at(point: Judged, name: str) -> str:
    return parameter_value(point.point[name]) if name in point.point else ""


def _numbers(point: Judged) -> tuple[str, str, str, str, str]:
    if point.what == "law":
        return "whole law", f"distance {point.mean:.4f}", "", "", sees(point.visible)
    if not point.replicates:
        return "", "not simulated", "", "", ""
    relative = _spaced(apart(point.mean, point.theory)) if point.theory else ""
    return (
        f"{point.theory:.6g}",
        significant(point.mean, point.standard_error),
        relative,
        "" if point.noiseless else f"{point.deviation:+.1f}",
        sees(point.visible),
    )


def sabotages(verdict: Verdict) -> list[Markup]:
    """Formulas that are wrong on purpose, and what the same simulations said of them."""
    if not verdict.sabotages:
        return []
    rows = [(name, badge(outcome)) for name, outcome in verdict.sabotages.items()]
    return [table("Wrong on purpose, on the same simulations", ("wrong formula", "verdict"), rows)]


def corrections(law: Law, verdict: Verdict) -> list[Markup]:
    """How the distance to a limit shrinks, beside the derived first correction."""
    ladder = law.grid.ladder if law.grid else None
    if ladder is None or not verdict.ladder:
        return []
    along = ladder["along"]
    slope = (
        f"The distance to the limit shrinks as {along} to the power {verdict.slope[0]:.2f} ± {verdict.slope[1]:.2f}."
        if verdict.slope
        else "The distance to the limit is too small against its error bar to tell how it shrinks."
    )
    at = ", ".join(f"{name} = {parameter_value(value)}" for name, value in ladder["point"].items())
    rows = [
        (
            f"{size:g}",
            significant(distance, error),
            f"{float(law.correction(**{**ladder['point'], along: int(size)})):.4g}",
        )
        for size, distance, error in verdict.ladder
    ]
    head = (along, "simulation minus limit", "derived first correction")
    return [
        tag("p", f"{slope} This is shown and not judged."),
        folded(f"The way to the limit at {at}", table("Distance to the limit", head, rows, (0, 1, 2))),
    ]
