"""``padctl status`` beside real programs: what runs, what waits, what was refused."""

from __future__ import annotations

from pad.ledger.outbox import Outbox
from pad.ledger.rows import Delivery
from pad.model import DeliveryState, iso_time
from tests.pad.ctl.command import in_json, padctl
from tests.syncd.city import City, CityServer
from tests.syncd.pad_box import PadBox


def named(told: dict[str, list[dict[str, str]]], name: str) -> dict[str, str]:
    return next(each for each in told["findings"] if each["name"] == name)


def test_without_any_program_it_says_which_to_start(box: PadBox) -> None:
    box.rate("P1")
    code, told = in_json(box.environment, "status")
    assert (code, told["well"], told["kiosk"], told["syncd"]) == (1, False, None, False)
    assert "systemctl status kiosk" in named(told, "collecting")["next_step"]
    assert "systemctl start syncd" in named(told, "sending")["next_step"]
    assert told["ledger"]["pending"] == 1
    assert told["ledger"]["oldest_pending_s"] >= 0


def test_it_sees_syncd_run_and_what_it_delivered(box: PadBox, city: City, online: CityServer) -> None:
    box.rate("P1")
    daemon = box.daemon()
    box.wait_until_settled()
    code, told = in_json(box.environment, "status")
    assert told["syncd"]
    assert named(told, "sending")["verdict"] == "ok"
    assert told["ledger"]["last_acknowledged_at"] is not None
    assert (told["ledger"]["pending"], code) == (0, 1), "no kiosk runs here"
    daemon.terminate()
    assert not in_json(box.environment, "status")[1]["syncd"]


def test_what_was_refused_stands_there_with_the_command_that_sends_it_again(box: PadBox) -> None:
    rating = box.rate("P1")
    now = iso_time(box.clock.read().wall)
    delivery = Delivery(rating.seq, DeliveryState.REFUSED, 1, platform_code="E7", platform_message="查无此件",
                        settled_at=now)  # fmt: skip
    Outbox(box.db, box.keys).record([delivery])
    done = padctl(box.environment, "status")
    assert done.returncode == 1
    assert "1: 查无此件" in done.stdout
    assert "padctl retry 1" in done.stdout
    assert padctl(box.environment, "retry", "1").stdout == "1 of 1 wait again\n"
    assert in_json(box.environment, "status")[1]["ledger"]["refused"] == []


def test_without_a_ledger_it_still_answers(box: PadBox) -> None:
    box.db.close()
    for file in box.state.glob("ledger.db*"):
        file.unlink()
    code, told = in_json(box.environment, "status")
    assert (code, told["ledger"]) == (1, None)
    assert "no ledger yet" in named(told, "ledger")["found"]
    assert not (box.state / "ledger.db").exists()


def test_it_fits_into_80_columns(box: PadBox) -> None:
    box.rate("P1")
    done = padctl(box.environment, "status")
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_programs_hear_whether_the_chain_holds_and_what_waits_again(box: PadBox) -> None:
    box.rate("P1")
    code, told = in_json(box.environment, "verify")
    assert (code, told["holds"], told["findings"], told["head"]["seq"]) == (0, True, [], 1)
    (box.state / "keys" / "chain.key").write_text("00" * 32)
    code, told = in_json(box.environment, "verify")
    assert (code, told["holds"], told["findings"][0]["table"]) == (1, False, "ratings")
    assert in_json(box.environment, "retry", "1") == (1, {"asked": 1, "wait_again": 0})
