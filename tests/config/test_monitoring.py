"""Rules and dashboard go by metrics that syncd really writes, and each alert by a paragraph that is there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from pad.clock import EARLIEST
from pad.model import CHINA_TIME
from syncd.guards import Machine
from syncd.health import ClockSeen, Health, Line, Stored
from syncd.kiosk_state import DeviceSeen, KioskSeen
from syncd.metrics import exposition
from syncd.tally import Reason

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "config" / "monitoring"
RUNBOOK: Final = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
RUNBOOK_ZH: Final = (ROOT / "docs" / "runbook.zh-CN.md").read_text(encoding="utf-8")
RULES: Final[list[dict[str, Any]]] = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))[
    "groups"
][0]["rules"]
DASHBOARD: Final[dict[str, Any]] = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
PROMTOOL: Final = (
    os.environ.get("PROMTOOL")
    or shutil.which("promtool", path=f"{ROOT / 'build' / 'promtool'}:{os.environ.get('PATH', '')}")
    or ""
)
needs_promtool = pytest.mark.skipif(not PROMTOOL, reason="no promtool: make test-monitoring fetches it")
NOW: Final = EARLIEST.astimezone(CHINA_TIME) + timedelta(days=900)
FULL: Final = Health(
    NOW,
    Machine(10**9, 10**10, 9000, 10_000, 10**6, 51.5, 86_400.0),
    KioskSeen("idle", {"pad": "1", "indicators": "2", "ledger": "6"}, {"idcard": DeviceSeen("found", 1)}),
    ClockSeen(NOW, True, 0.2),
    Line(True, 7, dict.fromkeys(Reason, 1), True),
    Stored(12, 2, 3.5, 1, NOW, {"burst": 1}, {"wecom": 1}),
    frozenset(),
    {"pad": "1", "profile": "national"},
    NOW,
)
"""Everything there is to tell."""


def names_in(expression: str) -> set[str]:
    return set(re.findall(r"\bpad_[a-z_]+", re.sub(r'"[^"]*"|by \([^)]*\)', "", expression)))


def written() -> dict[str, set[str]]:
    """The labels of every metric of a pad that has everything."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(exposition(FULL).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def queries() -> list[str]:
    panels = [
        *DASHBOARD["panels"],
        *(inner for row in DASHBOARD["panels"] for inner in row.get("panels", [])),
    ]
    return [target["expr"] for panel in panels for target in panel.get("targets", [])]


