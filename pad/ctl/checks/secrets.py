"""Checks of what is configured: indicators, secrets and their modes, whose files may be used by whom."""

from __future__ import annotations

import grp
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pad import indicators, keys, phone
from pad.ctl.checks import Patient
from pad.ctl.finding import Finding, Verdict
from pad.ctl.words import _
from pad.indicators import CatalogueError
from pad.keys import SecretError
from pad.pin import stored_pin

_PIN: Final = "technician_pin"
GROUP: Final = "pad"


def check_indicators(patient: Patient) -> Iterator[Finding]:
    """The list of indicators that was installed."""
    try:
        found = indicators.load(patient.configured.indicators_path)
    except CatalogueError as error:
        yield Finding(
            "indicators", Verdict.FAIL, str(error), _("put the platform's list there, or name another")
        )
        return
    yield Finding("indicators", Verdict.OK, found.version)


def check_secrets(patient: Patient) -> Iterator[Finding]:
    """Every secret the settings want is there and is one."""
    configured, wanted = patient.configured, ["app_word"]
    alerts = configured.alerts
    if configured.profile.dialect.seals_by_sm2:
        wanted.append("platform_sm2.pub")
    wanted += [f"alert_{make}" for make in ("wecom", "dingtalk", "feishu") if getattr(alerts, make)]
    if alerts.smtp.user:
        wanted.append("alert_smtp")
    if not configured.counter.is_loopback:
        wanted.append("counter_token")
    missing = []
    for name in wanted:
        try:
            if not keys.read_secret(configured.state_dir, name):
                missing.append(name)
        except SecretError as error:
            yield Finding("secrets", Verdict.FAIL, str(error), _("put it there anew, mode 0600"))
            return
    if missing:
        found = _("missing in {folder}: {names}").format(folder=patient.keys_dir, names=", ".join(missing))
        yield Finding(
            "secrets", Verdict.FAIL, found, _("padctl enrol brings the platform's; docs/operating.md")
        )
        return
    yield Finding("secrets", Verdict.OK, ", ".join(wanted))


def check_ledger_keys(patient: Patient) -> Iterator[Finding]:
    """The keys without which the ledger can be neither verified nor sent."""
    try:
        keys.device_keys(patient.configured.state_dir, may_create=False)
    except SecretError as error:
        if patient.configured.ledger_path.exists():
            yield Finding("ledger_keys", Verdict.FAIL, str(error), _("put it back from its backup"))
        else:
            yield Finding(
                "ledger_keys", Verdict.WARN, _("not made yet"), _("the kiosk makes them when it first starts")
            )
        return
    yield Finding("ledger_keys", Verdict.OK, _("there; are they backed up?"))


def check_modes(patient: Patient) -> Iterator[Finding]:
    """Nobody but their owner may read secrets."""
    if not patient.keys_dir.is_dir():
        yield Finding("modes", Verdict.SKIPPED, _("{folder} is not there").format(folder=patient.keys_dir))
        return
    wrong = [
        f"{path.relative_to(patient.keys_dir)} {stat.S_IMODE(path.stat().st_mode):04o}"
        for path in sorted(patient.keys_dir.rglob("*"))
        if path.is_file() and path.stat().st_mode & (0o037 if path.name == _PIN else 0o077)
    ]
    if patient.keys_dir.stat().st_mode & 0o066:
        wrong.insert(0, f"keys {stat.S_IMODE(patient.keys_dir.stat().st_mode):04o}")
    if wrong:
        found = _("others may read secrets: {names}").format(names=", ".join(wrong))
        files = f"find {patient.keys_dir} -type f ! -name {_PIN} -exec chmod go= {{}} +"
        yield Finding("modes", Verdict.FAIL, found, files)
        return
    yield Finding("modes", Verdict.OK, _("only their owner reads them"))


def check_rights(patient: Patient) -> Iterator[Finding]:
    """On an installed pad kiosk and syncd are two users of one group, which the state folder belongs to."""
    try:
        group = grp.getgrnam(GROUP)
    except KeyError:
        yield Finding("rights", Verdict.SKIPPED, _("no group {group}: not installed").format(group=GROUP))
        return
    yield rights_of(patient.configured.state_dir, group.gr_gid)


def rights_of(folder: Path, gid: int) -> Finding:
    """Whether a group may use a folder and the ledger in it."""
    wrong = [
        path
        for path, bits in [(folder, 0o070), *((file, 0o060) for file in sorted(folder.glob("ledger.db*")))]
        if path.exists() and (path.stat().st_gid != gid or path.stat().st_mode & bits != bits)
    ]
    if wrong:
        found = _("not for the group: {names}").format(names=", ".join(path.name for path in wrong))
        step = f"chgrp {GROUP} {wrong[0]} && chmod g+rwX {wrong[0]}"
        return Finding("rights", Verdict.FAIL, found, step)
    return Finding("rights", Verdict.OK, _("kiosk and syncd may both use the ledger"))


def check_phone_key(patient: Patient) -> Iterator[Finding]:
    """What seals the codes a phone reads, where there are such codes."""
    if not patient.configured.phone.url:
        yield Finding("phone", Verdict.SKIPPED, _("phone.url is not set: no codes are shown"))
        return
    try:
        found = phone.phone_key(patient.configured.state_dir)
    except SecretError as error:
        yield Finding("phone", Verdict.FAIL, str(error), _("have the platform give the key again"))
        return
    if found is None:
        yield Finding(
            "phone", Verdict.WARN, _("phone.url is set, keys/phone.key is missing: no codes are shown"),
            _("padctl enrol brings it, or clear phone.url"),
        )  # fmt: skip
        return
    yield Finding("phone", Verdict.OK, _("the key is there"))


def check_pin(patient: Patient) -> Iterator[Finding]:
    """What opens the technician's page."""
    try:
        found = stored_pin(patient.configured.state_dir)
    except SecretError as error:
        yield Finding("pin", Verdict.FAIL, str(error), "padctl pin")
        return
    if found is None:
        yield Finding("pin", Verdict.WARN, _("not set: the technician's page stays closed"), "padctl pin")
        return
    yield Finding("pin", Verdict.OK, _("set"))
