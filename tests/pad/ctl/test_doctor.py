"""``padctl doctor``: each thing is really broken, and is named with its next step."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pad import keys
from pad.ctl import doctor
from pad.ctl.checks import Patient, door, machine, network, programs, secrets, storage
from pad.ctl.finding import Finding, Verdict, worst
from pad.ctl.units import parse
from tests.pad.ctl.command import in_json, padctl
from tests.ports import free_port
from tests.syncd.authority import Authority
from tests.syncd.city import City, CityServer, Line, Request, http
from tests.syncd.pad_box import PadBox
from tests.syncd.test_against_the_practice_platform import Practice, practice, process
from tests.syncd.test_tls import certificates, tls_city

__all__ = ["certificates", "practice", "process", "tls_city"]
FAIL, WARN, OK, SKIPPED = Verdict.FAIL, Verdict.WARN, Verdict.OK, Verdict.SKIPPED


def patient(box: PadBox, root: Path = Path("/")) -> Patient:
    return Patient(box.settings(), root)


def named(found: tuple[Finding, ...], name: str) -> Finding:
    return next(each for each in found if each.name == name)


def way(box: PadBox) -> tuple[Finding, ...]:
    """What doctor says of the way to the platform, walked by syncd's own program."""
    return tuple(network.check_platform(patient(box)))


def trusting(box: PadBox, authority: Path) -> None:
    file = box.folder / "pad.toml"
    text = file.read_text(encoding="utf-8").replace("[platform]", f'[platform]\nca_file = "{authority}"')
    file.write_text(text, encoding="utf-8")


# --- the way to the platform ------------------------------------------------------------------


