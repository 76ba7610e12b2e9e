"""A serial line to practise on: a pseudo-terminal with a stable name, plugged in and out at will."""

from __future__ import annotations

import os
import select
import threading
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final

_AT_ONCE: Final = 4096
_TAKEN_WITHIN_S: Final = 0.2


class Line:
    """One line; ``path`` is a symbolic link while it is plugged in, as udev would make it.

    The device's own end of the terminal stays open, so that a pad that closes the line hangs nothing up.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.on_data: Callable[[bytes], None] = lambda _: None
        """What the pad sent; called in the line's own thread."""
        self._lock = threading.Lock()
        self._master = self._slave = self._bell = -1
        self._thread: threading.Thread | None = None

    @property
    def plugged(self) -> bool:
        """Whether the device is plugged in."""
        return self._thread is not None

    def plug(self) -> None:
        """Plug the device in; nothing if it is."""
        if self._thread is not None:
            return
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        heard, self._bell = os.pipe()
        self._thread = threading.Thread(target=self._listen, args=(self._master, heard), daemon=True)
        self._thread.start()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f".{self.path.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(self.path)

    def unplug(self) -> None:
        """Pull the device out: whoever has the line open is hung up on; nothing if it is out."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is None:
            return
        self.path.unlink(missing_ok=True)
        os.close(self._bell)
        if thread is not threading.current_thread():
            thread.join()
        os.close(self._master)
        os.close(self._slave)

    def write(self, data: bytes) -> None:
        """Say something to the pad; what nobody takes is lost, as on a real line."""
        with self._lock:
            if self._thread is None:
                return
            while data and select.select([], [self._master], [], _TAKEN_WITHIN_S)[1]:
                with suppress(BlockingIOError):
                    data = data[os.write(self._master, data) :]

    def _listen(self, master: int, bell: int) -> None:
        """Until the bell's other end is closed."""
        while True:
            ready, _, _ = select.select([master, bell], [], [])
            if bell in ready:
                break
            with suppress(BlockingIOError):
                self.on_data(os.read(master, _AT_ONCE))
            if self._thread is not threading.current_thread():
                break  # what was heard had the plug pulled
        os.close(bell)

    def __enter__(self) -> Line:
        """Plug it in."""
        self.plug()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Pull it out."""
        self.unplug()
