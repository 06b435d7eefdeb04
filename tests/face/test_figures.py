"""The picture of every law, drawn from a made-up verdict: nothing cut off, nothing covered, ticks that can be read."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.legend import Legend
from matplotlib.text import Text

from attnlaws import registry
from attnlaws.catalog import figure_of
from attnlaws.figures.legends import clear_legends
from attnlaws.figures.overlay import violation, wrapped
from attnlaws.figures.style import Picture, styled
from attnlaws.figures.ticks import log_ticks, number
from attnlaws.simulations.experiment import Exact
from attnlaws.simulations.verdict import Judged, Verdict
from attnlaws.theory.claim import Outcome

LAWS = registry.ids()
SOON = 5
"""Every so many-th law is drawn in the quick run of the tests; all take a minute and a half together."""
ERROR = 0.01
"""Relative standard error of the made-up points."""


def made_up(law, experiment):
    """A verdict without a simulation: every point of every output lies one standard error above the law."""
    instances = any(parameter.role == "instance" for parameter in law.parameters)
    what = "instance" if instances else "exact" if isinstance(experiment, Exact) else "mean"
    points = []
    defaults = {parameter.name: parameter.default for parameter in law.parameters if not parameter.required}
    for chosen in law.grid.points():
        point = defaults | chosen
        given = {k: v for k, v in point.items() if law.parameter(k).role != "simulation"}
        for output in ("", *({} if instances else experiment.also)):
            theory = 1.0 if instances else float(law(output=output or None, **given))
            error = 0.0 if what != "mean" else ERROR * abs(theory)
            judged = Judged(point, theory, theory + error, error, 100, 0.0, Outcome.SUPPORTED, visible=0.02, what=what)
            points.append(replace(judged, output=output))
    rungs = tuple((float(n), 1.0 / n, 1e-3 / n) for n in law.grid.ladder["values"]) if law.grid.ladder else ()
    return Verdict(
        law=law.id,
        statement=law.statement,
        outcome=Outcome.SUPPORTED,
        expected=law.expected,
        badge="proven",
        delta=law.delta,
        points=tuple(points),
        sabotages={},
        mode="literal",
        profile="quick",
        seed=0,
        slope=(-1.0, 0.1) if rungs else None,
        ladder=rungs,
    )


@pytest.fixture(
    scope="module",
    params=[pytest.param(law_id, marks=pytest.mark.slow if at % SOON else ()) for at, law_id in enumerate(LAWS)],
)
def drawn(request):
    law = registry.law(request.param)
    figure = figure_of(law, made_up(law, registry.experiment(law.id)))
    figure.draw_without_rendering()
    return law, figure


def test_nothing_is_cut_off(drawn):
    """In shares of the figure, so for every format: its words, and all else that is drawn, lie within it."""
    _, figure = drawn
    ticks = {id(label) for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in labels_of(axis)}
    words = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text() and id(text) not in ticks]
    assert len(words) >= 5
    for box in (*(text.get_window_extent() for text in words), *(axes.get_tightbbox() for axes in figure.axes)):
        assert figure.bbox.x0 <= box.x0 and figure.bbox.y0 <= box.y0
        assert box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1


def labels_of(axis):
    """The labels of all ticks; those out of view are not drawn."""
    return [
        label for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()) for label in (tick.label1, tick.label2)
    ]


def test_no_axis_has_an_offset_and_none_is_crowded(drawn):
    _, figure = drawn
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            assert axis.get_offset_text().get_text() == ""
            texts = [tick.label1 for tick in axis.get_major_ticks() if tick.label1.get_text()]
            boxes = [text.get_window_extent() for text in texts if text.get_visible()]
            boxes = [box for box in boxes if box.width and inside(box, axes, axis)]
            assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :]), texts


def inside(box, axes, axis):
    """Whether a tick's text belongs to a tick that is in view."""
    place, frame = (box.x0 + box.x1) / 2, axes.get_window_extent()
    if axis is axes.xaxis:
        return frame.x0 - 1 <= place <= frame.x1 + 1
    return frame.y0 - 1 <= (box.y0 + box.y1) / 2 <= frame.y1 + 1


def test_every_axis_is_named_and_every_curve_is_in_a_legend(drawn):
    law, figure = drawn
    assert all(axes.get_ylabel() for axes in figure.axes)
    assert law.grid.across in figure.axes[1].get_xlabel()
    legends = [legend for axes in figure.axes for legend in axes.findobj(Legend)]
    names = [text.get_text() for legend in legends for text in legend.get_texts()]
    assert len(names) >= min(2, len(law.grid.series))
    assert all(names)


def test_the_points_are_in_view(drawn):
    """Of every simulated point: in the lower panel, which shows them all; and above, as far as it has them."""
    _, figure = drawn
    for axes in figure.axes[:2]:
        points = [line for line in axes.lines if line.get_linestyle() == "None" and len(line.get_xdata())]
        assert points
        x, y = np.concatenate([np.array(line.get_xydata(), float) for line in points]).T
        low, high = sorted(axes.get_xlim())
        assert (low <= x).all() and (x <= high).all()
        assert np.isfinite(y).all()


def covered(far):
    """Two axes with a legend in the upper left corner, over the curve or not."""
    with styled():
        figure = Picture(figsize=(4, 3), layout="constrained")
        axes = figure.add_subplot()
        axes.plot([0, 1], [1, 0] if far else [0, 1], label="a curve")
        axes.legend(loc="upper right")
        clear_legends(figure)
        figure.draw_without_rendering()
    return figure


@pytest.mark.parametrize("far", [True, False])
def test_a_legend_that_covers_a_curve_is_moved_beside_it(far):
    figure = covered(far)
    axes = figure.axes[0]
    box, frame = axes.get_legend().get_window_extent(), axes.get_window_extent()
    assert (box.x0 >= frame.x1) is not far
    assert figure.get_size_inches()[0] == (4 if far else 5.5)


@pytest.mark.parametrize(("mean", "shown"), [(0.5, 0.0), (1.25, 0.25)])
def test_a_bound_s_lower_panel_shows_violations_and_no_slack(mean, shown):
    law = registry.law("topk.gap_bound")
    point = Judged({}, 1.0, mean, 0.0, 1, 0.0, Outcome.SUPPORTED, what="instance")
    assert max(violation(law, point), 0.0) == shown
    assert violation(registry.law("topk.divergences"), point) == abs(mean - 1)


def test_ticks_of_ones_own_are_kept_where_they_are_not_crowded():
    def ticks(low, high, values):
        axes = Picture(figsize=(6, 4)).add_subplot()
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        log_ticks(axes.xaxis, low, high, values)
        return [tick for tick in axes.xaxis.get_majorticklocs() if low <= tick <= high]

    assert ticks(3, 128, (3, 8, 32, 128)) == [3, 8, 32, 128]
    assert ticks(1, 1e6, (1, 1.1, 1e6)) == [1, 10, 100, 1e3, 1e4, 1e5, 1e6]


def test_a_wide_axis_has_powers_of_ten():
    assert [number(value, wide=True) for value in (0.001, 0.1, 1, 1e6)] == ["10⁻³", "0.1", "1", "10⁶"]
    assert [number(value) for value in (0.001, 250, 10**4)] == ["0.001", "250", "10000"]


def test_a_line_is_not_broken_at_an_operator_or_a_hyphen():
    assert wrapped("the n - 1 signal-to-noise pairs", 6) == ["the", "n - 1", "signal-to-noise", "pairs"]
