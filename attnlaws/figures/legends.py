"""Legends that cover nothing: inside the axes where there is room, beside them elsewhere."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.transforms import Bbox

SAMPLES = 400
INCH_BESIDE = 1.5


def clear_legends(figure: Figure) -> None:
    """Lay a figure out for good, with every legend that covers data moved to the right of its axes."""
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.execute(figure)
    legends = [(axes, legend) for axes in figure.axes if (legend := axes.get_legend()) is not None]
    covering = [legend for axes, legend in legends if _covers(axes, legend)]
    for legend in covering:
        legend.set_loc("upper left")
        legend.set_bbox_to_anchor((1.0, 1.0))
    if covering:
        width, height = figure.get_size_inches()
        figure.set_size_inches(width + INCH_BESIDE, height)
        engine.execute(figure)
    # Every drawing would lay it out a little further, and two files of one figure would differ. The engine called
    # "none" would have every file drawn twice.
    figure.set_layout_engine(None)


def _covers(axes: Axes, legend: Legend) -> bool:
    """Whether a legend lies over a line or a point of its axes."""
    box: Bbox = legend.get_window_extent()
    for line in axes.lines:
        points = line.get_transform().transform(np.asarray(line.get_xydata(), float))
        if line.get_linestyle() not in ("None", "none", "", " ") and len(points) > 1:
            at = np.linspace(0, len(points) - 1, SAMPLES)
            points = np.stack([np.interp(at, np.arange(len(points)), points[:, axis]) for axis in (0, 1)], axis=1)
        if box.count_contains(points[np.isfinite(points).all(axis=1)]):
            return True
    return False
