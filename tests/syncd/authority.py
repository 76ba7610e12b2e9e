"""An authority of certificates as a city has one, for tests: issues what is asked for, right or wrong."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

DAY = timedelta(days=1)
HERE = x509.IPAddress(IPv4Address("127.0.0.1"))
Span = tuple[datetime, datetime]


def around(moment: datetime, days: int = 30) -> Span:
    """Valid so many days before and after a moment."""
    return moment - days * DAY, moment + days * DAY


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


@dataclass
class Authority:
    """Its files lie in ``folder``; the certificate that is to be trusted is ``ca``."""

    folder: Path
    span: Span
    name: str = "The city's authority"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.ca.write_bytes(self.own(self.span))

    def own(self, span: Span) -> bytes:
        """The authority's certificate, PEM, valid as long as is asked for."""
        subject = _named(self.name)
        built = (
            x509.CertificateBuilder(subject, subject, self.key.public_key(), x509.random_serial_number())
            .not_valid_before(span[0])
            .not_valid_after(span[1])
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        return built.public_bytes(Encoding.PEM)

    def issue(
        self,
        name: str,
        span: Span,
        *,
        host: x509.GeneralName = HERE,
        usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
    ) -> Path:
        """A certificate with its key in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        built = (
            x509.CertificateBuilder(
                _named(self.name), _named(name), key.public_key(), x509.random_serial_number()
            )
            .not_valid_before(span[0])
            .not_valid_after(span[1])
            .add_extension(x509.SubjectAlternativeName([host]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        file = self.folder / f"{name}.pem"
        file.write_bytes(
            built.public_bytes(Encoding.PEM)
            + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        return file


def serving(certificate: Path) -> ssl.SSLContext:
    """TLS of a server that shows this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
