"""From rows of sums to a mean and its standard error."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import combinations_with_replacement, product

import numpy as np
import sympy
from sympy import Expr

from attnlaws.simulations.experiment import Quantile, Smooth
from attnlaws.simulations.task import GROUPS, Block, Task

FEW_REPLICATES = 100
QUANTILE_WIDTH = 3.0

Rows = Mapping[Block, np.ndarray]


@dataclass(frozen=True)
class Estimate:
    """What a simulation says.

    Attributes:
        mean: the estimator's value; nan where it has none.
        standard_error: its standard error; infinite where there is nothing to estimate it from.
        replicates: replicates behind it.
        skewness: skewness of the estimator's sampling distribution, estimated (0 for a quantile, whose error bar
            makes no use of normality).
        conditional: the error bar holds given the replicates' shared draws, because there are too few of them.
        values: the realised values, sorted, where the estimator keeps them.
    """

    mean: float
    standard_error: float
    replicates: int
    skewness: float = 0.0
    conditional: bool = False
    values: np.ndarray | None = None


def estimate(task: Task, rows: Rows, replicates: int, output: str = "") -> Estimate:
    """Combine the rows of a task.

    The result depends on the set of rows only: sums over rows are exact (`math.fsum`), so their order, and who
    computed them, leave no trace.

    Args:
        task: what was simulated.
        rows: one row per block of ``task.blocks(replicates)``.
        replicates: how many replicates the rows make up.
        output: the output of the law that is estimated; the empty name stands for the default one.

    Returns:
        The estimate. Under fast arithmetic its standard error is larger by the whole of the error that the arithmetic
        may leave, so that an interval of one standard error or more holds both; exact arithmetic's is not in it.

    Raises:
        ValueError: a block is missing.
    """
    blocks = list(task.blocks(replicates))
    missing = [block for block in blocks if block not in rows]
    if missing:
        raise ValueError(f"rows: {len(missing)} of {len(blocks)} blocks are missing, the first at {missing[0].first}")
    found = combine(task, {block: rows[block] for block in blocks}, output)
    if task.arithmetic == "exact":
        return found
    return replace(found, standard_error=found.standard_error + task.arithmetic_error * abs(found.mean))


def combine(task: Task, rows: Rows, output: str = "") -> Estimate:
    """Estimate from whatever blocks there are; replicates that are not whole are left aside.

    Raises:
        ValueError: there is no whole replicate.
    """
    estimator = task.experiment.estimator_of(output, task.parameters)
    if task.grouped:
        return _from_groups(task, estimator, rows)
    if not rows:
        raise ValueError("rows: must hold at least one block")
    blocks = sorted(rows, key=lambda block: block.first)
    replicates = sum(block.count for block in blocks)
    if task.keeps_values:
        values = np.concatenate([rows[block] for block in blocks]).reshape(replicates, -1)
        return _of_values(task, estimator, values)
    assert isinstance(estimator, Smooth)
    sums = (math.fsum(column) for column in zip(*(rows[block] for block in blocks), strict=True))
    moments = {tuple(p): Fraction(total) / replicates for p, total in zip(task.exponents.tolist(), sums, strict=True)}
    return smooth_estimate(estimator, task.outputs, moments, replicates)


def smooth_estimate(
    estimator: Smooth, outputs: Sequence[str], moments: Mapping[tuple[int, ...], Fraction], replicates: int
) -> Estimate:
    """A smooth function of means, with the delta method.

    Args:
        estimator: the function.
        outputs: names of the outputs, in the order of the powers in ``moments``.
        moments: sample mean of each monomial up to degree three, exactly.
        replicates: sample size.
    """
    names = estimator.outputs
    index = {name: outputs.index(name) for name in names}
    means = {name: moments[_unit(len(outputs), [index[name]])] for name in names}
    point = [float(means[name]) for name in names]
    function, gradient = _compiled(estimator.expression)
    value, *ascents = (_at(f, point) for f in (function, *gradient))
    if not all(map(math.isfinite, (value, *ascents))):
        return Estimate(value, math.inf, replicates)
    slopes = dict(zip(names, map(Fraction, ascents), strict=True))

    def raw(order: int) -> Fraction:
        """Mean of a power of the linearised estimator, in exact rational arithmetic: nothing cancels later on."""
        total = Fraction(0)
        for chosen in combinations_with_replacement(names, order):
            powers = [chosen.count(name) for name in names]
            orders = math.factorial(order) // math.prod(map(math.factorial, powers))
            weight = math.prod((slopes[name] for name in chosen), start=Fraction(orders))
            total += weight * moments[_unit(len(outputs), [index[name] for name in chosen])]
        return total

    if replicates < 2:
        return Estimate(value, math.inf, replicates)
    first, second, third = raw(1), raw(2), raw(3)
    variance = max(float(second - first**2), 0.0) * replicates / (replicates - 1)
    skewness = float(third - 3 * first * second + 2 * first**3) / variance**1.5 if variance > 0 else 0.0
    return Estimate(value, math.sqrt(variance / replicates), replicates, skewness)


def quantile_estimate(values: np.ndarray, probability: float) -> Estimate:
    """A sample quantile; the standard error comes from the distance of order statistics, for any distribution.

    Ranks around the quantile are binomial, so the order statistics three standard deviations of the rank away on either
    side span six standard errors.
    """
    ordered = np.sort(values)
    count = ordered.size
    value = float(np.quantile(ordered, probability))
    half = QUANTILE_WIDTH * math.sqrt(count * probability * (1 - probability))
    low, high = math.floor(count * probability - half), math.ceil(count * probability + half)
    if low < 0 or high > count - 1:
        return Estimate(value, math.inf, count, values=ordered)
    # The ranks were rounded outwards: divide by the width actually spanned.
    spanned = (high - low) / math.sqrt(count * probability * (1 - probability))
    return Estimate(value, float(ordered[high] - ordered[low]) / spanned, count, values=ordered)


def _from_groups(task: Task, estimator: Smooth | Quantile, rows: Rows) -> Estimate:
    """Estimate from rows that hold one of 64 groups of one replicate each."""
    groups = Counter(block.first // GROUPS for block in rows)
    whole = sorted(replicate for replicate, count in groups.items() if count == GROUPS)
    if not whole:
        raise ValueError("rows: must hold at least one whole replicate")
    parts = [np.array([rows[Block(r * GROUPS + g, 1)] for g in range(GROUPS)]) for r in whole]
    outputs = np.array([_outputs(task, part, None) for part in parts])
    full = _of_values(task, estimator, outputs)
    if isinstance(estimator, Quantile) or len(whole) >= FEW_REPLICATES:
        return full
    deleted = [
        _mean_of(estimator, task.outputs, np.array([_outputs(task, part, group) for part in parts]))
        for group in range(GROUPS)
    ]
    center = math.fsum(deleted) / GROUPS
    variance = math.fsum((value - center) ** 2 for value in deleted) * (GROUPS - 1) / GROUPS
    error = math.sqrt(variance) if math.isfinite(variance) else math.inf
    return Estimate(full.mean, error, len(whole), conditional=True)


def _of_values(task: Task, estimator: Smooth | Quantile, values: np.ndarray) -> Estimate:
    """The estimate from the outputs of every replicate: float64 [replicate, output]."""
    if isinstance(estimator, Quantile):
        return quantile_estimate(values[:, task.outputs.index(estimator.output)], estimator.probability)
    return _smooth_of(estimator, task.outputs, values)


def difference(task: Task, values: np.ndarray, others: np.ndarray) -> float:
    """How far two arithmetics are apart in what is estimated from the same replicates: the largest relative difference.

    Outputs themselves may be logarithms near 0, or counts that are 0, of which a relative difference says nothing; what
    is estimated as a logarithm is compared by absolute difference.

    Args:
        task: what was simulated.
        values: outputs of some replicates, float64 [replicate, output].
        others: outputs of the same replicates in the other arithmetic.
    """
    worst = 0.0
    for output in ("", *task.experiment.also):
        estimator = task.experiment.estimator_of(output, task.parameters)
        one, other = (_of_values(task, estimator, each).mean for each in (values, others))
        logarithm = isinstance(estimator, Smooth) and isinstance(estimator.expression, sympy.log)
        scale = 1.0 if logarithm else abs(other)
        worst = max(worst, abs(one - other) / scale if one != other else 0.0)
    return worst


def _outputs(task: Task, part: np.ndarray, without: int | None) -> np.ndarray:
    """Outputs of one replicate; with one group left out, the others are scaled up to stand for its items too."""
    scalars = task.scalars
    kept = [group for group in range(GROUPS) if group != without]
    scale = 1.0 if without is None else task.items / (task.items - task.items_of_group(without))
    total = [math.fsum(part[kept, column]) * scale for column in range(scalars, part.shape[1])]
    return task.finish(np.array([[*part[0, :scalars], *total]]))[0]


def _smooth_of(estimator: Smooth, outputs: Sequence[str], values: np.ndarray) -> Estimate:
    """The smooth estimator applied to values that are all at hand: float64 [replicate, output]."""
    powers = [p for p in product(range(4), repeat=len(outputs)) if 0 < sum(p) <= 3]
    moments = {p: Fraction(math.fsum(np.prod(values**p, axis=1))) / len(values) for p in powers}
    return smooth_estimate(estimator, outputs, moments, len(values))


def _mean_of(estimator: Smooth, outputs: Sequence[str], values: np.ndarray) -> float:
    """The mean of :func:`_smooth_of`, without its error bar."""
    function, _ = _compiled(estimator.expression)
    columns = (values[:, outputs.index(name)] for name in estimator.outputs)
    return _at(function, [float(Fraction(math.fsum(column)) / len(values)) for column in columns])


def _at(function: Callable[..., float], point: Sequence[float]) -> float:
    """A function's value, and nan where it has none: the logarithm of a mean of which nothing was drawn."""
    try:
        return float(function(*point))
    except (ValueError, ZeroDivisionError):
        return math.nan


def _unit(size: int, positions: Sequence[int]) -> tuple[int, ...]:
    """Exponents with one for each mention of a position."""
    return tuple(positions.count(position) for position in range(size))


@lru_cache
def _compiled(expression: Expr) -> tuple[Callable[..., float], tuple[Callable[..., float], ...]]:
    """An expression and its derivatives in ordinary floating point, the arguments sorted by name."""
    symbols = sorted(expression.free_symbols, key=str)
    derivatives = (sympy.diff(expression, symbol) for symbol in symbols)
    return sympy.lambdify(symbols, expression, "math"), tuple(sympy.lambdify(symbols, d, "math") for d in derivatives)
