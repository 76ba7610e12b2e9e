"""A hall without a sound card: ALSA plays into files and pipes, and what came out can be looked at."""

from __future__ import annotations

import io
import os
import wave
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil
import pytest

from kiosk.ui.words import Catalogues
from kiosk.voice.prompts import SENTENCES, Prompt
from kiosk.voice.speaker import Speaker
from pad.model import CHINA_TIME
from pad.settings import Voice

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=CHINA_TIME)
LONG_S = 100
"""More than a test would ever wait for: it ends only if it went well."""

_ALSA = """
pcm.null {{ type null }}
pcm.hall {{ type file slave.pcm "null" file "{played}" format "raw" }}
pcm.pipe {{ type file slave.pcm "null" file "{pipe}" format "raw" }}
"""


@dataclass(frozen=True)
class Hall:
    """Where the sound goes: ``hall`` writes it to a file, ``pipe`` to a pipe that holds it up."""

    played: Path
    pipe: Path
    recordings: Path

    def samples(self) -> array[int]:
        """What the last program that played into the file left there; nothing if none did."""
        return array("h", self.played.read_bytes() if self.played.exists() else b"")

    def loudness(self) -> int:
        """The largest amplitude that came out."""
        return max((abs(each) for each in self.samples()), default=0)

    def record(self, language: str, name: str, samples: array[int], rate: int = 16_000) -> Path:
        """Put a recording of the hall's own there."""
        file = self.recordings / language / f"{name}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(wav_of(samples, rate))
        return file


def wav_of(samples: array[int], rate: int = 16_000, width: int = 2) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return out.getvalue()


@pytest.fixture
def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hall:
    found = Hall(tmp_path / "played.raw", tmp_path / "pipe", tmp_path / "recordings")
    os.mkfifo(found.pipe)
    alsa = tmp_path / "asound.conf"
    alsa.write_text(_ALSA.format(played=found.played, pipe=found.pipe), encoding="utf-8")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(alsa))
    return found


Open = Callable[..., Speaker]


@pytest.fixture
def speaker(hall: Hall) -> Iterator[Open]:
    """Opens speakers; each is stopped at the end, and leaves no child behind."""
    before = set(psutil.Process().children())
    opened: list[Speaker] = []

    def speaker_of(
        *, now: Callable[[], datetime] = lambda: NOON, words: Catalogues | None = None, **voice: object
    ) -> Speaker:
        settings = Voice(**({"device": "hall", "volume": 100} | voice))  # type: ignore[arg-type]
        opened.append(Speaker(settings, hall.recordings, (words or Catalogues("zh_CN")).say, now))
        return opened[-1]

    yield speaker_of
    for each in opened:
        each.stop()
    # one that has ended and was not reaped would still be among them
    assert set(psutil.Process().children()) <= before


def prompt(name: str) -> Prompt:
    return Prompt(name, SENTENCES[name])
