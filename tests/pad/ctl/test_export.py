"""``padctl export`` and ``import``: tables for people, and a stick that feeds the platform exactly once."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from pad import keys
from pad.ledger import verification
from pad.ledger.exporting import FIELDS
from pad.ledger.outbox import Outbox
from pad.ledger.rows import Delivery
from pad.model import DeliveryState, Rater, Rating, iso_time
from syncd.stick.__main__ import run
from syncd.stick.pouch import LINE_MAX
from tests.pad.ctl.command import in_json, padctl
from tests.syncd.city import City, CityServer, says
from tests.syncd.pad_box import PadBox

PERSON = Rater(name="欧阳娜娜", mobile="13987654321", credit_type="111", cert_key="110101199003070134")
NAMED = (PERSON.name, PERSON.mobile, PERSON.cert_key)


def refuse(box: PadBox, seq: int) -> None:
    now = iso_time(box.clock.read().wall)
    delivery = Delivery(seq, DeliveryState.REFUSED, 1, settled_at=now, platform_message="查无 13987654321")
    Outbox(box.db, box.keys).record([delivery])


# --- tables -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_table_has_the_models_names_and_nothing_of_who_rated(box: PadBox, kind: str) -> None:
    box.rate("P1", comment="很好，\n谢谢", rater=PERSON)
    refuse(box, 1)
    box.rate("P2", 1)
    out = box.folder / "out"
    code, told = in_json(box.environment, "export", "--format", kind, "--out", str(out))
    assert (code, told["ratings"]) == (0, 2)
    text = out.read_bytes().decode("utf-8")
    assert not text.startswith("\ufeff")
    rows = (
        list(csv.DictReader(io.StringIO(text, newline="")))
        if kind == "csv"
        else [json.loads(line) for line in text.splitlines()]
    )
    assert set(rows[0]) == set(FIELDS) >= {field.name for field in fields(Rating)}
    assert [row["project_no"] for row in rows] == ["P1", "P2"]
    assert [row["state"] for row in rows] == ["refused", "pending"]
    assert rows[0]["comment"] == "很好，\n谢谢"
    assert not [each for each in NAMED if each in text]
    assert out.stat().st_mode & 0o777 == 0o600


def test_no_spreadsheet_runs_what_a_person_wrote(box: PadBox) -> None:
    starts = ["=", "+", "-", "@", "\t", "\r"]
    for number, start in enumerate(starts):
        box.rate(f"P{number}", comment=f"{start}cmd|' /C calc'!A0")
    out = box.folder / "out.csv"
    assert padctl(box.environment, "export", "--format", "csv", "--out", str(out)).returncode == 0
    rows = csv.DictReader(io.StringIO(out.read_bytes().decode(), newline=""))
    assert [row["comment"] for row in rows] == [f"'{start}cmd|' /C calc'!A0" for start in starts]


def test_a_range_and_the_refused_alone(box: PadBox) -> None:
    for number in range(1, 6):
        box.rate(f"P{number}")
    for seq in (1, 2, 3):
        refuse(box, seq)
    words = ("export", "--format", "jsonl", "--from", "2", "--to", "4")
    assert in_json(box.environment, *words, "--out", str(box.folder / "a"))[1]["ratings"] == 3
    assert {row["exported_at"] for row in box.deliveries()} == {None}
    assert in_json(box.environment, *words, "--out", str(box.folder / "b"), "--refused")[1]["ratings"] == 2
    assert [row["exported_at"] is not None for row in box.deliveries()] == [False, True, True, False, False]
    assert box.journal()[-1]["kind"] == "exported"


def test_what_is_there_stays_and_nothing_half_is_left(box: PadBox) -> None:
    out = box.folder / "out"
    out.write_text("mine")
    done = padctl(box.environment, "export", "--format", "csv", "--out", str(out))
    assert (done.returncode, out.read_text()) == (1, "mine")
    assert "name another" in done.stderr
    done = padctl(box.environment, "export", "--format", "csv", "--out", str(box.folder / "no/where"))
    assert done.returncode == 1
    assert not [each for each in box.folder.iterdir() if each.name.startswith(".out")]


# --- the stick --------------------------------------------------------------------------------


@pytest.fixture
def carrier(tmp_path_factory: pytest.TempPathFactory, box: PadBox, city: City) -> Iterator[PadBox]:
    """The machine with a line: same application and word, another device; its ledger stays empty."""
    with closing(PadBox(tmp_path_factory.mktemp("carrier"))) as other:
        for each in (box, other):
            keys.write_secret(each.state / "keys" / "app_word", city.app_word)
            keys.write_secret(each.state / "keys" / "platform_sm2.pub", city.keys.public_key)
        yield other


@pytest.fixture(params=["national", "itemised"])
def ready(
    request: pytest.FixtureRequest,
    box: PadBox,
    carrier: PadBox,
    city: City,
    start: Callable[[int], CityServer],
) -> CityServer:
    """Pad and carrier configured for the same city, in each dialect."""
    server = start(0)
    for each in (box, carrier):
        each.configure(f"http://127.0.0.1:{server.port}/gateway", request.param, batch=3)
    file = carrier.folder / "pad.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("pad-7", "laptop"), encoding="utf-8")
    return server


def stick_program(box: PadBox, *words: str) -> tuple[int, Any, str]:
    """syncd's program in this process: exit code, what became of it, what it said instead."""
    with (
        pytest.MonkeyPatch.context() as patched,
        redirect_stdout(io.StringIO()) as said,
        redirect_stderr(io.StringIO()) as complained,
    ):
        patched.setenv("PAD_STATE", str(box.state))
        code = run(["--config", str(box.folder / "pad.toml"), *words])
    lines = said.getvalue().splitlines()
    return (
        code,
        json.loads(lines[-1])["result"] if lines and "result" in lines[-1] else None,
        complained.getvalue(),
    )


