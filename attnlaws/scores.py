"""Logits of a reader's own model, from a file of NumPy's."""

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

from attnlaws.estimators.arrays import at, refuse
from attnlaws.theory.domain import fault

LARGEST = 1e30  # a logit beyond is a mask written as a number


@dataclass(frozen=True)
class Scores:
    """The logits of a file, a head at a time.

    Attributes:
        lead: sizes of the leading axes, as (layers, heads).
        rows: rows of a head.
        keys: keys of a row.
        scale: what inner products are multiplied with, or None for logits that were stored.
        of: the logits of a head, [rows, keys] in float64, by its index.
    """

    lead: tuple[int, ...]
    rows: int
    keys: int
    scale: float | None
    of: Callable[[tuple[int, ...]], np.ndarray]


def read_scores(path: Path, scale: float | None) -> Scores:
    """The logits of a file.

    Raises:
        ValueError: the file cannot be read, does not hold what is needed, or holds NaN.
    """
    arrays = _load(path)
    if set(arrays) == {"logits"}:
        if scale is not None:
            raise fault("scale", scale, "left out", "the file holds logits, which have their scale already")
        logits = _checked("logits", arrays["logits"])
        rows, keys = logits.shape[-2:]
        return Scores(logits.shape[:-2], rows, keys, None, lambda index: logits[index].astype(np.float64))
    query, key = _paired(arrays)
    factor = 1 / sqrt(query.shape[-1]) if scale is None else scale

    def inner_products(index: tuple[int, ...]) -> np.ndarray:
        with np.errstate(over="ignore", invalid="ignore"):
            logits = query[index].astype(np.float64) @ key[index].astype(np.float64).T * factor
        if not (np.abs(logits) <= LARGEST).all():
            raise fault("scale", factor, f"so small that no logit exceeds {LARGEST:g} in size", at("query", index))
        return logits

    return Scores(query.shape[:-2], query.shape[-2], key.shape[-2], factor, inner_products)


def read_query_key(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Queries and keys of a file, both [..., token, d], as they are stored.

    Raises:
        ValueError: the file cannot be read, holds logits in their place, or something that is not finite.
    """
    arrays = _load(path)
    if set(arrays) == {"logits"}:
        why = "it holds logits, for which every key was scored already"
        raise fault("FILE", str(path), "an .npz file with query and key", why)
    return _paired(arrays)


def _paired(arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    query, key = (_checked(name, arrays[name]) for name in ("query", "key"))
    if (query.shape[:-2], query.shape[-1]) != (key.shape[:-2], key.shape[-1]):
        raise fault("key.shape", key.shape, f"that of query, {query.shape}, but for the number of tokens")
    return query, key


def _load(path: Path) -> dict[str, np.ndarray]:
    """The arrays that are needed, by name."""

    def unfit(why: str) -> ValueError:
        return fault("FILE", str(path), "an .npz file with query and key or with logits, or an .npy file", why)

    try:
        with path.open("rb") as stream:
            magic = stream.read(6)
            stream.seek(0)
            if not magic.startswith((b"PK", b"\x93NUMPY")):
                raise unfit("it is neither, by its first bytes")
            stored: Any = np.load(stream, allow_pickle=False)
            if isinstance(stored, np.ndarray):
                return {"logits": stored}
            wanted = [names for names in (("query", "key"), ("logits",)) if set(names) <= set(stored.files)]
            if len(wanted) != 1:
                holds = ", ".join(stored.files) or "nothing"
                raise unfit(f"it holds {holds}" + (": both, and which is meant?" if wanted else ""))
            return {name: stored[name] for name in wanted[0]}
    except OSError as error:
        raise unfit((error.strerror or str(error)).lower()) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError) as error:
        raise unfit(f"it is damaged: {error}") from error
    except ValueError as error:
        if str(error).startswith("FILE = "):
            raise
        raise unfit(f"it cannot be read: {error}") from error


def _checked(name: str, values: Any) -> np.ndarray:
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise fault(f"{name}.dtype", array.dtype, "a type of real numbers")
    if array.ndim < 2 or array.size == 0:
        axes = "[..., row, key]" if name == "logits" else "[..., token, d]"
        raise fault(f"{name}.shape", array.shape, f"{axes}, with nothing empty")
    if name == "logits":
        bad = ~(np.abs(array) <= LARGEST) & (array != -np.inf)
        refuse(np, name, array, bad, f"a real number of at most {LARGEST:g} in size, or -inf for a masked key")
    else:
        refuse(np, name, array, ~np.isfinite(array), "a finite number")
    return array
