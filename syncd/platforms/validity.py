"""How long certificates are valid: what is left to compare where the wall clock cannot be asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm


@dataclass(frozen=True, slots=True)
class Validity:
    """From when to when; nothing where the end is before the beginning."""

    since: datetime
    until: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether it is valid then (RFC 5280 §4.1.2.5: both ends belong to it)."""
        return self.since <= moment <= self.until

    def __str__(self) -> str:
        return f"from {self.since:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M} UTC"


def common_validity(chain: Sequence[bytes], authorities: Sequence[bytes] = ()) -> Validity:
    """When every certificate of a chain is valid.

    An authority that was renewed with its key may be trusted by two certificates. Told not to look at
    dates OpenSSL takes either; here the one counts that is valid longest.

    :param chain: DER, the peer's own first, the authority's last
    :param authorities: DER, whom else we trust
    :raises ValueError: if there is none, or one of them cannot be read
    """
    found = [x509.load_der_x509_certificate(each) for each in chain]
    if len(found) > 1:
        found[-1] = max(
            (found[-1], *_renewed(found[-1], authorities)), key=lambda each: each.not_valid_after_utc
        )
    return Validity(
        since=max(each.not_valid_before_utc for each in found),
        until=min(each.not_valid_after_utc for each in found),
    )


def _renewed(authority: x509.Certificate, authorities: Sequence[bytes]) -> Iterator[x509.Certificate]:
    """Certificates for the same name and the same key."""
    name = authority.subject.public_bytes()
    for each in authorities:
        if name not in each:
            continue
        try:
            other = x509.load_der_x509_certificate(each)
            if other.subject == authority.subject and other.public_key() == authority.public_key():
                yield other
        except (ValueError, UnsupportedAlgorithm):
            continue
