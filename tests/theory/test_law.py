"""Laws: calling, validating, cases, other claims, grids."""

import dataclasses
import os
import random
import subprocess
import sys

import numpy as np
import pytest
import sympy as sp

from attnlaws.theory.claim import Bound, Equal, Outcome, Source
from attnlaws.theory.law import Law, free_domains, sample_point
from attnlaws.theory.parameter import Parameter, integer, real, rows, vectors
from attnlaws.theory.retrieval.linear import LAW as LINEAR
from attnlaws.theory.stable import Stable
from attnlaws.theory.steps import Conjecture, Definition, Derivation, Equals
from attnlaws.theory.topk.tail_mass import LAW as TAIL_MASS

LAWS = (LINEAR, TAIL_MASS)
SOURCE = Source("a book", "a page", "text")
x = sp.Symbol("x", positive=True)


def test_identity_and_statement():
    assert LINEAR.id == "retrieval.linear" and TAIL_MASS.id == "topk.tail_mass"
    for law in LAWS:
        assert law.doc is not None and law.statement == law.doc.strip().splitlines()[0]
        assert law.expected is Outcome.SUPPORTED and law.source.seen != "text"


@pytest.mark.parametrize(
    ("law", "given", "message"),
    [
        (LINEAR, {"n": 9, "d_k": 2}, "d_k = 2: must be an integer > 2 (the mean over Gaussian keys does not exist)"),
        (
            LINEAR,
            {"n": 9, "d_k": [5, 2]},
            "d_k = 2: must be an integer > 2 (the mean over Gaussian keys does not exist)",
        ),
        (
            LINEAR,
            {"n": 9, "d_k": 5, "d_v": 2},
            "d_v = 2: must be an integer > 2 (the mean over Gaussian keys and values",
        ),
        (LINEAR, {"n": 9, "dk": 5}, "retrieval.linear has no parameter 'dk': did you mean d_k?"),
        (LINEAR, {"n": 9}, "retrieval.linear needs d_k"),
        (LINEAR, {"n": 9, "d_k": 5, "convention": "mean"}, "must be one of expectation, ratio, geometric, median"),
        (LINEAR, {"n": 9, "d_k": 5, "convention": ["ratio"]}, "convention = ['ratio']: must be one of"),
        (LINEAR, {"n": 9, "d_k": 5, "output": "kl"}, "output = 'kl': must be one of value"),
        (LINEAR, {"n": [3, 4], "d_k": [5, 6, 7]}, "shapes do not broadcast together: n (2,), d_k (3,)"),
        (TAIL_MASS, {"kappa": 0.1, "sigma": 1, "n": 64}, "n is only needed to simulate topk.tail_mass"),
        (TAIL_MASS, {"kappa": float("nan"), "sigma": 1}, "kappa = nan: must be a real number in (0, 1)"),
        (TAIL_MASS, {"kappa": 0.1, "sigma": []}, "sigma = []: must be"),
    ],
)
def test_bad_input_is_named(law, given, message):
    with pytest.raises(ValueError) as caught:
        law(**given)
    assert message in str(caught.value)


def test_domain_is_narrow_only_where_the_mean_does_not_exist():
    for convention in ("ratio", "geometric", "median"):
        assert LINEAR(n=9, d_k=1, d_v=1, convention=convention) > 0


@pytest.mark.parametrize("law", LAWS)
def test_grid_points_are_valid_and_scalars_equal_arrays(law):
    points = law.grid.points()
    assert len(points) >= 10
    for point in points:
        value = law(**point)
        assert isinstance(value, np.float64) and value > 0
        lifted = {name: [number] if isinstance(number, int | float) else number for name, number in point.items()}
        assert law(**lifted) == [value]
    ladder = law.grid.ladder
    assert ladder is None or all(law.validate(**ladder["point"], **{ladder["along"]: v}) for v in ladder["values"])


def test_broadcasting():
    values = TAIL_MASS(kappa=[0.1, 0.5, 0.9], sigma=[[1.0], [2.0]])
    assert values.shape == (2, 3) and values.dtype == np.float64
    assert values[1, 2] == TAIL_MASS(kappa=0.9, sigma=2.0)
    medians = LINEAR(n=[9, 17], d_k=[[8], [16]], d_v=4, convention="median")
    assert medians.shape == (2, 2) and medians[1, 0] == LINEAR(n=9, d_k=16, d_v=4, convention="median")
    assert LINEAR(n=[9, 9], d_k=8, convention="ratio").flags.writeable


