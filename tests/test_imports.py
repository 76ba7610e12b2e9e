"""Imports run one way (design §1)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "pad": {"kiosk", "syncd", "sandbox", "kivy"},
    "syncd": {"kiosk", "sandbox", "kivy"},
    "kiosk": {"syncd", "sandbox"},
    "sandbox": {"syncd", "kiosk"},
}
PURE = {
    "kiosk/session.py": {"kiosk", "pad"},
    "kiosk/phases.py": {"kiosk", "pad"},
    "kiosk/events.py": {"kiosk", "pad"},
    "kiosk/view.py": {"kiosk", "pad"},
    "kiosk/facts.py": set(),
    "kiosk/masking.py": set(),
    "kiosk/host_names.py": {"ipaddress"},
    "kiosk/ui/corners.py": set(),
    "kiosk/typing/composing.py": {"pad"},
    "kiosk/voice/prompts.py": {"kiosk", "pad"},
    "kiosk/voice/hours.py": {"pad"},
    "kiosk/ui/typeset.py": set(),
    "pad/enrolment/__init__.py": {"urllib"},
    "pad/enrolment/wire.py": {"msgspec", "pad", "urllib"},
    "pad/enrolment/landing.py": {"pad", "urllib"},
    "pad/enrolment/sheet.py": {"csv", "io", "pad"},
    **{
        f"kiosk/drivers/{codec}.py": {"array", "binascii", "functools", "heapq", "kiosk", "operator", "pad"}
        for codec in ("codec", "frames", "crc16", "counter_line", "keypad", "idcard", "scanner", "health")
    },
    **{
        str(file.relative_to(ROOT)): {"kiosk", "pad"}
        for folder in ("kiosk/rules", "kiosk/ui/layout")
        for file in sorted((ROOT / folder).glob("*.py"))
    },
    "syncd/policy.py": {"pad", "syncd"},
    "syncd/listening.py": {"pad", "syncd"},
    "syncd/times.py": {"pad", "syncd"},
    "syncd/platforms/stamp.py": {"syncd"},
    "syncd/platforms/validity.py": {"cryptography"},
    "syncd/guards.py": set(),
    "syncd/health.py": {"syncd"},
    "syncd/tally.py": {"syncd"},
    "syncd/alerting/base.py": set(),
    "syncd/alerting/policy.py": {"syncd"},
    "syncd/alerting/message.py": {"pad"},
    **{
        f"syncd/alerting/{make}.py": {"base64", "hashlib", "msgspec", "syncd", "urllib"}
        for make in ("wecom", "dingtalk", "feishu")
    },
    "pad/chain.py": {"msgspec", "pad"},
    "pad/working_days.py": {"chinese_calendar"},
    "pad/told_time.py": {"pad"},
    "sandbox/cases.py": {"pad"},
    "sandbox/chains.py": set(),
    "sandbox/pages/plots.py": {"pad", "sandbox"},
    "sandbox/pages/traces.py": set(),
    **{
        str(file.relative_to(ROOT)): {"itertools", "pad", "statistics"}
        for file in sorted((ROOT / "pad" / "suspicion").glob("*.py"))
    },
    "pad/ledger/pages.py": {"struct"},
}
HARMLESS = {
    "__future__", "collections", "dataclasses", "datetime", "enum", "hmac", "json", "math", "re",
    "typing", "unicodedata",
}  # fmt: skip


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", FORBIDDEN)
def test_no_room_looks_into_one_it_may_not(package: str) -> None:
    assert files(package)
    for file in files(package):
        wrong = {name for name in imported(file) if name.split(".")[0] in FORBIDDEN[package]}
        assert not wrong, f"{file.relative_to(ROOT)} imports {sorted(wrong)}"


def test_nothing_at_the_window_knows_of_alerts() -> None:
    """Whom a bad rating is told to, and that it is, is never the clerk's to see (art. 16)."""
    assert files("kiosk")
    for file in files("kiosk"):
        assert not {name for name in imported(file) if "alert" in name}, file
        assert ".alerts" not in file.read_text(encoding="utf-8"), file


def test_kivy_is_imported_only_by_the_screens() -> None:
    for package in ("kiosk", "bench"):
        for file in files(package):
            if "ui" in file.parts or file.name in ("bare.py", "frames.py"):
                continue
            assert not any(name.split(".")[0] == "kivy" for name in imported(file)), file


def test_the_drivers_know_the_session_only_by_events() -> None:
    assert files("kiosk/drivers")
    for file in files("kiosk/drivers"):
        of_kiosk = {name for name in imported(file) if name.startswith("kiosk.")}
        wrong = {name for name in of_kiosk if not name.startswith(("kiosk.drivers", "kiosk.events"))}
        assert not wrong, f"{file.name} imports {sorted(wrong)}"


def test_the_screens_know_the_session_only_by_events_and_views() -> None:
    for file in files("kiosk/ui"):
        wrong = {
            name for name in imported(file) if name.startswith(("kiosk.desk", "kiosk.session", "pad.ledger"))
        }
        assert not wrong, f"{file.name} imports {sorted(wrong)}"


@pytest.mark.parametrize("file", PURE)
def test_what_is_pure_imports_neither_clock_nor_thread_nor_disk(file: str) -> None:
    allowed = PURE[file] | HARMLESS
    assert {name.split(".")[0] for name in imported(ROOT / file)} <= allowed
    assert not {
        name for name in imported(ROOT / file) if name.startswith(("pad.ledger.connection", "pad.keys"))
    }


SESSION = ["events", "phases", "session", "view", *(f"rules/{file.stem}" for file in files("kiosk/rules"))]


@pytest.mark.parametrize("file", SESSION)
def test_the_session_leans_on_nothing_that_acts(file: str) -> None:
    """Nor by way of another: what it may import is as pure as itself."""
    modules = {
        ".".join(name.split(".")[:2])
        for name in imported(ROOT / "kiosk" / f"{file}.py")
        if name.startswith(("kiosk.", "pad."))
    }
    assert modules <= {
        "kiosk.events", "kiosk.facts", "kiosk.masking", "kiosk.phases", "kiosk.rules", "kiosk.session",
        "pad.bulletin", "pad.codes", "pad.enrolment", "pad.indicators", "pad.model", "pad.settings",
    }  # fmt: skip


def test_nothing_is_imported_by_a_name_made_up_while_running() -> None:
    for package in FORBIDDEN:
        for file in files(package):
            called = {
                node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
            }
            assert not called & {"__import__", "import_module"}, file
