"""The ledger as syncd holds it: opened once it is there, opened anew when the file was replaced."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from pad import keys
from pad.keys import SEALING_KEY_BYTES, DeviceKeys, SecretError
from pad.ledger.connection import LedgerUnwritable, connect
from pad.ledger.outbox import Outbox

SEALING_KEY: Final = "sealing.key"


class LedgerFile:
    """One thread's way to the ledger. The kiosk makes the file and sets a damaged one aside, not syncd."""

    def __init__(self, state_dir: Path, path: Path) -> None:
        self._state_dir = state_dir
        self._path = path
        self._identity: tuple[int, int] | None = None
        self._db: sqlite3.Connection | None = None
        self._outbox: Outbox | None = None

    def outbox(self) -> Outbox:
        """What waits, in the file that is there now.

        :raises LedgerError: if there is none, or it cannot be used
        :raises SecretError: if there is no key for it
        """
        self.connection()
        if self._outbox is None:
            raise LedgerUnwritable(f"{self._path}: cannot be opened")
        return self._outbox

    def connection(self) -> sqlite3.Connection:
        """The connection to the file that is there now; raises as :meth:`outbox` does."""
        try:
            found = self._path.stat()
        except OSError:
            self.close()
            raise LedgerUnwritable(f"{self._path}: there is no ledger yet; the kiosk makes it") from None
        identity = (found.st_dev, found.st_ino)
        if self._db is None or identity != self._identity:
            self.close()
            # syncd neither needs nor gets the key of the chain
            device_keys = DeviceKeys(chain=b"", sealing=sealing_key(self._state_dir))
            self._db = connect(self._path)
            self._outbox = Outbox(self._db, device_keys)
            self._identity = identity
        return self._db

    def sealing_key(self) -> bytes:
        """The key of the raters' data; raises as :func:`sealing_key` does."""
        return sealing_key(self._state_dir)

    def close(self) -> None:
        """Let the file go."""
        if self._db is not None:
            self._db.close()
        self._db = self._outbox = self._identity = None


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
