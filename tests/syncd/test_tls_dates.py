"""TLS on a pad whose clock has lost its battery: dates are judged by the true time, the rest as ever.

The pad stands five years behind. That is what this machine's clock says, by which OpenSSL judges; the
city, its certificates and its ``Date`` are of the true time, ``NOW``.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pad import keys
from pad.clock import Anchor, AnchorSource, monotonic_ns
from pad.ledger.outbox import Outbox
from pad.model import CHINA_TIME, Instant
from syncd.alerting.base import Answer, Refused, Told, Unreached
from syncd.alerting.choice import targets_for
from syncd.bulletin import Messenger
from syncd.platform_clock import PlatformClock
from syncd.platforms.base import NoAnswer, Publishing, Reached
from syncd.platforms.choice import platform_for
from syncd.platforms.http import Exchange
from syncd.platforms.judging import Reply
from syncd.platforms.tls import NO_CHECK_TIME, tls_context
from tests.syncd.alerting.test_mail import PostOffice, opened
from tests.syncd.authority import DAY, Authority, around, serving
from tests.syncd.city import City, CityServer, says
from tests.syncd.pad_box import FixedClock, PadBox, steps
from tests.syncd.test_http import post

BEHIND = timedelta(days=5 * 365)
NOW = datetime.now(UTC) + BEHIND
UNKNOWN = "the true time is not known yet: no NTP, and the platform has not told it"
ANONYMOUS = {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}


@dataclass
class Hall:
    """A pad, its city over TLS, and the authority both know."""

    box: PadBox
    city: City
    authority: Authority
    ca: Path
    servers: list[CityServer]

    def serve(self, certificate: Path, dialect: str = "itemised", *, wants_ours: bool = False) -> None:
        """Open the city's address, with this certificate."""
        context = serving(certificate)
        if wants_ours:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.authority.ca)
        self.servers.append(CityServer(self.city, tls=context))
        self.box.configure(f"https://127.0.0.1:{self.servers[-1].port}", dialect)
        self._platform(f'ca_file = "{self.ca}"')

    def _platform(self, line: str) -> None:
        file = self.box.folder / "pad.toml"
        toml = file.read_text(encoding="utf-8")
        file.write_text(toml.replace("[platform]", f"[platform]\n{line}"), encoding="utf-8")

    def show(self, certificate: Path) -> None:
        """To whoever connects from now on."""
        context = self.servers[-1].socket.context  # type: ignore[attr-defined]
        context.load_cert_chain(certificate)

    def give_pad(self, certificate: Path) -> None:
        self._platform(f'client_certificate = "{certificate}"')

    def tell(self, true: datetime) -> None:
        """A technician tells the pad the time."""
        now = self.box.clock.read()
        anchor = Anchor(now.boot_id, now.monotonic_ns, true, true - now.wall, AnchorSource.TECHNICIAN)
        Outbox(self.box.db, self.box.keys).set_anchor(anchor)

    def told(self, true: datetime | None) -> PlatformClock:
        clock = PlatformClock(self.box.clock)
        if true is not None:
            self.tell(true)
            clock.learn(Outbox(self.box.db, self.box.keys).anchors())
        return clock

    def exchange(self, true: datetime | None) -> Exchange:
        return Exchange(self.box.settings(), truth=self.told(true))

    @property
    def heard_nothing(self) -> bool:
        return not self.city.looks and not self.city.requests

    @property
    def learnt_nothing(self) -> bool:
        return not Outbox(self.box.db, self.box.keys).anchors()


@pytest.fixture
def hall(box: PadBox, city: City, tmp_path: Path) -> Iterator[Hall]:
    keys.write_secret(box.state / "keys" / "app_word", city.app_word)
    keys.write_secret(box.state / "keys" / "platform_sm2.pub", city.keys.public_key)
    box.clock = FixedClock(trusted=False, monotonic_ns=monotonic_ns())
    city.ahead = BEHIND
    authority = Authority(tmp_path / "authority", around(NOW, 300))
    made = Hall(box, city, authority, authority.ca, [])
    yield made
    for server in made.servers:
        server.end()


