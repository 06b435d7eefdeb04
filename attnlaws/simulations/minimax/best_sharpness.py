"""The best sharpness by a search over the exact error, which knows nothing of the first order."""

import numpy as np
from scipy import optimize

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Exact
from attnlaws.theory.minimax.noisy_tags import PARAMETERS, mean_square_error

SHARPEST = 12.0


def optimum(*, documents: int, eta: float, tokens: int, ratio: float) -> float:
    """Where the exact mean square error is least."""

    def error(beta: float) -> float:
        values = {"documents": documents, "beta": beta, "eta": eta, "tokens": tokens, "between": ratio, "within": 1}
        return float(np.log(mean_square_error(*(float(values[parameter.name]) for parameter in PARAMETERS))))

    found = optimize.minimize_scalar(error, bounds=(0.1, SHARPEST), method="bounded", options={"xatol": 1e-5})
    return float(found.x)  # type: ignore[attr-defined]


EXPERIMENT = Exact(
    value=optimum,
    error=1e-4,
    reason="the error itself is exact and simulated in minimax.noisy_tags; its minimum has no noise",
)

if __name__ == "__main__":
    run.main(__file__)
