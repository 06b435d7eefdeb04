"""Every command, as it is typed: what it prints, and its exit code."""

import functools
import json
import os
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from attnlaws import registry
from attnlaws.cli import VERBS
from attnlaws.simulations import verify
from attnlaws.theory import prove as proving
from attnlaws.theory.claim import Outcome
from attnlaws.theory.prove import Proof

ROW = ["topk.tail_mass", "--n", "32", "--kappa", "0.25", "--sigma", "1", "--replicates", "200"]
NAMES = {"law", "kappa", "sigma", "n", "mean", "standard_error", "replicates", "seed", "mode", "backend", "arithmetic",
         "arithmetic_error", "task", "reliable"}  # fmt: skip
OWN = '''"""{statement}"""

from dataclasses import replace

import attnlaws as al
from attnlaws.theory.claim import Outcome
from attnlaws.theory.law import Grid

EXPERIMENT = al.experiment("retrieval.linear")
GRID = Grid("d_k", ({{"n": 33, "d_v": None, "convention": "ratio"}},), (8, 16, 32))
KNOWN = al.law("retrieval.linear")
GUESS = KNOWN.claiming({{"ratio": "{formula}"}}, __doc__)
LAW = replace(GUESS, name=__name__, grid=GRID, expected=Outcome.{expected})
'''


@pytest.fixture
def own(tmp_path):
    """The function that writes a reader's file."""

    def write(formula, expected="SUPPORTED"):
        path = tmp_path / "mine.py"
        path.write_text(OWN.format(statement="What I think.", formula=formula, expected=expected))
        return path

    return write


