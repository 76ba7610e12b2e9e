"""TLS as the settings want it: whose signature counts, our own certificate, by which clock dates are judged.

A pad without NTP whose clock has lost its battery starts in 1970, when no certificate is valid yet.
So dates are judged by the true time and not by the wall clock:

- while the wall clock tells the true time, OpenSSL judges everything, as everywhere;
- while it does not, OpenSSL judges all but the dates, and those are judged here, by the true time,
  before a byte of ours is sent;
- while the true time is not known, nobody is spoken to but by :meth:`Tls.learning`, which has the dates
  left to whoever hears the time: it has to lie within them.
"""

from __future__ import annotations

import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from pad.settings import Settings, SettingsError
from syncd.platforms.validity import Validity, common_validity

NO_CHECK_TIME: Final = ssl.VerifyFlags(0x200000)
"""``X509_V_FLAG_NO_CHECK_TIME`` of OpenSSL (1.1.0 and later): dates of certificates and CRLs are not
compared with the system's time; everything else is checked as ever. Python has no name for it."""


class TrueTime(Protocol):
    """What the time truly is, as far as it is known."""

    def now(self) -> datetime | None:
        """The true time; None while it is not known."""
        ...

    def wall_is_right(self) -> bool:
        """Whether the system's clock, which OpenSSL asks, tells the true time."""
        ...


class Untimely(ssl.SSLError):
    """OpenSSL has nothing against a peer, and still it is not spoken to; ``why`` names nobody."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class TimeUnknown(Untimely):
    """Nobody has told the time yet, so that no certificate can be judged."""


class OutOfDate(Untimely):
    """A certificate is not valid at the true time; ``why`` says when it is."""


class Tls(ssl.SSLContext):
    """Verifies a peer wholly, its dates by the true time. For one thread."""

    truth: TrueTime | None = None
    """Whom to ask for the true time; nobody, and then dates are OpenSSL's and the wall clock's."""
    validity: Validity | None = None
    """Of the chain that was shown and verified last, where it can be read."""
    _learns = False

    @property
    def time_is_unknown(self) -> bool:
        """Whether nothing but the time may be asked for."""
        return self.truth is not None and self.truth.now() is None

    @contextmanager
    def learning(self) -> Iterator[None]:
        """Within this, connections may be made whose dates nobody has judged: to hear the time, no more."""
        self._learns = True
        try:
            yield
        finally:
            self._learns = False

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        """Shake hands.

        :raises TimeUnknown: while the true time is not known
        :raises OutOfDate: if a certificate of the chain is not valid at the true time
        """
        known = self.truth.now() if self.truth is not None else None
        if self.truth is not None and known is None and not self._learns:
            raise TimeUnknown("the true time is not known yet: no NTP, and the platform has not told it")
        by_wall = not self._learns and (self.truth is None or self.truth.wall_is_right())
        try:
            if not by_wall:
                self.verify_flags |= NO_CHECK_TIME
            connection = super().wrap_socket(*args, **kwargs)
        finally:
            self.verify_flags &= ~NO_CHECK_TIME  # whatever else is made of this looks at dates
        try:
            self.validity = self._compared(connection) if by_wall else self._uncompared(connection)
            if known is not None and not by_wall and not self._learns:
                _check(self.validity, known)
        except BaseException:
            connection.close()
            raise
        return connection

    @staticmethod
    def _compared(connection: ssl.SSLSocket) -> Validity | None:
        try:
            return common_validity(_verified_chain(connection))
        except ValueError:
            return None  # OpenSSL could read it, and has judged it

    def _uncompared(self, connection: ssl.SSLSocket) -> Validity:
        try:
            return common_validity(_verified_chain(connection), self.get_ca_certs(binary_form=True))
        except ValueError:
            raise OutOfDate("cannot be read, and has to be while the pad's clock is wrong") from None


def tls_context(settings: Settings, truth: TrueTime | None = None) -> Tls:
    """TLS with the system's authorities or the city's own, and our certificate where one is wanted.

    :raises SettingsError: if a file cannot be used
    """
    link = settings.platform
    context = with_authorities(settings, link.ca_file, "platform.ca_file", truth)
    if link.client_certificate:
        certificate = settings.beside(link.client_certificate)
        key = settings.beside(link.client_key) if link.client_key else None
        try:
            context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"{settings.file}: platform.client_certificate: {certificate} with {key or 'the key in it'} "
                f"cannot be used ({type(error).__name__}); a PEM certificate and its key are needed"
            ) from None
    return context


def with_authorities(settings: Settings, ca_file: str, key: str, truth: TrueTime | None = None) -> Tls:
    """TLS that trusts whom a file names, or the system's authorities where none is named.

    :param key: the setting that names the file, for messages
    :raises SettingsError: if the file cannot be used
    """
    context = _strict()
    context.truth = truth
    if not ca_file:
        context.load_default_certs()
        return context
    path = settings.beside(ca_file)
    try:
        context.load_verify_locations(path)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"{settings.file}: {key}: {path} cannot be used ({type(error).__name__}); "
            "a PEM file of certificates is needed"
        ) from None
    return context


def _strict() -> Tls:
    """As ``ssl.create_default_context`` makes them: a certificate is wanted, and for this very host."""
    context = Tls(ssl.PROTOCOL_TLS_CLIENT)
    if sys.version_info >= (3, 13):
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    return context


def _check(validity: Validity | None, now: datetime) -> None:
    if validity is None or not validity.holds(now):
        raise OutOfDate(
            f"is valid {validity}, and by what this pad was told it is "
            f"{now.astimezone(UTC):%Y-%m-%d %H:%M}: renew it, or see who told a wrong time"
        )


def _verified_chain(connection: ssl.SSLSocket) -> list[bytes]:
    """The chain that OpenSSL built and verified, in DER, the peer's own first.

    Python has a public name for it since 3.13; before, it is the same call on what lies beneath.
    """
    if sys.version_info >= (3, 13):
        return connection.get_verified_chain()
    beneath: Any = connection._sslobj  # type: ignore[attr-defined]
    return [ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in beneath.get_verified_chain() or ()]
