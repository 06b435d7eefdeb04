"""The command `attnlaws estimate k-eps`: its numbers, its table, its picture, and what it refuses."""

import itertools
import json
import math
import statistics
from xml.etree import ElementTree

import numpy as np
import pytest

import attnlaws as al
from attnlaws.estimators import k_eps
from attnlaws.scores import read_scores

QUERY, KEY = np.random.default_rng(0).normal(size=(2, 2, 3, 5, 4))
LOGITS = np.random.default_rng(1).normal(size=(2, 3, 6, 6))


@pytest.fixture
def stored(tmp_path):
    """The function that writes a file: an array for .npy, arrays by name for .npz."""

    def write(array=None, **arrays):
        path = tmp_path / ("mine.npz" if arrays else "mine.npy")
        if arrays:
            np.savez(path, **arrays)
        else:
            np.save(path, array)
        return path

    return write


@pytest.fixture
def measure(run, tmp_path):
    """Run the command with --json: the object it prints."""

    def call(path, *arguments):
        code, printed, errors = run("estimate", "k-eps", path, "--to", tmp_path / "pictures", "--json", *arguments)
        assert (code, errors) == (0, "")
        return json.loads(printed)

    return call


def by_hand(logits, eps, visible=lambda t, n: n):
    """Means over the rows of one head, with Python's own functions."""
    rows = [row[: visible(t, len(row))] for t, row in enumerate(logits.tolist())]
    rows = [[x for x in row if x > -math.inf] for row in rows]
    k = [int(k_eps(row, eps)) for row in rows]
    sigma = [statistics.pstdev(row) for row in rows]
    z = statistics.NormalDist()
    rule = [len(row) * (1 - z.cdf(s + z.inv_cdf(eps))) for row, s in zip(rows, sigma, strict=True)]
    return {
        "rows": len(rows),
        "keys": statistics.fmean(map(len, rows)),
        "sigma": statistics.fmean(sigma),
        "k_eps": statistics.fmean(k),
        "k_eps_spread": statistics.stdev(k),
        "rule": statistics.fmean(rule),
        "rule_over_k_eps": sum(rule) / sum(k),
        "rule_too_few": sum(math.ceil(r) < size for r, size in zip(rule, k, strict=True)) / len(k),
        "times_fewer": sum(map(len, rows)) / sum(k),
    }


def assert_heads(record, logits, eps, visible=lambda t, n: n):
    heads = {tuple(head.pop("index")): head for head in record["heads"]}
    assert list(heads) == list(np.ndindex(logits.shape[:-2]))
    for index, head in heads.items():
        assert head == pytest.approx(by_hand(logits[index], eps, visible), rel=1e-9)


def test_numbers_of_stored_logits(stored, measure):
    for path in (stored(LOGITS), stored(logits=LOGITS)):
        record = measure(path, "--eps", "0.2")
        assert_heads(record, LOGITS, 0.2)
        names = ("file", "eps", "scale", "causal", "law", "rows_beyond_law")
        assert [record[name] for name in names] == [str(path), 0.2, None, False, "topk.tail_mass", 0]
        assert record["overall"] == pytest.approx(by_hand(LOGITS.reshape(-1, 6), 0.2), rel=1e-9)


@pytest.mark.parametrize(("flags", "scale"), [((), 0.5), (("--scale", "2"), 2.0)])
def test_numbers_of_query_and_key(flags, scale, stored, measure):
    record = measure(stored(query=QUERY, key=KEY, value=KEY, other=[1]), "--eps", "0.1", *flags)
    assert_heads(record, scale * np.einsum("lhtd,lhsd->lhts", QUERY, KEY), 0.1)
    assert record["scale"] == scale


def test_queries_and_keys_may_differ_in_number(stored, measure):
    record = measure(stored(query=QUERY[..., :2, :], key=KEY), "--eps", "0.1")
    assert_heads(record, 0.5 * np.einsum("lhtd,lhsd->lhts", QUERY[..., :2, :], KEY), 0.1)


def test_a_causal_row_sees_what_came_before_it_and_itself(stored, measure, run, tmp_path):
    record = measure(stored(LOGITS), "--eps", "0.2", "--causal")
    assert_heads(record, LOGITS, 0.2, visible=lambda t, n: t + 1)
    printed = run("estimate", "k-eps", stored(LOGITS), "--eps", "0.2", "--causal", "--to", tmp_path)[1]
    assert "6 rows see a single key: sigma 0, k_eps 1, and the rule keeps 0.8 of a key." in printed


