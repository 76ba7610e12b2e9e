"""What the app tells to and asks of the rest of the kiosk; none of it is waited for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kiosk.events import Event
from kiosk.ui.narration import Narration
from kiosk.ui.words import Catalogues
from kiosk.view import View
from pad.model import CHINA_TIME


class Reads(Protocol):
    """Whoever reads out what is on the glass; nothing of it is waited for."""

    def changed(self, before: View, after: View, words: Catalogues) -> None:
        """One view gave way to another."""
        ...

    def again(self, view: View, words: Catalogues) -> None:
        """What belongs to a view is wanted once more."""
        ...

    def name(self, text: str, words: Catalogues) -> None:
        """The keys have come to a button that says this."""
        ...

    def rehearse(self, words: Catalogues) -> None:
        """Everything there is to say is wanted."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """What the app tells to, and what it asks: all of it elsewhere, none of it waited for.

    ``post`` takes what fingers do; ``drain`` has the desk handle what was posted; ``reader`` reads
    aloud; ``samples`` are the screens a technician tries; ``now`` is the time the clock shows.
    """

    post: Callable[[Event], None]
    drain: Callable[[], None]
    reader: Reads | None = None
    samples: tuple[View, ...] = ()
    now: Callable[[], datetime] = lambda: datetime.now(CHINA_TIME)
    narration: Narration | None = None
