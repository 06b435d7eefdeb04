"""Bad input: one line that names the fault, exit code 2, and a store that is as it was."""

import sqlite3
from pathlib import Path

import pytest

ROW = {"--n": "16", "--kappa": "0.25", "--sigma": "1", "--replicates": "10"}
READ = {"--n": "9", "--d-k": "8", "--replicates": "10"}
LAWS = {"row": ("topk.tail_mass", ROW), "read": ("retrieval.linear", READ)}

# What is changed, and what the answer must say: parameter, value, domain.
WRONG = {
    "not a number": ("row", {"--n": "abc"}, "n = 'abc': must be an integer >= 2 and <= 1e12"),
    "NaN": ("row", {"--sigma": "nan"}, "sigma = nan: must be a real number in (0, 35]"),
    "infinite": ("row", {"--sigma": "inf"}, "sigma = inf: must be a real number in (0, 35]"),
    "minus infinite": ("row", {"--sigma": "-inf"}, "sigma = -inf: must be a real number in (0, 35]"),
    "negative": ("row", {"--sigma": "-1e-3"}, "sigma = -0.001: must be a real number in (0, 35]"),
    "beyond the domain": ("row", {"--sigma": "36"}, "sigma = 36.0: must be a real number in (0, 35]"),
    "an open end": ("row", {"--kappa": "1"}, "kappa = 1.0: must be a real number in (0, 1)"),
    "no keys": ("row", {"--n": "0"}, "n = 0: must be an integer >= 2 and <= 1e12"),
    "half a key": ("row", {"--n": "16.5"}, "n = 16.5: must be an integer >= 2 and <= 1e12"),
    "more kept than there are": (
        "row",
        {"--n": "10", "--kappa": "0.99"},
        "kappa = 0.99: must leave k = ceil(kappa n) = 10 below n = 10",
    ),
    "one wrong of several": ("row", {"--n": ("16", "0")}, "n = 0: must be an integer >= 2 and <= 1e12"),
    "empty": ("row", {"--n": ""}, "n = '': must be an integer >= 2 and <= 1e12"),
    "huge": ("row", {"--n": "1" + 400 * "0"}, "must be an integer >= 2 and <= 1e12"),
    "no mean": ("read", {"--d-k": "2"}, "d_k = 2: must be an integer > 2"),
    "no such choice": ("read", {"--convention": "mode"}, "convention = 'mode': must be one of expectation, ratio"),
    "no values": ("read", {"--d-v": "0"}, "d_v = 0: must be an integer >= 1"),
    "no replicates": ("row", {"--replicates": "0"}, "replicates = 0: must be an integer >= 1"),
    "half a replicate": ("row", {"--replicates": "1.5"}, "replicates = 1.5: must be an integer >= 1"),
    "too many replicates": ("row", {"--replicates": "1e30"}, "replicates = 1e+30: must be an integer >= 1 and <= 429"),
    "a negative seed": ("row", {"--seed": "-1"}, "seed = -1: must be an integer >= 0"),
    "a word for a seed": ("row", {"--seed": "x"}, "seed = 'x': must be an integer >= 0"),
    "no threads": ("row", {"--threads": "0"}, "threads = 0: must be an integer >= 1"),
    "no such mode": ("row", {"--mode": "tilted"}, "mode = 'tilted': must be one of literal"),
    "no such backend": ("row", {"--backend": "gpu"}, "backend = 'gpu': must be one of auto, cpu, cuda"),
    "no such arithmetic": ("read", {"--arithmetic": "quick"}, "arithmetic = 'quick': must be one of exact, fast"),
    "fast arithmetic on a CPU": ("read", {"--arithmetic": "fast"}, "arithmetic = 'fast': must be 'exact' on a CPU"),
    "a missing parameter": ("row", {"--sigma": None}, "needs sigma (sigma: must be a real number in (0, 35])"),
    "two missing parameters": ("row", {"--sigma": None, "--n": None}, "needs sigma, n (sigma: must be"),
    "a mistyped flag": ("row", {"--kapa": "0.25"}, "--kapa: no such flag; did you mean --kappa?"),
    "a shortened flag": ("row", {"--rep": "10"}, "--rep: no such flag"),
    "another law's flag": ("row", {"--convention": "ratio"}, "--convention: no such flag"),
    "a flag without a value": ("row", {"--n": ()}, "argument --n: expected at least one argument"),
}  # fmt: skip


def command(law, changes):
    law_id, flags = LAWS[law]
    arguments = ["simulate", law_id]
    for flag, value in (flags | changes).items():
        if value is not None:
            arguments += [flag, *((value,) if isinstance(value, str) else value)]
    return arguments


