"""``padctl enrol`` as a process, against the practice platform as a process."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pad import phone, settings
from pad.enrolment import Enrolment, Outcome, request
from tests.sandbox.conftest import MARK, WORD
from tests.sandbox.conftest import Sandbox as Practice
from tests.syncd.test_tls import certificates as certificates  # noqa: PLC0414 - a fixture

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    started = Practice(tmp_path_factory.mktemp("practice"))
    yield started
    started.close()


class FreshPad:
    """A pad as it comes out of its box."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(ROOT / "config", folder / "etc")
        self.file, self.state = folder / "etc/pad.toml", folder / "state"
        self.file.chmod(0o640)
        self.state.mkdir()
        self.environment = {"PAD_CONFIG": str(self.file), "PAD_STATE": str(self.state)}

    def padctl(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pad.ctl", *words],
            cwd=ROOT, env={**os.environ, **self.environment}, input=typed, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip

    def settings(self) -> settings.Settings:
        return settings.load(None, self.environment)

    def secret(self, name: str) -> str:
        return (self.state / "keys" / name).read_text(encoding="ascii").strip()


@pytest.fixture
def pad(tmp_path: Path) -> FreshPad:
    return FreshPad(tmp_path)


def code(practice: Practice, win_no: str = "A07", **given: Any) -> dict[str, str]:
    window = {"hall_name": "綦江区政务服务中心", "win_no": win_no, "area_code": "500110000000"}
    answer = practice.control("POST", "enrolments", {"pad": window} | given)
    assert answer.status_code == 201, answer.text
    told: dict[str, str] = answer.json()
    return told


def test_a_fresh_pad_is_enrolled_by_address_and_code(pad: FreshPad, practice: Practice) -> None:
    issued = code(
        practice, profile="national", phone_key="0" * 32, phone_url="https://hcp.example.gov.cn/r",
        device="pad-national",
    )  # fmt: skip
    url = f"{practice.url}/national"
    done = pad.padctl("enrol", "--platform", url, "--code", issued["code"], "--serial", "SN-1")
    assert done.returncode == 0, done.stderr
    found = pad.settings()
    assert (found.pad.device_id, found.pad.win_no, found.pad.area_code) == (
        "pad-national", "A07", "500110000000",
    )  # fmt: skip
    assert (found.platform.url, found.platform.app_mark) == (url, MARK)
    assert (found.profile.dialect, found.phone.url) == (
        settings.Dialect.NATIONAL,
        "https://hcp.example.gov.cn/r",
    )
    assert pad.secret("app_word") == WORD
    assert pad.secret("platform_sm2.pub") == practice.public_key
    assert phone.phone_key(pad.state) == bytes(16)
    assert {file.stat().st_mode & 0o777 for file in (pad.state / "keys").iterdir()} == {0o600}
    assert pad.file.stat().st_mode & 0o777 == 0o640
    for words in (
        "pad-national (serial SN-1)",
        "window A07",
        "pad.win_no",
        "keys/app_word",
        "next: padctl status",
    ):
        assert words in done.stdout
    for secret in (issued["code"], WORD, "0" * 32, pad.secret("device_sm2.key")):
        assert secret not in done.stdout + done.stderr


def test_the_text_of_the_qr_code_is_enough_also_from_standard_input(
    pad: FreshPad, practice: Practice
) -> None:
    done = pad.padctl(
        "enrol", "--code", "-", "--serial", "SN-2", "--json", typed=code(practice)["text"] + "\n"
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["serial"], told["win_no"], told["waiting"], told["restarted"]) == (
        "SN-2",
        "A07",
        None,
        False,
    )
    assert "pad.win_no" in told["settings"]["changed"]
    assert told["catalogue"]
    listed = practice.control("GET", "enrolments").json()["enrolments"]
    mine = next(each for each in listed if each["serial"] == "SN-2")
    assert (mine["state"], mine["device"]) == ("used", told["device"])


def test_a_lost_answer_is_given_again_to_the_same_pad_and_to_no_other(
    pad: FreshPad, practice: Practice, tmp_path: Path
) -> None:
    issued = code(practice)
    practice.control("PUT", "misbehaviours/answer-lost", {"first": 1})
    before = pad.file.read_bytes()
    lost = pad.padctl("enrol", "--code", issued["text"], "--serial", "SN-3")
    assert (lost.returncode, pad.file.read_bytes()) == (1, before)
    assert "try again" in lost.stderr
    assert pad.padctl("enrol", "--code", issued["text"], "--serial", "SN-3").returncode == 0
    other = FreshPad(tmp_path / "other")
    refused = other.padctl("enrol", "--code", issued["text"], "--serial", "SN-3")
    assert refused.returncode == 1
    assert "used_code" in refused.stderr
    assert "ask the platform for a new code" in refused.stderr
    assert not (other.state / "keys/app_word").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [({"expires_s": 0}, "expired_code"), (None, "unknown_code")],
)
def test_a_code_that_is_none_or_too_old_changes_nothing(
    pad: FreshPad, practice: Practice, given: dict[str, Any] | None, said: str
) -> None:
    issued = "ZZZZ-ZZZZ" if given is None else code(practice, **given)["code"]
    before = pad.file.read_bytes()
    refused = pad.padctl(
        "enrol", "--platform", f"{practice.url}/itemised", "--code", issued, "--serial", "SN-4", "--json"
    )
    assert refused.returncode == 1
    assert said in json.loads(refused.stdout)["error"]
    assert issued not in refused.stdout + refused.stderr
    assert pad.file.read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        [], ["--platform", "https://x.example"], ["--code", "ABCD-EFGH"],
        ["--platform", "ftp://x", "--code", "ABCD-EFGH"], ["--platform", "https://x.example", "--code", "AB"],
        ["--package", __file__], ["--stick", ".", "--code", "ABCD-EFGH"],
        ["--platform", "https://x.example", "--code", "ABCD-EFGH", "--serial", "None"],
    ],
)  # fmt: skip
def test_wrong_use_is_2_and_says_what_is_needed(pad: FreshPad, words: list[str]) -> None:
    done = pad.padctl("enrol", *words)
    assert done.returncode == 2, done.stderr
    assert "Error: " in done.stderr
    assert "ABCD" not in done.stderr


