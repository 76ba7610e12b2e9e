"""``syncd --housekeeping``: what the timer starts, beside a daemon that runs."""

from __future__ import annotations

import fcntl
from datetime import UTC, datetime, timedelta

import pytest

from pad.clock import Anchor, AnchorSource, SystemClock
from pad.ledger.outbox import Outbox
from pad.ledger.rows import Delivery
from pad.model import DeliveryState, Rater, iso_time
from syncd import housekeeping
from syncd.housekeeping import DONE
from tests.syncd.city import City, CityServer
from tests.syncd.pad_box import PadBox

PERSON = Rater(name="张三")


def know_the_time(box: PadBox) -> None:
    now = SystemClock().read()
    anchor = Anchor(now.boot_id, now.monotonic_ns, now.wall, timedelta(0), AnchorSource.PLATFORM)
    Outbox(box.db, box.keys).set_anchor(anchor)


def told(box: PadBox, days_ago: float) -> None:
    at = iso_time(SystemClock().read().wall - timedelta(days=days_ago))
    box.rate("P1", rater=PERSON)
    Outbox(box.db, box.keys).record([Delivery(1, DeliveryState.ACKNOWLEDGED, settled_at=at)])


def raters(box: PadBox) -> int:
    return len(box.db.execute("SELECT 1 FROM rater").fetchall())


def test_it_purges_beside_a_running_daemon_and_says_when(box: PadBox, city: City, online: CityServer) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", extra="[ledger]\nrater_retention_days = 1")
    know_the_time(box)
    told(box, 2)
    daemon = box.daemon()
    daemon.wait_for_log("delivering")
    assert box.daemon("--housekeeping").wait() == 0
    assert raters(box) == 0
    done = housekeeping.last_done(box.state)
    assert done is not None
    assert abs(done - datetime.now(UTC)) < timedelta(minutes=5)
    assert daemon.terminate() == 0


def test_while_the_true_time_is_not_known_it_is_worth_another_try(
    box: PadBox, online: CityServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}")
    told(box, 2)
    monkeypatch.setattr("pad.clock.ntp_synchronised", lambda: False)
    assert housekeeping.run(box.settings()) == 1
    assert raters(box) == 1
    assert housekeeping.last_done(box.state) is None


def test_two_at_a_time_are_one_too_many(box: PadBox, online: CityServer) -> None:
    box.configure(f"http://127.0.0.1:{online.port}")
    know_the_time(box)
    told(box, 2)
    with (box.state / "housekeeping.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert housekeeping.run(box.settings()) == 0
        assert raters(box) == 1
    assert housekeeping.run(box.settings()) == 0
    assert raters(box) == 0


def test_without_a_ledger_it_says_what_is_missing(box: PadBox, online: CityServer) -> None:
    box.configure(f"http://127.0.0.1:{online.port}")
    box.db.close()
    (box.state / "ledger.db").unlink()
    command = box.daemon("--housekeeping")
    assert command.wait() == 1
    assert any("there is no ledger yet" in line for line in command.log)


@pytest.mark.parametrize("text", ["", "yesterday", "\u4e00"])
def test_a_broken_note_of_the_last_time_is_as_good_as_none(box: PadBox, text: str) -> None:
    (box.state / DONE).write_text(text, encoding="utf-8")
    assert housekeeping.last_done(box.state) is None
