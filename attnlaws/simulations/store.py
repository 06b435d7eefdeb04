"""Finished blocks, proofs and verdicts in one SQLite file; killed at any instant, nothing is lost and nothing twice."""

import hashlib
import json
import platform
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from attnlaws.simulations.task import Block, Task, canonical

APPLICATION = 0x61_74_6C_61  # "atla": tells a store of ours from another program's file
SCHEMA = 1
TASK_COLUMNS: tuple[str, ...] = ("identity", "law", "mode", "parameters", "seed")
BUSY_SECONDS = 60.0
TABLES = """
CREATE TABLE task (identity TEXT PRIMARY KEY, law TEXT, mode TEXT, parameters TEXT, seed TEXT);
CREATE TABLE block (task TEXT, first INTEGER, count INTEGER, sums BLOB, checksum TEXT, device TEXT, versions TEXT,
                    date TEXT, PRIMARY KEY (task, first, count));
CREATE TABLE record (kind TEXT, law TEXT, key TEXT, body TEXT, date TEXT);
CREATE INDEX record_of ON record (kind, law, key);
"""


class StoreError(ValueError):
    """A store that cannot be used; the file is left as it was."""


class Store:
    """Rows of finished blocks, and the records (proofs, verdicts) made from them.

    Args:
        directory: folder of the store; the file is ``store.sqlite`` in it and is made on first use.

    Raises:
        StoreError: the folder cannot be written, or the file is truncated or not a store of this version.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, Store(folder) as store:
        ...     store.add_record("note", "topk.tail_mass", "key", {"text": "hello"})
        ...     store.record("note", "topk.tail_mass", "key")
        {'text': 'hello'}
    """

    def __init__(self, directory: str | Path) -> None:
        if not isinstance(directory, str | Path):
            raise StoreError(f"out = {directory!r}: must be the path of a folder")
        self.path = Path(directory) / "store.sqlite"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.database = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"out = {str(directory)!r}: must be a folder that can be written ({error})") from error
        try:
            with self._transaction():  # whose start rolls back what a killed process left half written
                self._create_or_check()
        except BaseException:
            self.close()
            raise

    def _create_or_check(self) -> None:
        """Make the tables where there is nothing, and refuse what is not ours."""
        size = self.path.stat().st_size  # asked for, not read: to close a file that SQLite has open drops its locks
        whole = self._pragma("page_count") * self._pragma("page_size")
        if not size:
            for statement in TABLES.split(";")[:-1]:
                self.database.execute(statement)
            self.database.execute(f"PRAGMA application_id = {APPLICATION}")
            self.database.execute(f"PRAGMA user_version = {SCHEMA}")
        elif size < whole:
            raise StoreError(f"store = {str(self.path)!r}: is truncated ({size} bytes of {whole})")
        elif (self._pragma("application_id"), self._pragma("user_version")) != (APPLICATION, SCHEMA):
            raise StoreError(
                f"store = {str(self.path)!r}: must be a store of attnlaws, version {SCHEMA}; this is another program's"
            )

    def _pragma(self, name: str) -> int:
        return self.database.execute(f"PRAGMA {name}").fetchone()[0]

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self.database.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing, also when the process is killed inside.

        Raises:
            StoreError: nothing can be written, as on a full disk; what was stored before is untouched. Or the file is
                truncated, or no database.
        """
        try:
            self.database.execute("BEGIN IMMEDIATE")
            yield
            self.database.execute("COMMIT")
        except BaseException as error:
            if self.database.in_transaction:  # SQLite has already rolled back where the disk is full
                self.database.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise StoreError(f"store = {str(self.path)!r}: {_fault(error)}") from error
            raise

    def rows(self, identity: str) -> dict[Block, np.ndarray]:
        """All stored rows of a task.

        Raises:
            StoreError: a row does not match its checksum.
        """
        try:
            found = self.database.execute(
                "SELECT first, count, sums, checksum FROM block WHERE task = ?", (identity,)
            ).fetchall()
        except sqlite3.DatabaseError as error:
            raise StoreError(f"store = {str(self.path)!r}: is damaged ({error})") from error
        for first, count, sums, checksum in found:
            if checksum != _checksum(identity, first, count, sums):
                raise StoreError(f"store = {str(self.path)!r}: block {first} of task {identity[:12]} is damaged")
        return {Block(first, count): np.frombuffer(sums, np.float64) for first, count, sums, _ in found}

    def contents(self, law: str) -> dict[str, Any]:
        """All rows and the newest records of one law, for a worker that may not open the store."""
        tasks = self.database.execute("SELECT identity FROM task WHERE law = ?", (law,)).fetchall()
        records = self.database.execute(
            "SELECT kind, key, body FROM record WHERE law = ? ORDER BY rowid", (law,)
        ).fetchall()
        return {
            "rows": {identity: self.rows(identity) for (identity,) in tasks},
            "records": {(kind, key): json.loads(body) for kind, key, body in records},
        }

    def add(self, task: Task, rows: Mapping[Block, np.ndarray], device: str = "cpu") -> None:
        """Store rows, dropping the short blocks that they complete.

        Raises:
            StoreError: a row is there already with other bits, which no correct run can produce.
        """
        self.add_foreign(describe(task), rows, device)

    def add_foreign(self, task: Mapping[str, str], rows: Mapping[Block, np.ndarray], device: str) -> None:
        """As :meth:`add`, with the task given by its description."""
        entries = [
            (block.first, block.count, np.ascontiguousarray(row, np.float64).tobytes()) for block, row in rows.items()
        ]
        made = _versions(), datetime.now(UTC).isoformat(timespec="seconds")
        with self._transaction():
            self._add(task, ((*entry, device, *made) for entry in entries))

    def _add(self, task: Mapping[str, str], entries: Iterable[tuple[int, int, bytes, str, str, str]]) -> None:
        identity = task["identity"]
        self.database.execute("INSERT OR IGNORE INTO task VALUES (:identity, :law, :mode, :parameters, :seed)", task)
        for first, count, sums, device, versions, date in entries:
            known = self.database.execute(
                "SELECT sums FROM block WHERE task = ? AND first = ? AND count = ?", (identity, first, count)
            ).fetchone()
            if known and known[0] != sums:
                raise StoreError(
                    f"store = {str(self.path)!r}: block {first} of task {identity[:12]} disagrees with a stored one"
                )
            if known:
                continue
            self.database.execute(
                "INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (identity, first, count, sums, _checksum(identity, first, count, sums), device, versions, date),
            )
            self.database.execute(
                "DELETE FROM block WHERE task = ? AND first = ? AND count < ?", (identity, first, count)
            )

    def merge(self, other: "Store") -> int:
        """Take over another store's blocks and records.

        Returns:
            Number of blocks that were new.

        Raises:
            StoreError: the stores hold different bits for one block; nothing is taken over then.
        """
        before = self._count()
        with self._transaction():
            for row in other.database.execute("SELECT identity, law, mode, parameters, seed FROM task").fetchall():
                task: dict[str, str] = dict(zip(TASK_COLUMNS, row, strict=True))
                other.rows(task["identity"])  # checks the sums it is about to hand over
                columns = "first, count, sums, device, versions, date"
                query = f"SELECT {columns} FROM block WHERE task = ? ORDER BY first, count"
                self._add(task, other.database.execute(query, (task["identity"],)).fetchall())
            known = set(self.database.execute("SELECT * FROM record").fetchall())
            new = [row for row in other.database.execute("SELECT * FROM record").fetchall() if row not in known]
            self.database.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?)", new)
        return self._count() - before

    def _count(self) -> int:
        return self.database.execute("SELECT count(*) FROM block").fetchone()[0]

    def add_record(self, kind: str, law: str, key: str, body: Mapping[str, Any]) -> None:
        """Append a record; earlier ones of the same key stay, as history."""
        date = datetime.now(UTC).isoformat(timespec="seconds")
        with self._transaction():
            self.database.execute("INSERT INTO record VALUES (?, ?, ?, ?, ?)", (kind, law, key, json.dumps(body), date))

    def record(self, kind: str, law: str, key: str | None = None) -> dict[str, Any] | None:
        """The newest record of a kind, or None."""
        query = (
            "SELECT body FROM record WHERE kind = ? AND law = ? AND (? IS NULL OR key = ?) "
            "ORDER BY date DESC, rowid DESC LIMIT 1"
        )
        found = self.database.execute(query, (kind, law, key, key)).fetchone()
        return json.loads(found[0]) if found else None

    def history(self, kind: str, law: str) -> list[tuple[str, str, dict[str, Any]]]:
        """Every record of a kind on a law as (date, key, body), newest first; earlier forms of the law included."""
        query = "SELECT date, key, body FROM record WHERE kind = ? AND law = ? ORDER BY date DESC, rowid DESC"
        return [(date, key, json.loads(body)) for date, key, body in self._read(query, kind, law)]

    def made(self, law: str) -> list[tuple[str, dict[str, str], int, str, str]]:
        """What computed the blocks of a law: (device, versions, number of blocks, first date, last date) each."""
        query = (  # from the tasks to their blocks: SQLite would go through all blocks of the store
            "SELECT device, versions, count(*), min(date), max(date) FROM task CROSS JOIN block ON task = identity "
            "WHERE law = ? GROUP BY device, versions ORDER BY max(date) DESC, device, versions"
        )
        return [(device, json.loads(versions), *rest) for device, versions, *rest in self._read(query, law)]

    def _read(self, query: str, *values: str) -> list[Any]:
        try:
            return self.database.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise StoreError(f"store = {str(self.path)!r}: is damaged ({error})") from error


def describe(task: Task) -> dict[str, str]:
    """What the store keeps of a task for people to read; the seed is text, so it may be as large as it likes."""
    return {
        "identity": task.identity,
        "law": task.law_id,
        "mode": task.mode,
        "parameters": canonical(task.parameters),
        "seed": str(task.seed),
    }


def _fault(error: sqlite3.Error) -> str:
    """What SQLite's refusal of a transaction says of the file."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the lowest byte is the kind, the others its finer kinds
    if code == sqlite3.SQLITE_NOTADB:
        return "must be a store of attnlaws; this is another kind of file"
    if code == sqlite3.SQLITE_CORRUPT:
        return f"is truncated or damaged ({error})"
    return f"cannot be written ({error})"


def _checksum(identity: str, first: int, count: int, sums: bytes) -> str:
    return hashlib.sha256(f"{identity}|{first}|{count}|".encode() + sums).hexdigest()


@lru_cache
def _versions() -> str:
    """Versions of what computes, as JSON."""
    found = {name: version(name) for name in ("attnlaws", "numpy", "numba", "llvmlite")}
    return json.dumps({"python": platform.python_version(), **found})