def near(text: str, ahead: timedelta = BEHIND) -> bool:
    told = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA_TIME)
    return abs(told - datetime.now(UTC) - ahead) < timedelta(minutes=2)


# --- the time is not known -------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["national", "itemised"])
def test_a_pad_years_behind_hears_the_time_then_delivers_everything_in_order(
    hall: Hall, dialect: str
) -> None:
    hall.serve(hall.authority.issue("city", around(NOW)), dialect)
    for number in range(3):
        hall.box.rate(f"P{number}", trusted=False)
    steps(hall.box.uploader())
    assert hall.city.distinct == ["P0", "P1", "P2"]
    assert all(near(record["assessTime"]) for record in hall.city.arrived)
    assert [row["time_uncertain"] for row in hall.box.deliveries()] == [0, 0, 0]
    (look,) = hall.city.looks
    assert (look.method, look.path, look.body) == ("GET", "/", b"")
    assert set(look.headers) <= ANONYMOUS


def test_nothing_but_the_question_for_the_time_leaves_before_it_is_answered(hall: Hall) -> None:
    """Not even what needs no time of this boot: a rating of an earlier one, the heartbeat, the bulletin."""
    hall.serve(hall.authority.issue("city", around(datetime.now(UTC))))  # the wall clock would let them go
    hall.ca.write_bytes(hall.authority.own(around(datetime.now(UTC), 300)))
    hall.city.tells_date = False
    before = Instant(datetime.now(CHINA_TIME) - DAY, "boot-before", 10**9, trusted=True)
    hall.box.rate("P0", rated=before)
    uploader = hall.box.uploader()
    steps(uploader, 4)
    hall.box.heart().beat()
    clock = hall.told(None)
    publisher = platform_for(hall.box.settings(), clock.best, clock)
    assert isinstance(publisher, Publishing)
    Messenger(hall.box.state, publisher).go()
    assert hall.city.requests == []
    assert len(hall.city.looks) == 4
    assert all(set(look.headers) <= ANONYMOUS for look in hall.city.looks)
    assert {look.path for look in hall.city.looks} == {"/", "/v1/batches"}
    assert uploader.why == UNKNOWN
    hall.city.ahead, hall.city.tells_date = timedelta(0), True
    steps(uploader)
    assert hall.city.distinct == ["P0"]


def test_the_connection_that_heard_the_time_is_used_for_nothing_else(hall: Hall) -> None:
    """Its dates were compared with nothing but the answer."""
    hall.serve(hall.authority.issue("city", around(NOW)))
    hall.city.usual = says(200, "in")
    clock = hall.told(None)
    exchange = Exchange(hall.box.settings(), truth=clock)
    looked = exchange.look("/")
    assert isinstance(looked, Reached)
    assert clock.observe(looked.seen, lambda: None) is not None
    hall.show(hall.authority.issue("of-another-time", around(NOW + 90 * DAY)))
    assert isinstance(post(exchange), NoAnswer)
    assert not hall.city.requests
    hall.show(hall.authority.issue("city", around(NOW)))
    assert isinstance(post(exchange), Reply)
    exchange.close()


def strange(hall: Hall, fault: str) -> Path:
    """A certificate with one fault that is none of its dates."""
    mine = hall.authority
    if fault == "host":
        return mine.issue("city", around(NOW), host=x509.DNSName("elsewhere.example"))
    if fault == "usage":
        return mine.issue("city", around(NOW), usage=ExtendedKeyUsageOID.CLIENT_AUTH)
    other = "Somebody else" if fault == "authority" else mine.name  # with the right name, and the wrong key
    return Authority(mine.folder / "other", mine.span, other).issue("city", around(NOW))


FAULTS = ["host", "usage", "authority", "signature"]


