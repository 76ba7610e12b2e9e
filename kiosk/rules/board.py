"""What the platform publishes: the bulletin at the window while nobody is asked, and the indicator list.

Another list is taken while nobody is asked anything: whoever has faces before them rates by the list
they began with.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.events import BulletinChanged, CatalogueChanged, UseIndicators, WindowLinked
from kiosk.phases import Session, Step, current_visit
from pad.model import Instant


def bulletin_changed(session: Session, event: BulletinChanged, _now: Instant) -> Step:
    """Show other notices and figures from now on."""
    return Step(replace(session, bulletin=event.bulletin))


def catalogue_changed(session: Session, event: CatalogueChanged, _now: Instant) -> Step:
    """Ask for reasons by another list, once nobody is being asked."""
    return Step(replace(session, next_catalogue=event.catalogue))


def exchanged(step: Step) -> Step:
    """The step, with the list that waits taken if nobody is being asked after it."""
    session = step.session
    if session.next_catalogue is None or current_visit(session) is not None:
        return step
    taken = replace(session, catalogue=session.next_catalogue, next_catalogue=None)
    return replace(
        step, session=taken, effects=(*step.effects, UseIndicators(session.next_catalogue.version))
    )


def window_linked(session: Session, event: WindowLinked, _now: Instant) -> Step:
    """Show the window's code from now on."""
    return Step(replace(session, window_link=event.link))