def test_validate():
    point = TAIL_MASS.validate(kappa=np.float32(0.5), sigma=2, n=64.0)
    assert point == {"kappa": 0.5, "sigma": 2.0, "n": 64}
    assert [type(value) for value in point.values()] == [float, float, int]
    assert LINEAR.validate(n=9, d_k=8) == {"n": 9, "d_k": 8, "d_v": None, "convention": "expectation"}
    with pytest.raises(ValueError, match="needs n"):
        TAIL_MASS.validate(kappa=0.5, sigma=2)
    with pytest.raises(ValueError, match="single value"):
        TAIL_MASS.validate(kappa=[0.5], sigma=2, n=64)
    with pytest.raises(ValueError, match="does not exist"):
        LINEAR.validate(n=9, d_k=2)


def test_cases():
    assert LINEAR.derivation() is LINEAR.derivations[0]
    assert LINEAR.derivation(convention="median").value is None
    assert LINEAR.derivation(convention="median", d_v=7).value is not None
    assert LINEAR.outputs == ("value",)
    assert "d_{k}" in LINEAR.latex() and r"\Phi" in TAIL_MASS.latex()
    assert LINEAR.derivations[0].latex().count(r"\\") == 2


def test_several_outputs():
    parameter = Parameter("x", "", real(above=0))
    derivations = tuple(
        Derivation((Conjecture(x**power, ""),), output=name) for name, power in (("one", 1), ("two", 2))
    )
    law = Law("toy", "A toy.", (parameter,), SOURCE, Equal(), derivations=derivations)
    assert law.outputs == ("one", "two")
    assert law(x=3.0) == 3.0 and law(x=3.0, output="two") == 9.0


def test_a_value_beyond_float64_is_an_error():
    parameter = Parameter("x", "", real(above=0))
    law = Law("toy", "A toy.", (parameter,), SOURCE, Equal(), steps=(Conjecture(sp.exp(x), ""),))
    with pytest.raises(OverflowError):
        law(x=1e4)


def test_claiming_an_expression_a_function_and_a_mapping():
    kappa = sp.Symbol("kappa")  # without the assumptions of the law's own symbol
    wrong = TAIL_MASS.claiming(1 - kappa, "No softmax")
    assert wrong(kappa=0.25, sigma=3.0) == 0.75 and wrong.statement == "No softmax"
    assert wrong.id == TAIL_MASS.id and wrong.claim is TAIL_MASS.claim
    assert TAIL_MASS.claiming(0.5)(kappa=[0.1, 0.2], sigma=1.0).tolist() == [0.5, 0.5]
    double = LINEAR.claiming(lambda form: 2 * form)
    for point in LINEAR.grid.points():
        assert double(**point) == pytest.approx(2 * LINEAR(**point), rel=1e-14)
    with pytest.raises(ValueError, match="does not exist"):
        double(n=9, d_k=2)
    d_k = LINEAR.parameter("d_k").symbol
    mixed = LINEAR.claiming({"ratio": 1 / d_k})
    assert mixed(n=9, d_k=8, convention="ratio") == 0.125 and mixed(n=9, d_k=8) == LINEAR(n=9, d_k=8)
    with pytest.raises(ValueError, match="no case 'mode'"):
        LINEAR.claiming({"mode": d_k})
    with pytest.raises(ValueError, match="no parameter 'q'"):
        TAIL_MASS.claiming(sp.Symbol("q"))


@pytest.mark.parametrize("law", LAWS)
def test_every_sabotage_is_far_off_somewhere(law):
    for name, wrong in law.claims_sabotaged().items():
        gaps = [abs(wrong(**point) / law(**point) - 1) for point in law.grid.points()]
        assert max(gaps) > 0.1, name
        assert len(wrong.sabotages) == 0


