"""The two shapes of experiment: a stream of items that add up, and a self-contained replicate."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import sympy
from sympy import Expr, Symbol

Parameters = Mapping[str, Any]
Precision = Literal["float32", "float64"]
Arithmetic = Literal["exact", "fast"]
ARITHMETICS: tuple[Arithmetic, ...] = ("exact", "fast")


class Dot(sympy.Expr):
    """Inner product of two vectors, each named by the symbol of a :class:`Draw` or a :class:`VectorSum`.

    Example:
        >>> Dot(Draw("key", "d_k").symbol, Draw("query", "d_k").symbol).names
        ('key', 'query')
    """

    is_commutative = True
    is_real = True

    def __new__(cls, left: Symbol, right: Symbol) -> "Dot":
        """The product of two vectors by their symbols."""
        return sympy.Expr.__new__(cls, left, right)

    @property
    def names(self) -> tuple[str, str]:
        """The two vectors."""
        left, right = self.args
        return str(left), str(right)


@dataclass(frozen=True)
class Draw:
    """Standard normals of one name: a scalar, or a vector whose length is a parameter or the ratio of two.

    Example:
        >>> Draw("key", "d_k").size({"d_k": 64})
        64
    """

    name: str
    length: str | None = None

    @property
    def symbol(self) -> Symbol:
        """The symbol that stands for this draw in an expression."""
        return Symbol(self.name, real=True)

    def size(self, parameters: Parameters) -> int:
        """Number of normals that one draw takes."""
        return 1 if self.length is None else length_of(self.length, parameters)


def length_of(name: str, parameters: Parameters) -> int:
    """The length that a name stands for: a parameter, or one parameter over another.

    Raises:
        ValueError: the ratio is no whole number.

    Example:
        >>> length_of("d_k/heads", {"d_k": 64, "heads": 4})
        16
    """
    whole, _, part = name.partition("/")
    parts = int(parameters[part]) if part else 1
    length, rest = divmod(int(parameters[whole]), parts)
    if rest:
        raise ValueError(f"{whole} = {parameters[whole]}: must be a multiple of {part} = {parts} to be simulated")
    return length


@dataclass(frozen=True)
class VectorSum:
    """A vector that adds up over the items: the sum of ``weight * vector``."""

    name: str
    weight: Expr
    vector: Draw

    @property
    def symbol(self) -> Symbol:
        """The symbol that stands for the finished sum in an expression."""
        return Symbol(self.name, real=True)


@dataclass(frozen=True)
class Streaming:
    """Items whose contributions add up; never an array of all of them.

    Attributes:
        items: number of items, from the parameters.
        shared: normals drawn once per replicate (a target key, say).
        item: normals drawn anew for each item.
        scalars: replicate-wide quantities, from the shared draws and the parameters.
        sums: what each item adds, from its draws, the scalars and the parameters.
        vector_sums: vectors that add up over the items.
        outputs: what a replicate reports, from the scalars, the sums and the parameters.
        precision: type of the normals and of each item's arithmetic; sums are float64 always.
    """

    items: Callable[..., int]
    item: tuple[Draw, ...]
    outputs: Mapping[str, Expr]
    shared: tuple[Draw, ...] = ()
    scalars: Mapping[str, Expr] = field(default_factory=dict)
    sums: Mapping[str, Expr] = field(default_factory=dict)
    vector_sums: tuple[VectorSum, ...] = ()
    precision: Precision = "float32"

    def draws(self, parameters: Parameters) -> int:
        """Normals per replicate."""
        per_item = sum(draw.size(parameters) for draw in self.item)
        return self.items(**parameters) * per_item + sum(draw.size(parameters) for draw in self.shared)


@dataclass(frozen=True)
class Passes:
    """How a replicate is drawn that is too long to be stored: again and again, with a decision after each pass.

    A pass falls into parts, each for whoever is free.

    Attributes:
        decide: plain function ``decide(plan, sums, kept, out, **arguments)`` in the kernel vocabulary, with the sums
            [part, sum] of a pass and what was kept of all parts, in any order: writes ``out`` and returns True, or
            writes the plan of another pass and returns False.
        plan: the numbers that the first pass goes by, from the arguments.
        sums: how many sums a part has.
    """

    decide: Callable[..., bool]
    plan: Callable[..., tuple[float, ...]]
    sums: int


@dataclass(frozen=True)
class Replicate:
    """One self-contained draw with scratch of its own (a sort, a recurrence).

    Attributes:
        kernel: plain function ``kernel(k0, k1, replicate, scratch, out, **arguments)`` written in the kernel
            vocabulary; the engine compiles its source text. With passes it is ``kernel(k0, k1, replicate, first, last,
            plan, sums, kept, filled, **arguments)``, a pass over the draws first .. last - 1: writes the part's
            ``sums``, puts what is to be kept into the scratch ``kept`` from ``filled`` on, as far as there is room, and
            returns how much there is then, room or not.
        arguments: numbers passed to the kernel by name, from the parameters.
        scratch: float64 elements of scratch, from the parameters; they start as NaN.
        size: normals per replicate, from the parameters.
        outputs: names of what the kernel writes to ``out``.
        precision: type of the normals.
        passes: for a replicate that is not stored.
    """

    kernel: Callable[..., None] | Callable[..., int]
    arguments: Callable[..., Mapping[str, int | float]]
    scratch: Callable[..., int]
    size: Callable[..., int]
    outputs: tuple[str, ...]
    precision: Precision = "float64"
    passes: Passes | None = None

    def draws(self, parameters: Parameters) -> int:
        """Normals per replicate."""
        return self.size(**parameters)


@dataclass(frozen=True)
class Smooth:
    """A smooth function of the means of the outputs, with the delta method's standard error."""

    expression: Expr

    @property
    def outputs(self) -> tuple[str, ...]:
        """The outputs whose means it needs."""
        return tuple(sorted(symbol.name for symbol in self.expression.free_symbols))  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Quantile:
    """The sample quantile of one output; the values themselves are kept, so its distribution can be checked too."""

    output: str
    probability: float = 0.5

    @property
    def outputs(self) -> tuple[str, ...]:
        """The output whose values it needs."""
        return (self.output,)


