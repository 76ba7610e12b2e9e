"""What the screen shows, as one value derived from the session: screens keep no state of their own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kiosk.events import ServiceMode
from kiosk.phases import (
    AlreadyRated,
    Inviting,
    Rating,
    Saving,
    Session,
    Thanking,
    Withdrawn,
    needs_reason,
    ring_ends_ns,
)
from pad.codes import Level
from pad.indicators import Catalogue, Indicator
from pad.model import Matter, Staff
from pad.settings import WalkAway


class ScreenName(StrEnum):
    """Every screen there is."""

    STARTING = "starting"
    IDLE = "idle"
    SERVING = "serving"
    INVITATION = "invitation"
    REASONS = "reasons"
    THANKS = "thanks"
    WITHDRAWN = "withdrawn"
    ALREADY_RATED = "already_rated"
    PAUSED = "paused"
    CLOSED = "closed"
    CANNOT_STORE = "cannot_store"


@dataclass(frozen=True, slots=True)
class Ring:
    """The time left, shown as a quiet ring: it is full at ``total_s`` and closes at ``ends_ns``.

    ``ends_ns`` is on the clock of :func:`pad.clock.monotonic_ns`. While ``held`` a finger is on
    the glass and the ring stands still, full.
    """

    ends_ns: int
    total_s: float
    held: bool


@dataclass(frozen=True, slots=True)
class View:
    """One screen and everything on it.

    What is tapped before it is ``armed`` means nothing; ``sent_by_itself`` says whether a closing
    ring sends what was tapped.
    """

    screen: ScreenName
    visit_id: str = ""
    matter: Matter | None = None
    staff: Staff | None = None
    notice: str = ""
    level: Level | None = None
    indicators: tuple[Indicator, ...] = ()
    ticked: frozenset[str] = frozenset()
    comment: str = ""
    can_submit: bool = False
    may_decline_reason: bool = False
    ring: Ring | None = None
    armed: bool = True
    sent_by_itself: bool = True


_RESTING: Final = {
    ServiceMode.OPEN: ScreenName.IDLE,
    ServiceMode.SERVING: ScreenName.SERVING,
    ServiceMode.PAUSED: ScreenName.PAUSED,
    ServiceMode.CLOSED: ScreenName.CLOSED,
}


def view_of(session: Session, catalogue: Catalogue) -> View:
    """What is on the screen in this state."""
    match session.phase:
        case Inviting() as phase:
            return View(
                ScreenName.INVITATION,
                visit_id=phase.visit.id,
                matter=phase.visit.matter,
                staff=phase.staff,
                ring=_ring(session, phase.visit.timeout_s),
                armed=phase.armed,
            )
        case Rating() as phase:
            bad = phase.draft.level.is_bad
            return View(
                ScreenName.REASONS,
                visit_id=phase.visit.id,
                matter=phase.visit.matter,
                staff=phase.staff,
                level=phase.draft.level,
                indicators=catalogue.of_level(phase.draft.level),
                ticked=frozenset(phase.indicators),
                comment=phase.comment,
                can_submit=not needs_reason(phase, session.rules),
                may_decline_reason=bad and needs_reason(phase, session.rules),
                ring=_ring(session, session.rules.reasons_timeout_s),
                armed=phase.armed,
                sent_by_itself=session.rules.walk_away is WalkAway.COUNTS,
            )
        case Saving(failed=False) as phase:
            return _submitted(phase, catalogue)
        case Saving():
            return View(ScreenName.CANNOT_STORE)
        case Thanking():
            return View(ScreenName.THANKS)
        case Withdrawn():
            return View(ScreenName.WITHDRAWN)
        case AlreadyRated():
            return View(ScreenName.ALREADY_RATED)
    if not session.storage_ready:
        return View(ScreenName.CANNOT_STORE)
    return View(_RESTING[session.service.mode], staff=session.staff, notice=session.service.notice)


def _submitted(phase: Saving, catalogue: Catalogue) -> View:
    """The reasons page as it was, with nothing left to press, until the disk has the rating."""
    finished = phase.rating
    level = finished.draft.level
    return View(
        ScreenName.REASONS,
        visit_id=finished.visit.id,
        matter=finished.visit.matter,
        staff=phase.staff,
        level=level,
        indicators=catalogue.of_level(level),
        ticked=frozenset(finished.indicators),
        comment=finished.comment,
    )


def _ring(session: Session, total_s: float) -> Ring | None:
    ends_ns = ring_ends_ns(session)
    if ends_ns is None:
        return None
    return Ring(ends_ns, total_s, held=session.touched_ns is not None)
