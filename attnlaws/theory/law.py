"""A law: a claim with its derivation, callable on arrays."""

from __future__ import annotations

import difflib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sympy as sp

from attnlaws.theory.claim import Claim, Outcome, Source, corrections
from attnlaws.theory.domain import Choice, Domain, Number, Row, Vectors, fault
from attnlaws.theory.ends import check_ends, within_ends
from attnlaws.theory.parameter import Parameter
from attnlaws.theory.steps import ROOT, Conjecture, Derivation, Step
from attnlaws.theory.vocabulary import numeric

PREFIX = "attnlaws.theory."
RESERVED = frozenset(
    (
        *("law", "seed", "replicates", "backend", "arithmetic", "mode", "out", "json", "quick", "full", "precision"),
        *("scheduler", "output", "seconds"),
    )
)

Formula = sp.Expr | Callable[[sp.Expr], Any] | Mapping[str, Any]


@dataclass(frozen=True)
class Grid:
    """The points at which a law is judged and drawn.

    Attributes:
        across: the parameter along the horizontal axis.
        series: the other parameters, one dictionary per curve.
        values: the values of ``across``.
        ladder: for a limit, how it is approached: ``point`` (the fixed parameters), ``along`` (the one that grows) and
            ``values``.
        logx: whether the horizontal axis is logarithmic.
        extra: single points beside the curves.

    Example:
        >>> Grid("d", ({"n": 9},), (2, 4)).points()
        [{'n': 9, 'd': 2}, {'n': 9, 'd': 4}]
    """

    across: str
    series: tuple[Mapping[str, Any], ...]
    values: tuple[Any, ...]
    ladder: Mapping[str, Any] | None = None
    logx: bool = False
    extra: tuple[Mapping[str, Any], ...] = ()

    def points(self) -> list[dict[str, Any]]:
        """Every point: the series in order, then the extra ones."""
        curves = [{**fixed, self.across: value} for fixed in self.series for value in self.values]
        return curves + [dict(point) for point in self.extra]


