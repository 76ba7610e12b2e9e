"""Where a serial device is: by its path, or by what it says on USB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from serial.tools import list_ports

from pad.serial_ports import NoSuchPort, path_of, ports


@dataclass
class Port:
    """As pyserial tells of one."""

    device: str
    vid: int | None = 0x1A86
    pid: int | None = 0x7523
    serial_number: str | None = None
    description: str = "USB Serial"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def has(*found: Port) -> None:
        monkeypatch.setattr(list_ports, "comports", lambda: list(found))

    return has


def test_a_path_is_itself_while_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "keypad").touch()
    assert path_of(str(tmp_path / "keypad")) == str(tmp_path / "keypad")
    with pytest.raises(NoSuchPort, match="scanner: not there"):
        path_of(str(tmp_path / "scanner"))


def test_a_device_is_found_by_what_it_says_on_usb(machine: Callable[..., None]) -> None:
    machine(Port("/dev/ttyS0", None, None), Port("/dev/ttyUSB1"), Port("/dev/ttyUSB0", pid=0x6001))
    assert path_of("usb:1a86:7523") == path_of("usb:1A86:7523") == "/dev/ttyUSB1"
    with pytest.raises(NoSuchPort, match="usb:0403:6001: not there"):
        path_of("usb:0403:6001")


def test_two_alike_are_told_apart_by_their_serial_number(machine: Callable[..., None]) -> None:
    machine(Port("/dev/ttyUSB0", serial_number="A1"), Port("/dev/ttyUSB1", serial_number="B2"))
    assert path_of("usb:1a86:7523:B2") == "/dev/ttyUSB1"
    with pytest.raises(NoSuchPort, match="/dev/ttyUSB0 and /dev/ttyUSB1 are alike"):
        path_of("usb:1a86:7523")


def test_every_port_is_listed_with_the_words_for_a_setting(machine: Callable[..., None]) -> None:
    machine(
        Port("/dev/ttyUSB0", serial_number="A1"),
        Port("/dev/ttyS0", None, None, description="n/a"),
        Port("/dev/ttyACM0", serial_number="with blank"),
    )
    assert [(each.path, each.usb) for each in ports()] == [
        ("/dev/ttyACM0", "usb:1a86:7523"), ("/dev/ttyS0", ""), ("/dev/ttyUSB0", "usb:1a86:7523:A1"),
    ]  # fmt: skip


@pytest.mark.parametrize("looks", [1, 100])
def test_a_device_that_goes_while_the_ports_are_listed_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    failures = iter(range(looks))

    def comports() -> list[Port]:
        if next(failures, None) is not None:
            int(None, 16)  # type: ignore[call-overload]  # as pyserial does with what it could not read
        return [Port("/dev/ttyUSB0")]

    monkeypatch.setattr(list_ports, "comports", comports)
    if looks == 1:
        assert path_of("usb:1a86:7523") == "/dev/ttyUSB0"
    else:
        assert ports() == ()
        with pytest.raises(NoSuchPort, match="not there"):
            path_of("usb:1a86:7523")
