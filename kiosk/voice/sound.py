"""Sound as 16-bit samples: read from a WAV, made softer, written as a WAV."""

from __future__ import annotations

import io
import sys
import time
import wave
from array import array
from dataclasses import dataclass
from typing import BinaryIO, Final

MAX_S: Final = 60.0
"""No prompt is longer; a recording that is was taken by mistake."""
_MAX_RATE: Final = 192_000
_BLOCK: Final = 4096
"""Samples scaled in one go: a quarter of a millisecond, so the screen's thread is never kept waiting."""


class SoundError(Exception):
    """This is no sound that can be played; the message says what was found and what is needed."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples of one or more channels, interleaved, little-endian."""

    samples: bytes
    rate: int
    channels: int

    @property
    def seconds(self) -> float:
        """How long it sounds."""
        return len(self.samples) / (2 * self.channels * self.rate)


def read(file: BinaryIO) -> Sound:
    """A WAV's sound; a length in its header that is longer than the file means all there is.

    :raises SoundError: if it is not a WAV of 16-bit samples, or is empty or too long
    """
    try:
        with wave.open(file, "rb") as found:
            width, rate, channels = found.getsampwidth(), found.getframerate(), found.getnchannels()
            if width != 2 or not 1 <= channels <= 2 or not 1 <= rate <= _MAX_RATE:
                raise SoundError(
                    f"found {channels} channels of {8 * width} bits at {rate} Hz; "
                    "a WAV of 16 bits, mono or stereo, is needed"
                )
            samples = found.readframes(int(MAX_S * rate) + 1)
    except (wave.Error, EOFError, RuntimeError) as error:  # the last for chunk lengths that lie
        raise SoundError(
            f"found no sound ({str(error) or 'it ends too early'}); a PCM WAV is needed"
        ) from error
    sound = Sound(samples[: len(samples) // (2 * channels) * 2 * channels], rate, channels)
    if not 0 < sound.seconds <= MAX_S:
        raise SoundError(
            f"found {sound.seconds:.0f} s of sound; more than 0 and up to {MAX_S:.0f} are needed"
        )
    return sound


def softened(sound: Sound, volume: int) -> Sound:
    """The sound at so many percent of its amplitude."""
    if volume >= 100:
        return sound
    samples = array("h", sound.samples)
    if sys.byteorder == "big":
        samples.byteswap()
    for start in range(0, len(samples), _BLOCK):
        block = samples[start : start + _BLOCK]
        samples[start : start + _BLOCK] = array("h", [each * volume // 100 for each in block])
        time.sleep(0)  # lets another thread have its turn
    if sys.byteorder == "big":
        samples.byteswap()
    return Sound(samples.tobytes(), sound.rate, sound.channels)


def as_wav(sound: Sound) -> bytes:
    """The sound as a WAV with a true length in its header, as aplay wants it."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(sound.channels)
        file.setsampwidth(2)
        file.setframerate(sound.rate)
        file.writeframes(sound.samples)
    return out.getvalue()
