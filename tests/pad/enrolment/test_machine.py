"""By what name a machine is enrolled: its maker's number, and what stands where a maker wrote none."""

from __future__ import annotations

from pathlib import Path

import pytest

from pad.enrolment.machine import Machine, NoSerial, as_mac, is_serial, this_machine


def put(root: Path, name: str, text: str | bytes) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())


def interface(root: Path, name: str, number: int, mac: str, *, own: bool = True) -> None:
    put(root, f"sys/class/net/{name}/address", f"{mac}\n")
    put(root, f"sys/class/net/{name}/ifindex", f"{number}\n")
    if own:
        (root / f"sys/class/net/{name}/device").mkdir()


DMI = "sys/class/dmi/id"


def test_the_whole_machines_number_comes_before_the_boards(tmp_path: Path) -> None:
    put(tmp_path, f"{DMI}/product_serial", "SN-1\n")
    put(tmp_path, f"{DMI}/board_serial", "BOARD-2\n")
    found = this_machine(tmp_path)
    assert found.serials == ("SN-1", "BOARD-2")
    assert found.serial == "SN-1"


@pytest.mark.parametrize(
    "left_out",
    ["To be filled by O.E.M.", "Default string", "System Serial Number", "None", "0", "00000000", "N/A",
     "123456789", "0123456789ABCDEF", "Not Specified", "not applicable", "Serial", "xxxx", "", "  ", "OEM",
     "中文", "x" * 65],
)  # fmt: skip
def test_what_a_maker_left_standing_is_no_number(tmp_path: Path, left_out: str) -> None:
    put(tmp_path, f"{DMI}/product_serial", f"{left_out}\n")
    put(tmp_path, f"{DMI}/board_serial", "BOARD-2\n")
    assert this_machine(tmp_path).serial == "BOARD-2"


@pytest.mark.parametrize(
    "serial", ["SN-20260001", "PF3XK9Z1", "0012345", "123456", "VMware-56 4d 1f", "1"[:0] + "A1"]
)
def test_makers_numbers(serial: str) -> None:
    assert is_serial(serial)


def test_a_board_without_dmi_has_it_in_its_device_tree(tmp_path: Path) -> None:
    put(tmp_path, "proc/device-tree/serial-number", b"10000000abcdef01\0")
    assert this_machine(tmp_path).serial == "10000000abcdef01"


def test_else_the_first_interface_that_is_a_device(tmp_path: Path) -> None:
    interface(tmp_path, "docker0", 2, "02:42:00:00:00:01", own=False)
    interface(tmp_path, "wlan0", 4, "aa:bb:cc:00:00:04")
    interface(tmp_path, "eth0", 3, "AA:BB:CC:00:00:03")
    interface(tmp_path, "lo", 1, "00:00:00:00:00:00")
    found = this_machine(tmp_path)
    assert found.macs == ("aa:bb:cc:00:00:03", "aa:bb:cc:00:00:04")
    assert found.serial == "aa:bb:cc:00:00:03"


def test_a_machine_without_a_name_wants_its_labels() -> None:
    with pytest.raises(NoSerial, match="--serial"):
        _ = Machine((), ()).serial


@pytest.mark.parametrize(
    "text", ["02:1A:2b:3c:4d:5e", "02-1a-2b-3c-4d-5e", "021a.2b3c.4d5e", " 021a2b3c4d5e "]
)
def test_an_address_is_compared_however_it_is_written(text: str) -> None:
    assert as_mac(text) == "02:1a:2b:3c:4d:5e"


@pytest.mark.parametrize("text", ["", "02:1a:2b:3c:4d", "02:1a:2b:3c:4d:5g", "SN-20260001", "0" * 13])
def test_what_is_no_address(text: str) -> None:
    assert as_mac(text) is None