def test_construction_is_checked():
    given = {"name": "toy", "doc": "A toy.", "parameters": (), "source": SOURCE, "claim": Equal()}
    steps = (Definition(sp.Integral(x, (x, 0, 1)), ""),)
    assert Law(**given, steps=(*steps, Equals(sp.Rational(1, 2), "")))() == 0.5
    with pytest.raises(ValueError, match="no closed form"):
        Law(**given, steps=steps)()
    for bad in ({"delta": 0.06, "delta_reason": "?"}, {"delta": 0.0, "delta_reason": "?"}, {"delta": 0.02}):
        with pytest.raises(ValueError, match="delta"):
            Law(**given, steps=steps, **bad)
    with pytest.raises(ValueError, match="must have steps or derivations"):
        Law(**given)
    with pytest.raises(ValueError, match="disagree"):
        dataclasses.replace(LINEAR, derivations=LINEAR.derivations[1:])
    with pytest.raises(ValueError, match="reserved"):
        Law(**(given | {"parameters": (Parameter("seed", "", integer(1)),)}), steps=steps)
    with pytest.raises(ValueError, match="seen"):
        Source("a", "b", "rumour")  # pyright: ignore
    with pytest.raises(ValueError, match="side"):
        Bound("left", True)  # pyright: ignore
    with pytest.raises(ValueError, match="correction"):
        Equal(along="n")
    with pytest.raises(ValueError, match="enclosure"):
        dataclasses.replace(LINEAR.derivations[0], value=lambda **given: given["n"])


def test_importing_a_law_is_light():
    code = (
        "import sys, attnlaws.theory.retrieval.linear, attnlaws.theory.topk.tail_mass;"
        "print([m for m in ('scipy.special', 'scipy.stats', 'numba', 'matplotlib', 'xarray') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"


def test_a_parameter_that_must_exceed_an_expression_of_the_others():
    """The mean of a power of a reciprocal exists where the dimension is large enough for that power."""
    p, d = Parameter("p", "", integer(1, 8)), Parameter("d", "", integer(1, 1000))
    steps = (Definition(sp.Integral(x, (x, 0, 1)), ""), Equals(1 / (d.symbol - 2 * p.symbol), ""))
    case = Derivation(steps, above={"d": 2 * p.symbol}, exists="no mean")
    law = Law("toy", "A toy.", (p, d), SOURCE, Equal(), derivations=(case,))
    assert law(p=[1, 2], d=[[5], [6]]).tolist() == [[1 / 3, 1.0], [0.25, 0.5]]
    for ask in (law, law.validate):
        with pytest.raises(ValueError, match=r"^d = 4: must be an integer > 2\*p = 4 \(no mean\)$"):
            ask(p=2, d=4)
    with pytest.raises(ValueError, match=r"^d = 6: must be an integer > 2\*p = 8"):
        law(p=[1, 2, 4], d=[[9], [6]])
    with pytest.raises(ValueError, match="broadcast"):
        law(p=[1, 2, 4], d=[9, 9])
    domains, rng = free_domains(law, case), random.Random(1)
    drawn = [sample_point(domains, rng, case=case) for _ in range(200)]
    assert all(point["d"] > 2 * point["p"] for point in drawn)
    assert not all(point["d"] > 2 * point["p"] for point in (sample_point(domains, rng) for _ in range(200)))
    assert "d" not in sample_point({"p": domains["p"]}, rng, case=case)


def test_vectors_beside_rows():
    """The largest score's vector, first coordinate, as a routine of both: shapes broadcast around each one's own."""

    class first(Stable):  # noqa: N801
        @classmethod
        def routine(cls):
            return lambda r, v: np.take_along_axis(v[..., 0], np.argmax(r, axis=-1)[..., None], -1)[..., 0]

    r, v = Parameter("r", "", rows()), Parameter("v", "", vectors(beside="r"))
    law = Law("toy", "A toy.", (r, v), SOURCE, Equal(), steps=(Conjecture(first(r.symbol, v.symbol), ""),))
    assert law(r=[0.0, 1.0, 0.5], v=[[1, 2], [3, 4], [5, 6]]) == 3.0
    scores = np.random.default_rng(1).normal(size=(4, 1, 5))
    values = np.random.default_rng(2).normal(size=(3, 5, 2))
    found = law(r=scores, v=values)
    assert found.shape == (4, 3)
    assert found[2, 1] == values[1, np.argmax(scores[2, 0]), 0]
    with pytest.raises(ValueError, match=r"^v = 2 vectors: must be .* one for each of the r \(r has 3\)$"):
        law(r=[0.0, 1.0, 0.5], v=[[1], [3]])
    with pytest.raises(ValueError, match=r"^shapes do not broadcast together: r \(4, 5\), v \(3, 5, 2\)$"):
        law(r=np.zeros((4, 5)), v=np.zeros((3, 5, 2)))
    drawn = sample_point(free_domains(law, law.derivations[0]), random.Random(3))
    assert len(drawn["r"]) == len(drawn["v"])
