"""The ``estimate`` command: estimators on the arrays of a reader's own model, against what a law says of them."""

import difflib
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from attnlaws import registry
from attnlaws.catalog import picture_folder
from attnlaws.console import console
from attnlaws.estimators import k_eps
from attnlaws.figures.kept_keys import Point, kept_keys
from attnlaws.figures.style import save
from attnlaws.scores import Scores, read_scores
from attnlaws.simulations.command import number
from attnlaws.simulations.exits import AS_EXPECTED, Parser
from attnlaws.theory.domain import Number
from attnlaws.theory.parameter import real

PROG = "attnlaws estimate"
RULE = "topk.tail_mass"
LONG_WORK = 30_000_000  # logits; about two seconds and more
CURVE_POINTS = 200


@dataclass(frozen=True)
class Head:
    """What was measured on the rows of a head: one element per row."""

    index: tuple[int, ...]
    keys: np.ndarray
    sigma: np.ndarray
    k: np.ndarray
    rule: np.ndarray


def estimate_command(argv: Sequence[str]) -> int:
    """Find the estimator and run it on a file."""
    known = {"k-eps": _k_eps_command, "skipping": _skipping_command, "tail": _tail_command}
    if not argv or argv[0].startswith("-"):
        parser = Parser(
            prog=PROG,
            usage=f"{PROG} k-eps FILE --eps EPS [options]\n       {PROG} skipping [FILE] [options]\n       "
            f"{PROG} tail [options]",
            description="Measure the arrays of a model of your own.",
            epilog=f"  k-eps      {WHAT_K_EPS}\n  skipping   {WHAT_SKIPPING}\n  tail       {WHAT_TAIL}\n\n"
            f"`{PROG} k-eps --help` shows the flags of the first.",
        )
        parser.add_argument("estimator", help=f"one of {', '.join(known)}")
        parser.parse_args(argv)
    if argv[0] not in known:
        near = difflib.get_close_matches(argv[0].replace("_", "-"), known, 1, 0.5)
        hint = f"did you mean {near[0]}?" if near else f"must be one of {', '.join(known)}"
        raise ValueError(f"estimator = {argv[0]!r}: {hint}")
    return known[argv[0]](argv[1:])


def _skipping_command(argv: Sequence[str]) -> int:
    from attnlaws.estimate_skipping import skipping_command  # compiles; the other estimator does without

    return skipping_command(argv)


def _tail_command(argv: Sequence[str]) -> int:
    from attnlaws.estimate_tail import tail_command  # compiles, likewise

    return tail_command(argv)


WHAT_TAIL = "what usual formulas return for a tail mass, on rows that were chosen against them"
WHAT_SKIPPING = "how many keys can be left unread, with a proof for every row, on your keys or on generated ones"
WHAT_K_EPS = "how many keys each row of attention needs, and how many the Gaussian rule would keep"
FILE_HELP = """\
FILE is an .npz with `query` and `key`, both [..., token, d] (logits are query . key * scale), an .npz with `logits`,
or an .npy of logits, [..., row, key]; a logit of -inf is a masked key. Up to two leading axes are called layer and
head. Nothing is ever unpickled.

Each row keeps its k_eps largest weights, the fewest that lose at most eps of the probability. The Gaussian rule keeps
the fraction 1 - Phi(sigma + Phi^-1(eps)), with sigma the standard deviation of the row's own logits. A row that sees
a single key has sigma 0 and k_eps 1; the rule then keeps the fraction 1 - eps of it, its limit for small sigma."""


