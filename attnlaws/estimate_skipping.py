"""The command ``estimate skipping``: how many keys a certified index skips on a reader's keys, or on generated ones."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from attnlaws.catalog import picture_folder
from attnlaws.console import console
from attnlaws.estimate import PROG, WHAT_SKIPPING
from attnlaws.estimators.key_index.controls import CONTROLS
from attnlaws.figures.skipping import skipping
from attnlaws.figures.style import save
from attnlaws.key_families import FAMILIES, family
from attnlaws.scores import read_query_key
from attnlaws.simulations.command import number
from attnlaws.simulations.exits import AS_EXPECTED, CONTRADICTED, Parser
from attnlaws.skipping import Controlled, Measured, measured, summary
from attnlaws.theory.domain import fault
from attnlaws.theory.parameter import integer, real

EPSILONS = (0.1, 0.01, 0.001)
HELP = """\
FILE is an .npz with `query` and `key`, both [..., token, d]; logits are query . key * scale. Stored logits would not
do: whoever has them has scored every key. Without FILE, keys of these families are generated:
{families}

Every key whose inner product with the query was formed counts as scored, and a query's cost counts everything else
too: an inner product for each summary (3 with --box), parts of one for prefixes of keys, and what turns the query.
Beside what is achieved stand the oracle n / k_eps, which no method that keeps what it scores can pass, and
1 / (1 - eps), which none can pass where keys have no structure. Each row is checked against all logits in extended
precision, and indexes that are wrong on purpose must be caught by that check. Exit code 1 if a certificate is false."""


@dataclass(frozen=True)
class Source:
    """What rows of one index are called, and where they come from."""

    name: Any
    key: np.ndarray
    query: np.ndarray


def skipping_command(argv: Sequence[str]) -> int:
    """Measure, print, draw."""
    arguments = _parser().parse_args(argv)
    epsilons = tuple(float(real(above=0, below=1).check("eps", eps)) for eps in arguments.eps or EPSILONS)
    if len(set(epsilons)) < len(epsilons):
        raise fault("eps", epsilons, "different from each other")
    scale = None if arguments.scale is None else float(real(above=0).check("scale", arguments.scale))
    reuse = None if arguments.reuse is None else float(real(minimum=1).check("reuse", arguments.reuse))
    options = {"block": integer(1).check("block", arguments.block), "box": arguments.box}
    options |= {"clustering": not arguments.contiguous}
    if arguments.prefix_rank is not None:
        options["prefix_rank"] = integer(0).check("prefix_rank", arguments.prefix_rank)
    sources, count, title, stem = _sources(arguments, scale)
    folder = picture_folder("to", arguments.to)
    groups: dict[Any, list[list[Measured]]] = {}
    caught = {control: Controlled(control, 0, 0, 0) for control in CONTROLS}
    for source in _with_progress(sources, count):
        rows, controls = measured(
            source.name, source.key, source.query, epsilons, scale=scale, causal=arguments.causal, **options
        )
        groups.setdefault(_group(source.name), []).append(rows)
        for control in controls:
            sum_so_far = caught[control.control]
            counts = {name: getattr(sum_so_far, name) + getattr(control, name) for name in COUNTS}
            caught[control.control] = Controlled(control.control, **counts)
    means = {name: _summaries(heads, reuse) for name, heads in groups.items()}
    picture = save(skipping(means, title=title), folder / f"{stem}.skipping.{arguments.format}")
    violations = sum(row["violations"] for rows in means.values() for row in rows)
    if arguments.json:
        record = {"settings": vars(arguments) | {"eps": epsilons}, "groups": means, "violations": violations}
        record["heads"] = [
            {"name": rows[0].name, **summary([part], reuse)}
            for heads in groups.values()
            for rows in heads
            for part in rows
        ]
        record |= {"controls": [asdict(control) for control in caught.values()], "figure": str(picture)}
        print(json.dumps(record))
    else:
        _show(title, means, list(caught.values()), max(epsilons))
        print(picture)
    return CONTRADICTED if violations else AS_EXPECTED


COUNTS = ("rows", "skipped", "violations")


def _parser() -> Parser:
    lines = "\n".join(f"  {name:<12} {what}" for name, (_, what) in FAMILIES.items())
    parser = Parser(
        prog=f"{PROG} skipping",
        usage=f"{PROG} skipping [FILE] [options]",
        description=f"Measure {WHAT_SKIPPING}.",
        epilog=HELP.format(families=lines),
    )
    parser.add_argument("file", metavar="FILE", nargs="?", help="an .npz file, see below (default: generated keys)")
    parser.add_argument(
        "--eps", type=number, nargs="+", help="softmax mass that may be left out, in (0, 1) (default: 0.1 0.01 0.001)"
    )
    made = parser.add_argument_group("generated keys")
    made.add_argument("--families", nargs="+", metavar="NAME", help="some of the families below (default: all)")
    made.add_argument("--n", type=number, help="keys, from 64 (default: 4096)")
    made.add_argument("--d", type=number, help="their width, from 2 (default: 64)")
    made.add_argument("--queries", type=number, help="queries of each family (default: 24)")
    made.add_argument("--seed", type=number, help="whole number from 0; equal seeds, equal keys (default: 0)")
    yours = parser.add_argument_group("keys of a file")
    yours.add_argument("--causal", action="store_true", help="row t sees the keys 0 to t only")
    yours.add_argument("--scale", type=number, help="factor of query . key, above 0 (default: 1/sqrt(d))")
    index = parser.add_argument_group("the index")
    index.add_argument("--block", type=number, default=16, help="keys of a block (default: %(default)s)")
    index.add_argument("--contiguous", action="store_true", help="blocks of keys as they come, not of close ones")
    index.add_argument("--box", action="store_true", help="use the corners of blocks, too")
    index.add_argument("--prefix-rank", type=number, help="coordinates of the longest prefix (default: d/2; 0: none)")
    index.add_argument(
        "--reuse", type=number, help="queries that share the cost of building it (default: as many as keys)"
    )
    parser.add_argument(
        "--to", metavar="DIR", default="figures-out", help="folder for the picture (default: %(default)s)"
    )
    parser.add_argument("--format", choices=("svg", "png", "pdf"), default="svg", help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser


GENERATED = ("families", "n", "d", "queries", "seed")


def _sources(arguments: Any, scale: float | None) -> tuple[Iterator[Source], int, str, str]:
    """Queries and keys one index at a time, how many, a title and the stem of the picture's name."""
    if arguments.file is None:
        if arguments.causal or scale is not None:
            raise ValueError(
                f"--{'causal' if arguments.causal else 'scale'}: needs a FILE; generated keys have their own"
            )
        names = arguments.families or list(FAMILIES)
        for name in names:
            if name not in FAMILIES:
                raise fault("families", name, f"among {', '.join(FAMILIES)}")
        size = {
            "n": integer(64).check("n", 4096 if arguments.n is None else arguments.n),
            "d": integer(2).check("d", 64 if arguments.d is None else arguments.d),
            "queries": integer(1).check("queries", 24 if arguments.queries is None else arguments.queries),
            "seed": integer(0).check("seed", 0 if arguments.seed is None else arguments.seed),
        }
        _check_rank(arguments, size["d"])
        made = ((name, family(name, **size)) for name in dict.fromkeys(names))
        title = f"{size['n']:,} generated keys of width {size['d']}, {size['queries']} queries, seed {size['seed']}"
        return (Source(name, keys.key, keys.query) for name, keys in made), len(names), title, "families"
    given = [name for name in GENERATED if getattr(arguments, name) is not None]
    if given:
        raise ValueError(f"--{given[0]}: must be left out where keys come from a FILE")
    path = Path(arguments.file)
    query, key = read_query_key(path)
    rows, keys = query.shape[-2], key.shape[-2]
    if arguments.causal and rows != keys:
        raise ValueError(f"--causal: needs as many keys as rows; here are {rows} rows and {keys} keys")
    _check_rank(arguments, key.shape[-1])
    lead = query.shape[:-2]
    indices = list(product(*(range(size) for size in lead)))
    title = f"{path.name}: {prod(lead):,} heads of {keys} keys of width {key.shape[-1]}, {prod(lead) * rows:,} rows"
    return (Source(index, key[index], query[index]) for index in indices), len(indices), title, path.stem


