"""Which time is sent: every case of design §3, "Clock"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pad.clock import Anchor, AnchorSource, TrueTime
from pad.codes import Level
from pad.model import CHINA_TIME, Completion, InputDevice, Instant, Rating, iso_time
from syncd.times import Bounds, Timed, assess_time, true_now

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=CHINA_TIME)
S = 10**9
THIS, LAST = "this-boot", "last-boot"


def at(**given: float) -> datetime:
    return NOON + timedelta(**given)


def rating(
    wall: datetime, *, boot: str = THIS, seconds: float = 100, trusted: bool = False, served: str = ""
) -> Rating:
    texts: dict[str, Any] = dict.fromkeys(
        (
            "id", "visit_id", "task_code", "task_handle_item", "task_name", "task_type", "service_name",
            "pro_status", "project_type", "area_code", "dept_code", "orgcode", "org_name",
            "user_prop", "user_page_type", "win_no", "staff_number", "staff_name", "indicators_version",
            "comment", "rater_sm3", "prev_hash", "hash", "invited_at",
        ),
        "",
    )  # fmt: skip
    return Rating(
        **texts, seq=5, service_time=served, project_no="P", service_number=1, assess_number=1, unbound=False,
        level=Level(3), indicators=(), reason_given=False, completed_by=Completion.SUBMITTED, recovered=False,
        pf="4", input_device=InputDevice.TOUCH, first_touch_ms=0, submitted_ms=0, changes=0,
        rated_at=iso_time(wall),
        boot_id=boot, monotonic_ns=round(seconds * S), clock_trusted=trusted,
    )  # fmt: skip


def anchor(boot: str, seconds: float, true: datetime, offset_s: float = 0) -> dict[str, Anchor]:
    return {boot: Anchor(boot, round(seconds * S), true, timedelta(seconds=offset_s), AnchorSource.PLATFORM)}


DEAD = datetime(1970, 1, 1, 8, tzinfo=CHINA_TIME)
WRONG = datetime(2020, 1, 1, tzinfo=CHINA_TIME)
NOW = Instant(WRONG, THIS, 1000 * S, trusted=False)
SYNCED = Instant(NOON, THIS, 1000 * S, trusted=True)
UNKNOWN: Bounds = (None, None)


def told(moment: datetime | None, boot: str = "another-boot", seconds: float = 0) -> TrueTime | None:
    return None if moment is None else TrueTime(moment, boot, round(seconds * S))


def around(before: datetime | None, after: datetime | None) -> Bounds:
    return told(before), told(after)


@pytest.mark.parametrize(
    ("row", "now", "anchors", "bounds", "expected"),
    [
        # a trusted row tells its own time, whatever else is known
        (rating(at(minutes=-5), trusted=True), NOW, {}, UNKNOWN, Timed(at(minutes=-5))),
        (rating(at(minutes=-5), trusted=True), NOW, anchor(THIS, 0, WRONG), UNKNOWN, Timed(at(minutes=-5))),
        # this boot: counted from the anchor; the row's own time where its clock was right
        (rating(WRONG), NOW, anchor(THIS, 700, NOON, 9e7), UNKNOWN, Timed(at(minutes=-10))),
        (rating(at(seconds=-599)), NOW, anchor(THIS, 700, NOON), UNKNOWN, Timed(at(seconds=-599))),
        (rating(at(seconds=-591)), NOW, anchor(THIS, 700, NOON), UNKNOWN, Timed(at(minutes=-10))),
        # this boot, synchronised since: counted back from now
        (rating(WRONG), SYNCED, {}, UNKNOWN, Timed(at(minutes=-15))),
        # this boot and nobody knows: wait
        (rating(at(minutes=-5)), NOW, {}, UNKNOWN, None),
        (rating(at(minutes=-5)), NOW, {}, around(at(hours=-9), at(hours=9)), None),
        # an earlier boot whose time is known
        (rating(WRONG, boot=LAST), NOW, anchor(LAST, 700, NOON, 9e7), UNKNOWN, Timed(at(minutes=-10))),
        # an earlier boot: bounds
        (rating(at(hours=0), boot=LAST), NOW, {}, around(at(hours=-1), at(hours=1)), Timed(NOON, True)),
        (rating(WRONG, boot=LAST), NOW, {}, around(at(hours=-1), at(hours=1)), Timed(at(hours=-1), True)),
        (rating(at(days=9), boot=LAST), NOW, {}, around(at(hours=-1), at(hours=1)), Timed(at(hours=1), True)),
        # no trusted row after it: now is the bound, if now is known
        (rating(at(days=9), boot=LAST), SYNCED, {}, around(at(hours=-1), None), Timed(NOON, True)),
        (rating(at(days=9), boot=LAST), NOW, anchor(THIS, 940, NOON), UNKNOWN, Timed(at(minutes=1), True)),
        (rating(at(minutes=-5), boot=LAST), SYNCED, {}, UNKNOWN, Timed(at(minutes=-5), True)),
        (rating(at(minutes=-5), boot=LAST), NOW, {}, around(at(hours=-1), None), None),
        # an earlier boot in which another rating was trusted: counted from that one
        (rating(WRONG, boot=LAST), NOW, {}, (None, told(NOON, LAST, 400)), Timed(at(minutes=-5))),
        (rating(WRONG, boot=LAST), NOW, {}, (told(NOON, LAST, 40), None), Timed(at(minutes=1))),
        (rating(at(seconds=1), boot=LAST), NOW, {}, (None, told(NOON, LAST, 100)), Timed(at(seconds=1))),
        # NTP knows better than a platform that told before
        (rating(WRONG), SYNCED, anchor(THIS, 1000, at(hours=1)), UNKNOWN, Timed(at(minutes=-15))),
        (rating(at(minutes=45)), SYNCED, anchor(THIS, 1000, at(hours=1)), UNKNOWN, Timed(at(minutes=-15))),
        (rating(at(minutes=-75), trusted=True), SYNCED, {}, UNKNOWN, Timed(at(minutes=-15))),
        (rating(at(seconds=-901), trusted=True), SYNCED, {}, UNKNOWN, Timed(at(seconds=-901))),
        # and than a clock that such a platform had made look right: nothing lies in the future
        (rating(at(minutes=45), trusted=True), SYNCED, anchor(THIS, 1000, at(hours=1)), UNKNOWN,
         Timed(at(minutes=-15))),
        (rating(at(minutes=45), boot=LAST, trusted=True), SYNCED, {}, UNKNOWN, Timed(NOON, True)),
        (rating(at(minutes=45), boot=LAST, trusted=True), SYNCED, anchor(LAST, 400, NOON), UNKNOWN,
         Timed(at(minutes=-5))),
        (rating(WRONG, boot=LAST), SYNCED, anchor(LAST, 100, at(hours=1)), UNKNOWN, Timed(NOON, True)),
        (rating(at(seconds=1), boot=LAST, trusted=True), SYNCED, {}, UNKNOWN, Timed(at(seconds=1))),
        # a clock in 1970 is no bound; the service was before its rating, where that can be
        (rating(DEAD, boot=LAST), SYNCED, {}, UNKNOWN, Timed(NOON, True)),
        (rating(DEAD, boot=LAST), SYNCED, {}, around(at(hours=-1), None), Timed(at(hours=-1), True)),
        (rating(DEAD, boot=LAST, served="2026-06-01 11:40:00"), SYNCED, {}, around(at(hours=-1), None),
         Timed(at(minutes=-20), True)),
        (rating(at(minutes=-50), boot=LAST, served="2026-06-01 11:40:00"), SYNCED, {}, UNKNOWN,
         Timed(at(minutes=-20), True)),
        (rating(at(minutes=-5), boot=LAST, served="2026-06-01 11:40:00"), SYNCED, {}, UNKNOWN,
         Timed(at(minutes=-5), True)),
        (rating(at(minutes=-50), boot=LAST, served="2026-06-01 12:00:01"), SYNCED, {}, UNKNOWN,
         Timed(at(minutes=-50), True)),
        # what is certain is not bent to the service's time
        (rating(at(minutes=-50), boot=LAST, trusted=True, served="2026-06-01 11:40:00"), SYNCED, {}, UNKNOWN,
         Timed(at(minutes=-50))),
    ],
)  # fmt: skip
def test_the_time_to_send(
    row: Rating, now: Instant, anchors: dict[str, Anchor], bounds: Bounds, expected: Timed | None
) -> None:
    assert assess_time(row, now, anchors, lambda _: bounds) == expected


def test_bounds_are_searched_only_where_they_matter() -> None:
    def never(_: Mapping[str, TrueTime]) -> Bounds:
        raise AssertionError("searched")

    assess_time(rating(NOON, trusted=True), NOW, {}, never)
    assess_time(rating(NOON), NOW, anchor(THIS, 0, NOON), never)
    assess_time(rating(NOON), NOW, {}, never)


def test_now_is_known_by_ntp_or_by_the_anchor_of_this_boot_alone() -> None:
    assert true_now(SYNCED, {}) == NOON
    assert true_now(NOW, anchor(THIS, 940, NOON)) == at(minutes=1)
    assert true_now(NOW, anchor(LAST, 940, NOON)) is None


MOMENTS = st.datetimes(datetime(2019, 1, 1), datetime(2031, 1, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=CHINA_TIME, microsecond=0)
)


@given(own=MOMENTS, before=st.none() | MOMENTS, after=st.none() | MOMENTS, now=MOMENTS, synced=st.booleans())
def test_no_time_is_ever_invented(
    own: datetime, before: datetime | None, after: datetime | None, now: datetime, synced: bool
) -> None:
    """It is the row's own, or one of the bounds; never later than what came after it."""
    instant = Instant(now, THIS, 1000 * S, trusted=synced)
    timed = assess_time(rating(own, boot=LAST), instant, {}, lambda _: around(before, after))
    latest = after or (now if synced else None)
    if timed is None:
        assert latest is None
        return
    assert timed.uncertain
    assert latest is not None
    latest = min(latest, now) if synced else latest
    assert timed.at in {own, before, latest}
    assert timed.at <= latest + timedelta(seconds=2)
    if before is not None and before <= latest:
        assert timed.at >= before
