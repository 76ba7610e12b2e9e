"""The made-up hall: the same for a seed, judged the same by the ledger's look, and found well enough."""

from __future__ import annotations

from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from bench.suspicion.__main__ import run
from bench.suspicion.hall_year import OPENING_HOURS, Act, Cast, Habits, Happened, Window, hall
from bench.suspicion.judging import NOT_PLAYED, RETURNS, findings
from pad import keys
from pad.ledger import flags as flag_table
from pad.ledger.connection import connect
from pad.ledger.recording import Recorder
from pad.model import Draft, FinishedRating, InputDevice, Matter, Rater, Visit, VisitEnd, VisitOutcome
from pad.settings import Suspicion
from pad.suspicion.signs import Kind, RatingSeen
from syncd.card_memory import CardMemory
from syncd.ledger_file import LedgerFile
from syncd.lookout import Lookout
from syncd.platform_clock import PlatformClock
from tests.syncd.pad_box import FixedClock

LIMITS: Final = Suspicion(opening_hours=OPENING_HOURS)
FIRST: Final = date(2025, 3, 3)
EVERYBODY_CHEATS: Final = Cast(True, True, True, True, True)
OFTEN: Final = Habits(presser_days=1, angry_days=1, paid_days=1, night_days=1)


def events(window: Window, days: int) -> list[Happened]:
    return [event for day in window.days(FIRST, days) for event in day]


def test_a_seed_makes_the_same_year_and_another_seed_another() -> None:
    first, again, other = (events(hall(seed, 1)[0], 30) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_a_window_serves_in_the_order_of_time_and_on_working_days() -> None:
    happened = events(Window(9, Cast(), 7), 60)
    times = [event.what.moment.at.wall for event in happened]
    assert times == sorted(times)
    assert {event.act for event in happened} == {Act.HONEST, Act.AGENT, Act.FAMILY}
    assert date(2025, 4, 4) not in {at.date() for at in times}  # 清明节


def test_what_is_found_of_a_hall_and_how_much_of_it_rightly() -> None:
    """Bounds below what the seed gives, so that a rule that got worse shows."""
    outcome = run(LIMITS, seed=11, windows=7, days=240)
    assert outcome.ratings > 15_000
    least = {
        Kind.BURST: (0.97, 0.90),
        Kind.FAST: (0.60, 0.70),
        Kind.OUTSIDE_HOURS: (0.97, 0.95),
        Kind.CANCELLED_AFTER_LOOK: (0.80, 0.60),
        Kind.UNLIKE_TIMING: (0.97, 0.80),
        RETURNS: (0.97, 0.75),
    }
    for row, (precision, recall) in least.items():
        found = outcome.counts[row]
        assert found.meant, row
        assert (found.precision or 0) >= precision, (row, found)
        assert (found.recall or 0) >= recall, (row, found)
    assert outcome.counts[Kind.UNLIKE_LEVELS].marked == outcome.counts[Kind.UNLIKE_LEVELS].rightly


def store(recorder: Recorder, number: int, event: Happened) -> None:
    """Write one event as the kiosk does."""
    what = event.what
    at, matter = what.moment.at, Matter(project_no=f"P{number}")
    if not isinstance(what, RatingSeen):
        visit = Visit(what.visit_id, matter, at, 60.0, what.staff_number)
        recorder.open_visit(visit)
        ended = at.wall + timedelta(seconds=what.shown_s or 0)
        end = VisitEnd(visit.id, VisitOutcome.CANCELLED, at.__class__(ended, at.boot_id, 0, trusted=True))
        recorder.end_visit(end)
        return
    rater = Rater(cert_key=what.card_mark or "")
    visit = Visit(f"r{number}", matter, at, 60.0, what.staff_number, rater=rater)
    recorder.open_visit(visit)
    draft = Draft(visit.id, what.level, InputDevice.TOUCH, at, what.first_touch_ms)
    recorder.append(FinishedRating(visit, draft, (), "", what.completion, at, what.submitted_ms, rater))


def test_a_real_ledger_is_marked_as_the_rules_say(tmp_path: Path) -> None:
    limits = Suspicion(opening_hours=OPENING_HOURS, unlike_least=10, unlike_sigma=1, unlike_spread=1.0)
    happened = events(Window(1, EVERYBODY_CHEATS, 1, OFTEN), 6)
    expected = {
        (str(found.kind), key)
        for found in findings(happened, limits)
        for key in (*found.seqs, *found.visit_ids)
    }
    assert {kind for kind, _ in expected} >= set(Kind) - NOT_PLAYED
    last = happened[-1].what.moment.at
    with (
        closing(connect(tmp_path / "ledger.db")) as db,
        closing(LedgerFile(tmp_path, tmp_path / "ledger.db")) as ledger,
    ):
        recorder = Recorder(db, keys.device_keys(tmp_path, may_create=True), "test")
        clock = FixedClock(last.wall + timedelta(minutes=1), last.boot_id)
        lookout = Lookout(limits, ledger, PlatformClock(clock), CardMemory(1))
        for number, event in enumerate(happened, start=1):
            store(recorder, number, event)
            if number % 50 == 0:
                lookout.look()
        lookout.look()
        assert {(flag.kind, flag.seq or flag.visit_id) for flag in flag_table.flags(db)} == expected