def at(box: PadBox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in box.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def as_installed(box: PadBox, monkeypatch: pytest.MonkeyPatch) -> None:
    at(box, monkeypatch)


def test_a_sound_way_is_walked_to_its_end(box: PadBox, practice: Practice) -> None:
    box.configure(f"{practice.url}/itemised", "itemised")
    found = way(box)
    assert [(each.name, each.verdict) for each in found] == [
        ("dns", OK), ("tcp", OK), ("tls", SKIPPED), ("clock_offset", OK), ("platform", OK),
    ]  # fmt: skip
    assert "signature" in found[-1].found
    assert not practice.stored(), "no rating is made up for it"


def test_in_the_national_dialect_only_the_clock_is_asked(box: PadBox, online: CityServer, city: City) -> None:
    found = named(way(box), "platform")
    assert found.verdict is OK
    assert "no harmless signed question" in found.found
    assert not city.arrived


def test_a_name_nobody_knows(box: PadBox) -> None:
    box.configure("https://platform.invalid/gateway", "itemised")
    found = way(box)
    assert named(found, "dns").verdict is FAIL
    assert "platform.invalid" in named(found, "dns").found
    assert {each.verdict for each in found[1:]} == {SKIPPED}


def test_a_closed_port(box: PadBox) -> None:
    box.configure(f"http://127.0.0.1:{free_port()}", "itemised")
    found = named(way(box), "tcp")
    assert (found.verdict, "refused" in found.found, "firewall" in found.next_step) == (FAIL, True, True)


@pytest.mark.parametrize(
    ("name", "trusted", "said"),
    [
        ("right", True, (WARN, "until", "renew")),
        ("right", False, (FAIL, "self", "platform.ca_file")),
        ("expired", True, (FAIL, "expired", "renew")),
        ("other", True, (FAIL, "mismatch", "name the certificate is for")),
    ],
)
def test_a_certificate_that_is_expired_of_another_name_or_nobodys(
    box: PadBox, city: City, tls_city: Callable[[str], CityServer], certificates: Path,
    name: str, trusted: bool, said: tuple[Verdict, str, str],
) -> None:  # fmt: skip
    verdict, words, step = said
    keys.write_secret(box.state / "keys" / "app_word", city.app_word)
    box.configure(f"https://127.0.0.1:{tls_city(name).port}", "itemised")
    if trusted:
        trusting(box, certificates / f"{name}.pem")
    found = named(way(box), "tls")
    assert (found.verdict, words in found.found, step in found.next_step) == (verdict, True, True), found
    assert bool(city.looks) is (verdict is WARN)


def test_what_speaks_no_tls(box: PadBox, online: CityServer) -> None:
    box.configure(f"https://127.0.0.1:{online.port}", "itemised")
    found = named(way(box), "tls")
    assert (found.verdict, "proxy" in found.next_step) == (FAIL, True)


def test_a_word_the_platform_does_not_take(box: PadBox, practice: Practice) -> None:
    box.configure(f"{practice.url}/itemised", "itemised")
    keys.write_secret(box.state / "keys" / "app_word", "another word", replace=True)
    found = named(way(box), "platform")
    assert (found.verdict, "app_word" in found.next_step) == (FAIL, True)


class LogInFirst(City):
    """A network that answers whatever is asked with its own page."""

    def answer(self, request: Request, line: Line) -> bytes:
        return http(200, "<html><body>请先登录</body></html>", date=self.now())


def test_a_page_to_log_in_at_is_not_taken_for_the_platform(box: PadBox) -> None:
    keys.write_secret(box.state / "keys" / "app_word", "practice word")
    server = CityServer(LogInFirst())
    try:
        box.configure(f"http://127.0.0.1:{server.port}", "itemised")
        found = named(way(box), "platform")
    finally:
        server.end()
    assert (found.verdict, "log in to this network first" in found.next_step) == (FAIL, True), found
    assert "page of another make" in found.found


def test_a_machine_in_no_network_is_told_so(box: PadBox, monkeypatch: pytest.MonkeyPatch) -> None:
    box.configure("https://platform.example", "itemised")
    for addresses, verdict in ((), FAIL), (("eth0 10.0.0.7",), OK):
        monkeypatch.setattr("pad.network.addresses", lambda addresses=addresses: addresses)
        (found,) = network.check_network(patient(box))
        assert (found.verdict, bool(found.next_step)) == (verdict, verdict is FAIL)
    box.configure("http://127.0.0.1:1", "itemised")
    assert [each.verdict for each in network.check_network(patient(box))] == [SKIPPED]


def test_a_platform_whose_clock_is_elsewhere(box: PadBox, practice: Practice) -> None:
    box.configure(f"{practice.url}/itemised", "itemised")
    practice.control.misbehave("clock-ahead", seconds=3600)
    found = way(box)
    assert named(found, "clock_offset").verdict is WARN
    said = named(found, "clock_offset").found  # by whether NTP keeps the clock of this machine
    assert re.search(r"-3(59\d|60\d) s off|is (1 h 0|59) min fast", said)
    assert named(found, "platform").verdict is OK, "what is signed follows the platform's clock"


@pytest.mark.parametrize(
    ("off_s", "ntp", "found"),
    [
        (3600.4, True, "the platform's clock is 1 h 0 min slow"),
        (-90.0, True, "the platform's clock is 1 min fast"),
        (3600.4, False, "this machine's clock is +3600 s off the platform's"),
        (1.2, True, "agrees with the platform's"),
    ],
)
def test_whose_clock_it_is_that_is_wrong(off_s: float, ntp: bool, found: str) -> None:
    told = {"host": "h", "port": 1, "platform": {"offset_s": off_s, "ntp": ntp, "signed": True}}
    assert named(tuple(network.judged(told)), "clock_offset").found == found


def test_a_missing_word_is_named_by_its_file(box: PadBox, itemised: CityServer) -> None:
    (box.state / "keys" / "app_word").unlink()
    assert "keys/app_word" in named(way(box), "platform").found
    found = named(tuple(secrets.check_secrets(patient(box))), "secrets")
    assert (found.verdict, "app_word" in found.found) == (FAIL, True)


# --- what is configured -----------------------------------------------------------------------


def test_settings_that_cannot_be_read_are_the_only_finding(box: PadBox) -> None:
    (box.folder / "pad.toml").write_text("[pad]\ndevice_id = 7\n", encoding="utf-8")
    code, told = in_json(box.environment, "doctor")
    assert (code, [each["name"] for each in told["findings"]]) == (1, ["settings"])
    assert "device_id" in told["findings"][0]["found"]


def test_a_secret_others_may_read(box: PadBox) -> None:
    (box.state / "keys" / "chain.key").chmod(0o644)
    (found,) = secrets.check_modes(patient(box))
    assert (found.verdict, "chain.key 0644" in found.found, "chmod" in found.next_step) == (FAIL, True, True)
    (box.state / "keys" / "chain.key").chmod(0o600)
    assert next(secrets.check_modes(patient(box))).verdict is OK


def test_the_pin_alone_may_be_the_groups(box: PadBox) -> None:
    pin = box.state / "keys" / "technician_pin"
    pin.write_text("x")
    pin.chmod(0o640)
    assert next(secrets.check_modes(patient(box))).verdict is OK
    pin.chmod(0o644)
    assert next(secrets.check_modes(patient(box))).verdict is FAIL


def test_a_lost_key_of_the_ledger(box: PadBox) -> None:
    (box.state / "keys" / "chain.key").unlink()
    (found,) = secrets.check_ledger_keys(patient(box))
    assert (found.verdict, "backup" in found.next_step) == (FAIL, True)


def test_a_list_of_indicators_that_breaks_its_rule(box: PadBox) -> None:
    (box.folder / "list.toml").write_text(
        'version = "x"\n[[indicator]]\ncode = "510"\nlevel = 1\ntext = "快"\n', encoding="utf-8"
    )
    file = box.folder / "pad.toml"
    text = file.read_text(encoding="utf-8").replace("[pad]\n", '[pad]\nindicators = "list.toml"\n')
    file.write_text(text, encoding="utf-8")
    (found,) = secrets.check_indicators(patient(box))
    assert (found.verdict, "510" in found.found) == (FAIL, True)


@pytest.mark.parametrize(("key", "verdict"), [(None, WARN), ("00" * 16, OK), ("not hex", FAIL)])
def test_codes_for_phones_need_their_key(box: PadBox, key: str | None, verdict: Verdict) -> None:
    assert next(secrets.check_phone_key(patient(box))).verdict is SKIPPED
    box.configure("http://127.0.0.1:9", "itemised", extra='[phone]\nurl = "https://hcp.example/r"\n')
    if key is not None:
        keys.write_secret(box.state / "keys" / "phone.key", key)
    assert next(secrets.check_phone_key(patient(box))).verdict is verdict


def test_whoever_is_told_of_bad_ratings_needs_an_address(box: PadBox) -> None:
    keys.write_secret(box.state / "keys" / "app_word", "word")
    assert next(secrets.check_secrets(patient(box))).verdict is OK
    box.configure("http://127.0.0.1:9", "itemised", extra="[alerts]\nwecom = true\n")
    (found,) = secrets.check_secrets(patient(box))
    assert (found.verdict, "alert_wecom" in found.found) == (FAIL, True)


def test_a_ledger_the_group_may_not_write(box: PadBox) -> None:
    gid = box.state.stat().st_gid
    box.state.chmod(0o2770)
    for file in box.state.glob("ledger.db*"):
        file.chmod(0o660)
    assert secrets.rights_of(box.state, gid).verdict is OK
    (box.state / "ledger.db").chmod(0o640)
    assert secrets.rights_of(box.state, gid).verdict is FAIL
    assert secrets.rights_of(box.state, gid + 1).verdict is FAIL


# --- where ratings rest -----------------------------------------------------------------------


def test_a_sound_ledger(box: PadBox) -> None:
    box.rate("P1")
    (found,) = storage.check_ledger(patient(box))
    assert (found.verdict, "1 ratings" in found.found) == (OK, True)


def test_a_damaged_ledger(box: PadBox) -> None:
    for number in range(50):
        box.rate(f"P{number}")
    box.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    box.db.close()
    path = box.state / "ledger.db"
    data = bytearray(path.read_bytes())
    for page in range(4096, len(data), 4096):
        data[page : page + 64] = b"\xff" * 64
    path.write_bytes(data)
    assert next(storage.check_ledger(patient(box))).verdict is FAIL


def test_a_damaged_file_that_was_set_aside(box: PadBox) -> None:
    (box.state / "ledger.db.damaged-1").touch()
    assert named(tuple(storage.check_ledger(patient(box))), "damage").verdict is WARN


def test_a_full_disk(box: PadBox) -> None:
    box.configure("http://127.0.0.1:9", "itemised", extra="[ledger]\nmin_free_mib = 1048576\n")
    found = named(tuple(storage.check_room(patient(box))), "room")
    assert (found.verdict, "1048576" in found.found) == (FAIL, True)
    box.configure("http://127.0.0.1:9", "itemised", extra="[ledger]\nmin_free_mib = 1\n")
    assert named(tuple(storage.check_room(patient(box))), "room").verdict is OK


@pytest.mark.parametrize(
    ("life", "verdict"), [("0x01 0x02", OK), ("0x08 0x01", WARN), ("0x0b 0x0a", FAIL), ("0x00 0x00", SKIPPED)]
)
def test_a_worn_memory_card(box: PadBox, tmp_path: Path, life: str, verdict: Verdict) -> None:
    disk = tmp_path / "root/sys/block/mmcblk9/device"
    disk.mkdir(parents=True)
    if verdict is not SKIPPED:
        (disk / "life_time").write_text(life)
    (found,) = storage.check_wear(patient(box, tmp_path / "root"))
    assert found.verdict is verdict


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        ({"smart_status": {"passed": False}}, FAIL),
        ({"nvme_smart_health_information_log": {"percentage_used": 3}}, OK),
        ({"nvme_smart_health_information_log": {"percentage_used": 80}}, WARN),
        ({"nvme_smart_health_information_log": {"percentage_used": 104}}, FAIL),
        ({}, None),
    ],
)
def test_what_a_disk_says_of_itself(told: dict[str, Any], verdict: Verdict | None) -> None:
    found = storage.judged_smart("nvme0", told)
    assert (found.verdict if found else None) is verdict