Shape = Streaming | Replicate
Estimator = Smooth | Quantile


@dataclass(frozen=True)
class Experiment:
    """How a law is simulated.

    Attributes:
        modes: name of each mode and the function of the parameters that gives its shape; the first is the default.
        reference: ``reference(draws, mode, **parameters)`` in naive float64 NumPy, one replicate; returns the outputs.
        estimator: the estimator that the parameters ask for.
        evaluated_at: parameters at which the law is to be evaluated where a simulation rounds (k = ceil(kappa n)).
        reliable: whether the estimator's error bar can be trusted in a mode at these parameters; a text says why not.
        also: estimators of further outputs of the law that the same simulation shows, by output.
        instance: for a law about single instances, ``instance(draws, **parameters)``, what a caller would give the law
            for some replicates, whose draws come as ``items`` [replicate, size]; the law is then compared with the
            outputs of its name, replicate by replicate.
        arithmetic_error: bound on the relative error that the arithmetic of the draws leaves in the result.
        arithmetic_reason: where that bound comes from.
    """

    modes: Mapping[str, Callable[..., Shape]]
    reference: Callable[..., Mapping[str, float]]
    estimator: Callable[..., Estimator]
    arithmetic_error: float
    arithmetic_reason: str
    evaluated_at: Callable[..., Mapping[str, Any]] = lambda **_: {}
    reliable: Callable[..., str] = lambda **_: ""
    instance: Callable[..., Mapping[str, Any]] | None = None
    also: Mapping[str, Callable[..., Estimator]] = field(default_factory=dict)

    @property
    def default_mode(self) -> str:
        """The mode used when none is asked for."""
        return next(iter(self.modes))

    def shape(self, mode: str, parameters: Parameters) -> Shape:
        """The shape of one mode at given parameters.

        Raises:
            ValueError: the mode does not exist.
        """
        if not isinstance(mode, str) or mode not in self.modes:
            raise ValueError(f"mode = {mode!r}: must be one of {', '.join(self.modes)}")
        return self.modes[mode](**parameters)

    def estimator_of(self, output: str, parameters: Parameters) -> Estimator:
        """The estimator of one of the law's outputs; the empty name stands for the default one."""
        return self.also[output](**parameters) if output else self.estimator(**parameters)


@dataclass(frozen=True)
class Exact:
    """For a law with nothing to simulate: what it claims, computed in another way that is exact.

    Attributes:
        value: ``value(**parameters)``, the default output by a route that shares nothing with the law's formula.
        error: bound on its relative error.
        reason: why nothing is simulated.
        also: the same for further outputs of the law, by output.

    Example:
        >>> Exact(lambda *, n: n * (n + 1) / 2, 1e-15, "a finite sum").value_of("", {"n": 4})
        10.0
    """

    value: Callable[..., float]
    error: float
    reason: str
    also: Mapping[str, Callable[..., float]] = field(default_factory=dict)

    def value_of(self, output: str, parameters: Parameters) -> float:
        """One of the law's outputs; the empty name stands for the default one."""
        return float((self.also[output] if output else self.value)(**parameters))


def arguments_of(kernel: Callable[..., object]) -> list[str]:
    """Names of a kernel's own arguments, which come behind those that all kernels of its kind have.

    Example:
        >>> arguments_of(lambda k0, k1, replicate, scratch, out, n, k: None)
        ['n', 'k']
    """
    names = list(inspect.signature(kernel).parameters)
    last = "filled" if "filled" in names else "out"
    return names[names.index(last) + 1 :]


def as_dtype(precision: Precision) -> type[np.floating]:
    """The NumPy type of a precision."""
    return np.float32 if precision == "float32" else np.float64