def test_a_logit_of_minus_infinity_is_a_masked_key(stored, measure):
    hidden = np.where(np.random.default_rng(2).random(LOGITS.shape) < 0.4, -np.inf, LOGITS)
    hidden[..., 0] = 0.0
    assert_heads(measure(stored(hidden), "--eps", "0.2"), hidden, 0.2)


@pytest.mark.parametrize(
    ("shape", "heads", "first"),
    [((4, 5), 1, "4 x 5"), ((3, 4, 5), 3, "head"), ((2, 2, 4, 5), 4, "layer"), ((2, 1, 2, 4, 5), 4, "index")],
)
def test_any_number_of_leading_axes(shape, heads, first, stored, measure, run, tmp_path):
    path = stored(np.random.default_rng(3).normal(size=shape).astype(np.float32))
    assert len(measure(path, "--eps", "0.1")["heads"]) == heads
    code, printed, _ = run("estimate", "k-eps", path, "--eps", "0.1", "--to", tmp_path)
    assert code == 0
    assert first in printed
    assert ("(1, 0, 1)" in printed) == (first == "index")


def test_rows_whose_logits_are_equal_or_far_apart_are_told_and_not_refused(stored, measure, run, tmp_path):
    rows = np.array([np.zeros(10), np.linspace(-300, 300, 10)])
    record = measure(stored(rows), "--eps", "0.1")
    assert record["rows_beyond_law"] == 1
    assert record["overall"]["rule"] == pytest.approx(9 / 2)
    assert record["overall"]["k_eps"] == (9 + 1) / 2
    printed = run("estimate", "k-eps", stored(rows), "--eps", "0.1", "--to", tmp_path)[1]
    assert "1 rows have a sigma above the domain of the law" in printed


def test_a_trained_model(model, measure):
    """What the table says of it: rows of large sigma need more keys than the Gaussian rule keeps."""
    record = measure(model, "--eps", "0.1")
    assert len(record["heads"]) == 12
    assert record["overall"]["rows"] == 12 * 192
    steep = [head for head in record["heads"] if head["sigma"] > 2.5]
    flat = [head for head in record["heads"] if head["sigma"] < 2]
    assert len(steep) + len(flat) == 12
    assert max(head["rule_over_k_eps"] for head in steep) < 0.95
    assert all(0.9 < head["rule_over_k_eps"] < 1.2 for head in flat)


def test_the_rule_is_the_inverse_of_the_law():
    law = al.law("topk.tail_mass")
    for eps in (0.5, 0.1, 1e-3):
        for sigma in (0.1, 1.0, 3.0):
            assert law(kappa=law(kappa=eps, sigma=sigma), sigma=sigma) == pytest.approx(eps, rel=1e-12)