# --- the machine ------------------------------------------------------------------------------

TOUCH = 'I: Bus=0003\nN: Name="ILITEK Multi-Touch"\nB: PROP=2\nB: ABS=2608000 3\n'
MOUSE = 'I: Bus=0003\nN: Name="A Mouse"\nB: PROP=0\n'


@pytest.mark.parametrize(("told", "verdict"), [(f"{MOUSE}\n{TOUCH}", OK), (MOUSE, FAIL), (None, SKIPPED)])
def test_a_touch_panel_that_is_not_there(
    box: PadBox, tmp_path: Path, told: str | None, verdict: Verdict
) -> None:
    folder = tmp_path / "root/proc/bus/input"
    folder.mkdir(parents=True)
    if told is not None:
        (folder / "devices").write_text(told)
    (found,) = machine.check_touch(patient(box, tmp_path / "root"))
    assert found.verdict is verdict
    assert found.found == "ILITEK Multi-Touch" or verdict is not OK


@pytest.mark.parametrize(("state", "verdict"), [("connected", OK), ("disconnected", FAIL), ("", SKIPPED)])
def test_a_display_that_is_not_connected(box: PadBox, tmp_path: Path, state: str, verdict: Verdict) -> None:
    folder = tmp_path / "root/sys/class/drm/card0-HDMI-A-1"
    folder.mkdir(parents=True)
    if state:
        (folder / "status").write_text(f"{state}\n")
    assert next(machine.check_display(patient(box, tmp_path / "root"))).verdict is verdict


