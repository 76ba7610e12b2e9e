"""Other people's durable queues, draining the same records to the same receiver as syncd does.

``python -m bench.rivals NAME FOLDER URL`` drains a queue that :func:`fill` has filled: a batch at a
time, taken off the queue only after the receiver's answer, with the disk told to keep it
(``synchronous=FULL``). Each is used the fastest way that keeps this promise.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol

import requests
from litequeue import LiteQueue
from persistqueue import Empty, SQLiteAckQueue, SQLiteQueue

BATCH: Final = 100
"""Records in a body, for syncd too."""
_FULL: Final = "PRAGMA synchronous=FULL"
_OFF: Final = "PRAGMA synchronous=OFF"


class Rival(Protocol):
    """A queue with what a drain asks of it."""

    def fill(self, records: Iterator[bytes]) -> None:
        """Put records in, with no care for the disk: this is not what is measured."""
        ...

    def take(self) -> Sequence[bytes]:
        """The next batch, oldest first."""
        ...

    def settle(self) -> None:
        """What was taken last has been answered for."""
        ...


class PersistQueue:
    """persist-queue's SQLiteQueue: one delete and one commit a batch, nothing kept of what was sent."""

    def __init__(self, folder: Path) -> None:
        self._queue = SQLiteQueue(str(folder), auto_commit=False)
        _tell(self._queue._putter, _FULL)

    def fill(self, records: Iterator[bytes]) -> None:
        """Put records in."""
        _tell(self._queue._putter, _OFF)
        for each in records:
            self._queue.put(each)

    def take(self) -> Sequence[bytes]:
        """The next batch."""
        return tuple(islice(self._each(), BATCH))

    def settle(self) -> None:
        """Delete it."""
        self._queue.task_done()

    def _each(self) -> Iterator[bytes]:
        while True:
            try:
                yield self._queue.get(block=False)
            except Empty:
                return


class PersistAckQueue:
    """persist-queue's SQLiteAckQueue: each record has a state, as ours has; a commit for each change."""

    def __init__(self, folder: Path) -> None:
        self._queue = SQLiteAckQueue(str(folder))
        _tell(self._queue._putter, _FULL)
        self._taken: list[int] = []

    def fill(self, records: Iterator[bytes]) -> None:
        """Put records in."""
        _tell(self._queue._putter, _OFF)
        for each in records:
            self._queue.put(each)

    def take(self) -> Sequence[bytes]:
        """The next batch."""
        rows: list[Any] = []
        while len(rows) < BATCH:
            try:
                rows.append(self._queue.get(block=False, raw=True))
            except Empty:
                break
        self._taken = [row["pqid"] for row in rows]
        return [row["data"] for row in rows]

    def settle(self) -> None:
        """Acknowledge each."""
        for each in self._taken:
            self._queue.ack(id=each)


class LiteQueueRival:
    """litequeue: popping has a transaction of its own each time; what is done is marked in one."""

    def __init__(self, folder: Path) -> None:
        self._queue = LiteQueue(folder / "queue.db")
        self._queue.conn.execute(_FULL)
        self._taken: list[str] = []

    def fill(self, records: Iterator[bytes]) -> None:
        """Put records in."""
        self._queue.conn.execute(_OFF)
        with self._queue.transaction():
            for each in records:
                self._queue.put(each.decode())

    def take(self) -> Sequence[bytes]:
        """The next batch."""
        messages = list(islice(iter(self._queue.pop, None), BATCH))
        self._taken = [each.message_id for each in messages]
        return [each.data.encode() for each in messages]

    def settle(self) -> None:
        """Mark it done."""
        with self._queue.transaction():
            for each in self._taken:
                self._queue.done(each)


RIVALS: Final[dict[str, Callable[[Path], Rival]]] = {
    "persist-queue": PersistQueue,
    "persist-queue, acknowledging": PersistAckQueue,
    "litequeue": LiteQueueRival,
}


def _tell(connection: Any, pragma: str) -> None:
    connection.execute(pragma)


def fill(name: str, folder: Path, records: Iterator[bytes]) -> None:
    """Fill a rival's queue."""
    folder.mkdir(parents=True, exist_ok=True)
    RIVALS[name](folder).fill(records)


def drain(name: str, folder: Path, url: str) -> None:
    """Send all there is, a batch at a time."""
    rival = RIVALS[name](folder)
    with closing(requests.Session()) as session:
        session.trust_env = False
        while batch := rival.take():
            body = b'{"records":[' + b",".join(batch) + b"]}"
            session.post(url, data=body, timeout=30).raise_for_status()
            rival.settle()


if __name__ == "__main__":
    drain(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
