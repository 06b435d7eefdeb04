"""Draw softmax rows and value vectors, cut the rows, and hold the distance of the two outputs against every bound."""

from typing import Any

import numpy as np
from sympy import Symbol

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Experiment, Replicate, Smooth
from attnlaws.simulations.topk.output_error import cut_rows, instance, output_error
from attnlaws.simulations.topk.output_error import reference as distance

OUTPUTS = ("least", "variance", "improved")


def rows(**parameters: Any) -> Replicate:
    """One softmax row with its values a replicate."""
    return cut_rows(output_error, OUTPUTS, **parameters)


def reference(draws: dict[str, np.ndarray], **parameters: Any) -> dict[str, float]:
    """One row, spelt out in NumPy: what every bound is on."""
    return dict.fromkeys(OUTPUTS, distance(draws, **parameters)["value"])


EXPERIMENT = Experiment(
    modes={"literal": rows},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("least")),
    instance=instance,
    arithmetic_error=1e-9,
    arithmetic_reason="both outputs are rounded to 1e-15 of the values; in rows of two keys, which reach a bound, they "
    "differ by more than 1e-6 on the grid",
)

if __name__ == "__main__":
    run.main(__file__)