@dataclass(frozen=True, eq=False)
class Law:
    """A claim about attention as associative memory.

    Attributes:
        name: the ``__name__`` of its module, or any name for a reader's own law.
        doc: the module's docstring; its first line is the statement.
        parameters: what it depends on.
        source: where the claim was read.
        claim: what is asserted.
        derivations: one per case; the first is the default. ``steps`` is the short way to give a single one.
        quantity: name of what it gives, as an axis label.
        grid: where it is judged and drawn.
        delta: the relative tolerance of the referee, at most 0.05.
        delta_reason: why, where it is not 0.01.
        regime: where it is meant to hold.
        sabotages: deliberately wrong formulas by name, in any shape that ``claiming`` takes.
        expected: the outcome that the referee should reach.
        distribution: for a claim in law, ``distribution(y, **parameters)``, the probability of a value up to y.
        replaced_by: the id of the law that replaces a refuted one.

    Raises:
        ValueError: for a tolerance above 5 %, one other than 1 % without a reason, or a reserved parameter name.
    """

    name: str
    doc: str | None
    parameters: tuple[Parameter, ...]
    source: Source
    claim: Claim
    quantity: str = "value"
    grid: Grid | None = None
    derivations: tuple[Derivation, ...] = ()
    steps: tuple[Step, ...] = ()
    delta: float = 0.01
    delta_reason: str = ""
    regime: str = ""
    sabotages: Mapping[str, Formula] = field(default_factory=dict)
    expected: Outcome = Outcome.SUPPORTED
    distribution: Callable[..., np.ndarray] | None = None
    replaced_by: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.delta <= 0.05:
            raise ValueError(f"delta = {self.delta!r}: must be a real number in (0, 0.05]")
        if self.delta != 0.01 and not self.delta_reason:
            raise ValueError(f"delta = {self.delta!r}: must come with a delta_reason, or be 0.01")
        if not self.derivations:
            if not self.steps:
                raise ValueError(f"{self.id}: must have steps or derivations")
            object.__setattr__(self, "derivations", (Derivation(tuple(self.steps)),))
        elif self.steps and self.steps != self.derivations[0].steps:
            raise ValueError(f"{self.id}: steps and derivations disagree; give one of them")
        object.__setattr__(self, "steps", self.derivations[0].steps)
        for name in (parameter.name for parameter in self.parameters):
            if name in RESERVED:
                raise ValueError(f"{name!r} is a reserved word and cannot name a parameter")

    @property
    def id(self) -> str:
        """Topic and stem, as in ``topk.tail_mass``."""
        return self.name.removeprefix(PREFIX)

    @property
    def statement(self) -> str:
        """The claim in one sentence."""
        lines = (self.doc or "").strip().splitlines()
        return lines[0].strip() if lines else ""

    @property
    def form(self) -> sp.Expr:
        """The expression that is evaluated in the default case."""
        return self.derivations[0].form

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs; the first is the default."""
        return tuple(dict.fromkeys(derivation.output for derivation in self.derivations))

    def parameter(self, name: str) -> Parameter:
        """The parameter of this name; a ValueError names the nearest for an unknown one."""
        names = [parameter.name for parameter in self.parameters]
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(names)}"
            raise ValueError(f"{self.id} has no parameter {name!r}: {hint}")
        return self.parameters[names.index(name)]

    def derivation(self, output: str | None = None, **choices: Any) -> Derivation:
        """The derivation of one case.

        Args:
            output: the name of the output; the first by default.
            **choices: values of choice parameters, and of numbers that may be None. Those left out have their default.

        Raises:
            ValueError: if there is no such case or output.
        """
        if output is not None and output not in self.outputs:
            raise ValueError(f"output = {output!r}: must be one of {', '.join(self.outputs)}")
        checked = {name: self.parameter(name).check(value) for name, value in choices.items()}
        values = {parameter.name: parameter.default for parameter in self.parameters} | checked
        for derivation in self.derivations:
            if derivation.output == (output or self.outputs[0]) and derivation.covers(values):
                return derivation
        raise ValueError(f"{self.id} has no case for {choices}")

    def validate(self, **parameters: Any) -> dict[str, int | float | str | None]:
        """Check one point, the parameters that only a simulation needs included.

        Returns:
            Every parameter by name, defaults filled in, as a Python int, float, str or None.

        Raises:
            ValueError: for a missing or unknown name, a value outside its domain, or an array.
        """
        values = self._checked(parameters, {"law", "simulation"})
        for name, value in values.items():
            if isinstance(value, np.ndarray):
                raise ValueError(f"{name}: must be a single value, not an array of shape {value.shape}")
        case = self._case(values, None)
        self._narrowed(case, values)
        check_ends(self, case, values)
        return values

    def __call__(self, *, output: str | None = None, **parameters: Any) -> Any:
        """Evaluate the law.

        Args:
            output: the name of the output; the first by default.
            **parameters: numbers or arrays, broadcast together; names and None are scalars. The last axis of rows and
                the last two of vectors are theirs, the others broadcast.

        Returns:
            A float64 array, or a NumPy float64 where every parameter is a scalar, or one row.

        Raises:
            ValueError: for a missing or unknown name, an element outside the domain, or one where the quantity does
                not exist.
            OverflowError: where the value is beyond float64.
        """
        for name in parameters:
            if self.parameter(name).role == "simulation":
                raise ValueError(f"{name} is only needed to simulate {self.id}; its formula does not depend on it")
        values = self._checked(parameters, {"law", "instance"})
        derivation = self._case(values, output)
        self._narrowed(derivation, values)
        result = self._evaluate(derivation, {k: v for k, v in values.items() if not isinstance(v, str | None)})
        if not np.isfinite(result).all():
            raise OverflowError(f"{self.id}: the value is beyond float64 for some of the given parameters")
        return result[()]

    def correction(self, *, output: str | None = None, **parameters: Any) -> Any:
        """The first correction B of the finite mean, for a claim that is a limit.

        Args:
            output: the name of the output; the first by default.
            **parameters: as for a call, and the parameter that grows, which a call refuses.

        Returns:
            A float64 array by broadcasting; infinite where it is beyond float64.

        Raises:
            ValueError: for a claim without correction, where it does not exist, and as for a call.
        """
        if (correction := corrections(self.claim, self.outputs[0]).get(output or self.outputs[0])) is None:
            raise ValueError(f"{self.id} claims no limit of that, so it has no correction")
        self._narrowed(correction, values := self._checked(parameters, {"law", "simulation"}))
        result = self._evaluate(correction, {k: v for k, v in values.items() if not isinstance(v, str | None)})
        return np.where(np.isnan(result), np.inf, result)[()]

    def latex(self, **choices: Any) -> str:
        """The formula of one case (the default one, or that of the given choices) in LaTeX."""
        return sp.latex(self.derivation(**choices).form)

    def claiming(self, formula: Formula, statement: str | None = None) -> Law:
        """The same law with another formula, which is a conjecture: it has no derivation.

        Args:
            formula: an expression for every case; a function that turns each case's form into another one; or a
                mapping from a case (its label, the value of a choice parameter, or the name of an output) to its
                expression.
            statement: a first line to put in place of the statement.

        A formula replaces the default output, and the other outputs are dropped; a mapping leaves what it does not
        name as it is.

        Raises:
            ValueError: for a mapping that names a case that does not exist.

        Example:
            >>> from attnlaws.theory.topk.tail_mass import LAW
            >>> kappa = LAW.parameter("kappa").symbol
            >>> float(LAW.claiming(1 - kappa)(kappa=0.25, sigma=1.0))
            0.75
        """
        cases = self.derivations
        if isinstance(formula, Mapping):
            known = {name for case in cases for name in (case.label, case.output, *case.when.values())}
            for name in formula:
                if name not in known:
                    raise ValueError(f"{self.id} has no case {name!r}: it has {', '.join(self.cases)}")
        else:
            cases = tuple(case for case in cases if case.output == self.outputs[0])
        derivations = tuple(self._conjectured(case, formula) for case in cases)
        doc = self.doc if statement is None else statement
        return replace(self, doc=doc, steps=(), derivations=derivations, sabotages={})

    def claims_sabotaged(self) -> dict[str, Law]:
        """The law with each of its sabotages in place of the right formula, by the sabotage's name."""
        return {name: self.claiming(formula, f"Sabotage: {name}") for name, formula in self.sabotages.items()}

    @property
    def cases(self) -> tuple[str, ...]:
        """The labels of the derivations."""
        return tuple(case.label for case in self.derivations)

    def _conjectured(self, case: Derivation, formula: Formula) -> Derivation:
        if isinstance(formula, Mapping):
            names = [case.label, *([case.output] if case.output != "value" else [])]
            if case.output == self.outputs[0]:
                names += map(str, case.when.values())
            given = [formula[name] for name in names if name in formula]
            if not given:
                return case
            new = given[0]
        else:
            new = formula(case.form) if callable(formula) and not isinstance(formula, sp.Basic) else formula
        new = sp.sympify(new)
        known = {parameter.symbol for parameter in self.parameters} | ({ROOT} if case.value else set())
        by_name = {symbol.name: symbol for symbol in known}
        plain = [symbol for symbol in new.free_symbols if isinstance(by_name.get(str(symbol)), sp.Symbol)]
        new = new.xreplace({symbol: by_name[str(symbol)] for symbol in plain})
        unknown = sorted(name for name in map(str, new.free_symbols) if name not in by_name)
        if unknown:
            raise ValueError(f"{self.id} has no parameter {unknown[0]!r}: it has {', '.join(sorted(by_name))}")
        return replace(case, steps=(Conjecture(new, "typed in, not derived"),))

    def _checked(self, parameters: Mapping[str, Any], roles: set[str]) -> dict[str, Any]:
        for name in parameters:
            self.parameter(name)
        wanted = [parameter for parameter in self.parameters if parameter.role in roles]
        missing = [parameter for parameter in wanted if parameter.required and parameter.name not in parameters]
        if missing:
            wants = "; ".join(f"{parameter.name}: must be {parameter.domain.describe()}" for parameter in missing)
            raise ValueError(f"{self.id} needs {', '.join(parameter.name for parameter in missing)} ({wants})")
        return {p.name: p.check(parameters.get(p.name, p.default)) for p in wanted}

    def _case(self, values: Mapping[str, Any], output: str | None) -> Derivation:
        named = {p.name for p in self.parameters if isinstance(p.domain, Choice) or _may_be_none(p)}
        return self.derivation(output, **{name: value for name, value in values.items() if name in named})

    def _narrowed(self, derivation: Derivation, values: Mapping[str, Any]) -> None:
        for name, domain in derivation.domain.items():
            if name in values:
                domain.check(name, values[name], derivation.exists)

    def _evaluate(self, derivation: Derivation, numbers: Mapping[str, Any]) -> np.ndarray:
        symbols = [parameter.symbol for parameter in self.parameters if parameter.name in numbers]
        given = {name: np.asarray(number, dtype=np.float64) for name, number in numbers.items()}
        outer = {name: a.ndim - _own_axes(self.parameter(name).domain) for name, a in given.items()}
        try:
            shape = np.broadcast_shapes(*(a.shape[: outer[name]] for name, a in given.items()))
        except ValueError:
            shapes = ", ".join(f"{name} {np.shape(number)}" for name, number in numbers.items())
            raise ValueError(f"shapes do not broadcast together: {shapes}") from None
        given = {name: np.broadcast_to(a, (*shape, *a.shape[outer[name] :])) for name, a in given.items()}
        self._within(given)
        check_ends(self, derivation, given)
        with np.errstate(all="ignore"):
            if derivation.value is not None:
                symbols.append(ROOT)
                given[ROOT.name] = derivation.root(given)
            values = numeric(derivation.form, tuple(symbols))(*given.values())
        return np.array(np.broadcast_to(np.asarray(values, dtype=np.float64), shape))

    def _within(self, given: Mapping[str, np.ndarray]) -> None:
        """Refuse a number that is larger than the rows it counts in, and vectors of another number than theirs."""
        for name, values in given.items():
            domain = self.parameter(name).domain
            if isinstance(domain, Vectors) and domain.beside in given:
                domain.check_beside(name, values.shape, given[domain.beside].shape)
            if isinstance(domain, Number) and domain.within in given:
                present = np.isfinite(given[domain.within]).sum(axis=-1)
                wrong = values >= present if domain.within_open else values > present
                if wrong.any():
                    index = tuple(np.argwhere(wrong)[0])
                    row = domain.within + "".join(f"[{i}]" for i in index)
                    raise fault(name, int(values[index]), domain.describe(), f"{row} has {present[index]}")


