"""Every misbehaviour the practice platform knows, in both dialects: all arrive, in order, each once."""

from __future__ import annotations

import json
import random
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pad import chain, keys
from pad.chain import GENESIS
from pad.ledger import verification
from sandbox.hall import partners
from sandbox.hall.processes import Program
from tests.syncd.pad_box import PadBox

MARK, WORD = "mark", "practice word"
DIALECTS = pytest.mark.parametrize("dialect", ["national", "itemised"])

ONCE_EACH: dict[str, dict[str, Any]] = {
    "slow": {"seconds": 0.3, "first": 2},
    "hang": {"seconds": 30, "first": 2},
    "close-mid-body": {"first": 2},
    "status-500": {"first": 3},
    "html-502": {"first": 3},
    "retry-after-503": {"seconds": 1, "first": 1},
    "status-429": {"first": 2},
    "status-413": {"max_records": 3},
    "status-401": {"first": 2},
    "captive-portal": {"first": 3},
    "truncated-json": {"first": 2},
    "answer-lost": {"first": 2},
    "wrong-batch-id": {"first": 2},
    "wrong-types": {"first": 2},
    "duplicate-answers": {"first": 1},
    "clock-ahead": {"seconds": 3600},
    "clock-behind": {"seconds": 1},
}


@dataclass
class Practice:
    """The practice platform as a process, for all tests of this file."""

    url: str
    control: partners.Platform
    store: Path
    public_key: str

    def chain(self) -> dict[str, Any]:
        """What the platform makes of the one pad's chain."""
        (found,) = self.control.call("GET", "/control/chains")["chains"]
        told: dict[str, Any] = found
        return told

    def stored(self) -> list[sqlite3.Row]:
        with closing(sqlite3.connect(self.store)) as db:
            db.row_factory = sqlite3.Row
            return db.execute("SELECT * FROM ratings ORDER BY rowid").fetchall()


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    folder = tmp_path_factory.mktemp("practice")
    configuration = folder / "sandbox.toml"
    configuration.write_text(
        f'port = 0\ncontrol_port = 0\nstate = "{folder}"\napp_mark = "{MARK}"\napp_word = "{WORD}"\n',
        encoding="utf-8",
    )
    words = [sys.executable, "-m", "sandbox", "--config", str(configuration)]
    program = Program(words, folder / "log")
    ready = json.loads(program.line(lambda line: line.startswith("{"), 60))
    public_key = (folder / "platform.pub").read_text(encoding="ascii").strip()
    yield Practice(ready["platform"], partners.Platform(ready["control"]), folder / "platform.db", public_key)
    program.stop()


@pytest.fixture
def practice(process: Practice, box: PadBox) -> Practice:
    process.control.behave()
    process.control.call("DELETE", "/control/received")
    keys.write_secret(box.state / "keys" / "app_word", WORD)
    keys.write_secret(box.state / "keys" / "platform_sm2.pub", process.public_key)
    return process


def deliver(box: PadBox) -> None:
    """Step until all is settled, without the waits (but for one that keeps a promise to the platform)."""
    uploader = box.uploader()
    for _ in range(200):
        if uploader.step() is None:
            return
    raise AssertionError(box.states)


@DIALECTS
@pytest.mark.parametrize("name", ONCE_EACH)
def test_a_misbehaviour_loses_and_doubles_nothing(
    box: PadBox, practice: Practice, dialect: str, name: str
) -> None:
    box.configure(f"{practice.url}/{dialect}", dialect, batch=4, answer_timeout_s=0.6)
    practice.control.misbehave(name, **ONCE_EACH[name])
    for number in range(9):
        box.rate(f"P{number}", 1 + number % 5, trusted=False)
    deliver(box)
    assert [row["project_no"] for row in practice.stored()] == [f"P{number}" for number in range(9)]
    assert [row["level"] for row in practice.stored()] == [1 + number % 5 for number in range(9)]
    assert set(box.states) == {"acknowledged"}


