"""TLS: the city's own authority, our own certificate, and nobody else's."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pad.settings import SettingsError
from syncd.platforms.base import NoAnswer
from syncd.platforms.http import Exchange
from syncd.platforms.judging import Reply
from tests.syncd.city import City, CityServer, Line, Request, http, says
from tests.syncd.pad_box import PadBox
from tests.syncd.test_http import drips_body, drips_headers, holds, post, time_is_up


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    here = x509.IPAddress(IPv4Address("127.0.0.1"))
    for name, alternative, from_day in (
        ("right", here, -1),
        ("other", x509.DNSName("elsewhere.example"), -1),
        ("expired", here, -3),
        ("to_come", here, 2),
    ):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now + timedelta(days=from_day))
            .not_valid_after(now + timedelta(days=from_day + 2))
            .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        (folder / f"{name}.key").write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
    return folder


@pytest.fixture
def tls_city(city: City, certificates: Path) -> Iterator[Callable[[str], CityServer]]:
    servers: list[CityServer] = []

    def start(name: str) -> CityServer:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates / "right.pem"))
        context.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
        context.verify_mode = ssl.CERT_OPTIONAL
        servers.append(CityServer(city, tls=context))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


def test_tls_with_the_citys_own_authority_and_our_certificate(
    box: PadBox, city: City, tls_city: Callable[[str], CityServer], certificates: Path
) -> None:
    shown = []

    def looks_at_certificate(request: Request, line: Line) -> bytes:
        assert isinstance(line.socket, ssl.SSLSocket)
        shown.append(line.socket.getpeercert())
        return http(200, "in")

    url = f"https://127.0.0.1:{tls_city('right').port}"
    city.usual = says(200, "in")
    box.configure(url)
    settings = box.settings()
    refused = post(Exchange(settings))
    assert refused == NoAnswer("the platform's TLS certificate cannot be verified; check platform.ca_file")
    toml = (box.folder / "pad.toml").read_text(encoding="utf-8")
    files = "\n".join(
        f'{key} = "{certificates / name}"'
        for key, name in (
            ("ca_file", "right.pem"), ("client_certificate", "right.pem"), ("client_key", "right.key"),
        )
    )  # fmt: skip
    (box.folder / "pad.toml").write_text(toml.replace("[platform]", f"[platform]\n{files}"), encoding="utf-8")
    city.script.append(looks_at_certificate)
    exchange = Exchange(box.settings())
    assert isinstance(post(exchange), Reply)
    assert shown[0]
    for script in (drips_headers, drips_body, holds):
        time_is_up(exchange, city, script)
    assert isinstance(post(exchange), Reply)
    exchange.close()


@pytest.mark.parametrize("name", ["other", "expired"])
def test_a_certificate_for_another_name_or_past_its_time_is_no_answer(
    box: PadBox, city: City, tls_city: Callable[[str], CityServer], certificates: Path, name: str
) -> None:
    box.configure(f"https://127.0.0.1:{tls_city(name).port}")
    toml = (box.folder / "pad.toml").read_text(encoding="utf-8")
    authority = f'[platform]\nca_file = "{certificates / f"{name}.pem"}"'
    (box.folder / "pad.toml").write_text(toml.replace("[platform]", authority), encoding="utf-8")
    assert isinstance(post(Exchange(box.settings())), NoAnswer)
    assert not city.requests


@pytest.mark.parametrize("name", ["expired", "to_come"])
def test_a_certificate_of_another_time_sends_the_technician_to_the_clock_first(
    box: PadBox, city: City, tls_city: Callable[[str], CityServer], certificates: Path, name: str
) -> None:
    box.configure(f"https://127.0.0.1:{tls_city(name).port}")
    toml = (box.folder / "pad.toml").read_text(encoding="utf-8")
    authority = f'[platform]\nca_file = "{certificates / f"{name}.pem"}"'
    (box.folder / "pad.toml").write_text(toml.replace("[platform]", authority), encoding="utf-8")
    assert post(Exchange(box.settings())) == NoAnswer(
        "the platform's TLS certificate is not valid at this pad's time; check the pad's clock first"
    )
    assert not city.requests


@pytest.mark.parametrize("key", ["ca_file", "client_certificate"])
def test_a_certificate_file_that_is_none_is_named(box: PadBox, key: str) -> None:
    (box.folder / "bad.pem").write_text("no certificate", encoding="ascii")
    for name in ("bad.pem", "missing.pem"):
        box.configure("https://127.0.0.1:1")
        toml = (box.folder / "pad.toml").read_text(encoding="utf-8")
        (box.folder / "pad.toml").write_text(
            toml.replace("[platform]", f'[platform]\n{key} = "{name}"'), encoding="utf-8"
        )
        with pytest.raises(SettingsError, match=rf"platform\.{key}: .*{name}"):
            Exchange(box.settings())