def test_a_machine_without_sound(box: PadBox, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "proc/asound").mkdir(parents=True)
    assert next(machine.check_sound(patient(box, root))).verdict is WARN
    (root / "proc/asound/cards").write_text(" 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n")
    assert next(machine.check_sound(patient(box, root))).found == "HDA-Intel - HDA Intel PCH"


def test_a_device_that_is_configured_and_not_there(box: PadBox) -> None:
    box.configure(
        "http://127.0.0.1:9", "itemised", extra='[counter]\nport = 9\n[scanner]\nport = "/dev/nothing-here"\n'
    )
    (found,) = machine.check_devices(patient(box))
    assert (found.verdict, "scanner" in found.found) == (FAIL, True)


@pytest.mark.parametrize(("celsius", "verdict"), [(79.9, OK), (80.0, WARN)])
def test_heat(celsius: float, verdict: Verdict) -> None:
    assert machine.heat(celsius).verdict is verdict


def test_a_log_without_a_bound(box: PadBox, tmp_path: Path) -> None:
    folder = tmp_path / "root/usr/lib/systemd/journald.conf.d"
    folder.mkdir(parents=True)
    assert next(machine.check_log_limit(patient(box, tmp_path / "root"))).verdict is WARN
    (folder / "pad.conf").write_text("[Journal]\nSystemMaxUse=200M\n")
    assert next(machine.check_log_limit(patient(box, tmp_path / "root"))).verdict is OK


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("LoadState=loaded\nActiveState=active\nSubState=running\nNRestarts=0", OK),
        ("LoadState=loaded\nActiveState=active\nSubState=running\nNRestarts=9", WARN),
        ("LoadState=loaded\nActiveState=failed\nSubState=failed\nNRestarts=0", FAIL),
        ("LoadState=not-found\nActiveState=inactive\nSubState=dead", SKIPPED),
    ],
)
def test_what_systemd_says_of_a_unit(said: str, verdict: Verdict) -> None:
    assert programs.judged(parse("syncd.service", said)).verdict is verdict