def test_the_table_has_a_line_per_head_and_a_mean_per_layer(model, run, tmp_path):
    code, printed, errors = run("estimate", "k-eps", model, "--eps", "0.1", "--to", tmp_path)
    assert (code, errors) == (0, "")
    lines = [line.replace("│", " ").split() for line in printed.splitlines() if line.startswith("│")]
    assert [line[:2] for line in lines[:3]] == [["0", "0"], ["0", "1"], ["0", "all"]]
    assert len(lines) == 6 * 3 + 1
    assert lines[-1][:5] == ["all", "all", "2304", "x", "192"]
    assert all(len(line) == 13 for line in lines)
    assert max(len(line) for line in printed.splitlines()) <= 110
    words = " ".join(printed.split())
    assert "minilm_qkv.npz: keys needed for a tail mass of 0.1" in words
    assert "Over all rows the Gaussian rule asks for" in words
    assert "from the law topk.tail_mass" in words
    assert printed.splitlines()[-1] == str(tmp_path / "minilm_qkv.k-eps.svg")


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_the_picture(kind, model, run, tmp_path):
    code, printed, _ = run("estimate", "k-eps", model, "--eps", "0.1", "--to", tmp_path / "new", "--format", kind)
    assert code == 0
    path = tmp_path / "new" / f"minilm_qkv.k-eps.{kind}"
    assert printed.splitlines()[-1] == str(path)
    content = path.read_bytes()
    assert content.startswith({"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[kind])
    if kind == "svg":
        text = " ".join(ElementTree.fromstring(content).itertext())
        assert "minilm_qkv.npz: keys to keep for a tail mass of eps = 0.1, 2,304 rows" in text


def test_the_picture_shows_every_head_the_rule_and_their_names():
    from attnlaws.figures.kept_keys import Point, kept_keys

    points = [
        Point(layer, 1.0 + layer + head / 9, 0.5 / (1 + layer), 0.1, 0.6) for layer in range(3) for head in (0, 1)
    ]
    sigma = np.geomspace(0.5, 5, 20)
    figure = kept_keys(points, (sigma, 1 / (1 + sigma)), eps=0.1, groups="layer", title="a $b$ file")
    (axes,) = figure.axes
    assert (axes.lines[0].get_xdata() == sigma).all()
    drawn = {(x, y) for line in axes.lines[1:] for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)}
    assert {(point.sigma, point.kept) for point in points} <= drawn
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words[0].startswith("Gaussian rule")
    assert words[1:] == ["layer 0", "layer 1", "layer 2"]
    assert axes.get_xlabel().startswith("sigma: standard deviation")
    assert "tail mass of 0.1" in axes.get_ylabel()
    assert len({(line.get_color(), line.get_marker()) for line in axes.lines[1:]}) == 3
    (above,) = figure.texts
    assert (above.get_text(), above.get_parse_math()) == ("a $b$ file", False)


def test_neighboring_layers_differ_in_color_and_in_marker():
    from attnlaws.figures.kept_keys import _look

    looks = [_look(group) for group in range(64)]
    assert len(set(looks)) == 64
    assert all(a[0] != b[0] and a[1] != b[1] for a, b in itertools.pairwise(looks))


def test_a_name_that_looks_like_markup_is_printed_as_it_is(run, tmp_path):
    path = tmp_path / "[bold]$x$.npy"
    np.save(path, LOGITS)
    code, printed, _ = run("estimate", "k-eps", path, "--eps", "0.1", "--to", tmp_path)
    assert code == 0
    assert printed.startswith("[bold]$x$.npy: ")


@pytest.mark.parametrize("arguments", [("estimate", "--help"), ("estimate", "k-eps", "--help")])
def test_help(arguments, run, capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        run(*arguments)
    printed = capsys.readouterr().out
    assert "usage: attnlaws estimate k-eps FILE --eps EPS [options]" in printed
    assert "how many keys each row of attention needs" in printed


BAD = np.where(np.arange(5) == 3, np.nan, QUERY.swapaxes(-1, -2)).swapaxes(-1, -2)
CASES = {
    "no estimator": ((), None, "the following arguments are required: estimator"),
    "a near miss": (("keps",), None, "estimator = 'keps': did you mean k-eps?"),
    "an underscore": (("k_eps",), None, "estimator = 'k_eps': did you mean k-eps?"),
    "an unknown estimator": (("zzz",), None, "estimator = 'zzz': must be one of k-eps"),
    "no file": (("k-eps", "--eps", "0.1"), None, "the following arguments are required: FILE"),
    "no eps": ("FILE", LOGITS, "the following arguments are required: --eps"),
    "eps of 2": (("FILE", "--eps", "2"), LOGITS, "eps = 2.0: must be a real number in (0, 1)"),
    "eps of 0": (("FILE", "--eps", "0"), LOGITS, "eps = 0.0: must be a real number in (0, 1)"),
    "a word for eps": (("FILE", "--eps", "few"), LOGITS, "eps = 'few': must be a real number in (0, 1)"),
    "a mistyped flag": (("FILE", "--eps", "0.1", "--casual"), LOGITS, "no such flag; did you mean --causal?"),
    "a format": (("FILE", "--eps", "0.1", "--format", "gif"), LOGITS, "invalid choice: 'gif'"),
    "no such array": (("FILE", "--eps", "0.1"), {"q": LOGITS, "k": LOGITS}, "or an .npy file (it holds q, k)"),
    "half of it": (("FILE", "--eps", "0.1"), {"query": QUERY}, "(it holds query)"),
    "both": (("FILE", "--eps", "0.1"), {"query": QUERY, "key": KEY, "logits": LOGITS}, "both, and which is meant?"),
    "nothing": (("FILE", "--eps", "0.1"), {}, "(it holds nothing)"),
    "NaN": (("FILE", "--eps", "0.1"), {"query": BAD, "key": KEY}, "query[0, 0, 3, 0] = nan: must be a finite number"),
    "infinite": (("FILE", "--eps", "0.1"), np.where(LOGITS > 1, np.inf, LOGITS), "= inf: must be a real number"),
    "a number for a mask": (("FILE", "--eps", "0.1"), np.array([[0.0, -3.4e38]]),
                            "logits[0, 1] = -3.4e+38: must be a real number of at most 1e+30 in size, or -inf"),
    "a masked row": (("FILE", "--eps", "0.1"), np.where(np.arange(6)[:, None] == 4, -np.inf, LOGITS),
                     "layer 0, head 0: logits[4]: must have a key that is not masked"),
    "objects": (("FILE", "--eps", "0.1"), np.array([None, 1]), "Object arrays cannot be loaded"),
    "complex": (("FILE", "--eps", "0.1"), 1j * LOGITS, "logits.dtype = dtype('complex128'): must be a type of real"),
    "one axis": (("FILE", "--eps", "0.1"), LOGITS[0, 0, 0], "logits.shape = (6,): must be [..., row, key]"),
    "empty": (("FILE", "--eps", "0.1"), LOGITS[:0], "logits.shape = (0, 3, 6, 6): must be [..., row, key]"),
    "widths": (("FILE", "--eps", "0.1"), {"query": QUERY, "key": KEY[..., :2]}, "key.shape = (2, 3, 5, 2): must be"),
    "heads": (("FILE", "--eps", "0.1"), {"query": QUERY, "key": KEY[:, :1]}, "key.shape = (2, 1, 5, 4): must be"),
    "a scale of logits": (("FILE", "--eps", "0.1", "--scale", "2"), LOGITS, "scale = 2.0: must be left out"),
    "no scale": (("FILE", "--eps", "0.1", "--scale", "0"), {"query": QUERY, "key": KEY},
                 "scale = 0.0: must be a real number > 0"),
    "a huge scale": (("FILE", "--eps", "0.1", "--scale", "1e35"), {"query": QUERY, "key": KEY},
                     "scale = 1e+35: must be so small"),
    "an oblong": (("FILE", "--eps", "0.1", "--causal"), LOGITS[..., :4], "needs as many keys as rows; here are 6 rows"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_named_in_one_line(name, run, tmp_path):
    arguments, content, message = CASES[name]
    path = tmp_path / ("mine.npz" if isinstance(content, dict) else "mine.npy")
    if isinstance(content, dict):
        np.savez(path, **content)
    elif content is not None:
        np.save(path, content)
    words = [arguments] if isinstance(arguments, str) else list(arguments)
    words = ["k-eps", path, *words[1:]] if words and words[0] == "FILE" else words
    to = ["--to", tmp_path / "pictures"] if len(words) > 1 else []
    code, printed, errors = run("estimate", *words, *to)
    assert (code, printed) == (2, "")
    assert errors.startswith("error: ")
    assert message in errors
    assert "Traceback" not in errors
    assert not list(tmp_path.glob("pictures/*"))


def test_files_that_are_none(run, tmp_path, model):
    text, cut = tmp_path / "a.npz", tmp_path / "cut.npz"
    text.write_text("hello")
    whole = model.read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    flipped = tmp_path / "flipped.npz"
    flipped.write_bytes(whole[:400000] + bytes(100) + whole[400100:])
    for path, why in (
        (tmp_path / "none.npz", "no such file or directory"),
        (tmp_path, "is a directory"),
        (text, "it is neither, by its first bytes"),
        (cut, "it is damaged: "),
        (flipped, "it is damaged: "),
    ):
        code, printed, errors = run("estimate", "k-eps", path, "--eps", "0.1", "--to", tmp_path)
        assert (code, printed) == (2, "")
        assert errors.startswith(f"error: FILE = '{path}'"[:50])
        assert why in errors


def test_a_folder_that_cannot_be_written_is_named_before_the_work(run, stored, tmp_path):
    (tmp_path / "file").write_text("in the way")
    code, _, errors = run("estimate", "k-eps", stored(LOGITS), "--eps", "0.1", "--to", tmp_path / "file")
    assert code == 2
    assert errors.startswith("error: to = ")


def test_nothing_is_unpickled(tmp_path):
    """A pickle that would write a file if it were opened."""

    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    np.save(tmp_path / "trap.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="Object arrays cannot be loaded when allow_pickle=False"):
        read_scores(tmp_path / "trap.npy", None)
    assert not (tmp_path / "sprung").exists()
