"""The sheet of many pads: every fault with its place, and nothing made while there is one."""

from __future__ import annotations

import pytest

from pad.enrolment import sheet, stick
from pad.enrolment.sheet import Row, SheetError

PLATFORM = "https://platform.example/gateway"


def read(text: str, platform: str = PLATFORM) -> tuple[Row, ...]:
    return sheet.read(text, stick.rules(), platform)


def faults(text: str, platform: str = PLATFORM) -> list[str]:
    with pytest.raises(SheetError) as raised:
        read(text, platform)
    return list(raised.value.faults)


def test_forty_pads_by_serial_or_address_with_their_own_settings() -> None:
    lines = [f"SN-{number},,CODE-{number:04d},{number}" for number in range(39)]
    rows = read("\n".join(["serial,mac,code,voice.volume", *lines, ",02-1A-2B-3C-4D-5E,ABCD-EFGH,"]))
    assert len(rows) == 40
    assert (rows[7].serial, rows[7].settings) == ("SN-7", {"voice.volume": 7})
    assert (rows[39].mac, rows[39].settings) == ("02:1a:2b:3c:4d:5e", {})
    assert rows[39].enrolment.platform == PLATFORM


def test_a_row_may_have_a_platform_of_its_own() -> None:
    (row,) = read("serial,code,platform\nSN-1,ABCD-EFGH,https://other.example", "")
    assert row.enrolment.platform == "https://other.example"


@pytest.mark.parametrize(
    ("key", "cell", "value"),
    [
        ("voice.volume", "40", 40), ("screen.diagonal_inches", "15.6", 15.6),
        ("voice.enabled", "false", False),
        ("scanner.port", "usb:1a86:7523", "usb:1a86:7523"), ("screen.keys", "54321", "54321"),
        ("voice.quiet_hours", '"[""12:00-14:00""]"', ["12:00-14:00"]),
        ("platform.ca_file", "ca.pem", "ca.pem"),
        ("pad.indicators", "indicators/own.toml", "indicators/own.toml"),
    ],
)  # fmt: skip
def test_a_setting_is_what_toml_makes_of_it_or_the_text_itself(key: str, cell: str, value: object) -> None:
    (row,) = read(f"serial,code,{key}\nSN-1,ABCD-EFGH,{cell}")
    assert row.settings == {key: value}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: found the columns none; serial (or mac) and code are needed"),
        ("serial,mac\nSN-1,", "line 1: found the columns serial, mac; serial (or mac) and code are needed"),
        ("serial,code", "there is no pad in it"),
        ("serial,code\n,,\n", "there is no pad in it"),
        ("serial,code,code\nSN-1,ABCD-EFGH,", "line 1, column 3: found 'code' a second time"),
        ("serial,code,window\nSN-1,ABCD-EFGH,7", "line 1, column 3: found 'window': no such column"),
        ("serial,code,pad.win_no\nSN-1,ABCD-EFGH,7", "line 1, column 3: found 'pad.win_no': the platf"),
        ("serial,code,voice.loud\nSN-1,ABCD-EFGH,7", "line 1, column 3: found 'voice.loud': no such setting"),
        ("serial,code,screen.fullscreen.x\nSN-1,ABCD-EFGH,7", "line 1, column 3: found 'screen.fullscree"),
        ("serial,code\nSN-1,ABCD-EFGH,7", "line 2: found 3 cells; 2 columns are named"),
        ("serial,code\n,ABCD-EFGH", "line 2, column serial: found nothing; a serial number or a MAC"),
        ("serial,code\n1.23E+11,ABCD-EFGH", "line 2, column serial: found '1.23E+11'; a spreadsheet made"),
        ("serial,code\nDefault string,ABCD-EFGH", "line 2, column serial: found 'Default string'; allowed"),
        ("mac,code\n02:1a,ABCD-EFGH", "line 2, column mac: found '02:1a'; allowed are 12 hexadecimal digits"),
        ("serial,code\nSN-1,", "line 2: "),
        ("serial,code\nSN-1,AB", "line 2: its code must be 6 to 64 letters, digits and hyphens"),
        ("serial,code,voice.volume\nSN-1,ABCD-EFGH,loud", "line 2, column voice.volume: found 'loud'; al"),
        ("serial,code,voice.volume\nSN-1,ABCD-EFGH,101", "line 2, column voice.volume: found '101'; al"),
        ("serial,code,platform\nSN-1,ABCD-EFGH,ftp://x", "line 2: its platform must be an https or http"),
        ('serial,code\n"SN-1,ABCD-EFGH', "line 2: it is not CSV"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place(text: str, said: str) -> None:
    (fault,) = faults(text)
    assert fault.startswith(said)


def test_without_a_platform_each_row_says_so() -> None:
    (fault,) = faults("serial,code\nSN-1,ABCD-EFGH", platform="")
    assert fault.startswith("line 2, column platform: found nothing; name the platform here, or once for all")


def test_every_fault_is_named_at_once_and_no_code_with_it() -> None:
    found = faults(
        "serial,mac,code,voice.volume\nSN-1,,ABCD-EFGH,1\nSN-1,,ABCD-EFGH,999\n,02:1a:2b:3c:4d:5e,CODE-0003,\n"
        ",021a2b3c4d5e,CODE-0004,\n"
    )
    assert [fault.split(":")[0] for fault in found] == [
        "line 3, column voice.volume", "line 3, column serial", "line 3, column code", "line 5, column mac",
    ]  # fmt: skip
    assert "ABCD" not in "".join(found)


def test_what_is_written_is_read_the_same() -> None:
    rows = read(
        'serial,mac,code,platform,voice.quiet_hours,keypad.codes\nSN-1,,ABCD-EFGH,,"[""12:00-14:00""]",\n'
        ",021a2b3c4d5e,CODE-0004,https://other.example,,"
        '"{ 5 = ""35"", 4 = ""34"", 3 = ""33"", 2 = ""32"", 1 = ""31"" }"\n'
    )
    again = sheet.read(sheet.write(rows), stick.rules())
    assert [(each.serial, each.mac, each.enrolment, each.settings) for each in again] == [
        (each.serial, each.mac, each.enrolment, each.settings) for each in rows
    ]
    assert again[1].settings["keypad.codes"]["5"] == "35"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_sheet_is_read_however_a_spreadsheet_saved_it(encoding: str) -> None:
    text = "serial,code,voice.recordings\r\nSN-1,ABCD-EFGH,录音\r\n"
    (row,) = read(sheet.decode(text.encode(encoding)))
    assert row.settings == {"voice.recordings": "录音"}


def test_a_machine_is_found_by_its_numbers_before_its_addresses() -> None:
    rows = read("serial,mac,code\nSN-1,,CODE-0001\n,02:1a:2b:3c:4d:5e,CODE-0002\n")
    assert sheet.find(rows, ["SN-1"], ["02:1a:2b:3c:4d:5e"]) is rows[0]
    assert sheet.find(rows, ["SN-9"], ["02:1a:2b:3c:4d:5e"]) is rows[1]
    assert sheet.find(rows, ["SN-9"], ["02:00:00:00:00:00"]) is None
    assert sheet.find(rows, [""], [""]) is None
