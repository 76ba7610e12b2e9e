"""A pad with a robot to tell, which follows a script as the city does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from pad import keys
from tests.syncd.alerting.told import CATALOGUE, FAILING_PLATFORM, Group
from tests.syncd.city import City, CityServer, says
from tests.syncd.pad_box import PadBox


@pytest.fixture
def group() -> City:
    """What stands behind a robot's address."""
    return City(usual=says(200, {"errcode": 0, "errmsg": "ok"}))


@pytest.fixture
def robot(box: PadBox, group: City) -> Iterator[CityServer]:
    """A WeCom robot at its address, and the pad told of it; there is no platform."""
    server = CityServer(group)
    (box.folder / "indicators").mkdir()
    shutil.copy(CATALOGUE, box.folder / "indicators")
    keys.write_secret(box.state / "keys" / "app_word", "word")
    keys.write_secret(
        box.state / "keys" / "alert_wecom", f"http://127.0.0.1:{server.port}/cgi-bin/webhook/send?key=s3cret"
    )
    box.configure(FAILING_PLATFORM, "itemised", extra="[alerts]\nwecom = true")
    yield server
    if server.socket.fileno() != -1:
        server.end()


@pytest.fixture
def heard(group: City) -> Group:
    return Group(group)