def test_an_own_authority_goes_with_it(
    pad: FreshPad, practice: Practice, certificates: Path, tmp_path: Path
) -> None:
    pem = tmp_path / "city.pem"
    pem.write_bytes((certificates / "right.pem").read_bytes())
    done = pad.padctl("enrol", "--code", code(practice)["text"], "--serial", "SN-5", "--ca-file", str(pem))
    assert done.returncode == 0, done.stderr
    found = pad.settings()
    assert found.beside(found.platform.ca_file).read_bytes() == pem.read_bytes()


# --- many pads --------------------------------------------------------------------------


def sheet_of(practice: Practice, folder: Path, **rows: str) -> Path:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["serial", "code", "voice.volume"])
    for serial, volume in rows.items():
        writer.writerow([serial, code(practice, win_no=serial)["code"], volume])
    file = folder / "sheet.csv"
    file.write_text(written.getvalue(), encoding="utf-8")
    return file


def test_a_stick_prepared_at_a_desk_enrols_each_pad_by_its_row(
    pad: FreshPad, practice: Practice, tmp_path: Path
) -> None:
    package = tmp_path / "window-rating-pad_0.1.0_amd64.deb"
    package.write_bytes(b"a package")
    stick = tmp_path / "stick"
    made = pad.padctl(
        "enrol", "--file", str(sheet_of(practice, tmp_path, SN10="30", SN11="")), "--platform",
        f"{practice.url}/itemised", "--stick", str(stick), "--package", str(package),
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert {file.name for file in stick.iterdir()} == {"pads.csv", "install.sh", package.name}
    assert (stick / package.name).read_bytes() == b"a package"
    before = {file.name: file.read_bytes() for file in stick.iterdir()}
    for serial, volume in (("SN10", 30), ("SN11", 70)):
        fresh = FreshPad(tmp_path / serial)
        done = fresh.padctl("enrol", "--stick", str(stick), "--serial", serial)
        assert done.returncode == 0, done.stderr
        found = fresh.settings()
        assert (found.pad.win_no, found.voice.volume) == (serial, volume)
    assert {file.name: file.read_bytes() for file in stick.iterdir()} == before
    lost = pad.padctl("enrol", "--stick", str(stick), "--serial", "SN12")
    assert lost.returncode == 1
    assert "this machine is not in it; its names are SN12" in lost.stderr


def test_a_sheet_with_a_fault_writes_nothing(pad: FreshPad, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("serial,code,voice.volume\nSN-1,ABCD-EFGH,40\nSN-1,CODE-0002,loud\n", encoding="utf-8")
    stick = tmp_path / "stick"
    done = pad.padctl("enrol", "--file", str(sheet), "--platform", "https://x.example", "--stick", str(stick))
    assert done.returncode == 1
    assert f"{sheet}: line 3, column voice.volume: found 'loud'; allowed is" in done.stderr
    assert f"{sheet}: line 3, column serial: found 'SN-1' of line 2 again" in done.stderr
    assert "nothing was written" in done.stderr
    assert not stick.exists()


def test_the_script_on_the_stick_is_one_a_shell_reads(
    pad: FreshPad, practice: Practice, tmp_path: Path
) -> None:
    stick = tmp_path / "a stick"
    sheet, url = sheet_of(practice, tmp_path, SN20=""), f"{practice.url}/itemised"
    pad.padctl("enrol", "--file", str(sheet), "--platform", url, "--stick", str(stick))
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("padctl", "apt-get"):
        tool = tools / name
        tool.write_text(f'#!/bin/sh\necho "{name} $*"\n', encoding="ascii")
        tool.chmod(0o755)
    for given in ([], ["--serial", "a label"]):
        told = subprocess.run(
            ["sh", "install.sh", *given], cwd=stick, capture_output=True, text=True, check=True,
            env={"PATH": f"{tools}:{os.environ['PATH']}"},
        )  # fmt: skip
        assert told.stdout == " ".join(["padctl enrol --stick", str(stick), *given]) + "\n"


# --- for the screen ---------------------------------------------------------------------


def test_what_the_screen_asks_for_is_done_and_told(pad: FreshPad, practice: Practice) -> None:
    place = pad.state / "enrol"
    issued = code(practice, device="pad-screen")
    asked = request.ask(place, Enrolment(f"{practice.url}/itemised", issued["code"]))
    done = pad.padctl("enrol", "--request", str(place / "asked/request"))
    assert done.returncode == 0, done.stderr
    told = request.result(place, asked)
    assert told is not None
    assert (told.outcome, told.device, told.win_no) == (Outcome.ENROLLED, "pad-screen", "A07")
    assert issued["code"] not in done.stdout + done.stderr
    assert pad.settings().pad.device_id == "pad-screen"


@pytest.mark.parametrize(
    ("url", "outcome"), [("/itemised", Outcome.UNKNOWN_CODE), ("/nowhere", Outcome.NO_ANSWER)]
)
def test_what_the_screen_cannot_have_is_told_too(
    pad: FreshPad, practice: Practice, url: str, outcome: Outcome
) -> None:
    place = pad.state / "enrol"
    asked = request.ask(place, Enrolment(practice.url + url, "ZZZZ-ZZZZ"))
    done = pad.padctl("enrol", "--request", str(place / "asked/request"))
    assert done.returncode == 1
    told = request.result(place, asked)
    assert told is not None
    assert told.outcome is outcome


def test_a_label_stands_in_for_a_number_the_maker_left_out(pad: FreshPad, practice: Practice) -> None:
    pad.environment["PAD_SERIAL"] = "LABEL-7"
    done = pad.padctl("enrol", "--code", code(practice)["text"], "--json")
    assert json.loads(done.stdout)["serial"] == "LABEL-7"
