"""Another thread's call just before an event is cleared: the moment in which its ring is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.syncd.city import WITHIN_S


class ClearedJustAfter(threading.Event):
    """Before it is cleared ``meanwhile`` is called, once, as another thread might."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self._meanwhile = meanwhile
        self._is_over = False

    def clear(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._meanwhile()
        super().clear()


def ends(run: Callable[[], None], event: threading.Event) -> bool:
    """Whether a thread's work ends; if not it is woken until it does."""
    thread = threading.Thread(target=run)
    thread.start()
    thread.join(WITHIN_S)
    is_over = not thread.is_alive()
    while thread.is_alive():
        event.set()
        thread.join(0.1)
    return is_over