# --- all together -----------------------------------------------------------------------------


def test_all_of_it_at_once_names_what_is_broken_and_fits_into_80_columns(
    box: PadBox, practice: Practice
) -> None:
    box.configure(f"{practice.url}/itemised", "itemised", extra="[counter]\nport = 9\n")
    box.rate("P1")
    done = padctl(box.environment, "doctor")
    assert done.returncode == 1
    assert max(map(len, done.stdout.splitlines())) <= 80
    for words in ("✗ kiosk", "✗ syncd", "✓ ledger", "✓ platform"):
        assert words in done.stdout
    assert done.stderr == "", "no bar where there is no terminal"
    code, told = in_json(box.environment, "doctor")
    assert (code, told["worst"]) == (1, "fail")
    assert all(each["next_step"] for each in told["findings"] if each["verdict"] == "fail")
    assert {each["name"] for each in told["findings"]} <= set(doctor.TITLES)


def test_a_check_that_hangs_or_breaks_keeps_none_of_the_others(box: PadBox) -> None:
    goes_on = threading.Event()

    def hangs(_patient: Patient) -> Iterator[Finding]:
        goes_on.wait()
        yield Finding("room", OK, "")

    def breaks(_patient: Patient) -> Iterator[Finding]:
        yield from ()
        raise RuntimeError("13987654321")

    checks = {"room": hangs, "wear": breaks, "pin": secrets.check_pin}
    found = tuple(doctor._all_at_once(patient(box), checks, 2.0, lambda: None))
    goes_on.set()
    assert [(each.name, each.verdict) for each in found] == [("room", FAIL), ("wear", FAIL), ("pin", WARN)]
    assert "13987654321" not in found[1].found
    assert worst(found) is FAIL


# --- the counter service's own certificate ------------------------------------------------------


def with_certificate(box: PadBox, days: int) -> str:
    """A certificate of so many days at the counter's door; its fingerprint as OpenSSL says it."""
    now = datetime.now(UTC)
    authority = Authority(box.folder / "door", (now - timedelta(days=9), now + timedelta(days=days)))
    (box.folder / "counter.crt").write_bytes(authority.ca.read_bytes())
    beyond = 'address = "0.0.0.0"\ntls_certificate = "counter.crt"\ntls_key = "counter.key"'
    box.configure("http://127.0.0.1:1", extra=f"[counter]\n{beyond}")
    asked = ["openssl", "x509", "-in", "counter.crt", "-noout", "-fingerprint", "-sha256"]
    told = subprocess.run(asked, cwd=box.folder, check=True, capture_output=True, text=True).stdout
    return told.strip().partition("=")[2]


@pytest.mark.parametrize(("days", "verdict"), [(22, OK), (20, WARN), (-1, FAIL)])
def test_the_fingerprint_of_the_counters_certificate_is_shown(
    box: PadBox, days: int, verdict: Verdict
) -> None:
    fingerprint = with_certificate(box, days)
    (found,) = door.check_door(patient(box))
    assert found.verdict is verdict
    assert f"fingerprint {fingerprint}, until 20" in found.found


def test_a_certificate_that_is_none_is_told_and_on_loopback_none_is_wanted(box: PadBox) -> None:
    box.configure("http://127.0.0.1:1")
    (found,) = door.check_door(patient(box))
    assert found.verdict is SKIPPED
    with_certificate(box, 1)
    (box.folder / "counter.crt").write_text("none")
    (found,) = door.check_door(patient(box))
    assert (found.verdict, "counter.crt is no certificate" in found.found) == (FAIL, True)
