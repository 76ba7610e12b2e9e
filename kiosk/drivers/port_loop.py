"""The port loop: opens a device's serial line, reads, feeds its codec, writes, and opens it again.

One thread a device. A line that is not there, or goes, is looked for with a growing pause of at most
:data:`PAUSE_MAX_S`; nobody but the technician notices.
"""

from __future__ import annotations

import errno
import logging
import os
import queue
import termios
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Generic

import serial

from kiosk.drivers.codec import Codec, E, Heard
from kiosk.drivers.health import Health
from kiosk.events import DeviceState
from pad import serial_ports
from pad.clock import monotonic_ns
from pad.seldom import Seldom
from pad.serial_ports import NoSuchPort
from pad.settings import SerialLine

_log = logging.getLogger("kiosk.devices")
PAUSE_FIRST_S: Final = 0.1
PAUSE_MAX_S: Final = 1.0
"""A device that is plugged in again is back within two seconds."""
STEADY_S: Final = 5.0
"""A line that broke sooner than this after it was opened is not opened again at once."""
_WRITE_WITHIN_S: Final = 1.0
_BITS_A_BYTE: Final = 10
_AT_ONCE: Final = 4096
_BROKEN: Final = (OSError, termios.error, ValueError, NoSuchPort)
"""pyserial raises the third where a driver refuses a speed, and ``select`` where too many files are open."""


class PortLoop(Generic[E]):
    """One device's thread, from :meth:`start` to :meth:`stop`."""

    def __init__(
        self,
        name: str,
        line: SerialLine,
        codec: Codec[E],
        on_event: Callable[[E], None],
        on_change: Callable[[str, Health], None],
    ) -> None:
        """Get ready.

        :param on_event: called in the loop's thread with what the device said; it must not wait
        :param on_change: likewise, with the name, when the device was found, lost or fell silent
        """
        self.name = name
        self.health = Health(why="not looked for yet")
        self._is_known = False
        self._told = Seldom()
        self._line = line
        self._codec = codec
        self._on_event = on_event
        self._on_change = on_change
        self._to_send: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._port: serial.Serial | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"device {name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Close the line and end."""
        self._stopping.set()
        self._wake()
        self._thread.join()

    def send(self, data: bytes) -> None:
        """Have bytes written, from any thread; dropped if the line is not open."""
        self._to_send.put(data)
        self._wake()

    # --- in the thread ------------------------------------------------------------------

    def _run(self) -> None:
        pause_s = PAUSE_FIRST_S
        while not self._stopping.is_set():
            opened_s = time.monotonic()
            try:
                self._open_and_serve()
            except _BROKEN as error:
                self._changed(self.health.lost(_why(error, self._line)))
            if time.monotonic() - opened_s >= STEADY_S:
                pause_s = PAUSE_FIRST_S
            self._stopping.wait(pause_s)
            pause_s = min(pause_s * 2, PAUSE_MAX_S)

    def _open_and_serve(self) -> None:
        path = serial_ports.path_of(self._line.port)
        bits, parity, stop = tuple(self._line.frame)
        with serial.Serial(
            path,
            baudrate=self._line.baud,
            bytesize=int(bits),
            parity=parity,
            stopbits=int(stop),
            timeout=self._codec.poll_s,
            write_timeout=_WRITE_WITHIN_S,
            exclusive=True,
        ) as port:
            self._codec.reset()
            self._forget_unsent()
            with self._lock:
                self._port = port
            try:
                self._changed(self.health.found(path))
                self._serve(port)
            finally:
                with self._lock:
                    self._port = None

    def _serve(self, port: serial.Serial) -> None:
        poll_s = self._codec.poll_s
        due_s = time.monotonic()
        while not self._stopping.is_set():
            while not self._to_send.empty() and not self._stopping.is_set():
                self._write(port, self._to_send.get())
            data = port.read(min(max(port.in_waiting, 1), _AT_ONCE))
            if data:
                at_ns = monotonic_ns()
                self._handle(port, self._codec.feed(data, at_ns), at_ns)
            if poll_s is not None and time.monotonic() >= due_s:
                due_s = time.monotonic() + poll_s
                self._handle(port, self._codec.poll(), None)

    def _handle(self, port: serial.Serial, heard: Heard[E], at_ns: int | None) -> None:
        health = self.health.heard(
            heard.errors, answers=self._codec.answers, event_ns=at_ns if heard.events else None
        )
        self._changed(health)
        for event in heard.events:
            self._on_event(event)
        if heard.send:
            self._write(port, heard.send)

    def _write(self, port: serial.Serial, data: bytes) -> None:
        # portions that a slow line takes in half the time
        portion = max(1, int(self._line.baud / _BITS_A_BYTE * _WRITE_WITHIN_S / 2))
        try:
            for at in range(0, len(data), portion):
                port.write(data[at : at + portion])
        except serial.SerialTimeoutException:
            # nobody takes it; what the device says may still be read
            self.health = self.health.heard(1, answers=self._codec.answers)

    def _changed(self, health: Health) -> None:
        before, self.health = self.health, health
        if self._is_known and before.state is health.state:
            return
        self._is_known = True
        self._tell(health)
        self._on_change(self.name, health)

    def _tell(self, health: Health) -> None:
        """Say it in the log; of a plug that is loose only so often."""
        held_back = self._told.lets()
        if held_back is None:
            return
        if held_back:
            _log.warning("%s: came and went, %d changes were not logged", self.name, held_back)
        if health.state is DeviceState.FOUND:
            _log.info("%s: found at %s", self.name, health.port)
        elif health.state is DeviceState.SILENT:
            _log.warning("%s: at %s, but does not answer", self.name, health.port)
        else:
            _log.warning("%s: lost: %s", self.name, health.why)

    def _forget_unsent(self) -> None:
        """What was meant for whoever was there before is not said to who is there now."""
        with suppress(queue.Empty):
            while True:
                self._to_send.get_nowait()

    def _wake(self) -> None:
        with self._lock:
            if self._port is not None:
                self._port.cancel_read()


_WORDS: Final = {
    errno.EACCES: "no permission to open it; see config/udev",
    errno.EAGAIN: "used by another program",
    errno.EBUSY: "used by another program",
    errno.EIO: "hung up",
}


def _why(error: Exception, line: SerialLine) -> str:
    """What went wrong, without Python's or pyserial's wrapping."""
    match error:
        case NoSuchPort() | ValueError():
            return str(error)
        case termios.error(args=(errno.EINVAL, *_)):
            return f"it cannot do {line.baud} baud, {line.frame}"
        case OSError(errno=int(number)):
            return _WORDS.get(number, os.strerror(number))
    # pyserial gives no number where a line was hung up, or never was one
    return "no serial line" if "configure" in str(error) else "hung up"
