"""The package as it is used in a notebook."""

import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

import attnlaws as al
from attnlaws import registry
from attnlaws.figures.style import save
from attnlaws.theory.claim import Outcome
from attnlaws.theory.law import Grid

ROW = {"n": 16, "kappa": 0.25, "sigma": 1.0}


@pytest.fixture
def small():
    """A law of a reader's own, quickly judged: known to be right."""
    known = al.law("retrieval.linear")
    series = ({"n": 33, "d_v": None, "convention": "ratio"},)
    return replace(known.claiming({"ratio": "(n - 1)/(d_k + 2)"}), name="mine", grid=Grid("d_k", series, (8, 16, 32)))


def test_everything_that_is_promised_is_there():
    assert {"law", "laws", "experiment", "simulate", "verify", "figure"} <= set(al.__all__)
    assert all(hasattr(al, name) for name in al.__all__)


def test_a_law_broadcasts():
    law = al.law("topk.tail_mass")
    values = law(kappa=[[0.1], [0.5]], sigma=[0.5, 1.0, 2.0])
    assert (values.shape, values.dtype) == ((2, 3), np.float64)
    assert values[1, 2] == law(kappa=0.5, sigma=2.0)
    assert isinstance(law(kappa=0.5, sigma=2.0), float)
    with pytest.raises(ValueError, match="do not broadcast"):
        law(kappa=[0.1, 0.2], sigma=[1.0, 2.0, 3.0])


def test_simulate_gives_a_dataset_whose_dimensions_are_the_sequences(out):
    data = al.simulate("topk.tail_mass", n=(8, 16), kappa=0.25, sigma=np.array([0.5, 1.0, 2.0]), replicates=50, out=out)
    assert dict(data.sizes) == {"n": 2, "sigma": 3}
    assert set(data.data_vars) == {"mean", "standard_error", "replicates"}
    assert data.sigma.values.tolist() == [0.5, 1.0, 2.0]
    assert (data.replicates == 50).all()
    assert data.attrs["kappa"] == 0.25
    assert {"seed": "0", "mode": "literal", "backend": "cpu", "law": "topk.tail_mass"}.items() <= data.attrs.items()
    assert len(data.attrs["task"].split()) == 6
    single = al.simulate("topk.tail_mass", n=16, kappa=0.25, sigma=1.0, replicates=50, out=out)
    assert dict(single.sizes) == {}
    assert single["mean"].item() == data["mean"].sel(n=16, sigma=1.0).item()


NEAREST = (
    r"law = 'topk.tailmass': no law has this id; "
    r"did you mean topk.tail_mass, topk.tail_mass_finite, topk.tail_mass_moments\?"
)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("replicates", [0, -1, 1.5, "10", [10], True, np.nan, np.inf, 2**33, 1j]),
        ("seconds", [0, -1, "1", [1], True, np.nan, 1]),
        ("precision", [0, 1, -0.1, "1e-3", [0.1], True, np.nan, np.inf, 1j]),
        ("seed", [-1, 0.5, "0", None, [1], False, np.nan, np.inf]),
        ("threads", [0, -1, 0.5, "2", [1], True]),
        ("backend", ["gpu", "", None, 1, ["cpu"]]),
        ("arithmetic", ["quick", "", None, 1, ["fast"], "fast"]),
        ("mode", ["tilted", "", 1, ["literal"]]),
        ("out", [None, 1, ["x"]]),
        ("n", [0, 1, 16.5, "16", None, True, np.nan, np.inf, 10**13, [], [[16]], [16, 0], {"a": 1}, 1j, b"16"]),
        ("kappa", [0, 1, -0.5, "0.5", None, np.nan, np.inf, [0.5, np.nan], datetime(2020, 1, 1, tzinfo=UTC)]),
    ],
)
def test_simulate_refuses_what_is_no_value_of_an_argument(name, values, out):
    for value in values:
        options = {"replicates": 10, "out": out, **ROW, name: value}
        with pytest.raises(ValueError, match=rf"^{name}\b"):
            al.simulate("topk.tail_mass", **options)
        assert not out.exists(), value


def test_a_whole_number_may_come_in_any_type(out):
    want = al.simulate("topk.tail_mass", **ROW, replicates=10, seed=3, out=out)["mean"].item()
    for kind in (np.int32, np.uint8, np.float64, float):
        got = al.simulate("topk.tail_mass", **{**ROW, "n": kind(16)}, replicates=kind(10), seed=kind(3), out=out)
        assert got["mean"].item() == want