def _check_rank(arguments: Any, d: int) -> None:
    if arguments.prefix_rank is not None:
        integer(0, d).check("prefix_rank", arguments.prefix_rank)


def _group(name: Any) -> str:
    """What rows are shown together: a family, or all heads of a layer."""
    if isinstance(name, str):
        return name
    return f"layer {name[0]}" if len(name) == 2 else f"head {name[0]}" if len(name) == 1 else f"index {name}"


def _summaries(heads: Sequence[Sequence[Measured]], reuse: float | None) -> list[dict[str, Any]]:
    return [summary(same, reuse) for same in zip(*heads, strict=True)]


def _with_progress(sources: Iterable[Source], count: int) -> Iterable[Source]:
    if not sys.stderr.isatty():
        return sources
    from rich.console import Console
    from rich.progress import track

    return track(sources, "indexes", total=count, console=Console(stderr=True), transient=True)


# --- the report -----------------------------------------------------------------------------------------------------


def _show(
    title: str, means: Mapping[str, Sequence[Mapping[str, Any]]], controls: Sequence[Controlled], eps: float
) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(title), title_justify="left")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column == "keys" else "right", no_wrap=True)
    for name, rows in means.items():
        for row in rows:
            table.add_row(escape(name), *_cells(row))
        table.add_section()
    out = console()
    out.print(table)
    total = sum(row["rows"] for rows in means.values() for row in rows)
    wrong = sum(row["violations"] for rows in means.values() for row in rows)
    out.print(
        f"{total:,} certificates were checked against all logits in extended precision: "
        f"{'none is false' if not wrong else f'{wrong:,} ARE FALSE'}."
    )
    for control in controls:
        out.print(f"wrong on purpose at eps {eps:g}, {CONTROLS[control.control]}: {_caught(control)}.")
    worst = max(row["largest_cost"] for rows in means.values() for row in rows)
    out.print(
        f"{LEGEND} The largest cost of a row is {worst:.3f} of scoring all keys. Building an index takes as much as "
        f"{_range([rows[0]['build_in_dense_queries'] for rows in means.values()])} queries that score all keys."
    )


