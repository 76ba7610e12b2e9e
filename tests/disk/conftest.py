"""A pad whose state lies on a small disk of its own: kiosk without glass, syncd as a process, a city."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.events import DeclineReason, Submit, Tap
from kiosk.phases import Saving, Thanking
from pad import keys
from pad.codes import Level
from pad.ledger import verification
from tests.disk.mounts import FailingDisk, SmallDisk
from tests.kiosk.conftest import Kiosk
from tests.ports import free_port
from tests.syncd.city import WITHIN_S, City, CityServer
from tests.syncd.pad_box import PadBox
from tests.syncd.process import Daemon

QUICK = "import sys, syncd.delivery as d; d.RETRY_S = 0.1; from syncd.__main__ import run; sys.exit(run([]))"
"""syncd, but for a ledger in trouble, which it looks at again sooner."""


class PadOnDisk:
    """Kiosk, syncd and city of a pad whose ``state`` is on the disk; settings and log are not."""

    def __init__(self, folder: Path, city: City) -> None:
        self.box = PadBox(folder)
        self.city = city
        self.server = CityServer(city, 0)
        keys.write_secret(self.box.state / "keys" / "app_word", city.app_word)
        keys.write_secret(self.box.state / "keys" / "platform_sm2.pub", city.keys.public_key)
        self.box.configure(f"http://127.0.0.1:{self.server.port}/gateway")
        self.kiosk: Kiosk
        self._kiosks: list[Kiosk] = []

    @property
    def ledger(self) -> Path:
        return self.box.state / "ledger.db"

    def start_kiosk(self, min_free_mib: int = 1) -> Kiosk:
        loaded = self.box.settings()
        self.kiosk = Kiosk(
            replace(
                loaded,
                counter=msgspec.structs.replace(loaded.counter, port=free_port()),
                rating=msgspec.structs.replace(loaded.rating, settle_s=0.0, thanks_s=600.0),
                ledger=msgspec.structs.replace(loaded.ledger, min_free_mib=min_free_mib),
            )
        )
        self._kiosks.append(self.kiosk)
        self.kiosk.start()
        return self.kiosk

    def stop_kiosk(self) -> None:
        self._kiosks.remove(self.kiosk)
        self.kiosk.stop()

    def start_syncd(self) -> Daemon:
        return self.box.daemon("-c", QUICK)

    def let_go(self) -> None:
        """Close the test's own way to the ledger."""
        self.box.db.close()

    # --- at the window --------------------------------------------------------------------

    def state(self) -> str:
        found: str = self.kiosk.call("GET", "/v1/state").json()["state"]
        return found

    def until(self, true: Callable[[], bool]) -> None:
        asked = threading.Event()
        for _ in range(round(WITHIN_S / 0.02)):
            if true():
                return
            asked.wait(0.02)
        raise AssertionError(f"not within {WITHIN_S:g} s; {self.kiosk.desk.session.phase}")

    def tap(self, project_no: str, level: int = 5) -> str:
        invitation = self.kiosk.invite(project_no)
        self.kiosk.post(Tap(Level(level)))
        self.kiosk.wait_for(invitation, "rating")
        return invitation

    def rate(self, project_no: str, level: int = 5) -> None:
        self.tap(project_no, level)
        self.submit()
        self.until(self.thanked)

    def submit(self) -> None:
        self.kiosk.post(DeclineReason(), Submit())

    def thanked(self) -> bool:
        return isinstance(self.kiosk.desk.session.phase, Thanking)

    def in_hand(self) -> bool:
        """Whether a person's rating waits for the disk."""
        phase = self.kiosk.desk.session.phase
        return isinstance(phase, Saving) and phase.failed

    def refuses(self, project_no: str) -> bool:
        answer = self.kiosk.call("POST", "/v1/invitations", json={"matter": {"project_no": project_no}})
        if answer.status_code == 201:
            return False
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "cannot_store")
        return True

    # --- afterwards -----------------------------------------------------------------------

    def journal(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for kind, detail in self.read("SELECT kind, detail FROM journal ORDER BY id"):
            found.setdefault(kind, []).append(json.loads(detail))
        return found

    def read(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(f"{self.ledger.as_uri()}?mode=ro", uri=True, timeout=10)) as db:
            return db.execute(sql).fetchall()

    def all_arrive_once(self, *projects: str) -> None:
        """The chain holds, and the city has each rating, and each was sent only once."""
        self.city.wait_for_ratings(len(projects))
        self.until(lambda: self.unsettled() == 0)
        assert [row[0] for row in self.read("SELECT project_no FROM ratings ORDER BY seq")] == list(projects)
        assert sorted(each["projectNo"] for each in self.city.arrived) == sorted(projects), "each sent once"
        with closing(sqlite3.connect(self.ledger)) as db:
            db.row_factory = sqlite3.Row
            assert verification.verify(db, self.box.keys.chain)[2] is None

    def unsettled(self) -> int:
        found: int = self.read(
            "SELECT COUNT(*) FROM ratings r LEFT JOIN deliveries d ON d.seq = r.seq "
            "WHERE COALESCE(d.state, '') != 'acknowledged'"
        )[0][0]
        return found

    def close(self) -> None:
        for kiosk in self._kiosks:
            kiosk.stop()
        self.box.close()
        self.server.end()


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scribe looks at the disk more often than a pad's would."""
    monkeypatch.setattr("kiosk.scribe._LOOK_S", 0.1)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(tmp_path / "pad" / "state")
    yield disk
    disk.remove()


@pytest.fixture
def failing_disk(tmp_path: Path) -> Iterator[FailingDisk]:
    disk = FailingDisk(tmp_path / "pad" / "state", tmp_path / "disk.img")
    yield disk
    disk.remove()


def pad_on(folder: Path) -> PadOnDisk:
    return PadOnDisk(folder, City())


@pytest.fixture
def pad(small_disk: SmallDisk) -> Iterator[PadOnDisk]:
    with closing(pad_on(small_disk.folder.parent)) as running:
        yield running
