"""The two files of a new law."""

from keyword import iskeyword
from pathlib import Path

from attnlaws.registry import PACKAGE, ids

CLAIM = '''"""TODO: state the claim in one sentence; this line is what `attnlaws list` shows.

Then say what model it lives in and what every symbol means.
"""

import sympy as sp

from attnlaws.theory.claim import Equal, Source
from attnlaws.theory.densities import gaussian_mean
from attnlaws.theory.law import Grid, Law
from attnlaws.theory.parameter import Parameter, real
from attnlaws.theory.steps import Definition, Equals

PARAMETERS = (Parameter("sigma", "standard deviation of the scores", real(above=0, maximum=5)),)
(sigma,) = (parameter.symbol for parameter in PARAMETERS)
x = sp.Symbol("x", real=True)

LAW = Law(
    name=__name__,
    doc=__doc__,
    quantity="TODO: name of the quantity, as an axis label",
    parameters=PARAMETERS,
    source=Source("TODO: arXiv number", "TODO: theorem or equation", "reconstructed"),
    # The first step is what the model defines; the last one is the form that is evaluated.
    steps=(
        Definition(gaussian_mean(sp.exp(sigma * x), x), "mean of exp(sigma x) over a standard normal x"),
        Equals(sp.exp(sigma**2 / 2), "complete the square"),
    ),
    claim=Equal(),
    regime="TODO: where it is meant to hold",
    grid=Grid(across="sigma", series=({},), values=(0.25, 0.5, 1.0)),
    # Formulas that are wrong and must be refuted.
    sabotages={"TODO: name what is wrong": sp.exp(sigma**2)},
)
'''

EXPERIMENT = '''"""TODO: say what is drawn and what is measured."""

from typing import Any

import numpy as np
from sympy import Symbol, exp

from attnlaws.simulations import run
from attnlaws.simulations.experiment import Draw, Experiment, Smooth, Streaming

SCORE = Draw("score")
SIGMA, TOTAL = Symbol("sigma"), Symbol("total")


def literal(**_: Any) -> Streaming:
    """One normal a replicate; replace it by what the claim talks about."""
    return Streaming(
        items=lambda **_: 1,
        item=(SCORE,),
        sums={"total": exp(SIGMA * SCORE.symbol)},
        outputs={"weight": TOTAL},
        precision="float64",
    )


def reference(draws: dict[str, np.ndarray], *, sigma: float, **_: Any) -> dict[str, float]:
    """The same, spelt out in NumPy."""
    return {"weight": float(np.exp(sigma * draws["score"]).sum())}


EXPERIMENT = Experiment(
    modes={"literal": literal},
    reference=reference,
    estimator=lambda **_: Smooth(Symbol("weight")),
    arithmetic_error=1e-12,
    arithmetic_reason="float64 throughout",
)

if __name__ == "__main__":
    run.main(__file__)
'''


def write_law(law_id: str, package: Path = PACKAGE) -> tuple[Path, Path]:
    """Write the claim and the experiment of a new law; they work, and say TODO where a law must be put in.

    Args:
        law_id: ``topic.name``, both in lower case.
        package: folder of the package.

    Returns:
        The two files.

    Raises:
        ValueError: the id is malformed, or the law is there already.
    """
    topic, _, stem = law_id.partition(".")
    if not _is_word(topic) or not _is_word(stem):
        raise ValueError(f"TOPIC.NAME = {law_id!r}: must be two lower-case words joined by a dot, as in topk.tail_mass")
    files = package / "theory" / topic / f"{stem}.py", package / "simulations" / topic / f"{stem}.py"
    if law_id in ids() or any(path.exists() for path in files):
        raise ValueError(f"TOPIC.NAME = {law_id!r}: must be new; this law is there already")
    try:
        for path in files:  # the folders first, so that no claim is left without its experiment
            path.parent.mkdir(exist_ok=True)
        for path, text in zip(files, (CLAIM, EXPERIMENT), strict=True):
            package_file = path.parent / "__init__.py"
            if not package_file.exists():
                package_file.write_text(f'"""TODO: say what the topic {topic} is about."""\n', encoding="utf-8")
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ValueError(
            f"TOPIC.NAME = {law_id!r}: {package} must be a checkout that can be written ({error.strerror})"
        ) from error
    return files


def _is_word(part: str) -> bool:
    """Whether one half of an id can be imported and looks like the others."""
    return part.isidentifier() and part == part.lower() and not part.startswith("_") and not iskeyword(part)
