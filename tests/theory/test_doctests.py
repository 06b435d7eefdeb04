"""The examples in the docstrings of the theory."""

import doctest
import importlib
import pkgutil

import pytest

import attnlaws.theory

MODULES = [module.name for module in pkgutil.walk_packages(attnlaws.theory.__path__, "attnlaws.theory.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.failed == 0


def test_there_are_examples():
    counts = [doctest.testmod(importlib.import_module(name)).attempted for name in MODULES if "prove" not in name]
    assert sum(counts) > 20
