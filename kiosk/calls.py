"""The counter service's calls (design §4), whichever way they come: HTTP, serial line, doors, slips.

JSON is parsed in :mod:`kiosk.commands`, decided in :mod:`kiosk.session`; here are paths, statuses and
waiting. Nothing that is answered ever tells a level, and no call can rate.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from uuid6 import uuid7

from kiosk import commands, phases
from kiosk.commands import InputError, Invitation
from kiosk.desk import Desk
from kiosk.drivers.health import Health
from kiosk.events import Answer, Cancel, ClerkEvent, Invite, SignIn, SignOut
from kiosk.phone_link import PhoneLinks
from pad.clock import Clock
from pad.ledger.connection import LedgerError
from pad.ledger.following import Following
from pad.ledger.outbox import backlog
from pad.ledger.rows import visit_from
from pad.ledger.state import age_s, is_rated
from pad.model import Matter, VisitOutcome
from pad.settings import Settings

_WAIT_MAX_S: Final = 60.0
_ANSWER_WITHIN_S: Final = 10.0
_VISIT: Final = (
    "SELECT *, EXISTS (SELECT 1 FROM draft WHERE visit_id = visits.id) AS touched FROM visits WHERE id = ?"
)
_STATUS: Final = {
    Answer.DONE: 200,
    Answer.DEFERRED: 202,
    Answer.ALREADY_RATED: 409,
    Answer.BUSY: 409,
    Answer.PAUSED: 409,
    Answer.CLOSED: 409,
    Answer.CANNOT_STORE: 503,
}
WORDS: Final = {
    Answer.ALREADY_RATED: "this matter has been rated",
    Answer.BUSY: "somebody is rating; ask again when the visit has ended",
    Answer.PAUSED: "the window is paused; open it first",
    Answer.CLOSED: "the window is closed; open it first",
    Answer.CANNOT_STORE: "the pad's disk takes no ratings now; tell the technician",
}


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked; ``body`` is JSON, its values may be a person's."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Invited:
    """How an invitation was answered, and its id where it was taken."""

    answer: Answer
    visit_id: str = ""


class Calls:
    """Answers calls on one event loop, given by :meth:`run_on`."""

    def __init__(
        self,
        settings: Settings,
        desk: Desk,
        clock: Clock,
        versions: dict[str, str],
        links: PhoneLinks,
        devices: Callable[[], Mapping[str, Health]] = dict,
    ) -> None:
        self._settings = settings
        self._desk = desk
        self._clock = clock
        self._versions = versions
        self._links = links
        self._devices = devices
        self._ledger = Following(settings.ledger_path)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()

    def run_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have waiting calls look again on this loop when something has changed."""
        self._loop = loop
        self._desk.on_change(self.wake)

    def wake(self) -> None:
        """Have waiting calls look again; from any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # once the loop is closed nobody waits
                self._loop.call_soon_threadsafe(self._wake_waiters)

    def close(self) -> None:
        """Let go of the ledger."""
        self._ledger.close()

    @property
    def _db(self) -> sqlite3.Connection:
        return self._ledger.connection()

    async def answer(self, call: Call) -> Reply:
        """Answer a call; whatever is wrong with it is an answer too."""
        try:
            return await self._routed(call)
        except InputError as error:
            return refusal(400, error.code, error.field, error.message)
        except (LedgerError, sqlite3.Error):
            return refusal(503, "cannot_store", "", WORDS[Answer.CANNOT_STORE])
        except TimeoutError:
            return refusal(503, "no_answer", "", "the pad did not answer in time; ask again")

    async def _routed(self, call: Call) -> Reply:
        allowed = []
        for method, path, handle in _ROUTES:
            match = path.fullmatch(call.path)
            if match is not None and method == call.method:
                return await handle(self, call, match["id"] if path.groups else "")
            if match is not None:
                allowed.append(method)
        if not allowed:
            return refusal(404, "unknown_path", "", "no such call; see the counter contract")
        methods = ", ".join(sorted(allowed))
        reply = refusal(405, "unknown_method", "", f"allowed here are {methods}")
        return Reply(reply.status, reply.body, {"Allow": methods})

    # --- what others ask for, too ---------------------------------------------------------

    def event_of(self, given: Invitation) -> Invite:
        """The event that invites a rating, with what the ledger knows of its matter."""
        visit_id = str(uuid7())
        return Invite(
            visit_id,
            given.matter,
            given.timeout_s,
            given.staff,
            given.rater,
            already_rated=is_rated(self._db, given.matter),
            link=self._link(visit_id, given.matter, given.timeout_s),
        )

    async def invite(self, given: Invitation) -> Invited:
        """Invite a rating.

        :raises TimeoutError: if the pad does not answer in time
        """
        event = self.event_of(given)
        answer = await self._ask(event)
        return Invited(answer, event.visit_id if answer is Answer.DONE else "")

    async def state_after(self, visit_id: str, state: str, wait_s: float) -> str | None:
        """The first state other than ``state``, or ``state`` after ``wait_s``; None: no such invitation."""
        now = self._invitation_state(visit_id)
        try:
            async with asyncio.timeout(wait_s):
                while now == state and not _is_final(state):
                    await self.change()
                    now = self._invitation_state(visit_id)
        except TimeoutError:
            now = self._invitation_state(visit_id)
        return now

    async def end_of(self, visit_id: str) -> str:
        """How an invitation ended, once it has."""
        state = self._invitation_state(visit_id)
        while state is None or not _is_final(state):
            await self.change()
            state = self._invitation_state(visit_id)
        return state

    def change(self) -> Coroutine[Any, Any, object]:
        """Wait until something others may ask for has changed since this was called, not awaited."""
        return self._changed.wait()

    def state(self) -> dict[str, Any]:
        """The window's state, as ``GET /v1/state`` tells it."""
        session = self._desk.session
        visit = phases.current_visit(session)
        name, pending, oldest_s = phases.state_name(session), None, None
        now = self._clock.read()
        try:
            waiting = backlog(self._db)
        except (LedgerError, sqlite3.Error):
            name = str(Answer.CANNOT_STORE)  # how much waits nobody can tell
        else:
            pending = waiting.pending
            oldest_s = None if waiting.oldest is None else round(age_s(waiting.oldest, now), 1)
        return {
            "state": name,
            "invitation": visit.id if visit else None,
            "staff": session.staff.number if session.staff else None,
            "pending": pending,
            "oldest_pending_s": oldest_s,
            "versions": self._versions_now(session),
            "devices": {
                name: {
                    "state": str(health.state),
                    "errors": health.errors,
                    "last_event_s": _since_s(health.last_event_ns, now.monotonic_ns),
                }
                for name, health in self._devices().items()
            },
        }

    def _versions_now(self, session: phases.Session) -> dict[str, str]:
        if session.catalogue is None:
            return self._versions
        return self._versions | {"indicators": session.catalogue.version}

    def ended(self, visit_id: str) -> str | None:
        """How an invitation ended; None while it has not, or the ledger cannot tell."""
        with suppress(LedgerError, sqlite3.Error):
            state = self._invitation_state(visit_id)
            return state if state is not None and _is_final(state) else None
        return None

    # --- the calls ----------------------------------------------------------------------

    async def _post_invitation(self, call: Call, _id: str) -> Reply:
        rules = self._settings.rating
        given = commands.parse_invitation(
            call.body,
            self._settings.pad,
            allow_unbound=rules.allow_unbound,
            allow_second=rules.allow_second_assessment,
        )
        invited = await self.invite(given)
        if invited.answer is not Answer.DONE:
            return _refused(invited.answer)
        where = {"Location": f"/v1/invitations/{invited.visit_id}"}
        return Reply(201, {"invitation": invited.visit_id}, where)

    async def _get_invitation(self, call: Call, visit_id: str) -> Reply:
        first = self._invitation_state(visit_id)
        if first is None:
            return refusal(404, "unknown_invitation", "id", "there is no such invitation")
        wait_s = _wait(call.query.get("wait", "0"))
        return Reply(200, {"state": await self.state_after(visit_id, first, wait_s)})

    async def _delete_invitation(self, call: Call, visit_id: str) -> Reply:
        given = commands.parse_cancellation(call.body)
        answer = await self._ask(Cancel(visit_id, given.by, given.reason))
        if answer is Answer.DONE:
            return Reply(200, {"state": str(VisitOutcome.CANCELLED)})
        if answer is not Answer.UNKNOWN:
            return _refused(answer)
        if self._invitation_state(visit_id) is None:
            return refusal(404, "unknown_invitation", "id", "there is no such invitation")
        async with asyncio.timeout(_ANSWER_WITHIN_S):
            state = await self.end_of(visit_id)
        if state == VisitOutcome.CANCELLED:
            return Reply(200, {"state": state})
        return refusal(409, "ended", "", f"the invitation has ended: {state}")

    async def _put_staff(self, call: Call, _id: str) -> Reply:
        staff = commands.parse_staff(call.body)
        return Reply(_STATUS[await self._ask(SignIn(staff))], {"staff": staff.number})

    async def _delete_staff(self, _call: Call, _id: str) -> Reply:
        return Reply(_STATUS[await self._ask(SignOut())], {"staff": None})

    async def _put_service(self, call: Call, _id: str) -> Reply:
        event = commands.parse_service(call.body)
        return Reply(_STATUS[await self._ask(event)], {"state": str(event.mode)})

    async def _get_state(self, _call: Call, _id: str) -> Reply:
        return Reply(200, self.state())

    # --- parts --------------------------------------------------------------------------

    async def _ask(self, event: ClerkEvent) -> Answer:
        async with asyncio.timeout(_ANSWER_WITHIN_S):
            return await asyncio.wrap_future(self._desk.ask(event))

    def _link(self, visit_id: str, matter: Matter, timeout_s: float | None) -> str:
        shown_s = self._settings.rating.timeout_s if timeout_s is None else timeout_s
        return self._links.of_visit(visit_id, matter, self._clock.read().wall.timestamp(), shown_s)

    def _invitation_state(self, visit_id: str) -> str | None:
        """``waiting``, ``rating``, or how it ended on disk; None if there is no such invitation.

        One whose end the disk does not have yet is still what it was last.
        """
        session = self._desk.session  # before the disk: a rating may be written between the two looks
        visit = phases.current_visit(session)
        is_current = visit is not None and visit.id == visit_id
        row = self._db.execute(_VISIT, (visit_id,)).fetchone()
        if row is not None and (outcome := visit_from(row).outcome):
            return str(outcome)
        if is_current:
            return "rating" if isinstance(session.phase, phases.Rating | phases.Saving) else "waiting"
        if row is None:
            return None
        return "rating" if row["touched"] else "waiting"

    def _wake_waiters(self) -> None:
        with suppress(LedgerError, sqlite3.Error):  # who cannot let go of it yet looks again all the same
            # until all have let go of a ledger that lost its WAL nobody can go on
            if self._ledger.has_moved():
                self._ledger.close()
        self._changed.set()
        self._changed = asyncio.Event()


