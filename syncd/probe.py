"""``python -m syncd.probe``: walks the way to the platform step by step and tells in JSON where it ends.

What ``padctl doctor`` runs: only syncd speaks to the platform, with its own TLS and its own dialect. Nothing
is told to the platform but a question that changes nothing there: its clock's, and in the dialect
``itemised``, signed, the catalogue's. Facts only; what they mean is judged in ``pad/ctl/checks/network.py``.
"""

from __future__ import annotations

import argparse
import json
import socket
import ssl
import sys
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509

from pad import memory, settings
from pad.clock import SystemClock
from pad.keys import SecretError
from pad.ledger.connection import LedgerError
from pad.ledger.state import line
from pad.model import iso_time
from pad.settings import Settings, SettingsError
from syncd.platform_clock import DATE_HALF, PlatformClock
from syncd.platforms.base import CredentialsRefused, NoAnswer, Seen
from syncd.platforms.choice import platform_for
from syncd.platforms.itemised import ItemisedPlatform
from syncd.platforms.tls import tls_context

_HTTP: Final = {"http": 80, "https": 443}


def main() -> None:
    """Run the program; it ends with 0 whatever it finds, and with 1 where it could not begin."""
    parser = argparse.ArgumentParser(prog="syncd.probe", description="Walks the way to the platform.")
    parser.add_argument("--config", type=Path, help="settings file (default: $PAD_CONFIG, /etc/pad/pad.toml)")
    given = parser.parse_args()
    memory.keep_private()
    try:
        print(json.dumps(walk(settings.load(given.config)), ensure_ascii=False))
    except SettingsError as error:
        print(f"probe: {error}", file=sys.stderr)
        sys.exit(1)


def walk(configured: Settings) -> dict[str, Any]:
    """Each step that was taken; the first that failed has ``error``, and none follows it."""
    address = urlsplit(configured.platform.url)
    host, port = address.hostname or "", address.port or _HTTP[address.scheme]
    found: dict[str, Any] = {"host": host, "port": port}
    found["dns"] = _dns(host, port)
    if "error" in found["dns"]:
        return found
    found["tcp"] = _tcp(host, port, configured.sync.connect_timeout_s)
    if "error" in found["tcp"]:
        return found
    if address.scheme == "https":
        found["tls"] = _tls(configured, host, port)
        if "error" in found["tls"]:
            return found
    found["platform"] = _platform(configured)
    return found


def _dns(host: str, port: int) -> dict[str, Any]:
    try:
        told = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        return {"error": error.strerror or type(error).__name__}
    return {"addresses": sorted({str(each[4][0]) for each in told})}


def _tcp(host: str, port: int, within_s: float) -> dict[str, Any]:
    began = time.monotonic()
    try:
        socket.create_connection((host, port), within_s).close()
    except OSError as error:
        return {"error": error.strerror or "no answer in time"}
    return {"ms": round((time.monotonic() - began) * 1000)}


def _tls(configured: Settings, host: str, port: int) -> dict[str, Any]:
    try:
        context = tls_context(configured)
    except SettingsError as error:
        return {"error": str(error)}
    try:
        with (
            socket.create_connection((host, port), configured.sync.connect_timeout_s) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            return _certificate(secured.getpeercert(binary_form=True) or b"") | {
                "protocol": secured.version()
            }
    except ssl.SSLCertVerificationError as error:
        return {"error": error.verify_message, "code": error.verify_code} | _shown(host, port, configured)
    except OSError as error:
        return {"error": getattr(error, "reason", None) or error.strerror or type(error).__name__}


def _shown(host: str, port: int, configured: Settings) -> dict[str, Any]:
    """The certificate that was refused: nothing is sent over this connection."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), configured.sync.connect_timeout_s) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            return _certificate(secured.getpeercert(binary_form=True) or b"")
    except OSError:
        return {}


def _certificate(der: bytes) -> dict[str, Any]:
    try:
        certificate = x509.load_der_x509_certificate(der)
    except ValueError:
        return {}
    return {
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "not_after": iso_time(certificate.not_valid_after_utc),
        "days_left": (certificate.not_valid_after_utc - datetime.now(UTC)).days,
    }


def _platform(configured: Settings) -> dict[str, Any]:
    clock = PlatformClock(SystemClock())
    with suppress(LedgerError):  # a pad without a ledger has a way to its platform as well
        clock.learn({each.boot_id: each for each in line(configured.ledger_path).anchors})
    try:
        platform = platform_for(configured, clock.best)
    except (SecretError, SettingsError) as error:
        return {"error": str(error)}
    with closing(platform):
        heard = platform.look_at_clock()
        if isinstance(heard, NoAnswer):
            return {"error": heard.why}
        found: dict[str, Any] = {
            "offset_s": None if heard.seen is None else _offset_s(heard.seen),
            "ntp": clock.read().trusted,
        }
        clock.observe(heard.seen, lambda: None)
        if isinstance(platform, ItemisedPlatform):
            known = platform.is_known()
            if known is None:
                return {
                    "error": "it answers with a page of another make, such as one to log in at",
                    "page": True,
                }
            found["signed"] = None if isinstance(known, NoAnswer | CredentialsRefused) else True
            if isinstance(known, CredentialsRefused):
                found |= {"signed": False, "why": known.why}
            elif isinstance(known, NoAnswer):
                found["why"] = known.why
        return found


def _offset_s(seen: Seen) -> float:
    """How far the machine's clock is ahead of the platform's, in seconds; a ``Date`` has whole ones."""
    now = SystemClock().read()
    middle_ns = (seen.asked_ns + seen.heard_ns) // 2
    wall_s = now.wall.timestamp() - (now.monotonic_ns - middle_ns) / 1e9
    return round(wall_s - (seen.date + DATE_HALF).timestamp(), 1)


if __name__ == "__main__":
    main()
