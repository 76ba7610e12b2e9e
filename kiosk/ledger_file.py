"""The scribe's way to the ledger: opened, and mended, as soon as the disk lets it be."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from pad.clock import Clock
from pad.keys import DeviceKeys
from pad.ledger.connection import LedgerError, LedgerUnwritable, Refusal, suspicion
from pad.ledger.following import Following
from pad.ledger.recording import Recorder
from pad.ledger.rescue import open_ledger


class LedgerFile:
    """The ledger, for one thread."""

    def __init__(self, path: Path, keys: DeviceKeys, indicators_version: str, clock: Clock) -> None:
        self.path = path
        self._keys = keys
        self._indicators_version = indicators_version
        self._file = Following(path, lambda: open_ledger(path, clock.read()))
        self._recorder: Recorder | None = None

    def recorder(self) -> Recorder:
        """Who writes into the file that is there now, which is made, migrated and mended as needed.

        :raises LedgerUnwritable: if the disk does not let it be opened
        """
        db = self._file.connection()
        if self._recorder is None or not self._recorder.writes_to(db):
            self._recorder = Recorder(db, self._keys, self._indicators_version)
        return self._recorder

    def use_indicators(self, version: str) -> None:
        """Have this version of the indicator list written with the ratings that follow; it needs no disk."""
        self._indicators_version = version
        if self._recorder is not None:
            self._recorder.use_indicators(version)

    def hold(self) -> None:
        """After a write: see that it went into a file that will be found again.

        :raises LedgerUnwritable: if it did not; it is to be written once more
        """
        if (moved := self.moved()) is not None:
            self.close()
            raise LedgerUnwritable(moved, Refusal.WAL_GONE)

    def moved(self) -> str | None:
        """That the ledger that is open no longer stands in its place, in words; None if all is well."""
        return f"{self.path}: it or its WAL was deleted while in use" if self._file.has_moved() else None

    def is_suspect(self) -> bool:
        """Whether somebody met damage in it."""
        return os.path.exists(suspicion(self.path))  # noqa: PTH110 - pathlib's raises where it cannot look

    def close(self) -> None:
        """Let it go, to be opened anew."""
        with suppress(LedgerError):
            self._file.close()