@DIALECTS
@pytest.mark.parametrize("seed", range(3))
def test_misbehaviours_in_random_mixture_leave_the_daemon_nothing_undelivered(
    box: PadBox, practice: Practice, dialect: str, seed: int
) -> None:
    chance = random.Random(seed)
    box.configure(f"{practice.url}/{dialect}", dialect, batch=4, answer_timeout_s=0.6)
    daemon = box.daemon()
    expected = []
    for turn in range(8):
        for name in chance.sample(list(ONCE_EACH), chance.randint(1, 3)):
            practice.control.misbehave(name, **ONCE_EACH[name])
        for number in range(chance.randint(1, 6)):
            expected.append((f"P{turn}-{number}", chance.randint(1, 5)))
            box.rate(*expected[-1], trusted=False)
            box.ring()
        if chance.random() < 0.5:
            practice.control.wait_for(len(expected) // 2)
    practice.control.behave()
    box.wait_until_settled()
    assert [(row["project_no"], row["level"]) for row in practice.stored()] == expected
    assert set(box.states) == {"acknowledged"}
    assert daemon.terminate() == 0


@DIALECTS
def test_a_poison_record_blocks_nobody(box: PadBox, practice: Practice, dialect: str) -> None:
    box.configure(f"{practice.url}/{dialect}", dialect)
    practice.control.misbehave("poison-record", project_no="P4")
    for number in range(9):
        box.rate(f"P{number}")
    deliver(box)
    assert [row["project_no"] for row in practice.stored()] == [f"P{each}" for each in range(9) if each != 4]
    assert box.states == ["refused" if number == 4 else "acknowledged" for number in range(9)]


@DIALECTS
def test_the_signature_and_every_field_are_taken(box: PadBox, practice: Practice, dialect: str) -> None:
    from pad.model import Rater

    box.configure(f"{practice.url}/{dialect}", dialect, profile='service_record = "pad"')
    matter = {"pro_status": "3", "orgcode": "O1", "org_name": "局", "user_prop": "1", "user_page_type": "111"}
    box.rate(
        "P1",
        2,
        comment="等了两小时",
        rater=Rater("张三", "13800000000", "111", "500110199001011234"),
        project_type="1",
        task_type="01",
        **matter,  # type: ignore[arg-type]
    )
    deliver(box)
    (stored,) = practice.stored()
    record = json.loads(stored["raw"])
    assert record["certKey"] == "500110199001011234"
    assert record["writingEvaluation"] == "等了两小时"
    with closing(sqlite3.connect(practice.store)) as db:
        ((service,),) = db.execute("SELECT raw FROM services").fetchall()
    assert json.loads(service)["userName"] == "张三"


def test_a_heartbeat_is_taken(box: PadBox, practice: Practice) -> None:
    box.configure(f"{practice.url}/itemised", "itemised", heartbeat_s=0.2)
    daemon = box.daemon()
    daemon.wait_for_log("delivering")
    rating = box.rate("P1", trusted=False)
    box.ring()
    practice.control.wait_for(1)
    box.wait_until_settled()

    def beats() -> list[dict[str, Any]]:
        with closing(sqlite3.connect(practice.store)) as db:
            return [json.loads(row[0]) for row in db.execute("SELECT raw FROM heartbeats")]

    box.wait_until(lambda: any(beat["head"]["hash"] == rating.hash for beat in beats()))
    assert daemon.terminate() == 0
    assert not [line for line in daemon.log if "heartbeat" in line]


def test_a_chain_rewritten_with_the_devices_own_key_shows_at_the_platform(
    box: PadBox, practice: Practice
) -> None:
    box.configure(f"{practice.url}/itemised", "itemised")
    for number in range(3):
        box.rate(f"P{number}", 1)
    heart = box.heart()
    heart.beat()
    assert practice.chain()["broken"] == ""
    box.rate("P3")
    heart.beat()
    assert practice.chain()["broken"] == ""
    rewrite_as_good(box)
    assert verification.verify(box.db, box.keys.chain)[2] is None, "whoever has the key can make it hold"
    box.rate("P4")
    box.heart().beat()
    assert "rewritten" in practice.chain()["broken"]


def test_a_chain_that_was_cut_off_shows_at_the_platform(box: PadBox, practice: Practice) -> None:
    box.configure(f"{practice.url}/itemised", "itemised")
    for number in range(3):
        box.rate(f"P{number}", 1)
    box.heart().beat()
    box.db.execute("DROP TRIGGER ratings_leave_below_a_checkpoint")
    box.db.execute("DELETE FROM ratings WHERE seq = 3")
    box.heart().beat()
    assert "row 3" in practice.chain()["broken"]


def rewrite_as_good(box: PadBox) -> None:
    """Somebody with the device's key turns the first rating into the best one, and mends the chain."""
    box.db.execute("DROP TRIGGER ratings_never_change")
    previous = GENESIS
    for row in box.db.execute("SELECT * FROM ratings ORDER BY seq").fetchall():
        changed = dict(row) | {"prev_hash": previous} | ({"level": 5} if row["seq"] == 1 else {})
        previous = chain.link(box.keys.chain, previous, changed)
        box.db.execute(
            "UPDATE ratings SET level = ?, prev_hash = ?, hash = ? WHERE seq = ?",
            (changed["level"], changed["prev_hash"], previous, row["seq"]),
        )
