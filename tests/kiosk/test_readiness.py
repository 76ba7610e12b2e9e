"""What the technician reads: true on a real pad, and nothing of a person in it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import readiness
from kiosk.facts import Fact, Facts
from kiosk.readiness import NAMES, Given, gather
from pad.clock import SystemClock
from pad.model import Rater
from tests.syncd.pad_box import PadBox, free_port

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
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
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
    given = Given('10.1"', Fact("Voice", "no sound card", ok=False), "2020-05-22", "7", {"keypad": "found"})
    facts = facts_of(box, given)
    assert fact(facts, "Voice").ok is False
    assert fact(facts, "Bulletin").value == "7"
    assert fact(facts, "keypad").value == "found"


def test_every_name_is_among_those_the_catalogues_translate(box: PadBox) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    facts = facts_of(box)
    said = {group.name for group in facts.groups} | {each.name for g in facts.groups for each in g.facts}
    assert said <= set(NAMES)


def test_nothing_of_a_person_is_among_the_facts(box: PadBox) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    box.rate("P-secret", 1, comment="我是欧阳明月", rater=PERSON)
    printed = repr(facts_of(box))
    assert not any(each in printed for each in (PERSON.name, PERSON.mobile, PERSON.cert_key, "P-secret"))


def test_looking_changes_nothing(box: PadBox) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}")
    box.rate("P1")
    before = box.db.execute("SELECT COUNT(*), MAX(seq) FROM ratings").fetchone()[:]
    facts_of(box)
    assert box.db.execute("SELECT COUNT(*), MAX(seq) FROM ratings").fetchone()[:] == before
    assert readiness.REACHED_WITHIN_S <= 2
