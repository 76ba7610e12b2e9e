"""From a bad rating on disk to a manager's robot that has it, with the real syncd and three robots."""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import datetime
from pathlib import Path

from bench.ledgers import Filler
from bench.table import Row
from pad import doorbell
from pad.codes import Level
from pad.model import CHINA_TIME
from sandbox.hall.stage import ROBOTS, Plan, Stage

_TOLD = 12
"""Below what a robot takes in a minute: more would measure its maker's limit."""


def measure(folder: Path) -> list[Row]:
    """One bad rating after the other, each to three robots at once."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        stage = Stage(Path(name), Plan(alerts=True, sync=(("interval_s", 60.0),)))
        platform = stage.start_platform()
        filler = Filler(stage.state)
        try:
            stage.start_syncd()
            began = "SELECT COUNT(*) FROM journal WHERE kind = 'alerts_began'"
            while filler.connection.execute(began).fetchone()[0] < len(ROBOTS):
                time.sleep(0.01)
            rated: dict[str, datetime] = {}
            for number in range(1, _TOLD + 1):
                rating = filler.rate(Level.DISSATISFIED)
                rated[rating.id] = datetime.now(CHINA_TIME)
                doorbell.ring(stage.state)
                platform.alerts(number * len(ROBOTS))
            heard = platform.call("GET", "/control/alerts")["alerts"]
        finally:
            filler.connection.close()
            stage.stop()
    lags_ms = [
        (datetime.fromisoformat(each["at"]) - rated[each["text"].rpartition("：")[2]]).total_seconds() * 1000
        for each in heard
    ]
    return [
        Row("bad rating on disk to a robot that has it, p50", statistics.median(lags_ms), "ms"),
        Row("bad rating on disk to a robot that has it, longest", max(lags_ms), "ms", aim="≤ 2000 ms"),
    ]