COLUMNS = ("keys", "eps", "oracle", "n/scored", "share", "ceiling", "in order", "gain", "with build", "dense", "false")
LEGEND = (
    "oracle: n / k_eps; n/scored: what was achieved; share: of the oracle; ceiling: 1/(1-eps), the most where keys "
    "have no structure; in order: n over the keys to score if logits came in order and each bounded all that follow; "
    "gain: n over the cost in inner products, summaries and prefixes included; with build: the same with a part of "
    "what it took to build the index; dense: rows where all keys were scored; false: certificates. Ratios are of means."
)


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        f"{row['eps']:g}",
        f"{row['oracle_reduction']:.4g}",
        f"{row['reduction']:.4g}",
        f"{row['share_of_oracle']:.0%}",
        f"{row['ceiling_without_structure']:.4g}",
        f"{row['sorted_access_reduction']:.4g}",
        f"{row['gain']:.3g}",
        f"{row['gain_with_build']:.3g}",
        f"{row['fallback_rate']:.0%}",
        f"{row['violations']}",
    )


def _caught(control: Controlled) -> str:
    if not control.skipped:
        return f"not put to the test, as all keys of all {control.rows:,} rows were scored"
    found = f"caught in {control.violations:,} of the {control.skipped:,} rows that skipped a key"
    return found if control.violations else f"NOT caught in {control.skipped:,} rows that skipped a key"


def _range(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:.0f}" if f"{low:.0f}" == f"{high:.0f}" else f"{low:.0f} to {high:.0f}"