def test_no_argument_and_help_show_every_command(run):
    for arguments in ([], ["--help"], ["-h"]):
        code, printed, errors = run(*arguments)
        assert (code, errors) == (0, "")
        assert all(f"  {verb} " in printed for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_has_help(verb, run):
    with pytest.raises(SystemExit, match=r"^0$"):
        run(verb, "--help")


def test_version(run):
    from attnlaws import __version__

    assert run("--version") == (0, f"attnlaws {__version__}\n", "")
    code, printed, _ = run("--version", "--verbose")
    assert code == 0
    for word in (
        "python ",
        "numpy ",
        "numba ",
        "threads ",
        "vectors ",
        "backend cpu",
        "backend cuda",
        "kernels are kept",
    ):
        assert word in printed


def test_list(run):
    code, printed, _ = run("list")
    assert code == 0
    assert [line.split()[0] for line in printed.splitlines()] == registry.ids()
    assert registry.statement("topk.tail_mass") in printed
    assert [line.split()[0] for line in run("list", "topk")[1].splitlines()] == registry.ids("topk")


def test_show_tells_what_a_law_says_and_where_it_was_read(run, out):
    code, printed, errors = run("show", "topk.tail_mass", "--out", out)
    text = " ".join(printed.split())
    assert (code, errors) == (0, "")
    for word in ("formula", "kappa: fraction of the keys that is kept, a real number in (0, 1)", "arXiv:2512.07647"):
        assert word in text
    assert "n: number of keys, an integer >= 2 and <= 1e12; only to simulate" in text
    assert "none yet: `attnlaws verify topk.tail_mass`" in text
    assert not out.exists()


def test_show_bibtex(run):
    code, printed, _ = run("show", "retrieval.linear", "--bibtex")
    assert code == 0
    assert printed.startswith("@misc{arxiv_2505_19488,\n")
    assert printed.rstrip().endswith("}")


def test_show_cuda_gives_a_kernel_for_every_mode(run):
    code, printed, _ = run("show", "retrieval.linear", "--cuda")
    assert code == 0
    for mode in registry.experiment("retrieval.linear").modes:
        assert f"// mode: {mode}\n" in printed
    assert printed.count("__device__ __forceinline__ void item(") == 2
    assert "__fmul_rn" in printed


@pytest.mark.slow
def test_derive_shows_every_step_and_the_badge(run, monkeypatch):
    prove = functools.cache(proving.prove)  # one proof is enough for three looks at it
    monkeypatch.setattr(proving, "prove", prove)
    law = registry.law("topk.tail_mass")
    code, printed, errors = run("derive", law.id)
    assert (code, errors) == (0, "")
    for step in law.derivations[0].steps:
        assert type(step).__name__ in printed
    assert f"badge: {prove(law).badge} (the weakest step)" in printed
    assert r"\Phi" in run("derive", law.id, "--latex")[1]


def test_simulate_prints_a_table(run, out):
    code, printed, errors = run("simulate", *ROW, "--out", out)
    assert (code, errors) == (0, "")
    first, head, row = printed.splitlines()
    assert first == "topk.tail_mass, seed 0, mode literal, on cpu"
    assert head.split() == ["mean", "standard", "error", "replicates"]
    assert len(row.split()) == 3


def test_simulate_json_is_one_object_with_the_names_that_others_rely_on(run_json, out):
    result = run_json("simulate", *ROW, "--out", out)
    assert set(result) == NAMES
    assert (result["law"], result["n"], result["kappa"], result["replicates"]) == ("topk.tail_mass", 32, 0.25, 200)
    assert (result["seed"], result["mode"], result["backend"], result["reliable"]) == ("0", "literal", "cpu", "yes")
    assert len(result["task"]) == 64
    # The finite-size correction at n = 32 is 0.02; false alarm 1e-9 (6.1 standard errors).
    exact = float(registry.law("topk.tail_mass")(kappa=0.25, sigma=1.0))
    assert abs(result["mean"] - exact) < 6.1 * result["standard_error"] + 0.05


def test_several_values_are_rows_of_the_table_and_lists_in_json(run, run_json, out):
    arguments = ["simulate", *ROW, "--n", "16", "32", "--sigma", "0.5", "1", "--out", out]
    _, printed, _ = run(*arguments)
    _, head, *rows = printed.splitlines()
    assert head.split()[:2] == ["sigma", "n"] or head.split()[:2] == ["n", "sigma"]
    assert len(rows) == 4
    result = run_json(*arguments)
    assert (result["n"], result["sigma"]) == ([16, 32], [0.5, 1.0])
    assert sorted(round(v, 6) for line in result["mean"] for v in line) == sorted(
        round(float(row.split()[2]), 6) for row in rows
    )
    assert len(result["task"].split()) == 4


def test_flags_choose_seed_mode_and_threads(run_json, out):
    point = ["retrieval.linear", "--n", "9", "--d-k", "8", "--replicates", "100", "--out", out]
    first = run_json("simulate", *point, "--seed", "7", "--mode", "collapsed", "--threads", "1")
    assert (first["seed"], first["mode"]) == ("7", "collapsed")
    again = run_json("simulate", *point, "--seed", "7", "--mode", "collapsed", "--threads", "2")
    other = run_json("simulate", *point, "--seed", "8", "--mode", "collapsed")
    assert again == first
    assert other["mean"] != first["mean"]


def test_an_error_bar_that_is_not_to_be_trusted_is_said_to_be(run, out):
    assert "not reliable: " in run("simulate", "retrieval.linear", "--n", "9", "--d-k", "4", "--replicates", "50",
                                   "--out", out)[1]  # fmt: skip


def test_verify_a_law(run, run_json, proved):
    verdict = run_json("verify", "topk.tail_mass", "--quick", "--out", proved)
    assert (verdict["law"], verdict["outcome"], verdict["expected"]) == ("topk.tail_mass", "SUPPORTED", "SUPPORTED")
    assert verdict["as_expected"] is True
    assert set(verdict["sabotages"].values()) == {"REFUTED"}
    assert {"badge", "points", "delta", "seed", "mode", "visible", "seconds"} <= set(verdict)
    code, printed, errors = run("verify", "topk.tail_mass", "--quick", "--out", proved)
    assert (code, errors) == (0, "")
    assert "SUPPORTED (expected SUPPORTED); derivation: cited; tolerance 1%." in printed
    assert printed.count("wrong on purpose") == len(registry.law("topk.tail_mass").sabotages)
    assert "SUPPORTED" in run("show", "topk.tail_mass", "--out", proved)[1]


@pytest.mark.slow
def test_verify_several_laws_from_an_empty_store(run, run_json, out, tmp_path):
    """The whole way, proofs included; the second time everything is there. Each law by itself is judged elsewhere."""
    laws = ["topk.tail_mass", "retrieval.linear_sphere", "retrieval.load_as_mean"]
    code, printed, errors = run("verify", *laws, "--quick", "--out", out, "--draw", tmp_path / "pictures")
    assert code == 0
    assert "3 laws: 3 as expected, 0 undecided, 0 against" in printed
    assert sorted(path.stem for path in (tmp_path / "pictures").glob("*.svg")) == sorted(laws)
    assert f"drew 3 pictures into {tmp_path / 'pictures'}" in errors
    again = run_json("verify", *laws, "--quick", "--out", out)
    assert [verdict["law"] for verdict in again["laws"]] == laws
    assert all(verdict["as_expected"] for verdict in again["laws"])
    assert {verdict["outcome"] for verdict in again["laws"]} == {"SUPPORTED", "REFUTED"}


@pytest.mark.parametrize(
    ("targets", "meant"),
    [
        (["--all"], registry.ids()),
        (["topk"], registry.ids("topk")),
        (["retrieval.linear", "topk", "retrieval.linear", "topk.k_eps"], ["retrieval.linear", *registry.ids("topk")]),
    ],
)
def test_verify_topics_and_all_laws(targets, meant, run, monkeypatch):
    asked = []
    monkeypatch.setattr("attnlaws.referee.judged_apart", lambda ids, *_: asked.extend(ids) or ([], {}))
    assert run("verify", *targets, "--quick")[0] == 0
    assert asked == meant


def test_a_file_is_judged_alone(own, run):
    path = own("(n - 1)/(d_k + 2)", "SUPPORTED")
    code, _, errors = run("verify", path, "topk", "--quick")
    assert code == 2
    assert f"FILE = {str(path)!r}: must be judged alone, here are 2 targets" in errors


@pytest.mark.parametrize(
    ("formula", "expected", "outcome", "code"),
    [
        ("(n - 1)/(d_k + 2)", "SUPPORTED", "SUPPORTED", 0),
        ("n/d_k", "SUPPORTED", "REFUTED", 1),
        ("n/d_k", "REFUTED", "REFUTED", 0),
        ("(n - 1)/(d_k + 2)", "REFUTED", "SUPPORTED", 1),
    ],
)
def test_verify_a_reader_s_file(formula, expected, outcome, code, own, run, out):
    got, printed, errors = run("verify", own(formula, expected), "--quick", "--json", "--out", out)
    verdict = json.loads(printed)
    assert (verdict["outcome"], verdict["badge"], verdict["statement"]) == (outcome, "conjecture", "What I think.")
    assert (got, errors) == (code, "")


def test_a_catalog_law_that_comes_out_against_expectation_exits_1(run, proved, monkeypatch):
    law = registry.law("topk.tail_mass")
    wrong = replace(law.claims_sabotaged()["half the shift"], sabotages=law.sabotages)
    assert wrong.expected is Outcome.SUPPORTED
    monkeypatch.setattr(verify, "prove", lambda law: Proof(law.id, "conjecture", ()))  # it would take ten seconds
    monkeypatch.setattr(registry, "law", lambda law_id: wrong)
    code, printed, _ = run("verify", law.id, "--quick", "--out", proved)
    assert code == 1
    assert "REFUTED (expected SUPPORTED)" in printed


def test_a_sabotage_that_is_not_refuted_exits_1(run, proved, monkeypatch):
    law = registry.law("topk.tail_mass")
    blind = replace(law, steps=(), sabotages={"the law itself": law.form})
    monkeypatch.setattr(registry, "law", lambda law_id: blind)
    code, printed, _ = run("verify", law.id, "--quick", "--out", proved)
    assert code == 1
    assert "wrong on purpose, the law itself: SUPPORTED" in printed


@pytest.mark.parametrize(("kind", "head"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_figure_draws_from_the_store_or_from_a_quick_verdict(kind, head, run, proved, tmp_path):
    code, printed, errors = run("figure", "topk.tail_mass", "--to", tmp_path / "to", "--format", kind, "--out", proved)
    path = tmp_path / "to" / f"topk.tail_mass.{kind}"
    assert (code, printed, errors) == (0, f"{path}\n", "")
    assert path.read_bytes().startswith(head)
    if kind == "svg":
        assert ElementTree.parse(path).getroot().tag.endswith("svg")
        assert "topk.tail_mass: " in path.read_text()


def test_merge_joins_stores_of_runs_made_apart(run, run_json, out, tmp_path):
    first = run_json("simulate", *ROW, "--out", tmp_path / "a")
    run("simulate", *ROW, "--seed", "1", "--out", tmp_path / "b")
    code, printed, _ = run("merge", tmp_path / "a", tmp_path / "b", "--out", out)
    assert (code, printed) == (0, f"{tmp_path / 'a'}: 1 new blocks\n{tmp_path / 'b'}: 1 new blocks\n")
    assert run("merge", tmp_path / "a", "--out", out)[1] == f"{tmp_path / 'a'}: 0 new blocks\n"
    assert run_json("simulate", *ROW, "--out", out) == first


def test_commands_work_in_a_process_of_their_own(apart, out, on_path):
    done = apart("simulate", *ROW, "--json", "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    assert set(json.loads(done.stdout)) == NAMES
    assert apart("simulate", *ROW, "--n", "0").returncode == 2
    script = subprocess.run(["attnlaws", "--version"], capture_output=True, text=True, check=True)
    assert script.stdout.startswith("attnlaws ")


@pytest.mark.parametrize("arguments", [["list"], ["show", "topk.tail_mass"], ["--version", "--verbose"]])
def test_a_reader_that_goes_away_is_no_error(arguments, tmp_path):
    """As in `attnlaws show LAW | head -1`."""
    here, there = os.pipe()
    os.close(here)
    command = [sys.executable, "-m", "attnlaws.cli", *arguments]
    done = subprocess.run(command, stdout=there, stderr=subprocess.PIPE, text=True, check=False, cwd=tmp_path)
    os.close(there)
    assert (done.returncode, done.stderr) == (0, "")


def test_verify_says_where_the_time_went(run, run_json, proved, tmp_path):
    arguments = ["verify", "topk.tail_mass", "--quick", "--timings", "--out", proved]
    verdict = run_json(*arguments)
    assert list(verdict["timings"]) == ["load", "derive", "compile", "simulate", "judge", "draw"]
    assert verdict["seconds"] == pytest.approx(sum(verdict["timings"].values()), abs=0.01)
    assert verdict["timings"]["draw"] == 0
    printed = run(*arguments, "--draw", tmp_path / "pictures")[1]
    head, row = (line.split() for line in printed.splitlines() if line.startswith((" law ", " topk.tail_mass ")))
    assert head == ["law", *verdict["timings"], "all"]
    assert float(row[head.index("draw")]) > 0


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "soon"])
def test_verify_refuses_a_time_that_is_none(seconds, run, out):
    for targets in (["topk.tail_mass"], ["topk.tail_mass", "topk.k_eps"]):
        code, _, errors = run("verify", *targets, "--quick", "--seconds", seconds, "--out", out)
        assert code == 2
        assert "seconds = " in errors and "must be a real number > 0" in errors
    assert not out.exists()