def packed(box: PadBox, *words: str, name: str = "stick") -> Path:
    code, _, said = stick_program(box, "pack", str(box.folder / name), *words)
    assert code == 0, said
    return box.folder / name


def fed(carrier: PadBox, stick: Path, receipts: str = "receipts") -> tuple[int, Any, str]:
    return stick_program(carrier, "feed", str(stick), str(stick.with_name(receipts)))


def settled(box: PadBox, receipts: str = "receipts") -> tuple[int, Any, str]:
    return stick_program(box, "settle", str(box.folder / receipts))


def test_by_the_commands_themselves(box: PadBox, carrier: PadBox, city: City, itemised: CityServer) -> None:
    carrier.configure(f"http://127.0.0.1:{itemised.port}/gateway", "itemised")
    box.rate("P1", rater=PERSON)
    stick = box.folder / "stick"
    done = padctl(box.environment, "export", "--format", "bundle", "--out", str(stick))
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"1 ratings in {stick}")
    code, told = in_json(carrier.environment, "import", str(stick))
    assert (code, told["accepted"], told["receipts"]) == (0, 1, f"{stick}.receipts")
    assert in_json(box.environment, "import", "--receipts", f"{stick}.receipts")[1]["acknowledged"] == 1
    stick.write_bytes(stick.read_bytes()[:-9])
    done = padctl(carrier.environment, "import", str(stick))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"padctl: {stick}: it was changed")


