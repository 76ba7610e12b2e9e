"""Starting the pad's programs anew: only where systemd runs them, and never while somebody is rating."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pad import settings
from pad.ctl import restart
from pad.ctl.restart import KIOSK, SYNCD
from pad.ctl.units import Unit
from pad.settings import Settings
from tests.syncd.city import City, CityServer, Line, Request, Script, says

CONFIG = """
[pad]
device_id = "pad-1"
hall_name = "大厅"
[counter]
port = {port}
[platform]
url = "https://hcp.example.gov.cn"
app_mark = "pad"
profile = "profile.toml"
"""
SYSTEMCTL = """#!/bin/sh
echo "$*" >> {folder}/asked
if [ -e {folder}/fails ]; then echo "Job failed. See logs." >&2; exit 1; fi
"""


class Counter(City):
    """The counter service of a kiosk that says what a test wants, and at last ``usual``."""

    def answer(self, request: Request, line: Line) -> bytes | None:
        self.requests.append(request)
        script = self.script.popleft() if self.script else self.usual
        assert script is not None
        return script(request, line)


@pytest.fixture
def kiosk() -> Iterator[tuple[City, CityServer]]:
    city = Counter()
    server = CityServer(city)
    yield city, server
    server.end()


@pytest.fixture
def installed(tmp_path: Path, kiosk: tuple[City, CityServer], monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "profile.toml").write_text('name = "x"\ndialect = "itemised"\n', encoding="utf-8")
    file = tmp_path / "pad.toml"
    file.write_text(CONFIG.format(port=kiosk[1].port), encoding="utf-8")
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(SYSTEMCTL.format(folder=tmp_path), encoding="ascii")
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(restart, "SYSTEMD", tmp_path)
    monkeypatch.setattr(settings, "DEFAULT_CONFIG", file)
    monkeypatch.setattr(restart, "_LOOK_S", 0.01)
    return settings.load(file)


def state(name: str) -> Script:
    return says(200, {"state": name, "devices": {}})


def asked(installed: Settings) -> str:
    file = installed.file.with_name("asked")
    return file.read_text(encoding="ascii") if file.exists() else ""


@pytest.mark.parametrize("name", ["idle", "serving", "paused", "closed", "cannot_store"])
def test_where_nobody_is_rating_both_start_anew(
    installed: Settings, kiosk: tuple[City, CityServer], name: str
) -> None:
    kiosk[0].usual = state(name)
    assert restart.restart(installed, (KIOSK, SYNCD)) == (True, "kiosk and syncd started anew")
    assert asked(installed) == "restart kiosk.service syncd.service\n"


@pytest.mark.parametrize("name", ["rating", "inviting"])
def test_while_somebody_is_asked_or_rates_nothing_is_restarted_and_that_is_said(
    installed: Settings, kiosk: tuple[City, CityServer], name: str
) -> None:
    kiosk[0].usual = state(name)
    done, words = restart.restart(installed, (KIOSK, SYNCD), wait_s=0.05)
    assert not done
    assert words == "somebody is rating; when nobody is: systemctl restart kiosk syncd"
    assert asked(installed) == ""


def test_a_visit_that_is_going_on_is_waited_for(installed: Settings, kiosk: tuple[City, CityServer]) -> None:
    kiosk[0].script.extend([state("rating"), state("rating"), state("idle")])
    assert restart.restart(installed, (KIOSK,))[0]
    assert len(kiosk[0].requests) == 3


def test_delivery_alone_waits_for_nobody(installed: Settings, kiosk: tuple[City, CityServer]) -> None:
    kiosk[0].usual = state("rating")
    assert restart.restart(installed, (SYNCD,)) == (True, "syncd started anew")


def test_a_silent_kiosk_asks_nobody(installed: Settings, kiosk: tuple[City, CityServer]) -> None:
    kiosk[0].usual = says(500)
    assert restart.restart(installed, (KIOSK,))[0]


def test_what_systemd_says_against_it_is_told(installed: Settings, kiosk: tuple[City, CityServer]) -> None:
    kiosk[0].usual = state("idle")
    installed.file.with_name("fails").touch()
    done, words = restart.restart(installed, (KIOSK, SYNCD))
    assert not done
    assert "Job failed. See logs." in words
    assert words.endswith("systemctl restart kiosk syncd")


def test_elsewhere_it_is_left_to_the_person(
    installed: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "DEFAULT_CONFIG", tmp_path / "another.toml")
    done, words = restart.restart(installed, (KIOSK, SYNCD))
    assert not done
    assert words == "restart kiosk and syncd: they read their settings when they start"
    assert asked(installed) == ""


# --- a command while the kiosk is stopped -------------------------------------------------------

SYSTEMD_RUN = """#!/bin/sh
for each in "$@"; do
    echo "$each" >> {folder}/asked
    case $each in --property=StandardOutput=append:*) told=${{each#*append:}} ;; esac
done
if [ -e {folder}/twice ]; then echo "Unit pad-stopped.service already exists." >&2; exit 1; fi
if [ -e {folder}/fails ]; then echo "the disk is full" >> "$told"; exit 1; fi
echo "new keys" >> "$told"
"""
WORDS = ["keys", "rotate", "--stopped"]


@pytest.fixture
def running(installed: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What runs, to be changed; with a systemd-run in the place of the machine's."""
    program = tmp_path / "systemd-run"
    program.write_text(SYSTEMD_RUN.format(folder=tmp_path), encoding="ascii")
    program.chmod(0o755)
    names = {"kiosk.service", "syncd.service"}

    def unit(name: str) -> Unit:
        return Unit(name, True, "active" if name in names else "inactive", "", 0, "", "")

    monkeypatch.setattr("pad.ctl.units.unit", unit)
    monkeypatch.setattr(restart, "RUN", tmp_path)
    monkeypatch.setattr(restart, "UP_WITHIN_S", 0.2)
    return names


def test_the_command_runs_between_a_stop_and_a_start_that_comes_whatever_becomes_of_it(
    installed: Settings, kiosk: tuple[City, CityServer], running: set[str]
) -> None:
    kiosk[0].usual = state("idle")
    done, said = restart.with_kiosk_stopped(installed, WORDS)
    assert (done, said) == (True, "new keys\nkiosk and syncd started anew")
    lines = asked(installed).splitlines()
    assert "--property=ExecStartPre=/usr/bin/systemctl stop kiosk.service" in lines
    assert "--property=ExecStopPost=/usr/bin/systemctl restart kiosk.service syncd.service" in lines
    assert lines[-5:] == ["--config", str(installed.file), *WORDS]
    assert not list(installed.file.parent.glob("padctl-*"))


@pytest.mark.parametrize(("fault", "why"), [("fails", "the disk is full"), ("twice", "already exists")])
def test_a_command_that_fails_says_why_and_the_programs_are_back(
    installed: Settings, kiosk: tuple[City, CityServer], running: set[str], fault: str, why: str
) -> None:
    kiosk[0].usual = state("idle")
    installed.file.with_name(fault).touch()
    done, said = restart.with_kiosk_stopped(installed, WORDS)
    assert not done
    assert why in said
    assert "started anew with the keys that are there" in said


def test_only_what_ran_is_started(installed: Settings, running: set[str]) -> None:
    running.clear()
    assert restart.with_kiosk_stopped(installed, WORDS) == (
        True, "new keys\nneither kiosk nor syncd ran, and none was started",
    )  # fmt: skip
    assert "ExecStopPost" not in asked(installed)


def test_while_somebody_rates_nothing_is_stopped(
    installed: Settings, kiosk: tuple[City, CityServer], running: set[str]
) -> None:
    kiosk[0].usual = state("rating")
    done, said = restart.with_kiosk_stopped(installed, WORDS, wait_s=0.05)
    assert (done, said) == (False, "somebody is rating; when nobody is: padctl keys rotate")
    assert asked(installed) == ""


def test_a_kiosk_that_does_not_come_back_is_said(
    installed: Settings, kiosk: tuple[City, CityServer], running: set[str]
) -> None:
    kiosk[0].usual = says(503, "not yet")
    done, said = restart.with_kiosk_stopped(installed, WORDS)
    assert not done
    assert "does not answer after its start: systemctl status kiosk" in said