_ROUTES: Final[tuple[tuple[str, re.Pattern[str], Callable[[Calls, Call, str], Awaitable[Reply]]], ...]] = (
    ("POST", re.compile("/v1/invitations"), Calls._post_invitation),
    ("GET", re.compile("/v1/invitations/(?P<id>[^/]+)"), Calls._get_invitation),
    ("DELETE", re.compile("/v1/invitations/(?P<id>[^/]+)"), Calls._delete_invitation),
    ("PUT", re.compile("/v1/staff"), Calls._put_staff),
    ("DELETE", re.compile("/v1/staff"), Calls._delete_staff),
    ("PUT", re.compile("/v1/service"), Calls._put_service),
    ("GET", re.compile("/v1/state"), Calls._get_state),
)


def refusal(status: int, code: str, field: str, message: str) -> Reply:
    """An answer that says what was wrong."""
    return Reply(status, {"error": {"code": code, "field": field, "message": message}})


def _refused(answer: Answer) -> Reply:
    return refusal(_STATUS[answer], str(answer), "", WORDS[answer])


def _is_final(state: str) -> bool:
    return state in tuple(VisitOutcome)


def _since_s(then_ns: int | None, now_ns: int) -> float | None:
    return None if then_ns is None else round((now_ns - then_ns) / 1e9, 1)


def _wait(given: str) -> float:
    try:
        wait_s = float(given)
    except ValueError:
        wait_s = -1.0
    if not 0 <= wait_s <= _WAIT_MAX_S:
        raise InputError("bad_value", "wait", f"must be seconds from 0 to {_WAIT_MAX_S:g}")
    return wait_s
