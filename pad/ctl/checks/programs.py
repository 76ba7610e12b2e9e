"""Checks of what runs: the kiosk, syncd, their units, and the clock they go by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pad.clock import SystemClock, ntp_synchronised
from pad.ctl import units
from pad.ctl.checks import Patient
from pad.ctl.facts import holds_lock
from pad.ctl.finding import Finding, Verdict
from pad.ctl.judgement import WHO
from pad.ctl.kiosk import KioskSilent, kiosk_state
from pad.ctl.units import Unit
from pad.ctl.words import _
from pad.keys import SecretError
from pad.ledger.connection import LedgerError
from pad.ledger.state import line

_RESTLESS: Final = 5
"""A unit that systemd had to start anew more often than this since the boot wants looking at."""


def check_kiosk(patient: Patient) -> Iterator[Finding]:
    """Whether the kiosk answers the clerk's system."""
    try:
        state = kiosk_state(patient.configured).state
    except (KioskSilent, SecretError) as error:
        yield Finding("kiosk", Verdict.FAIL, str(error), _("systemctl status kiosk, then padctl logs"))
        return
    if state == "cannot_store":
        yield Finding("kiosk", Verdict.FAIL, _("it cannot store ratings"), _("see room and ledger here"))
        return
    yield Finding("kiosk", Verdict.OK, state)


def check_syncd(patient: Patient) -> Iterator[Finding]:
    """Whether a syncd sends from this state folder."""
    if holds_lock(patient.configured.state_dir / "syncd.lock"):
        yield Finding("syncd", Verdict.OK, _("it runs"))
        return
    yield Finding("syncd", Verdict.FAIL, _("it does not run"), _("systemctl start syncd; then padctl logs"))


def check_units(patient: Patient) -> Iterator[Finding]:
    """What systemd says of the pad's units."""
    if not units.is_booted():
        yield Finding("units", Verdict.SKIPPED, _("systemd does not run here"))
        return
    for name in units.UNITS:
        found = units.unit(name)
        if found is not None:
            yield judged(found)


def judged(unit: Unit) -> Finding:
    """What a unit's state means."""
    said = f"{unit.name}: {unit.active} ({unit.sub})" + (f", {unit.status}" if unit.status else "")
    if not unit.loaded:
        said = _("{unit} is not installed").format(unit=unit.name)
        return Finding("units", Verdict.SKIPPED, said)
    if not unit.runs:
        return Finding("units", Verdict.FAIL, said, f"systemctl restart {unit.name}; padctl logs")
    if unit.restarts > _RESTLESS:
        said += _("; started anew {count} times").format(count=unit.restarts)
        return Finding("units", Verdict.WARN, said, f"padctl logs --unit {unit.name.partition('.')[0]}")
    return Finding("units", Verdict.OK, said)


def check_clock(patient: Patient) -> Iterator[Finding]:
    """Who says what time it is."""
    if ntp_synchronised():
        yield Finding("clock", Verdict.OK, _("right, by NTP"))
        return
    now = SystemClock().read()
    try:
        anchors = line(patient.configured.ledger_path).anchors
    except LedgerError:
        anchors = ()
    if anchor := next((each for each in anchors if each.boot_id == now.boot_id), None):
        who = _(WHO[anchor.source])
        yield Finding("clock", Verdict.OK, _("told by the {source}; no NTP").format(source=who))
        return
    yield Finding(
        "clock", Verdict.WARN, _("no NTP, and the platform has not told the time since the start"),
        _("name a time server in /etc/systemd/timesyncd.conf, or mend the line to the platform"),
    )  # fmt: skip