def _k_eps_command(argv: Sequence[str]) -> int:
    parser = Parser(
        prog=f"{PROG} k-eps",
        usage=f"{PROG} k-eps FILE --eps EPS [options]",
        description=f"Measure {WHAT_K_EPS}.",
        epilog=FILE_HELP,
    )
    parser.add_argument("file", metavar="FILE", help="an .npz or .npy file, see below")
    parser.add_argument("--eps", type=number, required=True, help="probability that may be lost, in (0, 1)")
    parser.add_argument("--causal", action="store_true", help="row t sees the keys 0 to t only")
    parser.add_argument("--scale", type=number, help="factor of query . key, above 0 (default: 1/sqrt(d))")
    parser.add_argument(
        "--to", metavar="DIR", default="figures-out", help="folder for the picture (default: %(default)s)"
    )
    parser.add_argument("--format", choices=("svg", "png", "pdf"), default="svg", help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    arguments = parser.parse_args(argv)
    eps = float(real(above=0, below=1).check("eps", arguments.eps))
    scale = None if arguments.scale is None else float(real(above=0).check("scale", arguments.scale))
    path = Path(arguments.file)
    scores = read_scores(path, scale)
    if arguments.causal and scores.rows != scores.keys:
        raise ValueError(f"--causal: needs as many keys as rows; here are {scores.rows} rows and {scores.keys} keys")
    folder = picture_folder("to", arguments.to)
    heads, beyond = measured(scores, eps, arguments.causal)
    picture = _drawn(heads, eps, path.name, folder / f"{path.stem}.k-eps.{arguments.format}")
    settings = {"file": str(path), "eps": eps, "scale": scores.scale, "causal": arguments.causal}
    if arguments.json:
        print(json.dumps(_record(heads, beyond, settings) | {"figure": str(picture)}))
    else:
        _show(heads, beyond, path.name, eps)
        print(picture)
    return AS_EXPECTED


# --- the measurement ------------------------------------------------------------------------------------------------


def measured(scores: Scores, eps: float, causal: bool) -> tuple[list[Head], int]:
    """Every head of a file, and the number of rows whose sigma lies beyond the rule's domain.

    Raises:
        ValueError: a row has no key left; names the head and the row.
    """
    mask = np.tri(scores.rows, scores.keys, dtype=bool) if causal else np.ones((scores.rows, scores.keys), bool)
    heads, beyond = [], 0
    indices = product(*(range(size) for size in scores.lead))
    for index in _with_progress(indices, prod(scores.lead), scores.rows * scores.keys):
        logits = scores.of(index)
        seen = mask & (logits > -np.inf)
        try:
            k = k_eps(logits, eps, seen)
        except ValueError as error:
            raise ValueError(f"{_place(index)}: {error}") from error
        keys = seen.sum(axis=-1)
        sigma = _row_deviation(logits, seen, keys)
        fraction, outside = _rule(eps, sigma)
        heads.append(Head(index, keys, sigma, k, fraction * keys))
        beyond += outside
    return heads, beyond


def _row_deviation(logits: np.ndarray, seen: np.ndarray, keys: np.ndarray) -> np.ndarray:
    mean = np.where(seen, logits, 0).sum(axis=-1) / keys
    return np.sqrt((np.where(seen, logits - mean[:, None], 0) ** 2).sum(axis=-1) / keys)


def _rule(eps: float, sigma: np.ndarray) -> tuple[np.ndarray, int]:
    """The fraction of the keys that the Gaussian rule keeps, and how many rows lie beyond its domain.

    The law maps a kept fraction to a tail mass, and is its own inverse.
    """
    law = registry.law(RULE)
    domain = law.parameter("sigma").domain
    assert isinstance(domain, Number)
    kept = np.full(sigma.shape, 1 - eps)
    spread = sigma > 0
    if spread.any():
        kept[spread] = law(kappa=eps, sigma=np.minimum(sigma[spread], domain.high))
    return kept, int((sigma > domain.high).sum())


def _with_progress(indices: Iterable[tuple[int, ...]], heads: int, size: int) -> Iterable[tuple[int, ...]]:
    if heads * size < LONG_WORK or not sys.stderr.isatty():
        return indices
    from rich.console import Console
    from rich.progress import track

    return track(indices, "heads", total=heads, console=Console(stderr=True), transient=True)


# --- the report -----------------------------------------------------------------------------------------------------


def _place(index: tuple[int, ...]) -> str:
    if len(index) in (1, 2):
        return ", ".join(f"{name} {i}" for name, i in zip(("layer", "head")[-len(index) :], index, strict=True))
    return f"index {index}" if index else "logits"


def _summary(heads: Sequence[Head]) -> dict[str, Any]:
    """Means over the rows of some heads; ratios are of means."""
    keys, sigma, k, rule = (
        np.concatenate([getattr(head, name) for head in heads]) for name in ("keys", "sigma", "k", "rule")
    )
    return {
        "rows": len(k),
        "keys": float(keys.mean()),
        "sigma": float(sigma.mean()),
        "k_eps": float(k.mean()),
        "k_eps_spread": float(k.std(ddof=1)) if len(k) > 1 else None,
        "rule": float(rule.mean()),
        "rule_over_k_eps": float(rule.mean() / k.mean()),
        "rule_too_few": float((np.ceil(rule) < k).mean()),
        "times_fewer": float(keys.mean() / k.mean()),
    }


def _record(heads: Sequence[Head], beyond: int, settings: dict[str, Any]) -> dict[str, Any]:
    rows = [{"index": list(head.index), **_summary([head])} for head in heads]
    return {**settings, "law": RULE, "heads": rows, "overall": _summary(heads), "rows_beyond_law": beyond}


def _show(heads: Sequence[Head], beyond: int, name: str, eps: float) -> None:
    from rich.markup import escape
    from rich.table import Table

    depth = len(heads[0].index)
    names = ("layer", "head")[2 - depth :] if depth in (1, 2) else ("index",) * (depth > 0)
    table = Table(title=f"{escape(name)}: keys needed for a tail mass of {eps:g}", title_justify="left")
    for column in (*names, "rows x keys", "sigma", "k_eps", "rule", "rule / k_eps", "too few", "keys / k_eps"):
        table.add_column(column, justify="right", no_wrap=True)
    for first, members in groupby(heads, lambda head: head.index[:-1]):
        group = list(members)
        for head in group:
            labels = [str(i) for i in head.index] if depth in (1, 2) else [str(head.index)] * (depth > 0)
            table.add_row(*labels, *_cells([head]))
        if depth == 2 and len(group) > 1:
            table.add_row(str(first[0]), "all", *_cells(group), style="bold")
        table.add_section()
    if len({head.index[:-1] for head in heads}) > 1 or depth == 1:
        table.add_row(*["all"] * len(names), *_cells(heads), style="bold")
    out = console()
    out.print(table)
    for line in _remarks(heads, beyond, eps):
        out.print(line)


def _cells(heads: Sequence[Head]) -> tuple[str, ...]:
    row = _summary(heads)
    spread = "" if row["k_eps_spread"] is None else f" ± {row['k_eps_spread']:.1f}"
    return (
        f"{row['rows']} x {row['keys']:g}",
        f"{row['sigma']:.2f}",
        f"{row['k_eps']:.1f}{spread}",
        f"{row['rule']:.1f}",
        f"{row['rule_over_k_eps']:.2f}",
        f"{row['rule_too_few']:.0%}",
        f"{row['times_fewer']:.2f}",
    )


def _remarks(heads: Sequence[Head], beyond: int, eps: float) -> list[str]:
    overall = _summary(heads)
    ratios = [_summary([head])["rule_over_k_eps"] for head in heads]
    with np.errstate(divide="ignore"):  # far beyond its use, the rule keeps nothing at all
        typical = np.exp(np.abs(np.log(ratios)).mean())
    off = overall["rule_over_k_eps"] - 1
    verdict = (
        f"Over all rows the Gaussian rule asks for {abs(off):.1%} {'more' if off >= 0 else 'fewer'} keys than needed"
    )
    if len(heads) > 1:
        verdict += (
            f"; a head is off by a factor of {typical:.3g} (geometric mean; rule / k_eps from {min(ratios):.2g} to "
            f"{max(ratios):.2g})"
        )
    lines = [
        f"{verdict}. Rounded up, it keeps too few in {overall['rule_too_few']:.0%} of the rows, which lose more than "
        f"{eps:g}.",
        f"k_eps: fewest keys of a row that lose at most {eps:g}, mean ± standard deviation over the rows; "
        "sigma: standard deviation of a row's logits, mean; rule: n (1 - Phi(sigma + Phi^-1(eps))) for a row of n "
        f"keys, not rounded, mean, from the law {RULE}; too few: rows where the rule, rounded up, is below k_eps; "
        "ratios are of means.",
    ]
    single = sum(int((head.keys < 2).sum()) for head in heads)
    if single:
        lines.append(f"{single} rows see a single key: sigma 0, k_eps 1, and the rule keeps {1 - eps:g} of a key.")
    if beyond:
        lines.append(f"{beyond} rows have a sigma above the domain of the law, and were given the largest it knows.")
    return lines


def _drawn(heads: Sequence[Head], eps: float, name: str, path: Path) -> Path:
    points = []
    for head in heads:
        kept = head.k / head.keys
        low, high = np.quantile(kept, (0.1, 0.9))
        group = head.index[0] if head.index else 0
        points.append(Point(group, float(head.sigma.mean()), float(kept.mean()), float(low), float(high)))
    ends = [point.sigma for point in points] + [1.0]  # the rule bends near 1, so that shows wherever the points are
    least, most = 0.8 * min(ends), 1.25 * max(ends)
    sigma = np.geomspace(least, most, CURVE_POINTS) if least > 0 else np.linspace(0, most, CURVE_POINTS)
    rows = sum(len(head.k) for head in heads)
    groups = {1: "head", 2: "layer"}.get(len(heads[0].index), "index")
    title = f"{name}: keys to keep for a tail mass of eps = {eps:g}, {rows:,} rows"
    return save(kept_keys(points, (sigma, _rule(eps, sigma)[0]), eps=eps, groups=groups, title=title), path)
