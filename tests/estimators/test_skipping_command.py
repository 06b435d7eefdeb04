"""The command `attnlaws estimate skipping`: what it counts and shows, and that a false certificate is noticed."""

import json

import numpy as np
import pytest

from attnlaws import key_families, skipping
from attnlaws.estimators import KeyIndex, k_eps
from attnlaws.estimators.key_index.controls import CONTROLS, tampered

SMALL = ("--n", "1024", "--d", "16", "--queries", "6")


@pytest.fixture
def measure(run, tmp_path):
    """Run the command with --json: the object it prints."""

    def call(*arguments):
        code, printed, errors = run("estimate", "skipping", *arguments, "--to", tmp_path / "pictures", "--json")
        assert (code, errors) == (0, "")
        return json.loads(printed)

    return call


@pytest.fixture
def slice_of_model(model, tmp_path):
    """A file with two heads of the trained model."""
    with np.load(model) as stored:
        path = tmp_path / "two.npz"
        np.savez(path, **{name: stored[name][2, :, :96] for name in ("query", "key")})
    return path


def test_the_numbers_are_those_of_the_index(measure):
    record = measure("--families", "clustered", "spectral", "--eps", "0.1", "0.02", *SMALL)
    assert list(record["groups"]) == ["clustered", "spectral"]
    for name, rows in record["groups"].items():
        made = key_families.family(name, n=1024, d=16, queries=6, seed=0)
        logits = made.query.astype(float) @ made.key.T.astype(float) / 4
        for eps, row in zip((0.1, 0.02), rows, strict=True):
            found, k = KeyIndex(made.key).select(made.query, eps), k_eps(logits, eps)
            assert (row["eps"], row["rows"], row["keys"], row["violations"]) == (eps, 6, 1024, 0)
            assert row["oracle_reduction"] == pytest.approx(1024 / k.mean())
            assert row["reduction"] == pytest.approx(1024 / found.scored.mean())
            assert row["share_of_oracle"] == pytest.approx(k.mean() / found.scored.mean())
            assert row["gain"] == pytest.approx(1024 / found.dot_equivalents.mean())
            assert row["gain_with_build"] < row["gain"]
            assert row["key_bytes"] == found.key_bytes.mean()
            assert row["ceiling_without_structure"] == 1 / (1 - eps)
            assert row["largest_tail"] == found.tail.max() <= eps
            assert 0 < row["mean_lost"] <= found.tail.mean()
            assert row["oracle_reduction"] >= row["sorted_access_reduction"] >= 1
    (first, *_) = record["groups"]["clustered"]
    assert first["reduction"] > 2


def test_the_build_is_shared_by_as_many_queries_as_are_told(measure):
    one, many = (
        measure("--families", "clustered", "--eps", "0.1", *SMALL, "--reuse", reuse)["groups"]["clustered"][0]
        for reuse in (1, 1000)
    )
    build = one["build_in_dense_queries"] * 1024
    assert 1024 / one["gain_with_build"] == pytest.approx(1024 / one["gain"] + build)
    assert 1024 / many["gain_with_build"] == pytest.approx(1024 / many["gain"] + build / 1000)


def test_every_wrong_index_is_caught(measure):
    controls = measure("--families", "clustered", "spectral", "--eps", "0.1", *SMALL)["controls"]
    assert [control["control"] for control in controls] == list(CONTROLS)
    assert all(control["rows"] == 12 and control["violations"] >= 3 for control in controls)


@pytest.mark.parametrize("control", CONTROLS)
def test_a_false_certificate_is_counted_and_the_exit_code_says_so(control, run, tmp_path, monkeypatch):
    monkeypatch.setattr(skipping, "KeyIndex", lambda key, **options: tampered(KeyIndex(key, **options), control))
    code, printed, _ = run("estimate", "skipping", "--families", "clustered", *SMALL, "--to", tmp_path)
    assert code == 1
    assert "ARE FALSE" in printed


def test_a_file_by_heads_and_layers(measure, slice_of_model):
    record = measure(slice_of_model, "--eps", "0.1")
    with np.load(slice_of_model) as stored:
        query, key = stored["query"].astype(float), stored["key"].astype(float)
    assert [head["name"] for head in record["heads"]] == [[0], [1]]
    for head, q, k in zip(record["heads"], query, key, strict=True):
        assert (head["rows"], head["violations"]) == (96, 0)
        assert head["k_eps"] == pytest.approx(k_eps(q @ k.T / np.sqrt(32), 0.1).mean())
    assert list(record["groups"]) == ["head 0", "head 1"]


def test_a_causal_row_counts_the_keys_that_it_sees(measure, slice_of_model):
    (head, _) = measure(slice_of_model, "--eps", "0.1", "--causal", "--scale", "0.3")["heads"]
    with np.load(slice_of_model) as stored:
        logits = 0.3 * (stored["query"][0].astype(float) @ stored["key"][0].astype(float).T)
    k = k_eps(logits, 0.1, np.tri(96, dtype=bool))
    assert head["keys"] == 48.5
    assert head["k_eps"] == pytest.approx(k.mean())
    assert head["k_eps"] <= head["scored"] <= 48.5
    assert head["largest_cost"] <= 1.05
    assert head["violations"] == 0


