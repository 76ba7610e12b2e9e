"""The ledger as syncd holds it: opened once it is there, opened anew when the file was replaced."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pad import keys
from pad.ledger.following import Following
from pad.ledger.outbox import Outbox


class LedgerFile:
    """One thread's way to the ledger, with what waits in it."""

    def __init__(self, state_dir: Path, path: Path) -> None:
        self._state_dir = state_dir
        self._file = Following(path)
        self._db: sqlite3.Connection | None = None
        self._outbox: Outbox | None = None

    def outbox(self) -> Outbox:
        """What waits, in the file that is there now.

        :raises LedgerError: if there is none, or it cannot be used
        :raises SecretError: if there is no key for it
        """
        db = self.connection()
        if self._outbox is None or db is not self._db:
            # syncd neither needs nor gets the key of the chain
            self._db, self._outbox = db, Outbox(db, keys.sealing_keys(self._state_dir))
        return self._outbox

    def connection(self) -> sqlite3.Connection:
        """The connection to the file that is there now; raises :class:`LedgerError` as :meth:`outbox`."""
        return self._file.connection()

    def close(self) -> None:
        """Let the file go."""
        self._file.close()
        self._db = self._outbox = None