@pytest.mark.parametrize("fault", FAULTS)
def test_only_dates_are_left_out_not_who_it_is_nor_who_says_so(hall: Hall, fault: str) -> None:
    hall.serve(strange(hall, fault))
    hall.box.rate("P0", trusted=False)
    uploader = hall.box.uploader()
    steps(uploader, 3)
    assert uploader.why == "the platform's TLS certificate cannot be verified; check platform.ca_file"
    assert hall.heard_nothing
    assert hall.learnt_nothing


@pytest.mark.parametrize("fault", FAULTS)
def test_nor_once_the_time_is_known(hall: Hall, fault: str) -> None:
    hall.serve(strange(hall, fault))
    assert post(hall.exchange(NOW)) == NoAnswer(
        "the platform's TLS certificate cannot be verified; check platform.ca_file"
    )
    assert hall.heard_nothing


@pytest.mark.parametrize(
    ("leaf", "authority"),
    [
        (around(NOW - 31 * DAY), around(NOW, 300)),
        (around(NOW + 31 * DAY), around(NOW, 300)),
        (around(NOW), around(NOW - 301 * DAY, 300)),
        (around(NOW), around(NOW + 301 * DAY, 300)),
    ],
    ids=["expired", "to-come", "authority-expired", "authority-to-come"],
)
def test_a_time_outside_the_dates_of_any_certificate_shown_is_not_believed(
    hall: Hall, leaf: tuple[datetime, datetime], authority: tuple[datetime, datetime]
) -> None:
    hall.ca.write_bytes(hall.authority.own(authority))
    hall.serve(hall.authority.issue("city", leaf))
    hall.box.rate("P0", trusted=False)
    uploader = hall.box.uploader()
    steps(uploader, 3)
    assert uploader.why is not None
    assert uploader.why.startswith("the platform's clock tells 20")
    assert uploader.why.endswith("that has run out, or the clock is wrong; it is not believed")
    assert not hall.city.requests
    assert hall.learnt_nothing


def test_an_old_time_from_an_expired_key_is_not_believed_where_the_ledger_knows_better(hall: Hall) -> None:
    """Somebody in the path with last year's key and certificate tells a time when it was valid."""
    last_year = NOW - 300 * DAY
    hall.serve(hall.authority.issue("city", around(last_year)))
    hall.city.ahead = BEHIND - 300 * DAY
    hall.box.rate("P0", rated=Instant(NOW - DAY, "boot-before", 10**9, trusted=True))
    hall.box.rate("P1", trusted=False)
    steps(hall.box.uploader(), 3)
    assert hall.learnt_nothing
    assert not hall.city.requests
    assert len(hall.city.looks) == 3


def test_a_time_before_this_program_is_not_believed_whatever_a_certificate_says(hall: Hall) -> None:
    hall.serve(hall.authority.issue("city", (datetime(2000, 1, 1, tzinfo=UTC), NOW)))
    hall.ca.write_bytes(hall.authority.own((datetime(2000, 1, 1, tzinfo=UTC), NOW)))
    hall.city.ahead = datetime(2023, 12, 31, tzinfo=UTC) - datetime.now(UTC)
    looked = hall.exchange(None).look("/")
    assert isinstance(looked, NoAnswer)
    assert "clock tells 2023-12-3" in looked.why


def test_an_authority_renewed_with_its_key_counts_by_the_certificate_that_is_valid(hall: Hall) -> None:
    """Told not to compare dates OpenSSL takes the first of the file, here the one that has run out."""
    old, new = around(NOW - 301 * DAY, 300), around(NOW, 300)
    hall.serve(hall.authority.issue("city", around(NOW)))
    hall.ca.write_bytes(hall.authority.own(old) + hall.authority.own(new))
    hall.box.rate("P0", trusted=False)
    steps(hall.box.uploader())
    assert hall.city.distinct == ["P0"]