def paragraphs(text: str) -> dict[str, str]:
    """By the alert each is headed with."""
    parts = re.split(r"^## (\w+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def anchors() -> set[str]:
    return {alert.lower() for alert in paragraphs(RUNBOOK)}


# --- alerts -----------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_is_of_what_syncd_writes_and_leads_to_its_paragraph(rule: dict[str, Any]) -> None:
    assert names_in(rule["expr"])
    assert names_in(rule["expr"]) <= set(written())
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    told = rule["annotations"]
    assert set(told) == {"summary", "summary_zh", "runbook_url"}
    assert re.search(r"[\u4e00-\u9fff]", told["summary_zh"])
    assert not re.search(r"[\u4e00-\u9fff]", told["summary"])
    assert told["runbook_url"] == f"runbook.md#{rule['alert'].lower()}"
    assert rule["alert"].lower() in anchors()


RUNBOOKS: Final = {
    "runbook.md": (RUNBOOK, ("You see", "Behind it", "Do")),
    "runbook.zh-CN.md": (RUNBOOK_ZH, ("您看到", "原因", "处理")),
}


@pytest.mark.parametrize("page", RUNBOOKS)
def test_every_paragraph_of_the_runbook_is_of_an_alert_and_says_what_to_do(page: str) -> None:
    text, marks = RUNBOOKS[page]
    assert list(paragraphs(text)) == [rule["alert"] for rule in RULES]
    for alert, paragraph in paragraphs(text).items():
        places = [paragraph.find(f"**{word}**") for word in marks]
        assert places == sorted(places), alert
        assert -1 not in places, alert


def test_both_runbooks_have_the_same_commands_settings_and_links_for_each_alert() -> None:
    english, chinese = paragraphs(RUNBOOK), paragraphs(RUNBOOK_ZH)
    for alert in english:
        for marked in (r"`([^`]+)`", r"\]\(([^)]+)\)"):
            ours, theirs = (
                [" ".join(each.split()) for each in re.findall(marked, text[alert])]
                for text in (english, chinese)
            )
            assert sorted(ours) == sorted(theirs), alert


@pytest.mark.parametrize("page", RUNBOOKS)
def test_every_link_within_the_runbook_leads_somewhere(page: str) -> None:
    text, _marks = RUNBOOKS[page]
    assert set(re.findall(r"\]\(#(\w+)\)", text)) <= {alert.lower() for alert in paragraphs(text)}
    for other in re.findall(r"\]\(([\w.-]+\.md)\)", text):
        assert (ROOT / "docs" / other).exists(), other


def test_labels_that_rules_and_dashboard_select_by_are_written() -> None:
    for expression in (*queries(), *(rule["expr"] for rule in RULES)):
        for name, selected in re.findall(r"\b(pad_[a-z_]+)\{([^}]*)\}", expression):
            labels = set(re.findall(r"(\w+)\s*=", selected))
            assert labels <= written()[name] | {"instance"}, expression


# --- dashboard --------------------------------------------------------------------------


def test_the_dashboard_asks_for_nothing_syncd_does_not_write() -> None:
    assert queries()
    for query in queries():
        assert names_in(query) <= set(written()), query


def test_it_has_a_row_for_the_hall_and_one_for_each_pad() -> None:
    rows = [panel for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert [row.get("repeat") for row in rows] == [None, "pad"]
    variables = {each["name"] for each in DASHBOARD["templating"]["list"]}
    assert variables == {"datasource", "pad"}
    for query in queries():
        assert set(re.findall(r"\$(\w+)", query)) <= variables


def test_its_panels_lie_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


@pytest.mark.parametrize("name", ["monitoring.md", "monitoring.zh-CN.md"])
def test_every_metric_is_explained_in_the_monitoring_page(name: str) -> None:
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert set(written()) <= set(re.findall(r"\bpad_[a-z_]+", page))


def test_both_monitoring_pages_name_the_same_things_in_the_same_order() -> None:
    english, chinese = (
        re.findall(r"`([^`]+)`", (ROOT / "docs" / name).read_text(encoding="utf-8"))
        for name in ("monitoring.md", "monitoring.zh-CN.md")
    )
    assert chinese == english


# --- by Prometheus' own hand ------------------------------------------------------------


def promtool(*words: str, told: bytes = b"") -> str:
    run = subprocess.run([PROMTOOL, *words], input=told, capture_output=True, check=False)
    said = (run.stdout + run.stderr).decode()
    assert run.returncode == 0, said
    return said


@needs_promtool
def test_promtool_has_nothing_to_say_of_the_metrics() -> None:
    assert promtool("check", "metrics", told=exposition(FULL)).strip() == ""


@needs_promtool
def test_promtool_reads_the_rules() -> None:
    assert f"{len(RULES)} rules found" in promtool("check", "rules", str(FOLDER / "alerts.yml"))


PAD: Final = 'instance="pad-7"'
FIRES: Final[dict[str, tuple[dict[str, str], dict[str, str]]]] = {
    # alert: series of a pad that is not well; series of one that is. A value every ten minutes for 72 hours.
    "PadMetricsStale": (
        {
            f"pad_metrics_written_timestamp_seconds{{{PAD}}}": "0x432",
            f"pad_clock_trusted{{{PAD}}}": "1x432",
        },
        {
            f"pad_metrics_written_timestamp_seconds{{{PAD}}}": "0+600x432",
            f"pad_clock_trusted{{{PAD}}}": "1x432",
        },
    ),
    "PadKioskDown": (
        {f'pad_kiosk_state{{{PAD},state="down"}}': "1x432"},
        {
            f'pad_kiosk_state{{{PAD},state="down"}}': "0x432",
            f'pad_kiosk_state{{{PAD},state="idle"}}': "1x432",
        },
    ),
    "PadCannotStore": (
        {f'pad_kiosk_state{{{PAD},state="cannot_store"}}': "1x432"},
        {f'pad_kiosk_state{{{PAD},state="cannot_store"}}': "0x432"},
    ),
    "PadLedgerUnreadable": (
        {f"pad_ledger_readable{{{PAD}}}": "0x432"}, {f"pad_ledger_readable{{{PAD}}}": "1x432"}
    ),
    "PadLineDown": ({f"pad_line_up{{{PAD}}}": "0x432"}, {f"pad_line_up{{{PAD}}}": "1x430 1 0"}),
    "PadCredentialsRefused": (
        {f'pad_delivery_failures_total{{{PAD},reason="credentials"}}': "0x427 1 2 3 4 5"},
        {
            f'pad_delivery_failures_total{{{PAD},reason="credentials"}}': "7x432",
            f'pad_delivery_failures_total{{{PAD},reason="line"}}': "0+1x432",
        },
    ),
    "PadRatingsWait": (
        {f"pad_oldest_pending_seconds{{{PAD}}}": "4000x432"},
        {f"pad_oldest_pending_seconds{{{PAD}}}": "3500x432"},
    ),
    "PadRatingsWaitLong": (
        {f"pad_oldest_pending_seconds{{{PAD}}}": "90000x432"},
        {f"pad_oldest_pending_seconds{{{PAD}}}": "80000x432"},
    ),
    "PadRatingsRefused": (
        {f"pad_ratings_refused{{{PAD}}}": "1x432"}, {f"pad_ratings_refused{{{PAD}}}": "0x432"}
    ),
    "PadHeartbeatFails": (
        {f"pad_heartbeat_ok{{{PAD}}}": "0x432"}, {f"pad_heartbeat_ok{{{PAD}}}": "1x432"}
    ),
    "PadClockUnknown": (
        {f"pad_clock_trusted{{{PAD}}}": "0x432"}, {f"pad_clock_trusted{{{PAD}}}": "1x432"}
    ),
    "PadClockOff": (
        {f"pad_clock_offset_seconds{{{PAD}}}": "-61x432"}, {f"pad_clock_offset_seconds{{{PAD}}}": "59x432"}
    ),
    "PadDiskLow": (
        {f'pad_guard_warning{{{PAD},guard="disk"}}': "1x432"},
        {f'pad_guard_warning{{{PAD},guard="disk"}}': "0x432"},
    ),
    "PadFilesLow": (
        {f'pad_guard_warning{{{PAD},guard="inodes"}}': "1x432"},
        {f'pad_guard_warning{{{PAD},guard="inodes"}}': "0x432"},
    ),
    "PadDiskFills": (
        {f"pad_disk_free_bytes{{{PAD}}}": "3000000-1000x432"},
        {f"pad_disk_free_bytes{{{PAD}}}": "5000000000-1000x432"},
    ),
    "PadHot": (
        {f'pad_guard_warning{{{PAD},guard="temperature"}}': "1x432"},
        {f'pad_guard_warning{{{PAD},guard="temperature"}}': "0x432"},
    ),
    "PadDeviceLost": (
        {f'pad_device_found{{{PAD},device="idcard"}}': "0x432"},
        {f'pad_device_found{{{PAD},device="idcard"}}': "1x432"},
    ),
    "PadAlertsWait": (
        {f'pad_alerts_waiting{{{PAD},target="wecom"}}': "2x432"},
        {f'pad_alerts_waiting{{{PAD},target="wecom"}}': "0x432"},
    ),
    "PadCatalogueRefused": (
        {f"pad_catalogue_refused{{{PAD}}}": "1x432"}, {f"pad_catalogue_refused{{{PAD}}}": "0x432"}
    ),
    "PadVersionsDiffer": (
        {
            'pad_build_info{instance="pad-7",pad="1",indicators="a"}': "1x432",
            'pad_build_info{instance="pad-8",pad="1",indicators="b"}': "1x432",
        },
        {
            'pad_build_info{instance="pad-7",pad="1",indicators="a"}': "1x432",
            'pad_build_info{instance="pad-8",pad="1",indicators="a"}': "1x432",
        },
    ),
    "PadHousekeepingLate": (
        {f"pad_housekeeping_timestamp_seconds{{{PAD}}}": "-90000x432"},
        {f"pad_housekeeping_timestamp_seconds{{{PAD}}}": "0+600x432"},
    ),
    "PadRestarts": (
        {f"pad_syncd_start_time_seconds{{{PAD}}}": "0+600x432"},
        {f"pad_syncd_start_time_seconds{{{PAD}}}": "0x432"},
    ),
}  # fmt: skip


def test_every_alert_has_a_pad_that_sets_it_off_and_one_that_does_not() -> None:
    assert set(FIRES) == {rule["alert"] for rule in RULES}


@needs_promtool
def test_each_alert_is_set_off_by_what_it_is_about_and_by_nothing_else(tmp_path: Path) -> None:
    tests = []
    for rule in RULES:
        fired = f'ALERTS{{alertname="{rule["alert"]}", alertstate="firing"}}'
        for series, fires in zip(FIRES[rule["alert"]], (True, False), strict=True):
            tests.append(
                {
                    "interval": "10m",
                    "name": f"{rule['alert']}: {'set off' if fires else 'quiet'}",
                    "input_series": [{"series": name, "values": values} for name, values in series.items()],
                    "promql_expr_test": [
                        {
                            "expr": f"count({fired}) or vector(0)",
                            "eval_time": "72h",
                            "exp_samples": [{"labels": "{}", "value": int(fires)}],
                        }
                    ],
                }
            )
    file = tmp_path / "alerts_test.yml"
    file.write_text(
        yaml.safe_dump(
            {"rule_files": [str(FOLDER / "alerts.yml")], "evaluation_interval": "2h", "tests": tests}
        ),
        encoding="utf-8",
    )
    assert "SUCCESS" in promtool("test", "rules", str(file))
