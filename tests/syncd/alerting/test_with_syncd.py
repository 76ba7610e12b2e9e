"""Bad ratings told by the real daemon over real HTTP: at once, later, once, and in nobody's way."""

from __future__ import annotations

import threading

from pad import keys
from pad.clock import SystemClock
from syncd.alerting.alerting import Alerting
from syncd.platform_clock import PlatformClock
from tests.syncd.alerting.told import FAILING_PLATFORM, Group
from tests.syncd.city import WITHIN_S, City, CityServer, Line, Request, says
from tests.syncd.pad_box import PadBox

WECOM = "[alerts]\nwecom = true"


def test_online_it_is_told_by_the_doorbell(box: PadBox, robot: CityServer, heard: Group) -> None:
    box.configure(FAILING_PLATFORM, "itemised", extra=WECOM, interval_s=3600)
    daemon = box.daemon()
    daemon.wait_for_log("delivering")
    box.wait_until(lambda: bool(box.journal()))  # the telling has begun
    ratings = []
    for number in range(5):
        ratings.append(box.rate(f"P{number}", 1 + number % 2))
        assert box.ring()
        heard.wait_for(number + 1)
    assert heard.ids == [each.id for each in ratings]
    assert daemon.terminate() == 0


def test_offline_it_is_told_later_with_its_own_time(box: PadBox, robot: CityServer, heard: Group) -> None:
    port = robot.port
    daemon = box.daemon()
    box.wait_until(lambda: bool(box.journal()))
    robot.end()
    ratings = [box.rate(f"P{number}", 2) for number in range(4)]
    box.ring()
    daemon.wait_for_log("wecom: the connection was refused; bad ratings wait and are told later")
    again = CityServer(heard.city, port)
    try:
        heard.wait_for(4)
        daemon.wait_for_log("wecom: bad ratings are told again")
    finally:
        daemon.end()
        again.end()
    assert heard.ids == [each.id for each in ratings]
    for rating in ratings:
        assert f"时间：{rating.rated_at[:16].replace('T', ' ')}" in "\n".join(heard.texts)


def test_killed_while_it_tells_it_tells_once_more_and_says_so(
    box: PadBox, robot: CityServer, group: City, heard: Group
) -> None:
    """The one moment in which once cannot be kept: the robot has it, and nobody has written so."""
    arrived, gone = threading.Event(), threading.Event()

    def has_it_and_waits(request: Request, line: Line) -> None:
        arrived.set()
        assert gone.wait(WITHIN_S)

    group.script.append(has_it_and_waits)
    first = box.daemon()
    box.wait_until(lambda: bool(box.journal()))
    rating = box.rate("P1", 1)
    box.ring()
    assert arrived.wait(WITHIN_S)
    first.kill()
    gone.set()
    second = box.daemon()
    heard.wait_for(2)
    box.wait_until(lambda: box.db.execute("SELECT state FROM alerts").fetchone()["state"] == "told")
    second.kill()
    box.daemon().wait_for_log("delivering")
    later = box.rate("P2", 1)
    box.ring()
    heard.wait_for(3)
    assert heard.ids == [rating.id, rating.id, later.id]
    assert ["可能已告知过" in text for text in heard.texts] == [False, True, False]


def test_killed_at_any_moment_each_is_told_and_repeats_are_marked(
    box: PadBox, robot: CityServer, heard: Group
) -> None:
    first = box.daemon()
    box.wait_until(lambda: bool(box.journal()))
    first.kill()
    ratings = []
    for number in range(8):
        daemon = box.daemon()
        ratings.append(box.rate(f"P{number}", 1))
        box.ring()
        if number % 2:
            heard.wait_for(number)
        daemon.kill()
    box.daemon()
    waiting = "SELECT COUNT(*) FROM alerts WHERE state = 'told'"
    box.wait_until(lambda: box.db.execute(waiting).fetchone()[0] == len(ratings))
    assert set(heard.ids) == {each.id for each in ratings}
    for rating in ratings:
        repeats = [text for text in heard.texts if rating.id in text][1:]
        assert all("可能已告知过" in text for text in repeats)


def test_a_robot_that_hangs_holds_up_neither_the_delivery_nor_another_target(
    box: PadBox, online: CityServer, city: City, robot: CityServer, group: City, heard: Group
) -> None:
    hanging = City(usual=lambda request, line: line.hold())
    server = CityServer(hanging)
    keys.write_secret(
        box.state / "keys" / "alert_dingtalk", f"http://127.0.0.1:{server.port}/send?access_token=x"
    )
    box.configure(
        f"http://127.0.0.1:{online.port}/gateway",
        extra="[alerts]\nwecom = true\ndingtalk = true",
        answer_timeout_s=60,
        interval_s=3600,
    )
    daemon = box.daemon()
    try:
        box.wait_until(lambda: len(box.journal()) == 2)
        for number in range(10):
            box.rate(f"P{number}", 1)
            box.ring()
            city.wait_for_ratings(number + 1)
            heard.wait_for(number + 1)
            hanging.wait_for(lambda: bool(hanging.requests))
        box.wait_until_settled()
        assert len(hanging.requests) == 1
        assert daemon.terminate() == 0
    finally:
        daemon.end()
        server.end()


def test_a_platform_that_is_down_does_not_keep_it_from_being_told(
    box: PadBox, robot: CityServer, heard: Group
) -> None:
    box.rate("P0", 5)
    box.daemon().wait_for_log("no answer")
    box.wait_until(lambda: bool(box.journal()))  # the telling has begun
    rating = box.rate("P1", 1)
    box.ring()
    heard.wait_for(1)
    assert heard.ids == [rating.id]
    assert set(box.states) <= {"pending", "untried"}


def test_where_nobody_is_told_nothing_of_it_runs(box: PadBox, online: CityServer, city: City) -> None:
    daemon = box.daemon()
    box.rate("P1", 1)
    box.ring()
    city.wait_for_ratings(1)
    box.wait_until_settled()
    assert not box.db.execute("SELECT 1 FROM alerts").fetchall()
    assert not box.journal()
    assert daemon.terminate() == 0
    before = set(threading.enumerate())
    alerting = Alerting(box.settings(), PlatformClock(SystemClock()))
    alerting.start()
    assert not alerting.is_on
    assert set(threading.enumerate()) <= before, "those of the platform's side may have ended meanwhile"


def test_a_missing_secret_stops_the_start(box: PadBox) -> None:
    keys.write_secret(box.state / "keys" / "app_word", "word")
    box.configure(FAILING_PLATFORM, "itemised", extra=WECOM)
    daemon = box.daemon()
    assert daemon.wait() == 1
    (line,) = daemon.log
    assert "keys/alert_wecom: missing or empty" in line
    assert "alerts.wecom is true: the robot's address is needed there" in line


def test_no_log_names_a_robots_address(box: PadBox, robot: CityServer, group: City, heard: Group) -> None:
    group.script += [says(500), says(200, "portal")]
    daemon = box.daemon()
    box.wait_until(lambda: bool(box.journal()))
    rating = box.rate("P1", 1)
    box.ring()
    heard.wait_for(3)
    assert heard.ids == [rating.id] * 3
    assert daemon.terminate() == 0
    assert not [line for line in daemon.log if "s3cret" in line or "webhook" in line]