def test_mutual_tls_works_before_and_after(hall: Hall) -> None:
    ours = hall.authority.issue("pad-7", around(NOW), usage=ExtendedKeyUsageOID.CLIENT_AUTH)
    hall.serve(hall.authority.issue("city", around(NOW)), wants_ours=True)
    server = hall.servers[-1].socket.context  # type: ignore[attr-defined]
    server.verify_flags |= NO_CHECK_TIME  # the city's clock is right, this machine's is the pad's
    hall.box.rate("P0", trusted=False)
    steps(hall.box.uploader(), 2)
    assert hall.heard_nothing
    hall.give_pad(ours)
    steps(hall.box.uploader())
    assert hall.city.distinct == ["P0"]


# --- the time is known ------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-31, 31])
@pytest.mark.parametrize("whose", ["leaf", "authority"])
def test_once_known_the_true_time_decides_and_not_the_wall_clock(hall: Hall, days: int, whose: str) -> None:
    """Nothing is sent; the certificate that is valid then is taken, whatever OpenSSL thinks of its dates."""
    wrong = around(NOW + days * DAY)
    good = hall.authority.own(around(NOW, 300))
    hall.serve(hall.authority.issue("wrong", wrong if whose == "leaf" else around(NOW)))
    hall.ca.write_bytes(hall.authority.own(wrong) if whose == "authority" else good)
    answer = post(hall.exchange(NOW))
    assert isinstance(answer, NoAnswer)
    end = f"to {wrong[1]:%Y-%m-%d %H:%M} UTC" if days < 0 else f"is valid from {wrong[0]:%Y-%m-%d %H:%M} "
    assert end in answer.why
    assert f"it is {NOW:%Y-%m-%d %H:}" in answer.why
    assert hall.heard_nothing
    hall.ca.write_bytes(good)
    hall.show(hall.authority.issue("right", around(NOW)))
    hall.city.usual = says(200, "in")
    exchange = hall.exchange(NOW)
    assert isinstance(post(exchange), Reply)
    exchange.close()


def test_a_certificate_that_only_the_dead_clock_holds_for_valid_is_refused(hall: Hall) -> None:
    """Without the time OpenSSL would take it: an expired key against a clock that stands still."""
    hall.ca.write_bytes(hall.authority.own((datetime.now(UTC) - DAY, NOW + DAY)))
    hall.serve(hall.authority.issue("city", around(datetime.now(UTC))))
    answer = post(hall.exchange(NOW))
    assert isinstance(answer, NoAnswer)
    assert hall.heard_nothing
    exchange = hall.exchange(datetime.now(UTC))
    hall.city.usual = says(200, "in")
    assert isinstance(post(exchange), Reply)
    exchange.close()


@pytest.mark.parametrize("trusted", [True, False])
def test_a_wall_clock_that_is_right_leaves_all_to_openssl(hall: Hall, trusted: bool) -> None:
    """By NTP, or because it agrees with what was told."""
    hall.box.clock = FixedClock(trusted=trusted)
    hall.serve(hall.authority.issue("city", around(NOW)))
    assert post(hall.exchange(hall.box.clock.wall)) == NoAnswer(
        "the platform's TLS certificate is not valid at this pad's time; check the pad's clock first"
    )
    assert hall.heard_nothing


def test_at_rest_a_context_compares_dates(hall: Hall) -> None:
    hall.serve(hall.authority.issue("city", around(NOW)))
    tls = tls_context(hall.box.settings(), hall.told(NOW))
    plain = ssl.create_default_context()
    assert (tls.verify_mode, tls.check_hostname) == (plain.verify_mode, plain.check_hostname)
    assert tls.verify_flags == plain.verify_flags
    assert (tls.minimum_version, tls.options) == (plain.minimum_version, plain.options)
    exchange = hall.exchange(NOW)
    hall.city.usual = says(200, "in")
    assert isinstance(post(exchange), Reply)
    inside = exchange._peer.tls
    assert inside is not None
    assert not inside.verify_flags & NO_CHECK_TIME
    exchange.close()


