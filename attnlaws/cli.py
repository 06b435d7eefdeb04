"""The program: verb and law first, then the law's own flags."""

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from attnlaws._version import __version__

VERBS = {
    "list": "show the laws of the catalog",
    "show": "show a law: statement, formula, parameters, source",
    "derive": "derive a law step by step and check every step",
    "simulate": "simulate a law at parameters of your choice",
    "verify": "derive, simulate and judge: a law, a topic, a file of your own, or all",
    "figure": "draw theory over simulation",
    "estimate": "measure the arrays of a model of your own",
    "report": "write the catalog with all that was found as one HTML page",
    "merge": "join stores of runs made apart",
    "new": "write the two files of a new law from a template",
    "bench": "measure the simulators against their peers",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 as expected, 1 contradicts, 2 bad input, 130 interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    from attnlaws.simulations.exits import guarded

    def action() -> int:
        if not arguments or arguments[0] in ("-h", "--help"):
            print(_overview())
            return 0
        if arguments[0] == "--version":
            print(_version("--verbose" in arguments[1:]))
            return 0
        verb, rest = arguments[0], arguments[1:]
        if verb not in VERBS:
            import difflib

            near = difflib.get_close_matches(verb, VERBS, 1)
            hint = f"did you mean {near[0]}?" if near else f"must be one of {', '.join(VERBS)}"
            raise ValueError(f"command = {verb!r}: {hint}")
        return _ACTIONS[verb](rest)

    return guarded(action, ["attnlaws", *arguments])


def _overview() -> str:
    lines = [
        "attnlaws: a referee for the theory of attention as associative memory",
        "",
        "usage: attnlaws COMMAND ...",
        "",
    ]
    lines += [f"  {verb:<10} {text}" for verb, text in VERBS.items()]
    lines += [
        "",
        "`attnlaws COMMAND --help` shows a command's flags, `attnlaws simulate LAW --help` a law's parameters.",
        "`attnlaws --version --verbose` shows versions, threads and what the backends can do.",
    ]
    return "\n".join(lines)


def _version(verbose: bool) -> str:
    if not verbose:
        return f"attnlaws {__version__}"
    import platform
    from importlib.metadata import version

    from llvmlite.binding import get_host_cpu_name

    from attnlaws.simulations.build import cache_directory
    from attnlaws.simulations.gpu import Gpus
    from attnlaws.simulations.run import cores, vectors

    names = ("numpy", "scipy", "sympy", "numba", "matplotlib", "python-flint", "xarray")
    lines = [f"attnlaws {__version__}", f"python {platform.python_version()} on {platform.platform()}"]
    lines += [f"{name} {version(name)}" for name in names]
    lines += [f"threads {cores()}", f"processor {get_host_cpu_name()}, vectors {vectors()}"]
    lines += [f"kernels are kept in {cache_directory()}", "backend cpu: exact arithmetic, all experiments"]
    try:
        lines += [f"backend {Gpus().device}: exact arithmetic, all experiments; fast arithmetic, those in float32"]
    except ValueError as error:
        lines += [f"backend cuda: {str(error).split('; ', 1)[1]}"]
    return "\n".join(lines)


def _parser(verb: str, usage: str = "") -> Any:
    from attnlaws.simulations.exits import Parser

    return Parser(prog=f"attnlaws {verb}", description=VERBS[verb], usage=usage or None)


def _list(argv: list[str]) -> int:
    from attnlaws import registry

    parser = _parser("list")
    parser.add_argument("topic", nargs="?", help="show one topic only")
    arguments = parser.parse_args(argv)
    ids = registry.ids(arguments.topic)
    width = max(len(law_id) for law_id in ids)
    for law_id in ids:
        print(f"{law_id:<{width}}  {registry.statement(law_id)}")
    return 0


def _show(argv: list[str]) -> int:
    from attnlaws import catalog, registry
    from attnlaws.show import show_law

    parser = _parser("show")
    parser.add_argument("law")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--bibtex", action="store_true", help="print the source as a BibTeX entry")
    what.add_argument("--cuda", action="store_true", help="print the CUDA text of its kernels")
    parser.add_argument("--out", metavar="DIR", default=".attnlaws", help="folder of the store (default: %(default)s)")
    arguments = parser.parse_args(argv)
    law = registry.law(arguments.law)
    if arguments.bibtex:
        print(law.source.bibtex())
    elif arguments.cuda:
        print(show_cuda(arguments.law))
    else:
        show_law(law, catalog.stored_verdict(law, arguments.out))
    return 0


def show_cuda(law_id: str) -> str:
    """The CUDA text of a law's kernels, one per mode, at the first point of its grid."""
    from attnlaws import registry
    from attnlaws.simulations.cuda_source import kernel_source

    law, experiment = registry.law(law_id), registry.simulation(law_id)
    missing = {p.name: 1024 for p in law.parameters if p.role == "simulation"}
    point = law.validate(**{**missing, **(law.grid.points()[0] if law.grid else {})})
    texts = [f"// mode: {mode}\n{kernel_source(experiment.shape(mode, point), point)}" for mode in experiment.modes]
    return "\n".join(texts)


def _derive(argv: list[str]) -> int:
    from attnlaws import registry
    from attnlaws.show import show_derivation
    from attnlaws.theory.prove import prove

    parser = _parser("derive")
    parser.add_argument("law")
    parser.add_argument("--latex", action="store_true", help="print expressions in LaTeX")
    arguments = parser.parse_args(argv)
    law = registry.law(arguments.law)
    proof = prove(law)
    show_derivation(law, proof, arguments.latex)
    return 1 if proof.failed else 0


def _simulate(argv: list[str]) -> int:
    from attnlaws import registry
    from attnlaws.console import progress_bar
    from attnlaws.simulations.command import simulate_command

    if not argv or argv[0].startswith("-"):
        parser = _parser("simulate", "attnlaws simulate LAW [flags of the law]")
        parser.add_argument("law", help="id of a law, as `attnlaws list` shows them")
        parser.parse_args(argv)
    law_id = argv[0]
    law, experiment = registry.law(law_id), registry.simulation(law_id)
    return simulate_command(law, experiment, argv[1:], f"attnlaws simulate {law_id}", progress_bar)


def _verify(argv: list[str]) -> int:
    from attnlaws.simulations.command import add_run, number

    parser = _parser("verify")
    parser.add_argument(
        "targets", nargs="*", metavar="LAW | TOPIC | FILE.py", help="what to judge: laws and topics, or one file"
    )
    parser.add_argument("--all", action="store_true", help="judge every law")
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--quick",
        action="store_const",
        const="quick",
        dest="profile",
        help="seconds; equal laws with fewer draws on the curves",
    )
    size.add_argument(
        "--full", action="store_const", const="full", dest="profile", help="much longer: a quarter of the error bars"
    )
    parser.add_argument(
        "--seconds",
        type=number,
        metavar="S",
        help="time for the simulations of each law, beside what is derived and compiled: where it does not suffice "
        "they end there, and the verdict may be undecided; the same command goes on from what is stored",
    )
    parser.add_argument(
        "--timings",
        action="store_true",
        help="show where each law's time went, in seconds on the wall of the process that judged it",
    )
    parser.add_argument("--draw", metavar="DIR", help="draw the judged laws of the catalog into this folder as well")
    add_run(parser)
    arguments = parser.parse_args(argv)
    if bool(arguments.targets) == arguments.all:
        raise ValueError("targets: must be laws, topics or a file, or --all, and only one of the two")
    from attnlaws.referee import verify_command

    return verify_command(arguments)


