"""What a reader of an estimator's docstring finds."""

import pytest

import attnlaws.estimators


@pytest.mark.parametrize("name", attnlaws.estimators.__all__)
def test_every_estimator_has_an_example_and_a_source(name):
    text = getattr(attnlaws.estimators, name).__doc__
    assert all(f"\n    {section}:\n" in text for section in ("Args", "Returns", "Raises", "Source", "Example"))
    assert "arXiv:" in text
