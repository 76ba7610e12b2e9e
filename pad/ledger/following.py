"""A connection that follows the ledger: closed and opened anew when its file or WAL is another one."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

from pad.ledger.connection import LedgerUnwritable, Refusal, alone, connect, translated, unusable, wal

_log = logging.getLogger("pad.ledger")
_FileId = tuple[int, int]


class Following:
    """One thread's way to the ledger.

    :param opening: how it is opened; the kiosk makes and mends it by the way, nobody else does
    """

    def __init__(self, path: Path, opening: Callable[[], sqlite3.Connection] | None = None) -> None:
        self.path = path
        self._opening = opening or self._open_what_is_there
        self._db: sqlite3.Connection | None = None
        self._file: _FileId | None = None
        self._wal: _FileId | None = None

    def connection(self) -> sqlite3.Connection:
        """The connection to the file that is there now.

        :raises LedgerError: if there is none, or it cannot be used
        """
        if self.has_moved():
            self.close()
        if self._db is None:
            before = _identity(self.path)
            self._db = self._opening()
            # asked for before and after: what is replaced meanwhile is noticed the next time
            self._file = before or _identity(self.path)
            self._wal = _identity(wal(self.path))
        return self._db

    def _open_what_is_there(self) -> sqlite3.Connection:
        try:
            is_there = self.path.exists()
        except OSError as error:
            raise unusable(error, self.path) from error
        if not is_there:
            raise LedgerUnwritable(f"{self.path}: there is no ledger yet; the kiosk makes it")
        return connect(self.path)

    def has_moved(self) -> bool:
        """Whether what this is connected to no longer stands in its place."""
        if self._db is None:
            return False
        return _identity(self.path) != self._file or _identity(wal(self.path)) != self._wal

    def close(self) -> None:
        """Let the file go; what only a WAL without a name holds is copied into the ledger first.

        :raises LedgerError: if that cannot be done now; the file is not let go then
        """
        if self._db is None:
            return
        if self.has_moved() and _identity(self.path) == self._file:
            self._leave_wal(self._db)
        else:
            self._db.close()
        self._db = self._file = self._wal = None

    def _leave_wal(self, db: sqlite3.Connection) -> None:
        _log.error("%s: deleted while in use; what it holds is copied into the ledger", wal(self.path))
        try:
            # the last to let go takes the WAL's index along; of two that do it at once neither is
            # the last for SQLite, and the index left behind would say that a WAL was lost
            with alone(self.path), translated():
                busy, pages, copied = db.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
                if busy or pages != copied:
                    raise LedgerUnwritable(
                        f"{wal(self.path)}: deleted, and cannot be copied yet", Refusal.WAL_GONE
                    )
                db.close()
        except OSError as error:
            raise unusable(error, self.path) from error


def _identity(file: Path) -> _FileId | None:
    """Which file this is; None if there is none. While a ledger is in use its WAL stays the same one."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
