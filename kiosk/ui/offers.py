"""What Pinyin may mean, asked of the engine in a thread of its own: it takes time to start."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from kivy.clock import Clock

from kiosk.typing.pinyin import Candidate, Pinyin, PinyinUnavailable

_log = logging.getLogger("kiosk.typing")
Heard = Callable[[str, tuple[Candidate, ...]], None]


class Offers:
    """Answers with candidates, on the UI thread; only the newest question is answered."""

    def __init__(self) -> None:
        self._asked: queue.SimpleQueue[tuple[str, Heard] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def ask(self, letters: str, heard: Heard) -> None:
        """Have ``heard`` called with ``letters`` and what they may mean; the first question starts it all."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._answer, name="pinyin", daemon=True)
            self._thread.start()
        self._asked.put((letters, heard))

    def stop(self) -> None:
        """End the engine."""
        if self._thread is not None:
            self._asked.put(None)
            self._thread.join()
            self._thread = None

    def _answer(self) -> None:
        engine = self._started()
        try:
            # nothing of a question outlives it, however long the next one takes to come
            while self._answered(engine):
                pass
        finally:
            if engine is not None:
                engine.close()

    @staticmethod
    def _started() -> Pinyin | None:
        try:
            return Pinyin()
        except PinyinUnavailable as error:
            # who writes can still write: the letters are offered as they are
            _log.error("%s; comments can be written in Latin letters only", error)
            return None

    def _answered(self, engine: Pinyin | None) -> bool:
        """Answer the newest question; False once there will be no more."""
        newest = self._newest()
        if newest is not None and engine is not None:
            letters, heard = newest
            found = engine.candidates(letters) if letters else ()
            Clock.schedule_once(lambda _elapsed: heard(letters, found))
        return newest is not None

    def _newest(self) -> tuple[str, Heard] | None:
        asked = self._asked.get()
        while asked is not None and not self._asked.empty():
            asked = self._asked.get()
        return asked
