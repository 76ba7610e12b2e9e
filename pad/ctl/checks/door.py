"""Check of the counter service's own certificate; its fingerprint is what callers compare (design §4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from pad.ctl.checks import Patient
from pad.ctl.finding import Finding, Verdict
from pad.ctl.words import _

_SOON_DAYS: Final = 21


def check_door(patient: Patient) -> Iterator[Finding]:
    """Whose certificate callers from other machines see, and for how long yet."""
    counter = patient.configured.counter
    if not counter.tls_certificate:
        yield Finding("door", Verdict.SKIPPED, _("only this machine calls: no certificate is needed"))
        return
    from cryptography import x509  # who calls from this machine alone does not wait for it
    from cryptography.hazmat.primitives.hashes import SHA256

    file = patient.configured.beside(counter.tls_certificate)
    step = _("make a new one, and give its fingerprint to whoever calls: docs/integrator.md")
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as error:
        why = type(error).__name__
        yield Finding(
            "door", Verdict.FAIL, _("{file} is no certificate ({why})").format(file=file, why=why), step
        )
        return
    until = certificate.not_valid_after_utc
    found = _("SHA-256 fingerprint {fingerprint}, until {day}").format(
        fingerprint=certificate.fingerprint(SHA256()).hex(":").upper(), day=f"{until:%Y-%m-%d}"
    )
    left = (until - datetime.now(UTC)).days
    if left < 0:
        yield Finding("door", Verdict.FAIL, found, step)
    elif left < _SOON_DAYS:
        yield Finding("door", Verdict.WARN, found, step)
    else:
        yield Finding("door", Verdict.OK, found)