def test_keys_in_order_bound_those_that_follow():
    """By hand: k will do when all that follow, were they as large as the next, are at most eps of the whole."""
    logits = np.log(np.array([[100.0, 10.0, 1.0, 1.0, 1.0]]))
    for eps, want in ((0.4, 1), (0.3, 1), (0.2, 2), (0.02, 3), (0.01, 4), (0.005, 5)):
        head = np.cumsum([100, 10, 1, 1, 1])
        by_hand = next(
            k for k in range(1, 6) if k == 5 or (5 - k) * [10, 1, 1, 1][k - 1] * (1 - eps) <= eps * head[k - 1]
        )
        assert skipping._in_order(logits, eps).tolist() == [by_hand]
        assert by_hand == want


def test_the_table_and_the_picture(run, tmp_path):
    to = tmp_path / "new"
    words = ("--families", "clustered", *SMALL, "--to", to, "--format", "png")
    code, printed, errors = run("estimate", "skipping", *words)
    assert (code, errors) == (0, "")
    words = " ".join(printed.split())
    assert "1,024 generated keys of width 16, 6 queries, seed 0" in words
    assert len([line for line in printed.splitlines() if line.startswith("│")]) == 3
    assert "18 certificates were checked against all logits in extended precision: none is false." in words
    assert words.count("wrong on purpose at eps 0.1") == 3
    assert max(map(len, printed.splitlines())) <= 110
    assert printed.splitlines()[-1] == str(to / "families.skipping.png")
    assert (to / "families.skipping.png").read_bytes().startswith(b"\x89PNG")


def test_the_picture_shows_share_and_cost_of_every_group():
    from attnlaws.figures.skipping import skipping as draw

    rows = [
        {"eps": e, "share_of_oracle": 0.5, "dot_equivalents": c, "keys": 100.0} for e, c in ((0.1, 20.0), (0.01, 90.0))
    ]
    figure = draw({"a": rows, "b": rows[:1]}, title="a $b$ file")
    left, right = figure.axes
    assert [line.get_ydata().tolist() for line in left.lines[:2]] == [[0.5, 0.5], [0.5]]
    assert [line.get_ydata().tolist() for line in right.lines[:2]] == [[0.9, 0.2], [0.2]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]
    assert "oracle" in left.get_ylabel()
    assert "cost" in right.get_ylabel()


def test_equal_seeds_give_equal_keys_and_other_seeds_others():
    for name in key_families.FAMILIES:
        first, same, other = (key_families.family(name, n=100, d=8, queries=3, seed=seed) for seed in (1, 1, 2))
        assert (first.key == same.key).all()
        assert (first.query == same.query).all()
        assert not (first.key == other.key).any(axis=1).all()
        assert first.key.shape == (100, 8)
        assert first.key.dtype == first.query.dtype == np.float32


def test_families_are_what_they_are_called():
    made = {name: key_families.family(name, n=4096, d=16, queries=8, seed=3) for name in key_families.FAMILIES}
    neighbors = made["sequential"].key
    assert np.corrcoef(neighbors[:-1].ravel(), neighbors[1:].ravel())[0, 1] == pytest.approx(0.98, abs=0.02)
    variances = made["spectral"].key.var(axis=0)
    assert variances[0] / variances[3] == pytest.approx(16, rel=0.2)
    lengths = np.linalg.norm(made["heavy"].key, axis=1)
    assert lengths.max() > 8 * np.median(lengths)
    spread = (made["spectral"].query @ made["spectral"].key.T / 4).std(axis=1)
    assert spread == pytest.approx(2.5, rel=1e-5)
    centers = len({tuple(np.round(query, 5)) for query in made["clustered"].query})
    assert centers == 8


CASES = {
    "eps": (("--eps", "1"), "eps = 1.0: must be a real number in (0, 1)"),
    "eps twice": (("--eps", "0.1", "0.1"), "eps = (0.1, 0.1): must be different from each other"),
    "a family": (("--families", "clusters"), "families = 'clusters': must be among independent, clustered, heavy"),
    "few keys": (("--n", "10"), "n = 10: must be an integer >= 64"),
    "a block": (("--block", "0"), "block = 0: must be an integer >= 1"),
    "a rank": (("--prefix-rank", "65"), "prefix_rank = 65: must be an integer >= 0 and <= 64"),
    "causal": (("--causal",), "--causal: needs a FILE"),
    "scale": (("--scale", "1"), "--scale: needs a FILE"),
    "reuse": (("--reuse", "0.5"), "reuse = 0.5: must be a real number >= 1"),
    "seed with a file": (("FILE", "--seed", "1"), "--seed: must be left out where keys come from a FILE"),
    "logits": (("LOGITS",), "an .npz file with query and key (it holds logits"),
    "no file": (("nowhere.npz",), "no such file"),
    "a flag": (("--epps", "1"), "no such flag; did you mean --eps?"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_named_in_one_line(name, run, tmp_path, slice_of_model):
    arguments, message = CASES[name]
    np.save(tmp_path / "logits.npy", np.zeros((4, 4)))
    files = {"FILE": slice_of_model, "LOGITS": tmp_path / "logits.npy"}
    words = [files.get(word, word) for word in arguments]
    code, printed, errors = run("estimate", "skipping", *words, "--to", tmp_path / "pictures")
    assert (code, printed) == (2, "")
    assert errors.startswith("error: ")
    assert message in errors
    assert "Traceback" not in errors


def test_help(run, capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        run("estimate", "skipping", "--help")
    printed = capsys.readouterr().out
    assert "usage: attnlaws estimate skipping [FILE] [options]" in printed
    assert all(name in printed for name in key_families.FAMILIES)
