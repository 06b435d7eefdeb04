"""Time and memory against N: each point in a process of its own, because a process remembers its largest memory."""

import json
import multiprocessing
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from math import log
from pathlib import Path

from attnlaws.bench_peers import Side, linear, numpy_stored, tail
from attnlaws.catalog import picture_folder
from attnlaws.console import console
from attnlaws.figures.growth import Grown, growth_figure
from attnlaws.figures.style import save
from attnlaws.helpers import end_with_client
from attnlaws.simulations.simulate import whole

PEER = "NumPy float64, all keys stored"
SERIES: dict[str, Callable[[int], Side]] = {
    PEER: numpy_stored,
    "literal": lambda n: linear("literal", n),
    "collapsed": lambda n: linear("collapsed", n),
    "top-k window": tail,
}
SMALLEST = 3
LARGEST = {PEER: 6, "literal": 8, "collapsed": 9, "top-k window": 9}
"""Powers of ten."""
FLAT_MIB = 32.0
"""How much more memory the largest N of a simulation may take than the smallest one."""
LAWS = ("retrieval.linear", "topk.tail_mass")


def growth_command(repeats: int, to: str, as_json: bool) -> int:
    """Measure and draw; 1 if the memory of a simulation grows with N.

    Raises:
        ValueError: the file has an ending that cannot be drawn or a folder that cannot be written, or this system does
            not say how much memory a process took.
    """
    path = Path(to)
    if path.suffix not in (".svg", ".png", ".pdf"):
        raise ValueError(f"growth = {to!r}: must be a file name that ends in .svg, .png or .pdf")
    picture_folder("growth", path.parent)
    points = grown(whole("repeats", repeats, 1))
    save(growth_figure(points, peer=PEER), path)
    if as_json:
        print(json.dumps({"growth": [asdict(point) for point in points], "picture": str(path)}))
    else:
        for name in SERIES:
            console().print(sentence([point for point in points if point.name == name]))
        print(path)
    return int(any(more_memory(points, name) > FLAT_MIB for name in SERIES if name != PEER))


def grown(repeats: int) -> list[Grown]:
    """All points, each measured in a new process.

    Raises:
        ValueError: as for :func:`growth_command`.
    """
    if sys.platform == "win32":
        raise ValueError("growth: must run on Linux or macOS, where a process tells its largest memory")
    _load()  # leaves the compiled kernels on disk: compiling them takes more memory than all that follows
    sizes = [(name, 10**power) for name in SERIES for power in range(SMALLEST, LARGEST[name] + 1)]
    return [in_its_own_process(name, n, repeats) for name, n in sizes]


def in_its_own_process(name: str, n: int, repeats: int) -> Grown:
    """One point, measured in a new process that starts with everything imported."""
    context = multiprocessing.get_context("forkserver")
    floors = [f"attnlaws.{floor}.{law}" for floor in ("theory", "simulations") for law in LAWS]
    context.set_forkserver_preload(["attnlaws.growth", *floors])
    with ProcessPoolExecutor(1, context, end_with_client) as pool:
        return pool.submit(measured, name, n, repeats).result()


def measured(name: str, n: int, repeats: int) -> Grown:
    """One point, in this process."""
    _load()
    side = SERIES[name](n)
    before = _peak_mib()
    side(0)
    seconds = [n / side(repeat)[0] for repeat in range(1, repeats + 1)]
    return Grown(name, n, tuple(sorted(seconds)), before, _peak_mib())


def _load() -> None:
    """Run every series once, so that all processes start with the same in memory."""
    for series in SERIES.values():
        series(10**SMALLEST)(0)


def _peak_mib() -> float:
    """The largest memory that this process has had."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def more_memory(points: Sequence[Grown], name: str) -> float:
    """How much more memory (MiB) a series took at its largest N than at its smallest."""
    own = sorted((point for point in points if point.name == name), key=lambda point: point.n)
    return own[-1].peak_mib - own[0].peak_mib


def sentence(points: Sequence[Grown]) -> str:
    """What a series shows.

    Example:
        >>> points = [Grown("sum", 10**k, (10.0**k,), 90.0, 100.0) for k in (3, 4, 5)]
        >>> sentence(points)
        'sum: time as N^1.00 from N = 10^3 to 10^5; peak memory +0 MiB from N = 10^3 to 10^5'
    """
    first, last = points[0], points[-1]
    start = points[-min(3, len(points))]
    power = log(last.seconds[0] / start.seconds[0]) / log(last.n / start.n)
    ends = [f"10^{round(log(point.n, 10))}" for point in (start, last, first)]
    more = more_memory(points, first.name)
    return (
        f"{first.name}: time as N^{power:.2f} from N = {ends[0]} to {ends[1]}; "
        f"peak memory {more:+.0f} MiB from N = {ends[2]} to {ends[1]}"
    )