def test_missing_unknown_and_too_many_parameters_are_named(out):
    with pytest.raises(ValueError, match=r"topk.tail_mass needs sigma"):
        al.simulate("topk.tail_mass", n=16, kappa=0.25, out=out)
    with pytest.raises(ValueError, match="has no parameter 'kapa': did you mean kappa"):
        al.simulate("topk.tail_mass", n=16, kapa=0.25, sigma=1.0, out=out)
    assert not out.exists()


@pytest.mark.parametrize("use", [al.law, al.experiment, al.simulate, al.verify, al.figure])
def test_an_unknown_law_is_answered_with_the_nearest(use):
    with pytest.raises(ValueError, match=NEAREST):
        use("topk.tailmass")


@pytest.mark.parametrize("value", [None, 5, "", ["topk.tail_mass"]])
def test_what_is_no_id_is_refused(value, out):
    with pytest.raises(ValueError, match=r"^law = "):
        al.law(value)
    with pytest.raises(ValueError, match=r"^law = "):
        al.verify(value, out=out)
    assert not out.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("profile", "fast"), ("profile", ["quick"]), ("profile", None), ("seed", -1), ("seed", "0"), ("threads", 0),
     ("experiment", 5)],
)  # fmt: skip
def test_verify_refuses_what_is_no_value_of_an_argument(name, value, small, out):
    options = {"experiment": al.experiment("retrieval.linear"), "profile": "quick", name: value}
    with pytest.raises(ValueError, match=rf"^{name} = "):
        al.verify(small, out=out, **options)
    assert not out.exists()


def test_a_law_of_one_s_own_needs_an_experiment(small, out):
    with pytest.raises(ValueError, match="experiment = None: must be given, because mine is not a law of the catalog"):
        al.verify(small, profile="quick", out=out)
    assert not out.exists()


def test_the_catalog_is_a_table(out, proved):
    laws = al.laws("topk", out=out)
    assert [entry.id for entry in laws] == registry.ids("topk")
    entry = laws[registry.ids("topk").index("topk.tail_mass")]
    assert (entry.id, entry.verdict) == ("topk.tail_mass", "SUPPORTED")
    assert entry.statement == al.law(entry.id).statement
    assert re.search(r"^topk.tail_mass +SUPPORTED ", repr(laws), re.MULTILINE)
    assert " ".join(entry.source.split()) in " ".join(repr(laws).split())
    text = laws._repr_html_()
    assert text.startswith("<table>")
    assert "<code>topk.tail_mass</code>" in text
    assert text.count("<tr>") == 1 + len(laws)


def test_the_catalog_makes_no_store_and_escapes_its_text(tmp_path):
    from attnlaws.catalog import Catalog, Entry

    assert {entry.verdict for entry in al.laws(out=tmp_path / "none")} == {"not judged"}
    assert not (tmp_path / "none").exists()
    assert "<b>" not in Catalog((Entry("a.b", "1 <b> 2.", "x", "SUPPORTED"),))._repr_html_()
    with pytest.raises(ValueError, match="topic = 'nope': must be one of "):
        al.laws("nope")


def test_a_wrong_formula_is_refuted_and_the_right_one_supported(small, out):
    experiment = al.experiment("retrieval.linear")
    wrong = al.verify(small.claiming({"ratio": "n/d_k"}), experiment, profile="quick", out=out)
    right = al.verify(small, experiment, profile="quick", out=out)
    assert wrong.outcome is Outcome.REFUTED
    assert wrong.outcome == "REFUTED"
    assert f"{right.outcome}" == "SUPPORTED"
    assert not wrong.as_expected
    assert right.as_expected
    assert "mine: REFUTED" in str(wrong)


def test_a_claim_made_from_a_law_brings_its_experiment(small, out):
    guess = replace(small, name=al.law("retrieval.linear").name).claiming({"ratio": "n/d_k"})
    assert al.verify(guess, profile="quick", out=out).outcome == "REFUTED"


def test_a_figure_is_made_without_pyplot_and_its_bytes_are_always_the_same(proved, tmp_path):
    from matplotlib.figure import Figure

    figure = al.figure("topk.tail_mass", out=proved)
    assert isinstance(figure, Figure)
    for kind in ("svg", "png"):
        one, two, three = (tmp_path / name / f"x.{kind}" for name in "abc")
        save(figure, one)
        save(figure, two)
        save(al.figure("topk.tail_mass", out=proved), three)
        assert one.read_bytes() == two.read_bytes() == three.read_bytes()
    code = "import sys, attnlaws as al; al.figure('topk.tail_mass', out=sys.argv[1]); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, str(proved)], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "matplotlib.figure" in loaded
    assert "matplotlib.pyplot" not in loaded
