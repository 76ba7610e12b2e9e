"""A pad with a real ledger, and a city on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pad import keys
from syncd.platforms.base import Platform
from syncd.platforms.choice import platform_for
from tests.syncd.city import City, CityServer
from tests.syncd.pad_box import PadBox
from tests.syncd.parcels import NOW, Connect


@pytest.fixture
def box(tmp_path: Path) -> Iterator[PadBox]:
    with closing(PadBox(tmp_path)) as made:
        yield made


@pytest.fixture
def city() -> City:
    return City()


@pytest.fixture
def start(city: City) -> Iterator[Callable[[int], CityServer]]:
    """Open the city's address; called again it is open again, at the port that is given."""
    servers: list[CityServer] = []

    def open_at(port: int = 0) -> CityServer:
        servers.append(CityServer(city, port))
        return servers[-1]

    yield open_at
    for server in servers:
        if server.socket.fileno() != -1:
            server.end()


@pytest.fixture
def online(box: PadBox, city: City, start: Callable[[int], CityServer]) -> CityServer:
    """The city is open, and the pad settled with it in the national dialect."""
    server = start(0)
    keys.write_secret(box.state / "keys" / "app_word", city.app_word)
    keys.write_secret(box.state / "keys" / "platform_sm2.pub", city.keys.public_key)
    box.configure(f"http://127.0.0.1:{server.port}/gateway")
    return server


@pytest.fixture
def itemised(box: PadBox, online: CityServer) -> CityServer:
    """The same in the itemised dialect."""
    box.configure(f"http://127.0.0.1:{online.port}/gateway", "itemised")
    return online


@pytest.fixture
def connect(box: PadBox) -> Iterator[Connect]:
    """Connects to the platform as the settings say, at a fixed time."""
    made: list[Platform] = []

    def platform() -> Platform:
        made.append(platform_for(box.settings(), lambda: NOW))
        return made[-1]

    yield platform
    for each in made:
        each.close()