def _own_axes(domain: Domain) -> int:
    """How many of the last axes of an array belong to a single value."""
    return 1 if isinstance(domain, Row) else 2 if isinstance(domain, Vectors) else 0


def _may_be_none(parameter: Parameter) -> bool:
    return isinstance(parameter.domain, Number) and parameter.domain.none_allowed


def free_domains(law: Law, case: Derivation) -> dict[str, Number | Row | Vectors]:
    """The domains of the numbers and rows that a case leaves free, narrowed where the case is narrower."""
    domains: dict[str, Number | Row | Vectors] = {}
    for parameter in law.parameters:
        domain, narrower = parameter.domain, case.domain.get(parameter.name)
        if not isinstance(domain, Choice) and parameter.name not in case.when:
            domains[parameter.name] = domain.meet(narrower) if narrower and isinstance(domain, Number) else domain
    return domains


def sample_point(
    domains: Mapping[str, Number | Row | Vectors],
    rng: random.Random,
    wide: bool = True,
    case: Derivation | None = None,
) -> dict[str, Any]:
    """A random point of several domains; what counts within a row stays within it.

    Args:
        domains: by name.
        rng: the source of randomness.
        wide: reach into the tails.
        case: one whose ends, as far as other parameters decide them, are kept to.
    """
    point = _sample_once(domains, rng, wide)
    while case is not None and not within_ends(case, point):
        point = _sample_once(domains, rng, wide)
    return point


def _sample_once(domains: Mapping[str, Number | Row | Vectors], rng: random.Random, wide: bool) -> dict[str, Any]:
    point: dict[str, Any] = {name: domain.sample(rng, wide) for name, domain in domains.items()}
    for name, domain in domains.items():
        if isinstance(domain, Vectors) and domain.beside in point:
            point[name] = domain.sample(rng, wide, len(point[domain.beside]))
        if isinstance(domain, Number) and domain.within:
            point[name] = rng.randint(1, len(point[domain.within]) - domain.within_open)
    return point
