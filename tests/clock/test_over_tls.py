"""syncd as a process in 1970 against a city that is reached over TLS only, and no network time."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from pad import keys
from pad.model import CHINA_TIME, Instant
from tests.clock.on_a_clock import LIBRARY, Clock
from tests.ports import free_port
from tests.syncd.alerting.told import CATALOGUE
from tests.syncd.authority import DAY, Authority, around, serving
from tests.syncd.city import City, CityServer, says
from tests.syncd.conftest import box, city
from tests.syncd.pad_box import PadBox
from tests.syncd.process import Daemon

__all__ = ["box", "city"]

ON_A_CLOCK = "from runpy import run_module; run_module('tests.clock.on_a_clock', run_name='__main__')"
NEAR_S = 8.0
Serve = Callable[[Path], CityServer]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority", around(datetime.now(UTC), 300))


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    assert LIBRARY is not None, "libfaketime is missing: make setup installs it"
    return Clock(tmp_path / "clock", off_s=-time.time())


@pytest.fixture
def serve(box: PadBox, city: City, authority: Authority) -> Iterator[Serve]:
    """Open the city's one address with a certificate, in the place of whoever is there."""
    port = free_port()
    keys.write_secret(box.state / "keys" / "app_word", city.app_word)
    box.configure(f"https://127.0.0.1:{port}", "itemised", heartbeat_s=1)
    toml = (box.folder / "pad.toml").read_text(encoding="utf-8")
    trusted = f'[platform]\nca_file = "{authority.ca}"'
    (box.folder / "pad.toml").write_text(toml.replace("[platform]", trusted), encoding="utf-8")
    servers: list[CityServer] = []

    def open_with(certificate: Path) -> CityServer:
        for server in servers:
            server.end()
        servers[:] = [CityServer(city, port, serving(certificate))]
        return servers[0]

    yield open_with
    for server in servers:
        server.end()


def start(box: PadBox, clock: Clock) -> Daemon:
    return box.daemon("-c", ON_A_CLOCK, "syncd", **clock.environment)


def rate(box: PadBox, clock: Clock, project_no: str, ago_s: float = 0.0, level: int = 5) -> float:
    """As a window whose clock stands in 1970; when it truly was."""
    then = time.time() - ago_s
    up_s = time.clock_gettime(time.CLOCK_BOOTTIME) - clock.booted_s - ago_s
    wall = datetime.fromtimestamp(then + clock.off_s, CHINA_TIME)
    assert wall.year < 1971
    box.rate(project_no, level, rated=Instant(wall, clock.boot, round(up_s * 1e9), trusted=False))
    box.ring()
    return then


def unix(record: dict[str, str]) -> float:
    told = record["assessTime"]
    return datetime.strptime(told, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA_TIME).timestamp()


def test_a_pad_of_1970_delivers_everything_over_tls_at_its_true_time_and_asks_for_nothing_first(
    box: PadBox, city: City, clock: Clock, authority: Authority, serve: Serve
) -> None:
    right = authority.issue("city", around(datetime.now(UTC)))
    serve(right)
    given = [rate(box, clock, f"P{ago_s}", ago_s) for ago_s in (40, 20, 0)]
    syncd = start(box, clock)
    city.wait_for(lambda: len(city.arrived) == 3 and bool(city.beats))
    assert city.distinct == ["P40", "P20", "P0"]
    assert all(abs(unix(each) - true) <= NEAR_S for each, true in zip(city.arrived, given, strict=True))
    first, *later = city.looks
    assert (first.path, first.body) == ("/", b"")
    assert not {name for name in first.headers if name.startswith("X-") or name == "Authorization"}
    assert {look.path for look in later} <= {"/v1/catalogue"}, "the time is asked for once"

    serve(authority.issue("of-last-year", around(datetime.now(UTC) - 31 * DAY)))
    heard = len(city.requests)
    rate(box, clock, "Q1")
    syncd.wait_for_log("the platform's TLS certificate is valid from")
    assert len(city.requests) == heard
    serve(right)
    city.wait_for_ratings(4)
    assert city.distinct[-1] == "Q1"


@pytest.mark.parametrize("fault", ["host", "authority"])
def test_a_pad_of_1970_asks_nothing_of_whoever_is_not_the_city(
    box: PadBox, city: City, clock: Clock, authority: Authority, serve: Serve, fault: str
) -> None:
    now = datetime.now(UTC)
    other = Authority(authority.folder / "other", authority.span, "Somebody else")
    if fault == "host":
        serve(authority.issue("elsewhere", around(now), host=x509.DNSName("elsewhere.example")))
    else:
        serve(other.issue("city", around(now)))
    rate(box, clock, "P1")
    start(box, clock).wait_for_log("the platform's TLS certificate cannot be verified")
    assert not city.requests
    assert not city.looks
    serve(authority.issue("city", around(now)))
    city.wait_for_ratings(1)


def test_a_bad_rating_of_1970_is_told_once_the_time_is_known_and_so_is_a_test_of_it(
    box: PadBox, city: City, clock: Clock, authority: Authority, serve: Serve
) -> None:
    right = authority.issue("city", around(datetime.now(UTC)))
    group = City(usual=says(200, {"errcode": 0}))
    robot = CityServer(group, tls=serving(right))
    address = f"https://127.0.0.1:{robot.port}/hook?key=s3cret"
    keys.write_secret(box.state / "keys" / "alert_wecom", address)
    (box.folder / "indicators").mkdir()
    shutil.copy(CATALOGUE, box.folder / "indicators")
    file = box.folder / "pad.toml"
    alerts = f'\n[alerts]\nwecom = true\nca_file = "{authority.ca}"\n'
    file.write_text(file.read_text(encoding="utf-8") + alerts, encoding="utf-8")
    try:
        syncd = start(box, clock)
        box.wait_until(lambda: bool(box.journal()))  # the telling has begun
        rate(box, clock, "P1", level=1)
        syncd.wait_for_log("wecom: the true time is not known yet")
        assert not group.requests
        serve(right)
        city.wait_for_ratings(1)
        group.wait_for(lambda: len(group.requests) == 1)
        assert box.daemon("-c", ON_A_CLOCK, "syncd.alerting", **clock.environment).wait() == 0
        assert len(group.requests) == 2
    finally:
        robot.end()


def test_once_is_enough(box: PadBox, city: City, clock: Clock, authority: Authority, serve: Serve) -> None:
    """``syncd --once``, as a technician runs it."""
    serve(authority.issue("city", around(datetime.now(UTC))))
    rate(box, clock, "P1")
    assert box.daemon("-c", ON_A_CLOCK, "syncd", "--once", **clock.environment).wait() == 0
    assert city.distinct == ["P1"]
