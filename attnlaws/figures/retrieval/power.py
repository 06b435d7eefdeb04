"""What a higher power of the score, or its positive part, gains: the ratio per pair that is not asked for."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes

from attnlaws.figures.overlay import draw_overlay, theory_line
from attnlaws.simulations.verdict import Verdict
from attnlaws.theory.law import Law

LINEAR = {"n": 2, "p": 1, "kernel": "power", "convention": "expectation"}


def draw(axes: Axes, law: Law, verdict: Verdict) -> None:
    """Lines and points over n - 1, so that kernels can be compared; gray, the linear kernel."""
    draw_overlay(axes, law, verdict, over=lambda n, **_: n - 1, label=_label)
    curves = axes.get_legend()
    assert curves is not None
    handles, names = list(curves.legend_handles), [text.get_text() for text in curves.get_texts()]
    handles += axes.plot(*theory_line(law, LINEAR), color="#777777", linewidth=1.0)
    axes.set_ylabel(f"{law.quantity}\nover n - 1")
    axes.legend(handles=handles, labels=[*names, _label(LINEAR)], alignment="left")


def _label(fixed: Mapping[str, Any]) -> str:
    score = "relu(k·q)" if fixed["kernel"] == "rectified" else "k·q" if fixed["p"] == 1 else "(k·q)"
    power = "" if fixed["p"] == 1 else "²" if fixed["p"] == 2 else f"^{fixed['p']}"
    return f"{score}{power}, {fixed['convention']}"
