"""What is held against each other does the same job: each record once, in order, kept until answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from bench import rivals, wear
from bench.ledgers import Filler
from bench.receiver import Receiver
from pad import gm
from pad.settings import Dialect
from sandbox.hall.processes import Program, python
from sandbox.hall.stage import Plan, Stage


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with closing(Receiver(tmp_path / "receiver.log")) as made:
        yield made


def records(count: int) -> Iterator[bytes]:
    return (b'{"id":"%d"}' % number for number in range(count))


def sent(receiver: Receiver) -> list[int]:
    return [int(each["id"]) for each in json.loads(receiver.last())["records"]]


@pytest.mark.parametrize("name", rivals.RIVALS)
def test_a_rival_sends_everything_by_the_hundred_in_order(
    name: str, tmp_path: Path, receiver: Receiver
) -> None:
    rivals.fill(name, tmp_path / "queue", records(250))
    rivals.drain(name, tmp_path / "queue", f"{receiver.url}/plain")
    assert receiver.bodies() == 3
    assert sent(receiver) == list(range(200, 250))
    rivals.drain(name, tmp_path / "queue", f"{receiver.url}/plain")
    assert receiver.bodies() == 3  # nothing is left


def test_a_rival_keeps_what_was_not_answered_for(tmp_path: Path, receiver: Receiver) -> None:
    rivals.fill("persist-queue", tmp_path / "queue", records(50))
    with pytest.raises(requests.ConnectionError):
        rivals.drain("persist-queue", tmp_path / "queue", "http://127.0.0.1:9/plain")
    rivals.drain("persist-queue", tmp_path / "queue", f"{receiver.url}/plain")
    assert sent(receiver) == list(range(50))


@pytest.mark.parametrize("dialect", Dialect)
def test_the_receiver_answers_syncd_in_both_dialects(
    dialect: Dialect, tmp_path: Path, receiver: Receiver
) -> None:
    stage = Stage(tmp_path, Plan(dialect=dialect, sync=(("batch", rivals.BATCH),)))
    stage.settle(receiver.url, gm.sm2_generate_keypair().public_key)
    filler = Filler(stage.state)
    for _ in range(150):
        filler.rate()
    filler.connection.close()
    once = Program(python("syncd", "--once"), tmp_path / "once.log", stage.environment)
    said = once.line(lambda line: line.startswith("syncd:"), 60)
    assert once.wait(60) == 0
    assert said == "syncd: 150 of 150 settled, 0 of them refused, 0 still wait"
    assert receiver.bodies() == 2


def test_what_was_written_is_read_from_a_trace_of_the_ledger_alone(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    trace.write_text(
        '9 pwrite64(5</s/ledger.db-wal>, "\\240"..., 24, 90672) = 24\n'
        '9 pwrite64(5</s/ledger.db-wal>, "\\1"..., 4096, 90696) = 4096\n'
        "9 fdatasync(5</s/ledger.db-wal>) = 0\n"
        '9 pwrite64(4</s/ledger.db>, "\\1"..., 4096, 0) = 4096\n'
        "9 fdatasync(4</s/ledger.db>) = 0\n"
        '9 pwrite64(7</s/other>, "\\1"..., 4096, 0) = 4096\n'
        "9 fsync(7</s/other>) = 0\n"
    )
    assert wear.read(trace, 2) == wear.Wear(bytes=8216, syncs=2, ratings=2)
