"""attnlaws: a referee for the theory of attention as associative memory.

>>> import attnlaws as al
>>> law = al.law("topk.tail_mass")
>>> round(float(law(kappa=0.1, sigma=1.0)), 4)
0.6109
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnlaws._version import __version__

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

    from attnlaws import estimators as estimators
    from attnlaws.catalog import Catalog
    from attnlaws.sample_rates import rates
    from attnlaws.simulations.experiment import Arithmetic, Exact, Experiment
    from attnlaws.simulations.verdict import Verdict
    from attnlaws.sizing import best_temperature, capacity, dimension, temperature
    from attnlaws.theory.law import Law

__all__ = [
    "__version__",
    "best_temperature",
    "capacity",
    "dimension",
    "estimators",
    "experiment",
    "figure",
    "law",
    "laws",
    "rates",
    "simulate",
    "temperature",
    "verify",
]

SIZING = ("best_temperature", "capacity", "dimension", "temperature")
LAZY = dict.fromkeys(SIZING, "attnlaws.sizing") | {"rates": "attnlaws.sample_rates"}

STORE = ".attnlaws"


def __getattr__(name: str) -> Any:
    if name == "estimators" or name in LAZY:  # at first use: they need NumPy, and `import attnlaws` does without
        import importlib

        found = importlib.import_module(LAZY.get(name, "attnlaws.estimators"))
        return getattr(found, name) if name in LAZY else found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def law(law_id: str) -> "Law":
    """A law by its id, callable on arrays.

    Raises:
        ValueError: no law has this id; names the nearest.

    Example:
        >>> law("retrieval.linear")(n=65, d_k=[34, 66])
        array([2., 1.])
    """
    from attnlaws import registry

    return registry.law(law_id)


def experiment(law_id: str) -> "Experiment | Exact":
    """How a law is simulated, or computed exactly; needed to judge a formula of your own on it.

    Raises:
        ValueError: no law has this id.
    """
    from attnlaws import registry

    return registry.experiment(law_id)


def laws(topic: str | None = None, *, out: str | Path = STORE) -> "Catalog":
    """Ids, statements, sources and the last verdicts of a store, as a table.

    Raises:
        ValueError: there is no such topic.
    """
    from attnlaws.catalog import catalog

    return catalog(topic, out)


def simulate(
    law_id: str,
    *,
    replicates: int | None = None,
    precision: float | None = None,
    seconds: float | None = None,
    seed: int = 0,
    backend: str = "auto",
    arithmetic: "Arithmetic" = "exact",
    mode: str | None = None,
    out: str | Path = STORE,
    threads: int | None = None,
    scheduler: str | None = None,
    **parameters: Any,
) -> "xarray.Dataset":
    """Estimate what a law claims to know; see :func:`attnlaws.simulations.simulate.simulate`.

    Raises:
        ValueError: names the parameter, its domain and the value.
    """
    from attnlaws import registry
    from attnlaws.console import progress_bar
    from attnlaws.simulations.simulate import simulate as run

    chosen = registry.law(law_id), registry.simulation(law_id)
    options: dict[str, Any] = {"seed": seed, "mode": mode, "out": out, "threads": threads}
    options |= {"replicates": replicates, "precision": precision, "seconds": seconds}
    where: dict[str, Any] = {"backend": backend, "arithmetic": arithmetic, "scheduler": scheduler}
    with progress_bar() as progress:
        return run(*chosen, progress=progress, **options, **where, **parameters)


def verify(
    law: "str | Law",
    experiment: "Experiment | Exact | None" = None,
    *,
    profile: str = "normal",
    seconds: float | None = None,
    seed: int = 0,
    out: str | Path = STORE,
    threads: int | None = None,
    backend: str = "auto",
    scheduler: str | None = None,
) -> "Verdict":
    """Derive, simulate and judge a law of the catalog, or your own.

    Args:
        law: an id, or a law of your own.
        experiment: how your own law is simulated; a law made by ``claiming`` takes that of the law it was made from.
        profile: "quick", "normal" or "full": how small the error bars become.
        seconds: time for the simulations; where it does not suffice they end there, and the verdict may be undecided.
            What is drawn stays in the store, so that the next call goes on from it.
        seed: seed of the streams.
        out: folder of the store.
        threads: worker threads, by default one per core.
        backend: "cpu", "cuda" for all NVIDIA GPUs of this machine, or "auto" for the CPU. The verdict is of exact
            arithmetic, and so does not depend on it.
        scheduler: address of a Dask scheduler, as "tcp://HOST:8786", whose workers compute; the verdict does not depend
            on it.

    Returns:
        The verdict; ``.outcome`` is SUPPORTED, REFUTED or INCONCLUSIVE.

    Raises:
        ValueError: no law has this id, there is no such profile or backend, the scheduler does not answer, ``seconds``
            is no positive number, or the store cannot be used.
    """
    from attnlaws.catalog import judged
    from attnlaws.console import progress_bar

    with progress_bar() as progress:
        options: dict[str, Any] = {"profile": profile, "seed": seed, "out": out, "threads": threads}
        options["seconds"] = seconds
        return judged(law, experiment, backend=backend, scheduler=scheduler, progress=progress, **options)


def figure(law_id: str, *, out: str | Path = STORE) -> "Figure":
    """Theory over simulation: the last verdict of the store, or a quick one made now.

    Raises:
        ValueError: no law has this id.
    """
    from attnlaws.catalog import drawn

    return drawn(law_id, out=out)
