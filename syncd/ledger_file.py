"""The ledger as syncd holds it: opened once it is there, opened anew when the file was replaced."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from pad import keys
from pad.keys import SEALING_KEY_BYTES, DeviceKeys, SecretError
from pad.ledger.following import Following
from pad.ledger.outbox import Outbox

SEALING_KEY: Final = "sealing.key"


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
            device_keys = DeviceKeys(chain=b"", sealing=sealing_key(self._state_dir))
            self._db, self._outbox = db, Outbox(db, device_keys)
        return self._outbox

    def connection(self) -> sqlite3.Connection:
        """The connection to the file that is there now; raises :class:`LedgerError` as :meth:`outbox`."""
        return self._file.connection()

    def sealing_key(self) -> bytes:
        """The key of the raters' data; raises as :func:`sealing_key` does."""
        return sealing_key(self._state_dir)

    def close(self) -> None:
        """Let the file go."""
        self._file.close()
        self._db = self._outbox = None


def sealing_key(state_dir: Path) -> bytes:
    """The key of the raters' data.

    :raises SecretError: if it is missing or malformed
    """
    path = state_dir / "keys" / SEALING_KEY
    text = keys.read_secret(state_dir, SEALING_KEY)
    if text is None:
        raise SecretError(f"{path}: missing; the kiosk makes it with the ledger: put it back from its backup")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != SEALING_KEY_BYTES:
        raise SecretError(f"{path}: not a key; {2 * SEALING_KEY_BYTES} hexadecimal digits are needed")
    return key
