"""A window's devices side by side in one folder, and the settings with which a pad finds them."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Final

from sandbox.devices.counter import SerialClerk
from sandbox.devices.idcard import CardReader
from sandbox.devices.keypad import KeyPad
from sandbox.devices.line import Line
from sandbox.devices.scanner import Scanner

TABLES: Final = {
    "keypad": "keypad",
    "idcard": "idcard",
    "scanner": "scanner",
    "counter_line": "counter.line",
}
"""Each device's name, and its table in ``pad.toml``."""


def settings_for(folder: Path) -> str:
    """What to put into ``pad.toml`` for the devices of a folder."""
    return "".join(f'[{table}]\nport = "{folder / name}"\n' for name, table in TABLES.items())


class Table:
    """Four devices, plugged in from the start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.lines = {name: Line(folder / name) for name in TABLES}
        self.keypad = KeyPad(self.lines["keypad"])
        self.idcard = CardReader(self.lines["idcard"])
        self.scanner = Scanner(self.lines["scanner"])
        self.counter = SerialClerk(self.lines["counter_line"])
        for line in self.lines.values():
            line.plug()

    def settings(self) -> str:
        """What to put into ``pad.toml``."""
        return settings_for(self._folder)

    def close(self) -> None:
        """Pull everything out."""
        self.idcard.stop()
        for line in self.lines.values():
            line.unplug()

    def __enter__(self) -> Table:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Pull everything out."""
        self.close()