def test_a_stick_feeds_the_platform_once_and_its_receipts_settle_the_pad(
    box: PadBox, carrier: PadBox, city: City, ready: CityServer
) -> None:
    for number in range(7):
        box.rate(f"P{number}", 1 + number % 5, rater=PERSON, comment="写给城市的话")
    stick = packed(box)
    text = stick.read_text(encoding="utf-8")
    assert not [each for each in (*NAMED, "写给城市的话", "办结") if each in text]
    assert json.loads(text.splitlines()[0])["device"] == "pad-7"
    code, told, _ = fed(carrier, stick)
    assert (code, told["accepted"], told["duplicate"], told["left"]) == (0, 7, 0, 0)
    assert city.distinct == [f"P{number}" for number in range(7)]
    assert [each["satisfaction"] for each in city.arrived] == [str(1 + n % 5) for n in range(7)]
    assert {each["name"] for each in city.arrived} == {PERSON.name}
    again = fed(carrier, stick, "again-receipts")
    assert (again[1]["accepted"], again[1]["duplicate"]) == (0, 7)
    assert len(city.arrived) == 7
    assert settled(box)[:2] == (0, {"acknowledged": 7, "refused": 0, "known": 0, "unknown": 0})
    assert set(box.states) == {"acknowledged"}
    assert box.db.execute("SELECT COUNT(*) FROM rater").fetchone()[0] == 0, "who rated leaves with it"
    assert not verification.examine(box.db, box.keys).findings
    assert settled(box)[1]["known"] == 7
    assert box.once()[0] == 0
    assert len(city.arrived) == 7


def test_a_line_that_came_back_meanwhile_makes_nothing_twice(
    box: PadBox, carrier: PadBox, city: City, ready: CityServer
) -> None:
    for number in range(5):
        box.rate(f"P{number}")
    stick = packed(box)
    assert box.once()[0] == 0
    assert fed(carrier, stick)[1]["duplicate"] == 5
    assert len(city.arrived) == 5
    assert settled(box)[1]["known"] == 5


def test_what_the_platform_refuses_comes_back_as_refused_and_its_neighbours_do_not(
    box: PadBox, carrier: PadBox, city: City, ready: CityServer
) -> None:
    for number in range(5):
        box.rate(f"P{number}")
    city.faults["P2"] = "事项编码不正确"
    stick = packed(box)
    code, told, _ = fed(carrier, stick)
    assert (code, told["accepted"], told["refused"], told["left"]) == (1, 4, 1, 0)
    settled(box)
    assert box.states == ["acknowledged", "acknowledged", "refused", "acknowledged", "acknowledged"]
    del city.faults["P2"]
    again = packed(box, "--refused", name="again")
    assert box.deliveries()[2]["exported_at"] is not None
    assert fed(carrier, again, "more")[1]["accepted"] == 1
    assert settled(box, "more")[1]["acknowledged"] == 1
    assert set(box.states) == {"acknowledged"}


def test_receipts_of_a_part_leave_the_rest_waiting_in_order(
    box: PadBox, carrier: PadBox, city: City, ready: CityServer
) -> None:
    for number in range(6):
        box.rate(f"P{number}")
    stick = packed(box, "--from", "3", "--to", "4")
    assert fed(carrier, stick)[1]["accepted"] == 2
    settled(box)
    assert box.states == ["pending", "pending", "acknowledged", "acknowledged", "untried", "untried"]
    assert box.once()[0] == 0
    assert sorted(city.distinct) == [f"P{number}" for number in range(6)]
    assert len(city.arrived) == 6


def test_a_batch_that_lost_members_to_a_stick_is_no_batch_any_more(
    box: PadBox, carrier: PadBox, city: City, itemised: CityServer
) -> None:
    carrier.configure(f"http://127.0.0.1:{itemised.port}/gateway", "itemised")
    for number in range(3):
        box.rate(f"P{number}")
    city.usual = says(502)
    assert box.once()[0] == 1
    (before,) = {row["batch"] for row in box.deliveries()}
    city.usual = None
    assert before is not None
    stick = packed(box, "--to", "1")
    assert fed(carrier, stick)[1]["accepted"] == 1
    assert settled(box)[1]["acknowledged"] == 1
    assert {row["batch"] for row in box.deliveries()} == {None}
    assert box.once()[0] == 0
    assert city.requests[-1].json["batch"] != before
    assert len(city.arrived) == 3


