"""``padctl status``: is it collecting, is it sending, how far behind, what is wrong and what to do."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from pad import settings
from pad.ctl.facts import Facts, gather
from pad.ctl.finding import Finding, Verdict, show, worst
from pad.ctl.judgement import judge
from pad.ctl.opening import for_programs, print_json
from pad.ctl.words import _, marked
from pad.ledger.state import age_s
from pad.model import iso_time

TITLES: Final = {
    "collecting": marked("collecting"), "devices": marked("devices"), "network": marked("network"),
    "ledger": marked("ledger"), "sending": marked("sending"), "waiting": marked("waiting"),
    "refused": marked("refused"), "alerts": marked("alerts"), "flagged": marked("flagged"),
    "clock": marked("clock"),
}  # fmt: skip


@click.command()
@for_programs
@click.pass_obj
def status(config: Path | None, *, as_json: bool) -> None:
    """Say whether the pad collects and sends, how far behind it is, what is wrong and what to do."""
    configured = settings.load(config)
    facts = gather(configured)
    findings = judge(facts)
    if as_json:
        print_json(told(facts, findings))
    else:
        console = Console(highlight=False)
        console.print(_headline(findings), style="bold")
        show(console, [(_(TITLES[each.name]), each) for each in findings])
        console.print(
            " ".join(f"{name} {version}" for name, version in facts.versions.items()),
            style="dim",
            markup=False,
        )
    sys.exit(1 if worst(findings) is Verdict.FAIL else 0)


def _headline(findings: tuple[Finding, ...]) -> str:
    wrong = sum(each.verdict is Verdict.FAIL for each in findings)
    looked_at = sum(each.verdict is Verdict.WARN for each in findings)
    if wrong:
        return _("wrong: {count}").format(count=wrong)
    return _("works; to be looked at: {count}").format(count=looked_at) if looked_at else _("all is well")


def told(facts: Facts, findings: tuple[Finding, ...]) -> dict[str, Any]:
    """The same for programs; docs/padctl.md says what is stable."""
    answer: dict[str, Any] = {
        "version": 1,
        "well": worst(findings) is not Verdict.FAIL,
        "at": iso_time(facts.now.wall),
        "findings": [asdict(each) for each in findings],
        "kiosk": None if isinstance(facts.kiosk, str) else facts.kiosk.state,
        "syncd": facts.syncd_runs,
        "free_mib": facts.free_mib,
        "clock": {"ntp": facts.ntp, "anchor": None if facts.anchor is None else str(facts.anchor.source)},
        "versions": dict(facts.versions),
        "ledger": None,
    }
    if not isinstance(facts.stored, str):
        standing, line = facts.stored.standing, facts.stored.line
        oldest = standing.backlog.oldest
        answer["ledger"] = {
            "schema": standing.schema,
            "pending": standing.backlog.pending,
            "oldest_pending_s": None if oldest is None else round(age_s(oldest, facts.now), 1),
            "last_rating_at": standing.rated_at and iso_time(standing.rated_at),
            "last_acknowledged_at": standing.acknowledged_at and iso_time(standing.acknowledged_at),
            "last_error": line.last_error,
            "refused": [asdict(each) for each in line.refusals],
            "alerts": [asdict(each) for each in facts.stored.untold],
            "flags": dict(facts.stored.flagged),
        }
    return answer
