"""The serial line of old counters: JSON in frames of ``AA 55 | length | JSON | CRC`` (design §4). Pure.

A frame inside another's JSON counts as well. Text hardly brings one there: the two bytes of its length
would have to be characters, so it would be longer than 8 KiB, and no field a person fills in is. It could
only call what the clerk's system can: nothing on this line rates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from kiosk.drivers.codec import Heard
from kiosk.drivers.crc16 import Crc16
from kiosk.drivers.frames import Frames, Shape, frame

LONGEST: Final = 0xFFFF
SHAPE: Final = Shape(b"\xaa\x55", LONGEST, Crc16())


@dataclass(frozen=True, slots=True)
class Command:
    """The JSON of a sound frame, not looked at yet; it may name a person."""

    json: bytes = field(repr=False)


class CounterLine:
    """What the clerk's system sends."""

    poll_s = None
    answers = True

    def __init__(self) -> None:
        self._frames = Frames(SHAPE)

    def feed(self, data: bytes, at_ns: int) -> Heard[Command]:
        """The commands whose frames ended."""
        before = self._frames.errors
        commands = tuple(Command(each) for each in self._frames.feed(data))
        return Heard(commands, errors=self._frames.errors - before)

    def poll(self) -> Heard[Command]:
        """It is never asked anything."""
        return Heard()

    def reset(self) -> None:
        """Forget what is half said."""
        self._frames.reset()


def answer(json: bytes) -> bytes:
    """An answer's frame.

    :raises ValueError: if it is longer than a frame may be
    """
    return frame(SHAPE, json)
