"""Size and the words that are not said."""

import ast
import re

FILE_LINES, FUNCTION_LINES = 400, 80


def body_lines(function) -> int:
    """Lines of a function from its ``def`` to its end, docstring left out."""
    first = function.body[0]
    has_text = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    docstring = first.end_lineno - first.lineno + 1 if has_text else 0
    return function.end_lineno - function.lineno + 1 - docstring


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def dotted(node) -> str:
    """``a.b.c`` of an attribute, or nothing."""
    if isinstance(node, ast.Name):
        return node.id
    left = dotted(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{left}.{node.attr}" if left else ""


def test_no_file_has_more_than_four_hundred_lines(files, root):
    sources = [path for path in files if path.suffix in (".py", ".cuh", ".cu")]
    lengths = {str(path): len((root / path).read_text("utf-8").splitlines()) for path in sources}
    assert not {path: length for path, length in lengths.items() if length > FILE_LINES}


def test_no_function_has_more_than_eighty_lines(files, root):
    long = {
        f"{path}:{function.name}": body_lines(function)
        for path in files
        if path.suffix == ".py"
        for function in functions(ast.parse((root / path).read_text("utf-8")))
        if body_lines(function) > FUNCTION_LINES
    }
    assert not long


def test_a_docstring_does_not_count():
    (function,) = functions(ast.parse('def f():\n    """One.\n\n    Two.\n    """\n    return 1\n'))
    assert body_lines(function) == 2


def test_no_arithmetic_is_loosened(modules):
    for name, tree in modules.items():
        words = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
        words |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        assert "fastmath" not in words, name


def test_generated_kernels_are_not_loosened(files, root):
    """Their text lies in strings, which a walk over the code does not see."""
    for path in files:
        if path.parts[:2] == ("attnlaws", "simulations") and path.suffix == ".py":
            assert not re.search(r"fastmath\s*=|use_fast_math", (root / path).read_text("utf-8")), path


def test_random_numbers_come_from_our_own_streams(modules, imports_of):
    """Only the bench's peers draw with NumPy."""
    for name, tree in modules.items():
        if name != "attnlaws.bench_peers":
            used = {dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            assert not {"np.random", "numpy.random"} & used, name
            assert "numpy.random" not in imports_of(tree), name


def test_nothing_is_left_to_do(files, root):
    for path in files:
        if path.parts[0] == "attnlaws" and path.suffix in (".py", ".cuh", ".md") and path.name != "template.py":
            assert "TODO" not in (root / path).read_text("utf-8"), path


def test_nothing_that_was_typed_in_is_evaluated(modules):
    for name, tree in modules.items():
        called = {dotted(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert not {"eval", "exec", "builtins.eval", "builtins.exec", "compile"} & called, name