TAILS = "did you mean topk.tail_mass, topk.tail_mass_finite, topk.tail_mass_moments?"
LINES = "did you mean retrieval.linear, retrieval.power, retrieval.linear_sphere?"
LINEAR = "did you mean retrieval.linear, retrieval.linear_sphere, minimax.linear_functional?"


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_and_no_store_is_made(name, run, out):
    law, changes, message = WRONG[name]
    code, printed, errors = run(*command(law, changes), "--out", out)
    assert (code, printed) == (2, "")
    assert errors.startswith("error: ")
    assert message in errors
    assert "Traceback" not in errors
    assert not out.exists()


@pytest.mark.parametrize("name", ["NaN", "a mistyped flag", "more kept than there are", "no such mode"])
def test_a_store_that_is_there_keeps_its_bytes(name, run, out):
    assert run(*command("row", {}), "--out", out)[0] == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    law, changes, _ = WRONG[name]
    assert run(*command(law, changes), "--out", out)[0] == 2
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["simlate", "topk.tail_mass"], "command = 'simlate': did you mean simulate?"),
        (["--quick"], "command = '--quick': must be one of list, show, derive"),
        (["list", "tpok"], "topic = 'tpok': must be one of minimax, retrieval, topk"),
        (["show", "topk.tailmass"], f"law = 'topk.tailmass': no law has this id; {TAILS}"),
        (["derive", "linear"], f"no law has this id; {LINEAR}"),
        (["simulate", "retrieval.liner"], f"'retrieval.liner': no law has this id; {LINES}"),
        (["simulate", "zzz"], "law = 'zzz': no law has this id; `attnlaws list` shows them all"),
        (["simulate", "../topk.tail_mass"], "no law has this id"),
        (["simulate"], "the following arguments are required: law"),
        (["verify", "topk.tail_mas"], TAILS),
        (["verify", "tail_mass"], TAILS),
        (["verify", "topkk"], "law = 'topkk': no law has this id"),
        (["verify", "absent.py"], "FILE = 'absent.py': must be a Python file that defines LAW and EXPERIMENT"),
        (["verify"], "targets: must be laws, topics or a file, or --all, and only one of the two"),
        (["verify", "topk", "--all"], "targets: must be laws, topics or a file, or --all, and only one of the two"),
        (["verify", "topk", "--quick", "--full"], "argument --full: not allowed with argument --quick"),
        (["verify", "topk", "--quik"], "--quik: no such flag; did you mean --quick?"),
        (["verify", "topk.tail_mass", "--seed", "-1"], "seed = -1: must be an integer >= 0"),
        (["verify", "topk", "--threads", "none"], "threads = 'none': must be an integer >= 1"),
        (["figure"], "law: must be a law or --all, and only one of them"),
        (["figure", "topk.tail_mas"], TAILS),
        (["figure", "topk.tail_mass", "--format", "bmp"], "argument --format: invalid choice: 'bmp'"),
        (["show", "topk.tail_mass", "extra"], "'extra': one word too many"),
        (["merge", "nowhere", "--out", "to"], "stores = 'nowhere': must be a folder that holds a store.sqlite"),
        (["merge", "nowhere"], "the following arguments are required: --out"),
        (["bench", "--repeats", "0"], "repeats = 0: must be an integer >= 1"),
        (["bench", "--repeats", "x"], "argument --repeats: invalid int value: 'x'"),
        (["new", "Topk"], "TOPIC.NAME = 'Topk': must be two lower-case words joined by a dot"),
    ],
)  # fmt: skip
def test_every_command_names_the_fault(arguments, message, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, printed, errors = run(*arguments)
    assert (code, printed) == (2, "")
    assert errors.startswith("error: ")
    assert message in errors
    assert not list(tmp_path.iterdir())


# --- stores and folders ---------------------------------------------------------------------------------------------


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE block (mine TEXT)")
    database.close()


def other_file(path: Path) -> None:
    path.write_text("minutes of a meeting\n" * 50)


def truncated(path: Path) -> None:
    from attnlaws.simulations.store import Store

    with Store(path.parent) as store:
        store.add_record("note", "law", "key", {"text": 9000 * "x"})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def cut_in_its_head(path: Path) -> None:
    truncated(path)
    path.write_bytes(path.read_bytes()[:40])


STORES = {
    foreign: "this is another program's",
    other_file: "this is another kind of file",
    truncated: "is truncated",
    cut_in_its_head: "is truncated",
}
USES = [
    command("row", {}),
    ["verify", "topk.tail_mass", "--quick"],
    ["verify", "topk", "--quick"],
    ["show", "topk.tail_mass"],
]


@pytest.mark.parametrize("use", USES, ids=lambda use: " ".join(use[:2]))
@pytest.mark.parametrize("spoil", STORES, ids=lambda spoil: spoil.__name__)
def test_a_store_that_is_none_is_refused_and_left_alone(use, spoil, run, out):
    out.mkdir()
    spoil(out / "store.sqlite")
    before = (out / "store.sqlite").read_bytes()
    code, printed, errors = run(*use, "--out", out)
    assert (code, printed) == (2, "")
    assert errors.startswith(f"error: store = {str(out / 'store.sqlite')!r}: ")
    assert STORES[spoil] in errors
    assert (out / "store.sqlite").read_bytes() == before
    assert [path.name for path in out.iterdir()] == ["store.sqlite"]


@pytest.mark.parametrize("spoil", STORES, ids=lambda spoil: spoil.__name__)
def test_merge_makes_no_store_of_what_it_cannot_read(spoil, run, out, tmp_path):
    (tmp_path / "from").mkdir()
    spoil(tmp_path / "from" / "store.sqlite")
    code, printed, errors = run("merge", tmp_path / "from", "--out", out)
    assert (code, printed) == (2, "")
    assert STORES[spoil] in errors
    assert not out.exists()


@pytest.mark.parametrize("use", USES[:3], ids=lambda use: " ".join(use[:2]))
def test_a_folder_that_cannot_be_written_is_named(use, run, tmp_path):
    (tmp_path / "file").write_text("")
    code, printed, errors = run(*use, "--out", tmp_path / "file" / "store")
    assert (code, printed) == (2, "")
    assert errors.startswith(f"error: out = {str(tmp_path / 'file' / 'store')!r}: must be a folder that can be written")
    assert (tmp_path / "file").read_text() == ""


def test_a_kernel_cache_that_cannot_be_written_is_named(apart, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ATTNLAWS_CACHE", str(tmp_path / "file"))
    done = apart(*command("row", {}), "--out", tmp_path / "store")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: ATTNLAWS_CACHE = {str(tmp_path / 'file')!r}: must be a folder")


def test_a_run_that_does_not_fit_into_memory_is_bad_input(run, out):
    code, printed, errors = run(*command("row", {"--n": "1e12"}), "--out", out)
    assert (code, printed) == (2, "")
    assert "memory" in errors
    assert "Traceback" not in errors


def test_a_very_large_seed_is_a_seed(run_json, out):
    seed = "1" + 400 * "0"
    assert run_json(*command("row", {"--seed": seed}), "--out", out)["seed"] == seed


# --- a reader's file ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "must define LAW"),
        ("LAW = 1\n", "must define EXPERIMENT"),
        ("LAW = = 1\n", "cannot be run (SyntaxError"),
        ("import nothing_of_this_name\n", "cannot be run (ModuleNotFoundError"),
        ("raise SystemExit(0)\n", "cannot be run (SystemExit"),
        ("LAW = EXPERIMENT = 1\n", "LAW = 1: must be a Law"),
        ("from attnlaws.theory.topk.tail_mass import LAW\nEXPERIMENT = 1\n", "EXPERIMENT = 1: must be an Experiment"),
    ],
)
def test_a_reader_s_file_that_is_no_law_is_refused(text, message, run, tmp_path, out):
    (tmp_path / "mine.py").write_text(text)
    code, printed, errors = run("verify", tmp_path / "mine.py", "--out", out)
    assert (code, printed) == (2, "")
    assert errors.startswith(f"error: FILE = {str(tmp_path / 'mine.py')!r}: ")
    assert message in errors
    assert not out.exists()


@pytest.mark.parametrize("name", ["mine.txt", "mine"])
def test_a_reader_s_file_must_be_python(name, run, tmp_path, out):
    (tmp_path / name).write_text("LAW = 1\n")
    code, _, errors = run("verify", tmp_path / name, "--out", out)
    assert code == 2
    assert "must be a Python file" in errors
    assert not out.exists()


def test_a_folder_for_pictures_that_cannot_be_written_is_named_before_any_work(run, tmp_path, out):
    (tmp_path / "file").write_text("")
    for arguments in (["figure", "topk.tail_mass", "--to"], ["verify", "topk.tail_mass", "--quick", "--draw"]):
        code, printed, errors = run(*arguments, tmp_path / "file" / "x", "--out", out)
        assert (code, printed) == (2, "")
        assert errors.startswith(f"error: {arguments[-1][2:]} = ")
        assert "must be a folder that can be written" in errors
        assert not out.exists()
