"""The examples in the docstrings of the package."""

import doctest
import importlib
import pkgutil

import pytest

import attnlaws

MODULES = [module.name for module in pkgutil.walk_packages(attnlaws.__path__, "attnlaws.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = {name: len(finder.find(importlib.import_module(name))) for name in MODULES}
    for floor in ("theory", "simulations", "estimators", "report"):
        assert sum(count for name, count in found.items() if name.startswith(f"attnlaws.{floor}")) >= 3
