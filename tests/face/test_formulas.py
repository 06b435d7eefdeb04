"""The report's formulas: MathML that holds no LaTeX any more and stays legible."""

import re
from xml.etree import ElementTree

import pytest
import sympy as sp

from attnlaws import registry
from attnlaws.report.formula import latex, mathml, shown
from attnlaws.theory.prove import chains
from attnlaws.theory.steps import Solves


@pytest.mark.parametrize("law_id", registry.ids())
def test_every_formula_becomes_mathml_without_a_trace_of_latex(law_id):
    for label, chain in chains(registry.law(law_id)):
        for step in chain.steps:
            formula, named = shown(step.expr)
            for made in (formula, *named):
                tree = ElementTree.fromstring(made)
                cases = tree.iter("{http://www.w3.org/1998/Math/MathML}mo")
                braces = [mark for mark in cases if mark.get("fence") and mark.text == "{"]  # a distinction of cases
                for mark in braces:
                    mark.text = ""
                texts = "".join(tree.itertext())
                assert tree.tag == "{http://www.w3.org/1998/Math/MathML}math"
                assert not re.search(r"[\\{}_^]|substack|polygamma|operatorname", texts), (label, texts)
                assert texts.strip()
            if isinstance(step, Solves):
                assert mathml(step.target)


def test_an_integral_in_an_exponent_and_a_fraction_there_stay_legible():
    x, d = sp.Symbol("x", positive=True), sp.Symbol("d", positive=True)
    assert latex(2 ** (-d / 2)) == "2^{- d / 2}"
    assert latex(sp.exp(-x / 2)) == "e^{- x / 2}"
    assert latex(sp.exp(sp.Integral(x, (x, 0, d)))).startswith(r"\exp\left(\int")
    assert latex(sp.exp(d / 2) ** 2 / x) == r"\frac{e^{d}}{x}"
    assert latex(sp.Subs(sp.Derivative(x**d, x), x, 0)).endswith(r"\right|_{x=0}")
    assert latex(sp.Symbol("kappa") * sp.IndexedBase("logits")[d]) == r"\kappa {\operatorname{logits}}_{d}"
    assert latex(sp.polygamma(1, d)) == r"\psi^{\left(1\right)}\left(d\right)"


def test_an_integral_that_repeats_is_named_once_and_not_where_it_depends_on_another():
    x, y, d = sp.symbols("x y d", positive=True)
    free = sp.Integral(sp.exp(-(x**2) - d * x - d**2 * x**3), (x, 0, sp.oo))
    inner = sp.Integral(sp.exp(-x * y), (x, 0, sp.oo))
    long = sum((free**k / (d + k) for k in range(1, 9)), sp.Integral(inner + inner**2, (y, 0, 1)))
    formula, named = shown(long)
    assert len(named) == 1
    text = "".join(ElementTree.fromstring(formula).itertext())
    assert text.count("J") == 8
    assert text.count("∫") == 3
    assert "".join(ElementTree.fromstring(named[0]).itertext()).startswith("J1=∫")