def test_a_platforms_clock_that_leaves_its_own_certificate_behind_is_not_followed(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    """Believed, it would have every later connection refused, and never be heard again."""
    hall.serve(hall.authority.issue("city", around(NOW)))
    uploader = hall.box.uploader()
    uploader.step()
    hall.city.ahead = BEHIND + 400 * DAY
    for number in range(3):
        hall.box.rate(f"P{number}", trusted=False)
        steps(uploader)
    assert hall.city.distinct == ["P0", "P1", "P2"]
    assert all(near(record["assessTime"]) for record in hall.city.arrived)
    assert [each.message for each in caplog.records if "not believed" in each.message] != []
    assert len([each for each in caplog.records if "not believed" in each.message]) == 1
    hall.city.ahead = BEHIND + timedelta(minutes=10)
    for number in range(3, 5):
        hall.box.rate(f"P{number}", trusted=False)
        steps(uploader)
    assert near(hall.city.arrived[-1]["assessTime"], BEHIND + timedelta(minutes=10)), "within it, it is"


# --- whoever else is told ---------------------------------------------------------------------------


def robot(hall: Hall, true: datetime | None) -> Answer:
    port = hall.servers[-1].port
    keys.write_secret(
        hall.box.state / "keys" / "alert_wecom", f"https://127.0.0.1:{port}/hook?key=s3cret", replace=True
    )
    extra = f'[alerts]\nwecom = true\nca_file = "{hall.ca}"'
    hall.box.configure("http://127.0.0.1:9", extra=extra)
    clock = hall.told(true)
    (target,) = targets_for(hall.box.settings(), clock.best, clock)
    said = target.tell("", "差评", "key")
    target.close()
    return said


def test_a_robot_waits_for_the_time_and_is_judged_by_it(hall: Hall) -> None:
    hall.serve(hall.authority.issue("city", around(NOW)))
    hall.city.usual = says(200, {"errcode": 0})
    assert robot(hall, None) == Unreached(UNKNOWN)
    later = robot(hall, NOW + 40 * DAY)
    assert isinstance(later, Unreached)
    assert later.why.startswith("the wecom robot's TLS certificate is valid from")
    assert hall.heard_nothing
    assert robot(hall, NOW) == Told()


@pytest.mark.parametrize("encryption", ["tls", "starttls"])
def test_so_does_the_mail_and_its_password(hall: Hall, encryption: str) -> None:
    keys.write_secret(hall.box.state / "keys" / "alert_smtp", "s3cret")
    tls = serving(hall.authority.issue("mail", around(NOW)))
    office = PostOffice()
    given: dict[str, Any] = (
        {"ssl_context": tls} if encryption == "tls" else {"tls_context": tls, "require_starttls": True}
    )
    tried = []

    def is_known(*words: Any) -> AuthResult:
        tried.append(words)
        return AuthResult(success=True)

    with opened(office, authenticator=is_known, auth_require_tls=encryption != "tls", **given) as port:
        hall.box.configure(
            "http://127.0.0.1:9",
            extra=f'[alerts]\nca_file = "{hall.ca}"\n[alerts.smtp]\nhost = "127.0.0.1"\nport = {port}\n'
            f'sender = "pad-7@example.gov.cn"\nto = ["boss@example.gov.cn"]\nuser = "pad"\n'
            f'encryption = "{encryption}"',
        )

        def mail(true: datetime | None) -> Answer:
            clock = hall.told(true)
            (target,) = targets_for(hall.box.settings(), clock.best, clock)
            return target.tell("差评", "差评", "key.1")

        assert mail(None) == Unreached(UNKNOWN)
        later = mail(NOW + 40 * DAY)
        assert isinstance(later, Refused)
        assert later.why.startswith("its TLS certificate is valid from")
        assert not tried
        assert not office.mails
        assert mail(NOW) == Told()
    assert len(tried) == len(office.mails) == 1
