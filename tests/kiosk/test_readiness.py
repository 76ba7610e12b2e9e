"""What the technician reads: true on a real pad, and nothing of a person in it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from kiosk import readiness
from kiosk.drivers.health import Health
from kiosk.events import DeviceState
from kiosk.facts import Fact, Facts
from kiosk.readiness import DEVICE_NAMES, NAMES, Given, gather
from pad.clock import Anchor, AnchorSource, SystemClock
from pad.ledger.outbox import Outbox
from pad.ledger.rows import Delivery
from pad.model import DeliveryState, Rater, iso_time
from tests.ports import free_port
from tests.syncd.pad_box import PadBox

PERSON = Rater(name="欧阳明月", mobile="13812345678", cert_key="50022219900101123X")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[PadBox]:
    box = PadBox(tmp_path)
    yield box
    box.close()


def facts_of(box: PadBox, given: Given | None = None) -> Facts:
    return gather(box.settings(), SystemClock(), given or Given())


def fact(facts: Facts, name: str) -> Fact:
    return next(each for group in facts.groups for each in group.facts if each.name == name)


def test_how_many_wait_and_since_when(box: PadBox) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    assert fact(facts_of(box), "Waiting to be sent") == Fact("Waiting to be sent", "0", ok=True)
    box.rate("P1", 2, comment="慢")
    box.rate("P2")
    facts = facts_of(box)
    assert fact(facts, "Waiting to be sent").value == "2"
    assert fact(facts, "Longest waiting since").value
    assert fact(facts, "Last rating").value.startswith("20")
    assert fact(facts, "Refused by the platform").ok


def test_a_platform_that_can_be_reached_and_one_that_cannot(box: PadBox) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        box.configure(f"http://127.0.0.1:{port}/gateway")
        assert fact(facts_of(box), "Platform") == Fact("Platform", f"127.0.0.1:{port}", ok=True)
    told = fact(facts_of(box), "Platform")
    assert told.ok is False
    assert "refused" in told.value


def test_a_ledger_that_cannot_be_read_is_said_and_nothing_raises(box: PadBox, tmp_path: Path) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    box.db.close()
    for file in (tmp_path / "state").glob("ledger.db*"):
        file.unlink()
    (tmp_path / "state" / "ledger.db").write_bytes(b"no ledger" * 1000)
    told = fact(facts_of(box), "Waiting to be sent")
    assert told.ok is False
    assert told.value


def test_a_full_disk_is_no_good_sign(box: PadBox) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}", extra="[ledger]\nmin_free_mib = 1048576")
    assert fact(facts_of(box), "Free room").ok is False


def test_what_others_know_is_passed_on(box: PadBox) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    given = Given('10.1"', Fact("Voice", "no sound card", ok=False), "2020-05-22", "7")
    facts = facts_of(box, given)
    assert fact(facts, "Voice").ok is False
    assert fact(facts, "Bulletin").value == "7"


def test_each_device_is_told_with_where_it_is_or_why_it_is_not_there(
    box: PadBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    now = box.clock.read()
    monkeypatch.setattr(SystemClock, "read", lambda _: now)
    given = Given(
        devices={
            "keypad": Health(DeviceState.FOUND, 2, now.monotonic_ns, port="/dev/pad/keypad"),
            "idcard": Health(DeviceState.LOST, why="usb:1a86:7523: not there"),
            "scanner": Health(DeviceState.SILENT, port="/dev/pad/scanner"),
        }
    )
    facts = facts_of(box, given)
    assert fact(facts, "Key pad") == Fact("Key pad", "/dev/pad/keypad, × 2, 0 s", ok=True)
    assert fact(facts, "ID card reader") == Fact("ID card reader", "usb:1a86:7523: not there", ok=False)
    assert fact(facts, "Scanner") == Fact("Scanner", "/dev/pad/scanner", ok=False)


def test_a_window_without_devices_has_no_lines_for_them(box: PadBox) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    assert "Devices" not in {group.name for group in facts_of(box).groups}


def settle(box: PadBox, seq: int, state: DeliveryState, message: str = "") -> None:
    settled = iso_time(box.clock.read().wall)
    delivery = Delivery(seq, state, attempts=1, platform_message=message, settled_at=settled)
    Outbox(box.db, box.keys).record([delivery])


def test_what_the_platform_has_and_what_it_refused(box: PadBox) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    assert fact(facts_of(box), "Last acknowledged").value == "-"
    box.rate("P1")
    box.rate("P2")
    settle(box, 1, DeliveryState.ACKNOWLEDGED)
    settle(box, 2, DeliveryState.REFUSED)
    facts = facts_of(box)
    assert fact(facts, "Last acknowledged").value.startswith("20")
    assert fact(facts, "Refused by the platform") == Fact("Refused by the platform", "1", ok=False)


def test_what_waits_longer_than_any_pause_of_the_sync_is_no_good_sign(box: PadBox) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    now = box.clock.read()
    box.rate("P1", rated=replace(now, monotonic_ns=now.monotonic_ns - 7200 * 10**9))
    told = fact(facts_of(box), "Longest waiting since")
    assert told.ok is False
    assert told.value.endswith("(2.0 h)")


def test_what_the_session_says_of_the_disk_is_believed(box: PadBox) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    assert fact(facts_of(box), "Takes ratings").ok
    assert fact(facts_of(box, Given(takes_ratings=False)), "Takes ratings").ok is False


def test_the_platforms_time_tells_how_far_the_clock_is_behind(box: PadBox) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    now = SystemClock().read()
    late = timedelta(minutes=5)
    anchor = Anchor(now.boot_id, now.monotonic_ns, now.wall + late, late, AnchorSource.PLATFORM)
    facts = gather(box.settings(), SystemClock(anchor), Given())
    told = fact(facts, "Behind the platform")
    assert told.ok is False
    assert 299 < float(told.value.removesuffix(" s")) < 301
    assert fact(facts, "Known to be right").ok  # ratings can be dated all the same


def test_another_boots_anchor_tells_nothing(box: PadBox) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    now = SystemClock().read()
    anchor = Anchor("before", now.monotonic_ns, now.wall, timedelta(0), AnchorSource.PLATFORM)
    assert fact(gather(box.settings(), SystemClock(anchor), Given()), "Behind the platform").value == "-"


@pytest.mark.parametrize(
    ("window", "inches", "said", "ok"),
    [
        ((1280, 800), 10.1, '1280 × 800, 10.1", 15 mm = 88 px', True),
        ((1024, 600), 7.0, '1024 × 600, 7", 15 mm = 100 px', False),
    ],
)
def test_a_glass_too_small_for_fingers_is_told(
    box: PadBox, window: tuple[int, int], inches: float, said: str, ok: bool
) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    configured = box.settings()
    screen = msgspec.structs.replace(configured.screen, diagonal_inches=inches)
    facts = gather(replace(configured, screen=screen), SystemClock(), Given(window=window))
    assert fact(facts, "Glass") == Fact("Glass", said, ok=ok)


def test_every_name_is_among_those_the_catalogues_translate_and_none_is_left_over(box: PadBox) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    facts = facts_of(box, Given(devices={name: Health() for name in DEVICE_NAMES}))
    said = {group.name for group in facts.groups} | {each.name for g in facts.groups for each in g.facts}
    assert said | {"Temperature"} == set(NAMES)  # not every machine measures it


def test_nothing_of_a_person_is_among_the_facts(box: PadBox) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    box.rate("P-secret", 1, comment="我是欧阳明月", rater=PERSON)
    printed = repr(facts_of(box))
    assert not any(each in printed for each in (PERSON.name, PERSON.mobile, PERSON.cert_key, "P-secret"))


def test_nothing_a_platform_wrote_or_a_password_in_its_address_is_shown(box: PadBox) -> None:
    box.configure(f"http://pad:hunter2@127.0.0.1:{free_port()}")
    box.rate("P1", 1)
    settle(box, 1, DeliveryState.REFUSED, "13812345678 不存在")
    printed = repr(facts_of(box))
    assert not any(each in printed for each in ("hunter2", "13812345678"))


def test_a_port_that_is_none_is_said(box: PadBox) -> None:
    box.configure("http://127.0.0.1:99999")
    assert fact(facts_of(box), "Platform") == Fact(
        "Platform", "127.0.0.1: its port is not one of 1 to 65535", ok=False
    )


def test_a_ledger_that_is_not_there_is_not_made(box: PadBox, tmp_path: Path) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    box.db.close()
    for file in (tmp_path / "state").glob("ledger.db*"):
        file.unlink()
    assert "no ledger yet" in fact(facts_of(box), "Waiting to be sent").value
    assert not list((tmp_path / "state").glob("ledger.db*"))


def test_a_state_folder_that_is_gone_is_said(box: PadBox, tmp_path: Path) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    gone = replace(box.settings(), state_dir=tmp_path / "gone")
    facts = gather(gone, SystemClock(), Given())
    for name in ("Takes ratings", "Free room", "Ledger"):
        assert fact(facts, name).ok is False
        assert fact(facts, name).value


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 min"), (7199, "120 min"), (7200, "2.0 h"), (172_800, "2.0 d")]
)
def test_a_length_of_time_is_short_to_read(seconds: float, said: str) -> None:
    assert readiness._span(seconds) == said


def test_looking_changes_nothing(box: PadBox) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    box.rate("P1")
    before = box.db.execute("SELECT COUNT(*), MAX(seq) FROM ratings").fetchone()[:]
    facts_of(box)
    assert box.db.execute("SELECT COUNT(*), MAX(seq) FROM ratings").fetchone()[:] == before
    assert readiness.REACHED_WITHIN_S <= 2
