"""Checks of the way to the platform: name, port, certificate, clock, and whether it knows this pad.

syncd's own program walks it (``python -m syncd.probe``): only that may speak to the platform, and it is the
one that has to work. What its facts mean is judged here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pad import network
from pad.clock import WALL_AGREES_S
from pad.ctl.checks import Patient
from pad.ctl.facts import is_here
from pad.ctl.finding import Finding, Verdict
from pad.ctl.judgement import CHECK_CABLE, NO_NETWORK, span
from pad.ctl.words import _

_WITHIN_S: Final = 60.0
_SOON_DAYS: Final = 21
_EXPIRED, _NOT_YET = 10, 9
_OTHER_NAME: Final = (62, 64)
"""Codes of OpenSSL's certificate verification (X509_V_ERR_*)."""
OK, WARN, FAIL, SKIPPED = Verdict.OK, Verdict.WARN, Verdict.FAIL, Verdict.SKIPPED


def check_network(patient: Patient) -> Iterator[Finding]:
    """Whether this machine is in a network at all."""
    if is_here(patient.configured):
        yield Finding("network", SKIPPED, _("the platform is on this machine"))
    elif found := network.addresses():
        yield Finding("network", OK, ", ".join(found))
    else:
        yield Finding("network", FAIL, _(NO_NETWORK), _(CHECK_CABLE))


def check_platform(patient: Patient) -> Iterator[Finding]:
    """The whole way, as far as it goes."""
    words = [sys.executable, "-m", "syncd.probe", "--config", str(patient.configured.file)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_WITHIN_S, check=True)
        told = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        found = _("the way to the platform could not be tried ({why})").format(why=type(error).__name__)
        yield Finding("platform", FAIL, found, _("is the package whole? install it again"))
        return
    yield from judged(told)


def judged(told: Mapping[str, Any]) -> Iterator[Finding]:
    """What the facts mean; what lies behind the first broken step is skipped."""
    host, port = told["host"], told["port"]
    steps = {"dns": _dns, "tcp": _tcp, "tls": _tls, "platform": _platform}
    for name, judge in steps.items():
        if name in told:
            yield from judge(told[name], host, port)
        elif name == "tls" and "platform" in told:
            yield Finding("tls", SKIPPED, _("platform.url is http: nothing is encrypted on the way"))
        else:
            yield Finding(name, SKIPPED, _("the step before it failed"))


def _dns(told: Mapping[str, Any], host: str, port: int) -> Iterator[Finding]:
    if "error" in told:
        found = _("{host} has no address ({why})").format(host=host, why=told["error"])
        step = _("is platform.url right? which name server is asked: resolvectl, or cat /etc/resolv.conf")
        yield Finding("dns", FAIL, found, step)
        return
    yield Finding("dns", OK, f"{host} → {', '.join(told['addresses'])}")


def _tcp(told: Mapping[str, Any], host: str, port: int) -> Iterator[Finding]:
    if "error" in told:
        found = _("{host} port {port} does not open ({why})").format(host=host, port=port, why=told["error"])
        step = _("check cable and gateway (ip route); if others reach it, ask for the firewall")
        yield Finding("tcp", FAIL, found, step)
        return
    yield Finding("tcp", OK, _("port {port} opens in {ms} ms").format(port=port, ms=told["ms"]))


def _tls(told: Mapping[str, Any], host: str, port: int) -> Iterator[Finding]:
    until = _("{subject}, by {issuer}, until {day}").format(
        subject=told.get("subject", "?"),
        issuer=told.get("issuer", "?"),
        day=str(told.get("not_after", "?"))[:10],
    )
    if "error" not in told:
        if told["days_left"] < _SOON_DAYS:
            yield Finding("tls", WARN, until, _("the platform has to renew its certificate: tell the city"))
        else:
            yield Finding("tls", OK, until)
        return
    code = told.get("code")
    if code == _EXPIRED:
        step = _("the platform has to renew its certificate: tell the city; or is this pad's clock wrong?")
    elif code == _NOT_YET:
        step = _("this pad's clock is behind: see clock here")
    elif code in _OTHER_NAME:
        step = _("platform.url must have the name the certificate is for")
    elif code is not None:
        step = _("put the city's own authority beside pad.toml and name it as platform.ca_file")
    else:
        step = _("does TLS end at this port? a proxy in between? check platform.url")
    yield Finding("tls", FAIL, f"{told['error']} ({until})" if code is not None else told["error"], step)


def _platform(told: Mapping[str, Any], host: str, port: int) -> Iterator[Finding]:
    if "error" in told:
        step = (
            _("must somebody log in to this network first? is platform.url right? padctl config show")
            if told.get("page")
            else _("what answers is no platform, or a secret is missing")
        )
        yield Finding("platform", FAIL, told["error"], step)
        return
    off_s = told["offset_s"]
    if off_s is None:
        yield Finding("clock_offset", SKIPPED, _("the platform does not tell its time"))
    elif abs(off_s) > WALL_AGREES_S and told.get("ntp"):
        told_off = span(abs(off_s))
        if off_s > 0:
            found = _("the platform's clock is {span} slow").format(span=told_off)
            step = _("have it set: what it refuses as in the future waits until its clock has come to it")
        else:
            found, step = _("the platform's clock is {span} fast").format(span=told_off), _("have it set")
        yield Finding("clock_offset", WARN, found, step)
    elif abs(off_s) > WALL_AGREES_S:
        found = _("this machine's clock is {off} s off the platform's").format(off=f"{off_s:+.0f}")
        step = _("name a time server in /etc/systemd/timesyncd.conf; times sent follow the platform's clock")
        yield Finding("clock_offset", WARN, found, step)
    else:
        yield Finding("clock_offset", OK, _("agrees with the platform's"))
    if "signed" not in told:
        yield Finding("platform", OK, _("it answers; this dialect has no harmless signed question"))
    elif told["signed"]:
        yield Finding("platform", OK, _("it answers and knows this pad's signature"))
    elif told["signed"] is None:
        found = _("it answers, but not whether it knows this pad ({why})").format(why=told["why"])
        yield Finding("platform", WARN, found, _("padctl status: when was the last one acknowledged?"))
    else:
        found = _("it refuses this pad ({why})").format(why=told["why"])
        yield Finding(
            "platform", FAIL, found, _("check platform.app_mark and keys/app_word; or padctl enrol anew")
        )
