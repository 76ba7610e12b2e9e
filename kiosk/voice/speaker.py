"""The speaker: a thread of its own that speaks the latest prompt, by a hall's recording or espeak-ng.

Whoever asks it to speak only leaves an order behind. What goes wrong with sound is logged once,
counted and told to the technician; it never reaches the person at the window.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from kiosk.voice import espeak, sound
from kiosk.voice.child import Bell, Called, ChildError, run
from kiosk.voice.hours import QuietHours
from kiosk.voice.prompts import Prompt, Say, every_prompt, spoken
from kiosk.voice.sound import Sound, SoundError
from pad import settings

_log: Final = logging.getLogger(__name__)

_KEPT_SOUNDS: Final = 32
"""Two languages' sentences, half a megabyte each at most."""
_LOGGED_MAX: Final = 64
_PATIENCE_S: Final = 5.0
"""How much longer than its sound lasts a player may take before it counts as stuck."""
_STOP_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class VoiceState:
    """What the technician is told: whether the last try worked, how many did not, and the last that did not.

    Nothing was wrong as long as ``errors`` is 0.
    """

    ok: bool = True
    errors: int = 0
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class _Order:
    """One text to speak; without a prompt it is no sentence of ours and is not kept."""

    prompt: Prompt | None
    text: str
    language: str


class Speaker:
    """Speaks one prompt at a time; a newer one cuts off the one before."""

    def __init__(
        self, voice: settings.Voice, recordings: Path | None, say: Say, now: Callable[[], datetime]
    ) -> None:
        """Start the thread, unless the voice is switched off.

        :param recordings: the hall's own, as ``LANGUAGE/NAME.wav``
        :param say: puts a sentence into the language shown
        :param now: the wall clock, with its time zone
        """
        self._recordings = recordings
        self._device = voice.device
        self._quiet = QuietHours.of(voice.quiet_hours)
        self._say = say
        self._now = now
        self._volume = voice.volume
        self._lock = threading.Lock()
        self._orders: tuple[_Order, ...] = ()
        self._state = VoiceState()
        self._open = voice.enabled
        self._idle = threading.Event()
        self._idle.set()
        self._logged: set[str] = set()
        self._voices = espeak.Voices()
        self._kept: OrderedDict[tuple[object, ...], Sound] = OrderedDict()
        self._bell = Bell.new() if voice.enabled else None
        self._thread = threading.Thread(target=self._work, name="voice", daemon=True)
        if voice.enabled:
            self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- from any thread, never waiting ---------------------------------------------------

    def speak(self, prompt: Prompt | None, text: str, language: str) -> None:
        """Speak this instead of whatever is being spoken; without a prompt, words that have no recording."""
        self._order((_Order(prompt, text, language),))

    def rehearse(self, language: str) -> None:
        """Speak every prompt in turn; ``language`` is the one that ``say`` speaks now."""
        self._order(tuple(_Order(each, spoken(each, self._say), language) for each in every_prompt()))

    def hush(self) -> None:
        """Be silent at once."""
        self._order(())

    def set_volume(self, volume: int) -> None:
        """From the next prompt on, this loud in percent; 0 is silent at once.

        :raises ValueError: if it is not from 0 to 100
        """
        if not 0 <= volume <= 100:
            raise ValueError(f"volume: found {volume}; allowed are 0 to 100")
        self._volume = volume
        if not volume:
            self.hush()

    def state(self) -> VoiceState:
        """How the voice is doing."""
        return self._state

    def _order(self, orders: tuple[_Order, ...]) -> None:
        with self._lock:
            if self._open and self._bell is not None:
                self._orders = orders
                self._idle.clear()
                self._bell.ring()

    # --- for whoever may wait -------------------------------------------------------------

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is left to say; whether that came about."""
        return self._idle.wait(seconds)

    def stop(self) -> None:
        """Be silent for good; no child and no thread is left."""
        with self._lock:
            self._open, self._orders = False, ()
            bell = self._bell
            if bell is not None:
                bell.ring()
        if bell is None:
            return
        self._thread.join(_STOP_S)
        with self._lock:
            if self._bell is not None and not self._thread.is_alive():
                self._bell.close()
                self._bell = None
                self._idle.set()

    # --- the thread -----------------------------------------------------------------------

    def _work(self) -> None:
        bell = self._bell
        while bell is not None and self._open:
            order = self._next(bell)
            if order is None:
                bell.wait()
                continue
            try:
                self._perform(order, bell)
            except Called:
                continue
            except OSError as error:  # out of files or memory
                self._failed(f"voice: {error.strerror}")

    def _next(self, bell: Bell) -> _Order | None:
        with self._lock:
            bell.still()  # what it rang for is taken here
            if not self._orders:
                self._idle.set()
                return None
            order, *later = self._orders
            self._orders = tuple(later)
            return order

    def _perform(self, order: _Order, bell: Bell) -> None:
        volume = self._volume
        if not volume or self._quiet.has(self._now()):
            return
        errors = self._state.errors
        try:
            found = self._recorded(order, volume) or self._synthesised(order, volume, bell)
            if found is None:
                return
            wav = sound.as_wav(found)
            run(["aplay", "-q", "-D", self._device], wav, found.seconds + _PATIENCE_S, bell)
        except ChildError as error:
            self._failed(str(error))
        else:
            self._state = replace(self._state, ok=errors == self._state.errors)

    def _recorded(self, order: _Order, volume: int) -> Sound | None:
        """The hall's own recording; a broken one is as if there were none."""
        if self._recordings is None or order.prompt is None:
            return None
        file = self._recordings / order.language / f"{order.prompt.name}.wav"
        try:
            with file.open("rb") as opened:
                about = os.fstat(opened.fileno())
                key = (file, about.st_mtime_ns, about.st_size, volume)
                found = self._kept_under(key)
                return found or self._keep(key, sound.softened(sound.read(opened), volume))
        except FileNotFoundError:
            return None
        except OSError as error:
            self._failed(f"{file}: cannot be read ({error.strerror})")
        except SoundError as error:
            self._failed(f"{file}: {error}")
        return None

    def _synthesised(self, order: _Order, volume: int, bell: Bell) -> Sound | None:
        key = (order.language, order.text, volume)
        if (found := self._kept_under(key)) is not None:
            return found
        voice = self._voices.of(order.language, bell)
        if voice is None:
            return None
        made = espeak.synthesised(order.text, voice, volume, bell)
        return made if order.prompt is None else self._keep(key, made)

    def _kept_under(self, key: tuple[object, ...]) -> Sound | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def _keep(self, key: tuple[object, ...], made: Sound) -> Sound:
        self._kept[key] = made
        if len(self._kept) > _KEPT_SOUNDS:
            self._kept.popitem(last=False)
        return made

    def _failed(self, what: str) -> None:
        self._state = VoiceState(False, self._state.errors + 1, what)
        if what not in self._logged and len(self._logged) < _LOGGED_MAX:
            self._logged.add(what)
            _log.warning("%s", what)
