"""One expression, two languages: SymPy to a list of exactly rounded operations, printed for Numba and for CUDA.

Both texts come from the same list in the same order, so they cannot differ in what they compute. What is computed only
once a replicate is not worth a compilation: NumPy does the same operations, one by one, on arrays of replicates.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from sympy import Expr, Rational, Symbol
from sympy.core.sorting import default_sort_key

from attnlaws.simulations.experiment import Arithmetic, Precision

Function = Callable[[np.ndarray], np.ndarray]

BINARY = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
UNARY = ("neg", "sqrt", "exp", "log")


@dataclass(frozen=True)
class Operation:
    """One rounding: ``target = name(*arguments)``; an argument is a name or a number."""

    target: str
    name: str
    arguments: tuple[str | float, ...]


@dataclass(frozen=True)
class Program:
    """Operations in order, and where each result stands."""

    operations: tuple[Operation, ...]
    results: Mapping[str, str | float]


def lower(expressions: Mapping[str, Any], inputs: Iterable[str] | Mapping[str, str], prefix: str = "t") -> Program:
    """Write expressions as a list of single operations, shared subexpressions once.

    Args:
        expressions: results by name.
        inputs: names that the expressions may use, each with what it is called in the text where that is another.
        prefix: how temporaries are called.

    Raises:
        ValueError: an unknown symbol, or a function outside the exact vocabulary
            (+ - * / integer and half-integer powers, sqrt, exp, log, Max, Min).

    Example:
        >>> x, y = sympy.symbols("x y")
        >>> [op.name for op in lower({"out": x * y + y**2}, ["x", "y"]).operations]
        ['mul', 'mul', 'add']
    """
    spelled = inputs if isinstance(inputs, Mapping) else {name: name for name in inputs}
    lowering = _Lowering(spelled, prefix)
    results = {name: lowering.operand(sympy.sympify(expression)) for name, expression in expressions.items()}
    return Program(tuple(lowering.operations), results)


class _Lowering:
    """Walks expressions once, remembering what is already computed."""

    def __init__(self, inputs: Mapping[str, str], prefix: str) -> None:
        self.inputs, self.prefix = inputs, prefix
        self.operations: list[Operation] = []
        self.known: dict[tuple[object, ...], str] = {}

    def apply(self, name: str, *arguments: str | float) -> str:
        """Append an operation unless the same one stands already."""
        key = (name, *arguments)
        if key not in self.known:
            target = f"{self.prefix}{len(self.operations)}"
            self.operations.append(Operation(target, name, arguments))
            self.known[key] = target
        return self.known[key]

    def fold(self, name: str, operands: list[str | float]) -> str | float:
        """Combine operands from left to right."""
        total = operands[0]
        for operand in operands[1:]:
            total = self.apply(name, total, operand)
        return total

    def operand(self, expression: Any) -> str | float:
        """The name or number that holds an expression."""
        if isinstance(expression, Symbol):
            if expression.name not in self.inputs:
                raise ValueError(
                    f"{expression.name}: not a draw, scalar, sum or parameter here; known: {sorted(self.inputs)}"
                )
            return self.inputs[expression.name]
        if expression.is_Number:
            return float(expression)
        if expression.is_Add:
            return self.addition(expression)
        if expression.is_Mul:
            return self.product(expression)
        if expression.is_Pow:
            return self.power(*expression.as_base_exp())
        return self.function(expression)

    def addition(self, expression: Any) -> str | float:
        """Positive terms first, in SymPy's canonical order, then the negative ones subtracted."""
        terms = sorted(expression.args, key=default_sort_key)
        minus = [term for term in terms if term.could_extract_minus_sign()]
        plus = [term for term in terms if term not in minus]
        if not plus:
            return self.apply("neg", self.operand(-expression))
        total = self.fold("add", [self.operand(term) for term in plus])
        for term in minus:
            total = self.apply("sub", total, self.operand(-term))
        return total

    def product(self, expression: Any) -> str | float:
        """Numerator, then one division by the denominator."""
        if expression.could_extract_minus_sign():
            return self.apply("neg", self.operand(-expression))
        numerator, denominator = expression.as_numer_denom()
        if denominator != 1:
            return self.apply("div", self.operand(numerator), self.operand(denominator))
        if not expression.is_Mul:
            return self.operand(expression)
        return self.fold("mul", [self.operand(factor) for factor in sorted(expression.args, key=default_sort_key)])

    def power(self, base: Expr, exponent: Expr) -> str | float:
        """Integer powers by repeated squaring, half-integer ones through a square root."""
        if base is sympy.E:
            return self.apply("exp", self.operand(exponent))
        twice = 2 * exponent
        if not (isinstance(twice, sympy.Integer) and exponent != 0):
            raise ValueError(f"{base}**{exponent}: only integer and half-integer powers are exact")
        if exponent < 0:
            return self.apply("div", 1.0, self.power(base, -exponent))
        root = self.operand(base)
        if not isinstance(exponent, sympy.Integer):
            root, exponent = self.apply("sqrt", root), Rational(twice)
        result: str | float | None = None
        remaining = int(exponent)
        while True:
            if remaining & 1:
                result = root if result is None else self.apply("mul", result, root)
            remaining >>= 1
            if not remaining:
                break
            root = self.apply("mul", root, root)
        assert result is not None
        return result

    def function(self, expression: Any) -> str | float:
        """Exact functions by name; everything else is refused."""
        names = {sympy.exp: "exp", sympy.log: "log", sympy.Max: "max", sympy.Min: "min"}
        name = names.get(expression.func)
        if name is None:
            raise ValueError(
                f"{expression.func.__name__}: outside the exact vocabulary (+ - * / sqrt exp log Max Min, "
                "integer and half-integer powers)"
            )
        operands = [self.operand(argument) for argument in sorted(expression.args, key=default_sort_key)]
        return self.fold(name, operands) if name in ("max", "min") else self.apply(name, *operands)