def _figure(argv: list[str]) -> int:
    from attnlaws import catalog, registry
    from attnlaws.console import progress_bar
    from attnlaws.figures.style import save
    from attnlaws.simulations.command import add_store

    parser = _parser("figure")
    parser.add_argument("law", nargs="?")
    parser.add_argument("--all", action="store_true", help="draw every law")
    parser.add_argument(
        "--to", metavar="DIR", default="figures-out", help="folder for the pictures (default: %(default)s)"
    )
    parser.add_argument("--format", choices=("svg", "png", "pdf"), default="svg", help="default: %(default)s")
    add_store(parser)
    arguments = parser.parse_args(argv)
    if (arguments.law is None) != arguments.all:
        raise ValueError("law: must be a law or --all, and only one of them")
    ids = registry.ids() if arguments.all else [registry.law(arguments.law).id]
    folder = catalog.picture_folder("to", arguments.to)
    for law_id in ids:
        with progress_bar() as progress:
            figure = catalog.drawn(law_id, out=arguments.out, progress=progress)
        print(save(figure, folder / f"{law_id}.{arguments.format}"))
    return 0


def _report(argv: list[str]) -> int:
    from attnlaws.report import write_report
    from attnlaws.simulations.command import add_store

    parser = _parser("report")
    parser.add_argument("--to", metavar="DIR", default="report", help="folder for index.html (default: %(default)s)")
    add_store(parser)
    arguments = parser.parse_args(argv)
    print(write_report(arguments.to, arguments.out))
    return 0


def _estimate(argv: list[str]) -> int:
    from attnlaws.estimate import estimate_command

    return estimate_command(argv)


def _merge(argv: list[str]) -> int:
    from attnlaws.simulations.store import Store

    parser = _parser("merge")
    parser.add_argument("stores", nargs="+", metavar="DIR", help="folders of the stores to take over")
    parser.add_argument("--out", metavar="DIR", required=True, help="folder of the store that receives them")
    arguments = parser.parse_args(argv)
    for folder in arguments.stores:
        if not (Path(folder) / "store.sqlite").is_file():
            raise ValueError(f"stores = {folder!r}: must be a folder that holds a store.sqlite")
    with ExitStack() as opened:
        others = [opened.enter_context(Store(folder)) for folder in arguments.stores]
        store = opened.enter_context(Store(arguments.out))
        for folder, other in zip(arguments.stores, others, strict=True):
            print(f"{folder}: {store.merge(other)} new blocks")
    return 0


def _new(argv: list[str]) -> int:
    from attnlaws.template import write_law

    parser = _parser("new")
    parser.add_argument("id", metavar="TOPIC.NAME")
    for path in write_law(parser.parse_args(argv).id):
        print(path)
    print("Fill in both files, then run `make test`.")
    return 0


def _bench(argv: list[str]) -> int:
    parser = _parser("bench")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--growth", metavar="FILE.svg", help="draw time and memory against N instead; takes minutes")
    parser.add_argument(
        "--repeats", type=int, default=5, help="runs of each side; the ratio is of the fastest ones (default: 5)"
    )
    arguments = parser.parse_args(argv)
    if arguments.growth is not None:
        from attnlaws.growth import growth_command

        return growth_command(arguments.repeats, arguments.growth, arguments.json)
    from attnlaws.bench import bench_command

    return bench_command(arguments.repeats, arguments.json)


_ACTIONS: dict[str, Callable[[list[str]], int]] = {
    "list": _list,
    "show": _show,
    "derive": _derive,
    "simulate": _simulate,
    "verify": _verify,
    "figure": _figure,
    "estimate": _estimate,
    "report": _report,
    "merge": _merge,
    "new": _new,
    "bench": _bench,
}


def entry() -> None:
    """The console script."""
    sys.exit(main())


if __name__ == "__main__":
    entry()
