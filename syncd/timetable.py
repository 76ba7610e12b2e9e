"""What happens at times: APScheduler's jobs, kept going through every jump of the wall clock."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.job import Job
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from pad.model import CHINA_TIME

_log = logging.getLogger("syncd.timetable")

STEP_S: Final = 5.0
"""A wall clock that moved so much against the monotonic one was set, not slewed."""


class _After(BaseTrigger):  # type: ignore[misc]
    """The next time is an interval after this one.

    APScheduler's own interval counts up all times that were missed, one by one: when a clock of 1970
    is set right, those are the seconds of half a century, and the whole scheduler stands still.
    """

    def __init__(self, interval: timedelta) -> None:
        self._interval = interval

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Never before ``now``, so that nothing is ever made up for."""
        return now + self._interval


class _ThreadEach(BaseExecutor):  # type: ignore[misc]
    """Every job in a thread of its own that the program's end does not wait for.

    Those of a pool are waited for when Python ends, and a connection attempt cannot be broken off.
    """

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        threading.Thread(target=self._run, args=(job, run_times), name="timetable", daemon=True).start()

    def _run(self, job: Job, run_times: list[datetime]) -> None:
        try:
            events = run_job(job, None, run_times, self._logger.name)
        except BaseException as error:
            self._run_job_error(job.id, error)
        else:
            self._run_job_success(job.id, events)


class Timetable:
    """Jobs at intervals, each in a thread of its own, never twice at once."""

    def __init__(self) -> None:
        self._scheduler = BackgroundScheduler(
            timezone=CHINA_TIME,
            executors={"default": _ThreadEach()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._difference = _wall_against_monotonic()

    def every(self, seconds: float, job: Callable[[], None], first_after_s: float | None = None) -> None:
        """Do something at an interval, for the first time after the interval or earlier."""
        first = datetime.now(CHINA_TIME) + timedelta(
            seconds=seconds if first_after_s is None else first_after_s
        )
        self._scheduler.add_job(job, _After(timedelta(seconds=seconds)), next_run_time=first)

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def stop(self) -> None:
        """End; a job that is under way is not waited for."""
        self._scheduler.shutdown(wait=False)

    def look_at_clock(self) -> None:
        """Call now and then: APScheduler counts by the wall clock, and one set back would hold every job."""
        difference = _wall_against_monotonic()
        if abs(difference - self._difference) > STEP_S:
            _log.info("the system clock was set by %+.0f s", difference - self._difference)
            for job in self._scheduler.get_jobs():
                job.modify(next_run_time=datetime.now(CHINA_TIME))
        self._difference = difference


def _wall_against_monotonic() -> float:
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
