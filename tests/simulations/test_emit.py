"""One list of operations, two texts: they must say the same, and both must say what SymPy says."""

import math
import re

import numpy as np
import pytest
import sympy
from sympy import Max, Rational, Symbol, exp, log, sqrt

from attnlaws.simulations.emit import lower, print_cuda, print_numba
from attnlaws.simulations.generate import Layout, cuda_finish_text, cuda_item_text

X, Y, RHO = Symbol("x"), Symbol("y"), Symbol("rho")
EXPRESSIONS = {
    "powers": (RHO * X) ** 2 / Y**4 + X**5 - 3,
    "roots": sqrt(Y) * Y ** Rational(3, 2) / Y ** Rational(-1, 2),
    "functions": exp(-X / 2) + log(Y) - Max(X, 0) ** 2,
    "signs": -X - Y + RHO,
}
CUDA = {
    "fadd": "add",
    "fsub": "sub",
    "fmul": "mul",
    "fdiv": "div",
    "fsqrt": "sqrt",
    "dadd": "add",
    "dsub": "sub",
    "dmul": "mul",
    "ddiv": "div",
    "dsqrt": "sqrt",
}


def evaluated(lines: list[str], values: dict[str, float]) -> dict[str, float]:
    """Run Numba text as plain Python, with the libm in the place of our polynomials."""
    names = {"np": np, "pexp64": math.exp, "plog64": math.log, **values}
    for line in lines:
        exec(line.strip(), names)
    return names


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_operations_compute_the_expression(name):
    program = lower({name: EXPRESSIONS[name]}, ["x", "y", "rho"])
    rng = np.random.default_rng(1)
    for _ in range(20):
        values = dict(zip(("x", "y", "rho"), (rng.normal(), rng.uniform(0.1, 3), rng.normal()), strict=True))
        got = evaluated(print_numba(program, "float64"), values)[program.results[name]]
        want = float(sympy.N(EXPRESSIONS[name].subs(values), 30))
        # Fewer than 16 roundings, of terms no larger than 100.
        assert got == pytest.approx(want, rel=16 * 2**-52, abs=100 * 16 * 2**-52)


def numba_names(lines: list[str]) -> list[str]:
    """What each line of Numba text does."""
    found = []
    for line in lines:
        right = line.split(" = ", 1)[1]
        if " if " in right:
            found.append("max" if ">" in right else "min")
        elif match := re.search(r" ([-+*/]) ", right):
            found.append({"+": "add", "-": "sub", "*": "mul", "/": "div"}[match[1]])
        else:
            found.append(
                "neg" if right.startswith("-") else right.split("(")[0].removeprefix("np.").rstrip("0123456789")
            )
    return found


def cuda_names(lines: list[str]) -> list[str]:
    """What each line of CUDA text does."""
    found = []
    for line in lines:
        right = line.split(" = ", 1)[1]
        if "?" in right:
            found.append("max" if ">" in right else "min")
        elif match := re.match(r"__(\w+)_rn\(", right):
            found.append(CUDA[match[1]])
        else:
            found.append("neg" if right.startswith("-") else right.split("(")[0].rstrip("0123456789"))
    return found


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_numba_and_cuda_texts_hold_the_same_operations_in_order(precision):
    program = lower(EXPRESSIONS, ["x", "y", "rho"])
    numba, cuda = print_numba(program, precision), print_cuda(program, precision)
    assert numba_names(numba) == cuda_names(cuda)
    assert [line.split()[0] for line in numba] == [line.split()[2] for line in cuda]
    assert len(numba) == len(program.operations) > 15


def test_cuda_text_leaves_no_operation_to_the_compiler():
    """A bare operator could be contracted to an FMA, and the bits would differ from the CPU's."""
    for line in print_cuda(lower(EXPRESSIONS, ["x", "y", "rho"]), "float32"):
        right = line.split(" = ", 1)[1]
        body = re.sub(r"-?0x[0-9a-f.]+p[+-]\d+f?", "0", right.removeprefix("-"))
        assert not re.search(r"[-+*/]", body), line


def test_shared_subexpressions_are_computed_once():
    program = lower({"a": (X * Y) ** 2, "b": X**2 * Y**2 + 1}, ["x", "y"])
    assert len(program.operations) == 4


@pytest.mark.parametrize("expression", [sympy.sin(X), sympy.gamma(X), X ** Rational(1, 3), X**Y, sympy.Heaviside(X)])
def test_functions_outside_the_exact_vocabulary_are_refused(expression):
    with pytest.raises(ValueError, match="exact"):
        lower({"out": expression}, ["x", "y"])


def test_an_unknown_symbol_is_named():
    with pytest.raises(ValueError, match=r"^z: "):
        lower({"out": X + Symbol("z")}, ["x"])


def test_the_order_of_operations_does_not_depend_on_the_hash_seed(tmp_path):
    import os
    import subprocess
    import sys

    script = (
        "from sympy import symbols, exp\nfrom attnlaws.simulations.emit import lower, print_numba\n"
        "a, b, c, d = symbols('a b c d')\n"
        "print(print_numba(lower({'o': a*b*c + d*c*a + exp(a + b)/d + b*d}, 'abcd'), 'float64'))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(texts) == 1


@pytest.mark.parametrize("mode", ["literal", "collapsed"])
@pytest.mark.parametrize("d_v", [None, 8])
def test_cuda_text_of_a_law_names_what_the_kernel_header_provides(make, mode, d_v):
    task = make("retrieval.linear", mode, n=65, d_k=16, d_v=d_v, convention="geometric")
    text = cuda_item_text(Layout(task.shape)) + cuda_finish_text(Layout(task.shape))
    called = set(re.findall(r"(\w+)\(", text)) - {"item", "finish"}
    assert called <= {"__fmul_rn", "__dmul_rn", "__ddiv_rn", "plog64", "dot64"}
    assert text.count("__device__ __forceinline__ void") == 2
