"""What hangs at the window while nobody is asked: the platform's bulletin, and the window's own code."""

from __future__ import annotations

from dataclasses import replace

from kiosk.events import BulletinChanged, WindowLinked
from kiosk.phases import Session, Step
from pad.model import Instant


def bulletin_changed(session: Session, event: BulletinChanged, _now: Instant) -> Step:
    """Show other notices and figures from now on."""
    return Step(replace(session, bulletin=event.bulletin))


def window_linked(session: Session, event: WindowLinked, _now: Instant) -> Step:
    """Show the window's code from now on."""
    return Step(replace(session, window_link=event.link))
