"""Another indicator list is taken while nobody is asked anything, and never in the middle of a rating."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.events import CatalogueChanged, Save, Submit, ToggleIndicator, UseIndicators, Withdraw
from kiosk.phases import Rating
from kiosk.view import view_of
from pad import indicators
from pad.codes import Level
from pad.indicators import Indicator
from tests.kiosk.trace import Trace
from tests.pad.test_indicators import FILE

OLD = indicators.load(FILE)
NEW = replace(
    OLD,
    version="new",
    in_force=tuple(
        Indicator(f"{each.level.value}{index:02}", each.level, f"新{index}", each.more)
        for index, each in enumerate(OLD.in_force, start=20)
    ),
)


def used(trace: Trace) -> list[str]:
    return [each.version for each in trace.effects if isinstance(each, UseIndicators)]


def shown(trace: Trace) -> tuple[Indicator, ...]:
    return view_of(trace.session, OLD).indicators


def test_at_rest_it_is_taken_at_once_and_the_next_person_sees_it() -> None:
    trace = Trace().do(CatalogueChanged(NEW))
    assert used(trace) == ["new"]
    trace.invite().tap(5)
    assert shown(trace) == NEW.of_level(Level(5))


def test_whoever_is_rating_goes_on_with_the_list_they_began_with() -> None:
    trace = Trace().invite().tap(2).do(ToggleIndicator("207"), CatalogueChanged(NEW))
    assert shown(trace) == OLD.of_level(Level(2))
    trace.do(ToggleIndicator("208"), Submit())
    assert used(trace) == []
    assert trace.saved().indicators == ("207", "208")
    trace.stored()
    assert used(trace) == ["new"]
    kinds = [type(each) for each in trace.effects]
    # so the rating is written under the version it was given by
    assert kinds.index(Save) < kinds.index(UseIndicators)
    trace.pass_time(10).invite("v2", "P2").tap(2)
    assert shown(trace) == NEW.of_level(Level(2))


def test_an_invitation_that_is_open_waits_too() -> None:
    trace = Trace().invite().do(CatalogueChanged(NEW))
    assert used(trace) == []
    trace.tap(5)
    assert shown(trace) == OLD.of_level(Level(5))
    trace.do(Withdraw())
    assert used(trace) == ["new"]


def test_one_that_supersedes_the_other_invitation_keeps_it_waiting() -> None:
    trace = Trace().invite().do(CatalogueChanged(NEW)).invite("v2", "P2")
    assert used(trace) == []
    trace.pass_time(61)
    assert used(trace) == ["new"]


def test_of_two_that_came_meanwhile_the_last_is_taken() -> None:
    trace = Trace().invite().do(CatalogueChanged(replace(NEW, version="between")), CatalogueChanged(NEW))
    trace.pass_time(61)
    assert used(trace) == ["new"]


@pytest.mark.parametrize("level", list(Level))
def test_a_draft_keeps_level_and_ticks_through_it(level: Level) -> None:
    trace = Trace().invite().tap(level.value)
    code = OLD.of_level(level)[0].code
    trace.do(ToggleIndicator(code), CatalogueChanged(NEW))
    phase = trace.phase()
    assert isinstance(phase, Rating)
    assert (phase.draft.level, phase.indicators) == (level, (code,))
