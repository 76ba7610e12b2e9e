"""The counter service's door: its address, certificate and token, checked before the window opens."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass

from pad import keys
from pad.settings import Counter, Settings


class DoorError(Exception):
    """The counter service cannot be offered as configured; the message says what and why."""


@dataclass(frozen=True, slots=True)
class Door:
    """A listening socket, the pad's certificate beyond loopback, and the token wanted there."""

    listener: socket.socket
    tls: ssl.SSLContext | None
    token: str | None


def open_door(settings: Settings) -> Door:
    """Take the address, so that a wrong one shows before the window does; calls wait until served.

    :raises DoorError: if the address is taken or not of this machine, the certificate cannot be
        used, or the token is missing where one is wanted
    """
    counter = settings.counter
    token = None
    if not counter.is_loopback:
        token = keys.read_secret(settings.state_dir, "counter_token")
        if not token:
            raise DoorError(
                f"{settings.state_dir / 'keys' / 'counter_token'}: missing; a counter service beyond "
                "loopback wants a token there, of at least one character"
            )
    tls = _tls(settings)
    return Door(_listen(settings, counter), tls, token)


def _listen(settings: Settings, counter: Counter) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in counter.address else socket.AF_INET
        return socket.create_server((counter.address, counter.port), family=family)
    except OSError as error:
        raise DoorError(
            f"{settings.file}: counter.address, counter.port: {counter.address}:{counter.port} cannot be "
            f"listened on ({error.strerror}); stop the program that uses it, or choose another"
        ) from error


def _tls(settings: Settings) -> ssl.SSLContext | None:
    counter = settings.counter
    if not counter.tls_certificate:
        return None
    certificate, key = settings.beside(counter.tls_certificate), settings.beside(counter.tls_key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise DoorError(
            f"{settings.file}: counter.tls_certificate, counter.tls_key: {certificate}, {key}: cannot be "
            f"used ({error.strerror or type(error).__name__}); a PEM certificate and its PEM key are needed"
        ) from error
    return context