def test_a_platform_that_does_not_answer_leaves_the_bundle_for_another_day(
    box: PadBox, carrier: PadBox, city: City, ready: CityServer
) -> None:
    box.rate("P1")
    stick = packed(box)
    city.usual = says(502)
    code, told, _ = fed(carrier, stick)
    assert (code, told["left"], told["why"]) == (1, 1, "HTTP 502")
    assert not stick.with_name("receipts").exists()
    city.usual = None
    assert fed(carrier, stick)[1]["accepted"] == 1


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def cut_at_a_line(data: bytes) -> bytes:
    return b"".join(data.splitlines(keepends=True)[:-2])


def one_bit(data: bytes) -> bytes:
    return data.replace(b"pad-7", b"pad-8", 1)


def item_left_out(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(lines[:1] + lines[2:])


def items_swapped(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join([lines[0], lines[2], lines[1], *lines[3:]])


def more_behind(data: bytes) -> bytes:
    return data + b"more\n"


def another_file(data: bytes) -> bytes:
    return b"PK\x03\x04" + bytes(5 * LINE_MAX)


def nothing(data: bytes) -> bytes:
    return b""


@pytest.mark.parametrize(
    "spoil",
    [cut, cut_at_a_line, one_bit, item_left_out, items_swapped, more_behind, another_file, nothing],
)
def test_of_a_bundle_that_is_not_whole_or_forged_nothing_is_sent(
    box: PadBox, carrier: PadBox, city: City, itemised: CityServer, spoil: Callable[[bytes], bytes]
) -> None:
    carrier.configure(f"http://127.0.0.1:{itemised.port}/gateway", "itemised")
    for number in range(3):
        box.rate(f"P{number}")
    stick = packed(box)
    stick.write_bytes(spoil(stick.read_bytes()))
    code, _, said = fed(carrier, stick)
    assert code == 1
    assert said.startswith(f"{stick}: ")
    assert not city.requests
    assert not city.arrived


def test_of_another_application_and_with_another_word_nothing_is_sent(
    box: PadBox, carrier: PadBox, city: City, itemised: CityServer
) -> None:
    carrier.configure(f"http://127.0.0.1:{itemised.port}/gateway", "itemised")
    box.rate("P1")
    stick = packed(box)
    keys.write_secret(carrier.state / "keys" / "app_word", "another word", replace=True)
    assert "another word" in fed(carrier, stick)[2]
    keys.write_secret(carrier.state / "keys" / "app_word", city.app_word, replace=True)
    file = carrier.folder / "pad.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"mark"', '"other"'), encoding="utf-8")
    assert "this machine speaks for other" in fed(carrier, stick)[2]
    assert not city.arrived


def test_another_pads_receipts_and_receipts_beside_a_running_syncd_change_nothing(
    box: PadBox, carrier: PadBox, city: City, itemised: CityServer
) -> None:
    carrier.configure(f"http://127.0.0.1:{itemised.port}/gateway", "itemised")
    box.rate("P1")
    stick = packed(box)
    assert fed(carrier, stick)[0] == 0
    assert "these are ratings" in settled(box, "stick")[2]
    assert "these are receipts" in fed(carrier, box.folder / "receipts", "others")[2]
    box.configure("http://127.0.0.1:9", "itemised")
    daemon = box.daemon()
    daemon.wait_for_log("delivering")
    assert "another syncd" in settled(box)[2]
    daemon.terminate()
    file = box.folder / "pad.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("pad-7", "pad-8"), encoding="utf-8")
    assert "of pad pad-7, this is pad-8" in settled(box)[2]
    assert "acknowledged" not in box.states


def test_a_rating_whose_time_nobody_knows_is_not_carried(box: PadBox, carrier: PadBox) -> None:
    box.rate("P1", trusted=False)
    box.rate("P2")
    told = stick_program(box, "pack", str(box.folder / "stick"))[1]
    assert told["count"] + told["without_time"] == 2