def print_numba(program: Program, precision: Precision, indent: int = 4) -> list[str]:
    """Lines of Python for Numba, one rounding a line, in the given precision."""
    bits = "32" if precision == "float32" else "64"

    def show(argument: str | float) -> str:
        return argument if isinstance(argument, str) else f"np.float{bits}({argument!r})"

    def line(operation: Operation) -> str:
        arguments = [show(argument) for argument in operation.arguments]
        if operation.name in BINARY:
            return f" {BINARY[operation.name]} ".join(arguments)
        if operation.name in ("max", "min"):
            relation = ">" if operation.name == "max" else "<"
            first, second = arguments  # a NaN on either side is kept
            return f"{first} if {first} {relation} {second} or {first} != {first} else {second}"
        if operation.name == "neg":
            return f"-{arguments[0]}"
        function = "np.sqrt" if operation.name == "sqrt" else f"p{operation.name}{bits}"
        return f"{function}({arguments[0]})"

    return [" " * indent + f"{operation.target} = {line(operation)}" for operation in program.operations]


def print_cuda(program: Program, precision: Precision, indent: int = 4, arithmetic: Arithmetic = "exact") -> list[str]:
    """Lines of CUDA C++, each operation an intrinsic that rounds to nearest and is never contracted.

    With fast arithmetic, which float64 does not have, they are operators, which the compiler may contract, and the
    functions of ``fast.cuh``; the logarithm stays exact, because the hardware's has no relative accuracy near 1.
    """
    kind, letter, bits = ("float", "f", "32") if precision == "float32" else ("double", "d", "64")
    fast = arithmetic == "fast" and precision == "float32"

    def show(argument: str | float) -> str:
        if isinstance(argument, str):
            return argument
        return float(argument).hex() + ("f" if precision == "float32" else "")

    def line(operation: Operation) -> str:
        arguments = [show(argument) for argument in operation.arguments]
        if fast and operation.name in ("div", "exp", "sqrt"):
            return f"fast_{operation.name}({', '.join(arguments)})"
        if fast and operation.name in BINARY:
            return f" {BINARY[operation.name]} ".join(arguments)
        if operation.name in BINARY:
            return f"__{letter}{operation.name}_rn({', '.join(arguments)})"
        if operation.name in ("max", "min"):
            relation = ">" if operation.name == "max" else "<"
            first, second = arguments  # a NaN on either side is kept
            return f"{first} {relation} {second} || {first} != {first} ? {first} : {second}"
        if operation.name == "neg":
            return f"-{arguments[0]}"
        return (
            f"__{letter}sqrt_rn({arguments[0]})"
            if operation.name == "sqrt"
            else f"p{operation.name}{bits}({arguments[0]})"
        )

    return [" " * indent + f"const {kind} {operation.target} = {line(operation)};" for operation in program.operations]


def show_result(result: str | float, precision: Precision) -> str:
    """A result as Numba text: its name, or a constant of the right type."""
    return result if isinstance(result, str) else f"np.{precision}({result!r})"


def evaluate(program: Program, values: Mapping[str, Any], functions: Mapping[str, Function]) -> dict[str, Any]:
    """Do a program's operations in float64 on arrays, with the bits that its texts have for each element.

    Args:
        program: the operations.
        values: float64 arrays, or numbers, by what they are called in the text.
        functions: ``exp`` and ``log`` of arrays; NumPy's own would round otherwise.

    Example:
        >>> x = sympy.Symbol("x")
        >>> evaluate(lower({"out": sympy.Max(2 * x, 1)}, ["x"]), {"x": np.array([0.25, 4.0])}, {})["out"].tolist()
        [1.0, 8.0]
    """
    known = {name: np.asarray(value, np.float64) for name, value in values.items()}

    def value(argument: str | float) -> Any:
        return known[argument] if isinstance(argument, str) else np.float64(argument)

    with np.errstate(all="ignore"):  # what is no number in the end is refused by whoever asked
        for operation in program.operations:
            known[operation.target] = _applied(operation.name, *map(value, operation.arguments), functions=functions)
        return {name: value(result) for name, result in program.results.items()}


PLAIN: Mapping[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "sqrt": np.sqrt,
}


def _applied(name: str, *arguments: Any, functions: Mapping[str, Function]) -> Any:
    if name in ("max", "min"):
        first, second = arguments  # a NaN on either side is kept
        kept = (first > second if name == "max" else first < second) | (first != first)
        return np.where(kept, first, second)
    return (PLAIN.get(name) or functions[name])(*arguments)
