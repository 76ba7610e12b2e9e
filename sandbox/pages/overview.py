"""What the platform's pages show, gathered: plain values for the templates."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pad.codes import Level, Pf
from sandbox.casebook import Casebook, Entry
from sandbox.cases import Clock, overdue_since
from sandbox.checks import wire_moment
from sandbox.pages import plots
from sandbox.pages.pads import SILENT_AFTER_S, Pad
from sandbox.pages.plots import Column, Part
from sandbox.pages.traces import trace_of
from sandbox.pages.voices import TwoVoices, differing
from sandbox.platform import Platform
from sandbox.totals import LEVELS, Group, Totals, totals

_LATEST: Final = 12
_ROWS: Final = 10
CHANNELS: Final = {
    Pf.PC: "web page",
    Pf.MOBILE: "phone",
    Pf.QR_CODE: "QR code on a phone",
    Pf.HALL_TABLET: "touch on the pad's screen",
    Pf.HALL_TERMINAL: "key of the key pad",
}


@dataclass(frozen=True, slots=True)
class Arrived:
    """A rating of the live list."""

    number: int
    level: Level
    row: dict[str, Any]
    task: str
    indicators: tuple[str, ...]
    lag_s: float


@dataclass(frozen=True, slots=True)
class Barred:
    """A group with its bar."""

    group: Group
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """An indicator with its words, how often it was chosen, and its bar's length."""

    code: str
    text: str
    level: Level
    count: int
    length: float


@dataclass(frozen=True, slots=True)
class Heard:
    """A pad with how long it has been silent."""

    pad: Pad
    silent_s: float

    @property
    def is_silent(self) -> bool:
        """Whether three heartbeats did not come."""
        return self.silent_s > SILENT_AFTER_S


@dataclass(frozen=True, slots=True)
class Timed:
    """A case with its clock."""

    entry: Entry
    clock: Clock


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole first page."""

    latest: tuple[Arrived, ...]
    totals: Totals
    levels: tuple[tuple[Level, int, float], ...]
    over_time: tuple[Column, ...]
    windows: tuple[Barred, ...]
    clerks: tuple[Barred, ...]
    indicators: tuple[Named, ...]
    pads: tuple[Heard, ...]
    refusals: tuple[dict[str, Any], ...]
    voices: tuple[TwoVoices, ...]
    refused: int
    again: int
    open_cases: int
    overdue: int
    line: bool
    misbehaving: tuple[str, ...]
    now: datetime


def overview(platform: Platform, casebook: Casebook, pads: Sequence[Pad], line: bool) -> Overview:
    """What there is now."""
    store, now = platform.store, platform.now()
    counted, summary = totals(store.db), store.summary()
    overdue = overdue_since(now.date(), platform.settings.handling_days)
    highest = max((count for _, count in counted.indicators), default=1)
    most = max((count for count in counted.levels.of.values()), default=0) or 1
    return Overview(
        latest=_latest(platform),
        totals=counted,
        levels=tuple(
            (level, (n := counted.levels.of.get(level, 0)), round(plots.SIDE * n / most, 2))
            for level in LEVELS
        ),
        over_time=plots.over_time(counted.days, counted.hours),
        windows=_barred(counted.windows),
        clerks=_barred(counted.clerks),
        indicators=tuple(
            Named(
                code,
                platform.catalogue.text(code) or "",
                _level_of(code),
                count,
                round(plots.SIDE * count / highest, 2),
            )
            for code, count in counted.indicators[:_ROWS]
        ),
        pads=tuple(Heard(pad, pad.silent_s(now)) for pad in pads),
        refusals=tuple(store.table("refusals", _ROWS)[::-1]),
        voices=differing(store.db),
        refused=sum(summary["refusals"].values()),
        again=summary["arrivals"] - summary["distinct"],
        open_cases=casebook.to_answer(),
        overdue=casebook.to_answer(until=overdue) if overdue is not None else 0,
        line=line,
        misbehaving=tuple(platform.misbehaviours.report()["on"]),
        now=now,
    )


def evidence(entry: Entry) -> dict[str, Any]:
    """What the wire carries that an appeal can be judged by; nothing of the rater but whether it is there."""
    row = entry.row
    record = json.loads(row["raw"])
    trace = trace_of(record)
    return {
        "channel": CHANNELS.get(row["pf"]) if trace is None else trace.device,
        "trace": trace,
        "lag_s": _lag_s(row),
        "phone": bool(record.get("mobile")),
        "name": bool(record.get("name")),
        "record": record,
    }


def _latest(platform: Platform) -> tuple[Arrived, ...]:
    rows = platform.store.db.execute(
        "SELECT rowid AS number, * FROM ratings ORDER BY rowid DESC LIMIT ?", (_LATEST,)
    ).fetchall()
    return tuple(
        Arrived(
            row["number"],
            Level(row["level"]),
            dict(row),
            str(json.loads(row["raw"]).get("taskName", "")),
            tuple(platform.catalogue.text(code) or code for code in row["indicators"].split(",") if code),
            _lag_s(dict(row)),
        )
        for row in rows
    )


def _lag_s(row: dict[str, Any]) -> float:
    """From the rating to its arrival; the rating's time has whole seconds."""
    rated = wire_moment(row["assess_time"])
    arrived = datetime.fromisoformat(row["received_at"])
    return max(0.0, (arrived - rated).total_seconds()) if rated is not None else 0.0


def _barred(groups: Sequence[Group]) -> tuple[Barred, ...]:
    shown = groups[:_ROWS]
    whole = max((each.counts.total for each in shown), default=0)
    return tuple(Barred(each, plots.bar(each.counts, whole)) for each in shown)


def _level_of(code: str) -> Level:
    """An indicator's level is its first digit (domain §3)."""
    return Level(int(code[0]))
