"""The examples in the docstrings of the estimators."""

import doctest
import importlib
import pkgutil

import pytest

import attnlaws.estimators

MODULES = [module.name for module in pkgutil.walk_packages(attnlaws.estimators.__path__, "attnlaws.estimators.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.failed == 0
    assert outcome.attempted > 0


@pytest.mark.parametrize("name", attnlaws.estimators.__all__)
def test_every_estimator_has_an_example_and_a_source(name):
    text = getattr(attnlaws.estimators, name).__doc__
    assert all(f"\n    {section}:\n" in text for section in ("Args", "Returns", "Raises", "Source", "Example"))
    assert "arXiv:" in text
