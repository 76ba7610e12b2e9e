"""The look for suspicious patterns over a real ledger: it marks, and alters nothing."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from pad.clock import Anchor, AnchorSource
from pad.ledger import flags as flag_table
from pad.ledger.connection import connect
from pad.ledger.flags import FlagBook
from pad.ledger.outbox import Outbox
from pad.model import CHINA_TIME, Instant, Matter, Rater, Visit, VisitEnd, VisitOutcome
from pad.settings import Suspicion
from syncd import lookout as lookout_module
from syncd.card_memory import CardMemory
from syncd.ledger_file import LedgerFile
from syncd.lookout import Lookout
from syncd.platform_clock import PlatformClock
from tests.syncd.city import City, CityServer
from tests.syncd.pad_box import FixedClock, PadBox, steps, written_by_nobody

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=CHINA_TIME)
CARD = Rater(name="欧阳娜娜", cert_key="110101199003070134")
KEPT = ("ratings", "visits", "rater", "deliveries", "checkpoints", "anchors")
Look = Callable[..., Lookout]


@pytest.fixture
def clock(box: PadBox) -> FixedClock:
    box.clock = FixedClock(MONDAY)
    return box.clock  # type: ignore[no-any-return]


@pytest.fixture
def lookout(box: PadBox, clock: FixedClock) -> Look:
    def made(cards: CardMemory | None = None, **limits: object) -> Lookout:
        ledger = LedgerFile(box.state, box.state / "ledger.db")
        box._closed_at_the_end.append(ledger.close)
        return Lookout(
            Suspicion(**limits),  # type: ignore[arg-type]
            ledger,
            PlatformClock(clock),
            cards or CardMemory(1),
        )

    return made


def rate(box: PadBox, clock: FixedClock, count: int, every_s: float = 1.0, **given: object) -> None:
    for _ in range(count):
        clock.go_on(timedelta(seconds=every_s))
        box.rate(None, **given)  # type: ignore[arg-type]


def everything(box: PadBox, *tables: str) -> list[tuple[object, ...]]:
    return [tuple(row) for table in tables for row in box.db.execute(f"SELECT * FROM {table}")]


def marked(box: PadBox) -> dict[str, list[int | None]]:
    found: dict[str, list[int | None]] = {}
    for flag in flag_table.flags(box.db):
        found.setdefault(flag.kind, []).append(flag.seq)
    return found


def test_a_burst_is_marked_once_however_often_is_looked(
    box: PadBox, clock: FixedClock, lookout: Look
) -> None:
    rate(box, clock, 3, every_s=300)
    clock.go_on(timedelta(minutes=5))
    rate(box, clock, 6)
    watching = lookout()
    for _ in range(3):
        watching.look()
    lookout().look()  # and by a syncd that was started anew
    assert marked(box) == {"burst": [4, 5, 6, 7, 8, 9]}
    assert [row["kind"] for row in box.journal()] == ["suspicious_pattern"]


def test_a_ledger_that_could_only_be_read_when_it_was_opened_is_marked_once_it_can_be_written(
    box: PadBox, clock: FixedClock, lookout: Look
) -> None:
    rate(box, clock, 6)
    watching = lookout()
    with written_by_nobody():
        watching.look()
    assert marked(box) == {}
    watching.look()
    assert marked(box) == {"burst": [1, 2, 3, 4, 5, 6]}


def test_a_burst_that_goes_on_from_one_look_to_the_next_is_seen_whole(
    box: PadBox, clock: FixedClock, lookout: Look
) -> None:
    watching = lookout()
    for _ in range(8):
        rate(box, clock, 1)
        watching.look()
    assert marked(box) == {"burst": [1, 2, 3, 4, 5, 6, 7, 8]}
    assert len(box.journal()) == 1


def test_ratings_and_their_delivery_are_the_same_with_and_without_marks(
    box: PadBox, clock: FixedClock, lookout: Look, city: City, online: CityServer, tmp_path: Path
) -> None:
    """The same ratings twice: once looked at before, between and after every step, once never."""
    outcomes = []
    for is_watched in (True, False):
        city.arrived.clear()
        city.requests.clear()
        folder = tmp_path / f"pad-{is_watched}"
        folder.mkdir()
        with closing(PadBox(folder)) as other:
            (folder / "state" / "keys").mkdir(exist_ok=True)
            for name in ("app_word", "platform_sm2.pub"):
                (folder / "state" / "keys" / name).write_bytes((box.state / "keys" / name).read_bytes())
            other.configure(f"http://127.0.0.1:{online.port}/gateway", batch=3)
            other.clock = replace(clock)
            for number in range(12):
                other.clock.go_on(timedelta(seconds=1))
                other.rate(f"P{number}", 1 + number % 5)
            ledger = LedgerFile(other.state, other.state / "ledger.db")
            watching = Lookout(Suspicion(), ledger, PlatformClock(other.clock), CardMemory(1))
            before = everything(other, "ratings", "visits")
            uploader, waits = other.uploader(), []
            while True:
                if is_watched:
                    watching.look()
                waits.append(uploader.step())
                if waits[-1] is None:
                    break
            assert everything(other, "ratings", "visits") == before
            assert bool(flag_table.counts(other.db)) is is_watched
            sent = [(row["seq"], row["state"], row["attempts"]) for row in other.deliveries()]
            outcomes.append((waits, sent, city.distinct, len(city.requests)))
            ledger.close()
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][2] == [f"P{number}" for number in range(12)]


def test_a_look_writes_nothing_but_marks(box: PadBox, clock: FixedClock, lookout: Look) -> None:
    rate(box, clock, 8, rater=CARD)
    before = everything(box, *KEPT)
    lookout().look()
    assert set(marked(box)) == {"burst", "same_card"}
    assert everything(box, *KEPT) == before


def test_a_look_that_finds_nothing_writes_nothing_at_all(
    box: PadBox, clock: FixedClock, lookout: Look
) -> None:
    rate(box, clock, 5, every_s=300)
    changed = box.db.execute("PRAGMA data_version").fetchone()[0]
    lookout().look()
    assert box.db.execute("PRAGMA data_version").fetchone()[0] == changed


def test_no_transaction_is_held_while_it_judges(box: PadBox, clock: FixedClock, lookout: Look) -> None:
    rate(box, clock, 8, every_s=1)
    watching = lookout(opening_hours=("08:00-09:00",))
    held: list[bool] = []

    def works_on(_day: date) -> bool:
        held.append(watching._ledger.connection().in_transaction)
        box.db.execute("BEGIN IMMEDIATE")  # the kiosk could write this very moment
        box.db.execute("ROLLBACK")
        return True

    watching._works_on = works_on
    watching.look()
    assert held == [False] * 8
    assert len(marked(box)["outside_hours"]) == 8


# --- cards -------------------------------------------------------------------------------------


def test_a_card_is_known_again_after_delivery_took_the_raters_data(
    box: PadBox, clock: FixedClock, lookout: Look, online: CityServer
) -> None:
    cards = CardMemory(1)
    uploader = box.uploader()
    uploader._cards = cards
    watching = lookout(cards)
    for number in range(4):
        clock.go_on(timedelta(hours=1))
        box.rate(f"P{number}", rater=CARD)
        mark = box.db.execute("SELECT card_mark FROM rater").fetchone()[0]
        steps(uploader)
        assert everything(box, "rater") == []
        watching.look()
    assert marked(box) == {"same_card": [1, 2, 3, 4]}
    kept = "".join(str(row) for row in everything(box, "flags", "journal", "cut_short", "looked"))
    assert mark not in kept


def test_offline_the_ledger_itself_still_knows(box: PadBox, clock: FixedClock, lookout: Look) -> None:
    rate(box, clock, 4, every_s=3000, rater=CARD)
    lookout().look()
    assert marked(box) == {"same_card": [1, 2, 3, 4]}


def test_the_memory_of_cards_is_short_and_small(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    cards = CardMemory(1, lambda: now[0])
    cards.remember([(1, "a"), (2, "b")])
    now[0] = 80_000
    cards.remember([(3, "a")])
    assert cards.uses_of("a") == (1, 3)
    assert cards.mark_of(2) == "b"
    now[0] = 86_401
    assert cards.uses_of("a") == (3,)
    assert cards.mark_of(2) is None
    monkeypatch.setattr("syncd.card_memory._MOST", 3)
    cards.remember((number, "c") for number in range(10, 20))
    assert cards.uses_of("c") == (17, 18, 19)


# --- invitations -------------------------------------------------------------------------------


def cancel(
    box: PadBox, clock: FixedClock, shown_s: float, *, trusted: bool = True, number: str = "007"
) -> None:
    clock.go_on(timedelta(minutes=10))
    opened = replace(clock.read(), trusted=trusted)
    visit = Visit(f"v{clock.monotonic_ns}", Matter(), opened, 60.0, number, "王五")
    box.recorder.open_visit(visit)
    clock.go_on(timedelta(seconds=shown_s))
    box.recorder.end_visit(VisitEnd(visit.id, VisitOutcome.CANCELLED, clock.read(), "counter", "下一位"))


def test_invitations_taken_back_after_a_look_are_marked(
    box: PadBox, clock: FixedClock, lookout: Look
) -> None:
    watching = lookout()
    for shown_s in (6, 1, 6, 40, 6):
        cancel(box, clock, shown_s)
        watching.look()
    assert marked(box) == {}
    cancel(box, clock, 6, number="008")
    cancel(box, clock, 6)
    watching.look()
    assert marked(box) == {"cancelled_after_look": [None] * 4}
    assert len(box.journal()) == 1


def test_a_clock_that_was_set_while_an_invitation_was_shown_proves_nothing(
    box: PadBox, clock: FixedClock, lookout: Look
) -> None:
    watching = lookout()
    for _ in range(4):
        cancel(box, clock, 6, trusted=False)
        clock.wall += timedelta(seconds=5)
        watching.look()
    assert marked(box) == {}
    for _ in range(4):
        cancel(box, clock, 6, trusted=False)
        watching.look()
    assert marked(box) == {"cancelled_after_look": [None] * 4}


# --- clocks ------------------------------------------------------------------------------------


def test_the_hour_waits_until_the_time_is_known_and_is_then_the_true_one(
    box: PadBox, clock: FixedClock, lookout: Look
) -> None:
    hours = ("08:30-18:00",)
    clock.trusted = False
    clock.wall = datetime(1970, 1, 1, 10, 0, tzinfo=CHINA_TIME)  # would be within the hours
    watching = lookout(opening_hours=hours)
    rate(box, clock, 2, every_s=600, trusted=False)
    watching.look()
    assert marked(box) == {}
    true_time = MONDAY.replace(hour=22)
    anchor = Anchor(
        clock.boot_id, clock.monotonic_ns, true_time, true_time - clock.wall, AnchorSource.PLATFORM
    )
    Outbox(box.db, box.keys).set_anchor(anchor)
    watching.look()
    assert marked(box) == {"outside_hours": [1, 2]}
    assert [flag.measured["minute_of_day"] for flag in flag_table.flags(box.db)] == [21 * 60 + 50, 22 * 60]


def test_a_rating_whose_time_nobody_will_ever_tell_holds_up_no_other(
    box: PadBox, clock: FixedClock, lookout: Look
) -> None:
    lost = Instant(datetime(1970, 1, 1, tzinfo=CHINA_TIME), "boot-before", 10**9, trusted=False)
    box.rate(None, rated=lost)
    now, night = clock.read(), MONDAY.replace(hour=3)
    ago_ns = int((now.wall - night).total_seconds() * 1e9)
    box.rate(None, rated=replace(now, wall=night, monotonic_ns=now.monotonic_ns - ago_ns))
    lookout(opening_hours=("08:30-18:00",)).look()
    assert marked(box) == {"outside_hours": [2]}


def test_without_opening_hours_nothing_waits_for_the_time(
    box: PadBox, clock: FixedClock, lookout: Look
) -> None:
    clock.trusted = False
    rate(box, clock, 6, trusted=False)
    lookout().look()
    assert marked(box) == {"burst": [1, 2, 3, 4, 5, 6]}


# --- size and trouble --------------------------------------------------------------------------


def test_an_old_ledger_is_caught_up_with_in_portions(
    box: PadBox, clock: FixedClock, lookout: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout_module, "PORTION", 5)
    monkeypatch.setattr(lookout_module, "PORTIONS_A_LOOK", 2)
    rate(box, clock, 23)
    watching = lookout()
    reached = []
    for _ in range(4):
        watching.look()
        reached.append(max((seq or 0 for seq in marked(box).get("burst", [])), default=0))
    assert reached == [10, 20, 23, 23]
    assert marked(box)["burst"] == list(range(1, 24))


def test_how_far_it_got_is_written_now_and_then(
    box: PadBox, clock: FixedClock, lookout: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout_module, "WRITTEN_EVERY", 4)
    rate(box, clock, 5, every_s=300)
    lookout().look()
    assert everything(box, "looked") == [(1, 5)]


def test_a_ledger_that_cannot_be_used_is_looked_at_later(
    box: PadBox, clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = LedgerFile(box.state, box.state / "none.db")
    watching = Lookout(Suspicion(), ledger, PlatformClock(clock), CardMemory(1))
    with caplog.at_level(logging.WARNING):
        watching.look()
        watching.look()
    assert caplog.text.count("looked for again later") == 1
    rate(box, clock, 6)
    box.db.execute("VACUUM INTO ?", (str(box.state / "none.db"),))
    watching.look()
    with closing(connect(box.state / "none.db")) as db:
        assert flag_table.counts(db) == {"burst": 6}
    ledger.close()


def test_a_ledger_that_was_replaced_is_looked_at_from_its_beginning(
    box: PadBox, clock: FixedClock, lookout: Look, tmp_path: Path
) -> None:
    watching = lookout()
    rate(box, clock, 9, every_s=300)
    watching.look()
    assert marked(box) == {}
    (tmp_path / "other").mkdir()
    with closing(PadBox(tmp_path / "other")) as other:
        other.clock = clock
        rate(other, clock, 6)
        other.db.execute("VACUUM INTO ?", (str(box.state / "fresh.db"),))
    for suffix in ("-wal", "-shm"):
        (box.state / f"ledger.db{suffix}").unlink()
    (box.state / "fresh.db").rename(box.state / "ledger.db")
    watching.look()
    with closing(connect(box.state / "ledger.db")) as db:
        assert flag_table.counts(db) == {"burst": 6}


def test_a_fault_of_ours_ends_nothing_and_says_nothing_of_anybody(
    box: PadBox, clock: FixedClock, lookout: Look, caplog: pytest.LogCaptureFixture
) -> None:
    watching = lookout(opening_hours=("08:30-18:00",))
    watching._works_on = lambda _day: 1 / 0  # type: ignore[assignment, return-value]
    rate(box, clock, 1)
    with caplog.at_level(logging.WARNING):
        watching.look()
    assert "unexpected ZeroDivisionError" in caplog.text


# --- the daemon --------------------------------------------------------------------------------


def test_the_daemon_looks_and_its_heartbeat_tells_how_many(
    box: PadBox, city: City, itemised: CityServer
) -> None:
    box.configure(f"http://127.0.0.1:{itemised.port}", "itemised", heartbeat_s=0.2, interval_s=0.2)
    for number in range(7):
        box.rate(f"P{number}")
    daemon = box.daemon()
    city.wait_for(lambda: any("flags" in beat for beat in city.beats))
    assert city.beats[-1]["flags"] == {"burst": 7}
    assert daemon.terminate() == 0


def test_switched_off_nothing_is_marked(box: PadBox, city: City, itemised: CityServer) -> None:
    box.configure(
        f"http://127.0.0.1:{itemised.port}", "itemised", extra="[suspicion]\nenabled = false",
        heartbeat_s=0.2, interval_s=0.2,
    )  # fmt: skip
    for number in range(7):
        box.rate(f"P{number}")
    daemon = box.daemon()
    box.wait_until_settled()
    before = len(city.beats)
    city.wait_for(lambda: len(city.beats) >= before + 6)
    assert not any("flags" in beat for beat in city.beats)
    assert daemon.terminate() == 0
    with closing(sqlite3.connect(box.state / "ledger.db")) as db:
        assert db.execute("SELECT COUNT(*) FROM flags").fetchone() == (0,)


def forestalled(box: PadBox, clock: FixedClock, visit_id: str, reason: str, by: str = "phone") -> None:
    """A visit whose matter a phone rated; ``reason`` says whether a face was tapped here."""
    box.recorder.open_visit(Visit(visit_id, Matter(project_no=visit_id), clock.read(), 60.0, "1024", "王芳"))
    clock.go_on(timedelta(seconds=7))
    outcome = VisitOutcome.RATED if by == "phone" else VisitOutcome.CANCELLED
    box.recorder.end_visit(VisitEnd(visit_id, outcome, clock.read(), by, reason))


def test_a_phone_that_rated_while_somebody_rated_here_is_marked_once(
    box: PadBox, clock: FixedClock, lookout: Look
) -> None:
    forestalled(box, clock, "v1", "while_rating")
    forestalled(box, clock, "v2", "")
    forestalled(box, clock, "v3", "while_rating", by="counter")
    before = everything(box, *KEPT)
    watching = lookout()
    for _ in range(3):
        watching.look()
    lookout().look()
    (flag,) = flag_table.flags(box.db)
    assert (flag.kind, flag.visit_id, flag.seq, flag.measured) == (
        "phone_while_rating", "v1", None, {"shown_s": 7.0},
    )  # fmt: skip
    assert [row["kind"] for row in box.journal()] == ["suspicious_pattern"]
    assert everything(box, *KEPT) == before
    assert FlagBook(box.db).newly_forestalled(10) == ()
    forestalled(box, clock, "v4", "while_rating")
    watching.look()
    assert len(flag_table.flags(box.db)) == 2


def test_looking_for_phones_costs_what_they_forestalled(box: PadBox, lookout: Look) -> None:
    statements: list[str] = []
    watching = lookout()
    watching.look()
    watching._ledger.connection().set_trace_callback(statements.append)
    watching.look()
    (asked,) = [each for each in statements if "while_rating" in each]
    plan = [row["detail"] for row in box.db.execute(f"EXPLAIN QUERY PLAN {asked}")]
    assert any("visits_forestalled" in each for each in plan), plan
