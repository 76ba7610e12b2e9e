"""Devices and doors in the settings: whatever is wrong names the key, what was found and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pad import settings
from pad.codes import Level
from pad.settings import Keypad
from tests.pad.test_settings import SMALLEST, refusal, written


def codes(best: str = "35", **others: str) -> str:
    """A key pad whose five keys send these."""
    sent = {"5": best, "4": "34", "3": "33", "2": "32", "1": "31"} | {k[1:]: v for k, v in others.items()}
    return "[keypad]\n[keypad.codes]\n" + "".join(f'{level} = "{code}"\n' for level, code in sent.items())


LEVELS = "levels = {5 = 5, 4 = 4, 3 = 3, 2 = 2, 1 = 1}"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('[keypad]\nport = "ttyUSB0"', "keypad.port: found 'ttyUSB0'; allowed is a path such as"),
        ('[keypad]\nport = "usb:1a86"', "keypad.port: found 'usb:1a86'; allowed is"),
        ("[keypad]\nbaud = 300", "keypad.baud: found 300; allowed is a whole number from 1200 to 921600"),
        ('[keypad]\nframe = "9N1"', "keypad.frame: found '9N1'; allowed is 7 or 8 data bits"),
        ("[keypad]\ndebounce_ms = 5000", "keypad.debounce_ms: found 5000; allowed is"),
        (
            '[keypad]\nmake = "x"',
            "keypad.make: unknown key; allowed here are port, baud, frame, debounce_ms, codes",
        ),
        ('[keypad.codes]\n5 = "35"', "keypad.codes: found {'5': '35'}; allowed is a different value"),
        (
            codes(_4="35"),
            "allowed is a different value for each of 5, 4, 3, 2, 1",
        ),
        (
            codes("zz"),
            "keypad.codes.5: found 'zz'; allowed are 1 to 16 bytes in",
        ),
        (
            codes(""),
            "keypad.codes.5: found ''; allowed are 1 to 16 bytes in",
        ),
        (
            codes("AA 34"),
            "keypad.codes.4: found '34', which also stands within the code of 5 ('AA 34')",
        ),
        ("[idcard]\npoll_s = 0.1", "idcard.poll_s: found 0.1; allowed is"),
        ('[scanner]\npatterns = ["("]', "scanner.patterns: found '(', no regular expression"),
        (
            '[scanner]\npatterns = ["^x$"]',
            "scanner.patterns: found '^x$'; allowed are regular expressions with a group (?P<project_no>…)",
        ),
        (
            '[scanner]\npatterns = ["(?P<project_no>x)(?P<task>y)"]',
            "and perhaps service_number and task_name",
        ),
        ("[counter.teller]\nenabled = true\nport = 27100", "counter.teller.port: found 27100, which is"),
        (
            '[counter.evaluate]\npath = "/v1"',
            "counter.evaluate.path: found '/v1'; allowed is a path of letters",
        ),
        (
            '[idcard]\nport = "/dev/ttyS0"\n[counter.line]\nport = "/dev/ttyS0"',
            "counter.line.port: found '/dev/ttyS0', which is idcard.port as well; allowed is a line",
        ),
        ('[counter.evaluate]\npath = "evaluate"', "counter.evaluate.path: found 'evaluate'; allowed is"),
        ('[counter.evaluate]\npath = "/v1/state"', "counter.evaluate.path: found '/v1/state'; allowed is"),
        (
            '[counter.evaluate]\nparameters = {matter = "x"}',
            "counter.evaluate.parameters.matter: unknown field; allowed are project_no,",
        ),
        (f"[counter.evaluate]\n{LEVELS.replace('1 = 1', '1 = 5')}", "counter.evaluate.levels: found"),
        (f"[counter.teller]\n{LEVELS.replace(', 1 = 1', '')}", "counter.teller.levels: found"),
        (
            "[counter.teller]\nresults = {rated = 0}",
            "counter.teller.results: found {'rated': 0}; allowed is a value for",
        ),
        ("[counter.teller]\nport = 0", "counter.teller.port: found 0; allowed is"),
    ],
)
def test_what_is_wrong_names_the_key_and_what_is_allowed(tmp_path: Path, table: str, said: str) -> None:
    message = refusal(tmp_path, f"{SMALLEST}\n{table}\n")
    assert message.startswith(str(tmp_path / "pad.toml"))
    assert said in message


@pytest.mark.parametrize("port", ["", "/dev/pad/keypad", "usb:1a86:7523", "usb:1A86:7523:A-1"])
def test_a_port_is_a_path_or_what_usb_says_or_none(tmp_path: Path, port: str) -> None:
    loaded = settings.load(written(tmp_path, f'{SMALLEST}\n[keypad]\nport = "{port}"\n'), {})
    assert loaded.devices.keypad.port == port
    assert list(loaded.devices.configured()) == (["keypad"] if port else [])


def test_each_key_has_its_bytes(tmp_path: Path) -> None:
    codes = 'codes = {5 = "AA 05", 4 = "aa04", 3 = "03", 2 = "02", 1 = "01"}'
    loaded = settings.load(written(tmp_path, f"{SMALLEST}\n[keypad]\n{codes}\n"), {})
    assert loaded.devices.keypad.bytes_of() == {
        Level(5): b"\xaa\x05", Level(4): b"\xaa\x04", Level(3): b"\x03", Level(2): b"\x02", Level(1): b"\x01",
    }  # fmt: skip


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_the_default_key_of_a_level_sends_its_digit(level: int) -> None:
    assert Keypad().bytes_of()[Level(level)] == str(level).encode()
