"""The kiosk's side of the ledger: visits, drafts and ratings, each durable when its call returns."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Final

import msgspec

from pad import chain, sealing
from pad.chain import Head
from pad.clock import Anchor
from pad.gm import sm3
from pad.keys import DeviceKeys, SecretError
from pad.ledger.connection import (
    LedgerUnwritable,
    MatterRated,
    RatedOnPhone,
    transaction,
    translated,
    unusable,
)
from pad.ledger.elsewhere import is_rated_elsewhere
from pad.ledger.journal import write_note
from pad.ledger.rows import (
    RATING_COLUMNS,
    VisitRecord,
    anchor_from,
    draft_from,
    draft_row,
    insert,
    rating_from,
    rating_of,
    visit_from,
    visit_row,
)
from pad.model import (
    BY_PHONE,
    WHILE_RATING,
    Completion,
    Draft,
    FinishedRating,
    Instant,
    Matter,
    Rater,
    Rating,
    Visit,
    VisitEnd,
    VisitOutcome,
    iso_time,
)
from pad.sealing import SealError

_MATTER_FIELDS: Final = tuple(field.name for field in fields(Matter))
_RATED: Final = "this matter is rated"
_RATED_ON_PHONE: Final = "this matter is rated on a phone"


class Recorder:
    """Writes what happens at the window.

    Every method raises :class:`~pad.ledger.connection.LedgerUnwritable` if the disk takes
    nothing, and then nothing was written.
    """

    def __init__(self, connection: sqlite3.Connection, keys: DeviceKeys, indicators_version: str) -> None:
        self._db = connection
        self._keys = keys
        self._indicators_version = indicators_version

    def writes_to(self, connection: sqlite3.Connection) -> bool:
        """Whether this is the connection it writes to."""
        return self._db is connection

    def use_indicators(self, version: str) -> None:
        """Write this version of the indicator list with the ratings that follow."""
        self._indicators_version = version

    def open_visit(self, visit: Visit) -> None:
        """Write an invitation."""
        with transaction(self._db) as db:
            db.execute(*insert("visits", visit_row(visit)))

    def end_visit(self, end: VisitEnd) -> None:
        """Write how a visit ended without a rating made here; its draft goes. A visit that ended stays so."""
        with transaction(self._db) as db:
            _end(db, end)
            db.execute("DELETE FROM draft WHERE visit_id = ?", (end.visit_id,))

    def keep_draft(self, draft: Draft, rater: Rater) -> None:
        """Write what was tapped; it replaces the draft before."""
        with transaction(self._db) as db:
            sealed = self._sealed(self._keys_after(head(db)), rater, draft.visit_id)
            db.execute(*insert("draft", draft_row(draft, sealed), "INSERT OR REPLACE"))

    def append(self, finished: FinishedRating) -> Rating:
        """Write a rating: with it its visit's end, its rater's sealed data, and the draft's removal.

        A rating that turns out to be written already, by a call that was told otherwise, is
        returned as it is; an invitation that a full disk kept from being written is written now.

        :raises MatterRated: if the matter has its rating; the visit is then ended, not rated here
        :raises RatedOnPhone: if a phone gave it
        """
        return self._append(finished, None)

    def _append(self, finished: FinishedRating, sealed: bytes | None) -> Rating:
        visit = finished.visit
        try:
            return self._write(finished, sealed)
        except sqlite3.IntegrityError as error:
            with translated(self._db):
                written = self._db.execute("SELECT * FROM ratings WHERE visit_id = ?", (visit.id,)).fetchone()
            if written is not None:
                return rating_from(written)
            if _RATED_ON_PHONE in str(error):
                self.end_visit(VisitEnd(visit.id, VisitOutcome.RATED, finished.rated, BY_PHONE, WHILE_RATING))
                raise RatedOnPhone(f"{visit.matter.project_no}: rated on a phone") from error
            if _RATED in str(error):
                self.end_visit(
                    VisitEnd(visit.id, VisitOutcome.CANCELLED, finished.rated, "pad", "already_rated")
                )
                raise MatterRated(f"{visit.matter.project_no}: rated before") from error
            if self.visit(visit.id) is not None:
                raise
            self.open_visit(visit)
            return self._write(finished, sealed)

    def _write(self, finished: FinishedRating, sealed: bytes | None) -> Rating:
        visit_id = finished.visit.id
        with transaction(self._db) as db:
            last = head(db)
            keys = self._keys_after(last)
            if sealed is None:
                sealed = self._sealed(keys, finished.rater, visit_id)
            row = self._rating_row(finished, sealed, last)
            db.execute(*insert("ratings", row))
            if sealed is not None:
                rater = {
                    "rating_id": row["id"],
                    "sealed": sealed,
                    "card_mark": self._card_mark(visit_id, sealed),
                }
                db.execute(*insert("rater", rater))
            _end(db, VisitEnd(visit_id, VisitOutcome.RATED, finished.rated))
            db.execute("DELETE FROM draft WHERE visit_id = ?", (visit_id,))
        return rating_of(row)

    def _keys_after(self, last: Head) -> DeviceKeys:
        """The keys that are in force, looked for under the lock under which they are changed."""
        try:
            self._keys = self._keys.after(last)
        except SecretError as error:
            raise LedgerUnwritable(str(error)) from error
        except OSError as error:  # a folder of keys that this user may not look into
            raise unusable(error, Path("keys")) from error
        return self._keys

    @staticmethod
    def _sealed(keys: DeviceKeys, rater: Rater, visit_id: str) -> bytes | None:
        return sealing.seal(keys.sealing, rater, visit_id, keys.sealing_number) if rater else None

    def _rating_row(self, finished: FinishedRating, sealed: bytes | None, last: Head) -> dict[str, object]:
        from uuid6 import uuid7  # slow to import, and not needed before the first screen

        visit, draft, matter, rated = finished.visit, finished.draft, finished.visit.matter, finished.rated
        row: dict[str, object] = {name: getattr(matter, name) for name in _MATTER_FIELDS} | {
            "seq": last.seq + 1,
            "id": str(uuid7()),
            "visit_id": visit.id,
            "unbound": int(matter.project_no is None),
            "staff_number": visit.staff_number,
            "staff_name": visit.staff_name,
            "level": int(draft.level),
            "indicators": ",".join(finished.indicators),
            "indicators_version": self._indicators_version,
            "comment": finished.comment,
            "reason_given": int(finished.reason_given),
            "completed_by": str(finished.completion),
            "recovered": int(finished.completion is Completion.RECOVERED),
            "pf": str(draft.input_device.pf),
            "input_device": str(draft.input_device),
            "invited_at": iso_time(visit.opened.wall),
            "first_touch_ms": draft.first_touch_ms,
            "submitted_ms": finished.submitted_ms,
            "changes": draft.changes,
            "rated_at": iso_time(rated.wall),
            "boot_id": rated.boot_id,
            "monotonic_ns": rated.monotonic_ns,
            "clock_trusted": int(rated.trusted),
            "rater_sm3": sm3(sealed).hex() if sealed is not None else "",
            "prev_hash": last.hash,
        }
        row["hash"] = chain.link(self._keys.chain_at(last.seq + 1), last.hash, row)
        return {name: row[name] for name in RATING_COLUMNS}

    def _card_mark(self, visit_id: str, sealed: bytes) -> str | None:
        """The same for the same card while the key is the same, and nothing to anybody without it."""
        key = self._keys.opening(sealing.key_number(sealed))
        if key is None:
            return None
        try:
            card = sealing.unseal(key, sealed, visit_id).cert_key
        except SealError:
            return None  # a draft of a key that is gone; its rating counts all the same
        return sealing.mark(key, card) if card else None

    def recover(self, now: Instant, *, discard: bool) -> Rating | None:
        """After a start: complete the rating a power cut left behind, and end what else was open.

        :param discard: true where the city does not count a tap whose person did not submit
        :returns: the rating that was completed, marked recovered, with no reason given
        """
        with translated(self._db):
            found = self._db.execute("SELECT * FROM draft").fetchone()
        recovered = None
        if found is not None and discard:
            self.end_visit(VisitEnd(found["visit_id"], VisitOutcome.TIMED_OUT, now, "pad", "restart"))
        elif found is not None:
            recovered = self._complete(found, now)
        with translated(self._db):
            left = self._db.execute("SELECT id FROM visits WHERE outcome IS NULL").fetchall()
        for row in left:
            self.end_visit(VisitEnd(row["id"], VisitOutcome.CANCELLED, now, "pad", "restart"))
        return recovered

    def _complete(self, found: sqlite3.Row, now: Instant) -> Rating | None:
        try:
            return self._append(self._finished(found), found["rater_sealed"])
        except MatterRated:
            return None
        except (ValueError, msgspec.DecodeError) as error:
            # it must not stop the start; what is known of it is noted
            known = {name: found[name] for name in ("visit_id", "level", "tapped_at")}
            with transaction(self._db) as db:
                write_note(db, "draft_given_up", now, known | {"why": str(error)})
                db.execute("DELETE FROM draft")
            return None

    def _finished(self, found: sqlite3.Row) -> FinishedRating:
        """What a draft becomes when nobody can go on with it.

        :raises ValueError: if it cannot be read, or its visit is not there or has ended
        """
        draft, record = draft_from(found), self.visit(found["visit_id"])
        if record is None:
            raise ValueError("its visit is not there")
        if record.outcome is not None:
            raise ValueError(f"its visit ended: {record.outcome}")
        return FinishedRating(
            visit=record.visit,
            draft=draft,
            indicators=(),
            comment="",
            completion=Completion.RECOVERED,
            rated=draft.tapped,
            submitted_ms=draft.first_touch_ms,
        )

    def visit(self, visit_id: str) -> VisitRecord | None:
        """A stored visit; None if there is none of that id."""
        with translated(self._db):
            row = self._db.execute("SELECT * FROM visits WHERE id = ?", (visit_id,)).fetchone()
        return visit_from(row) if row is not None else None

    def is_rated_elsewhere(self, visit: Visit) -> bool:
        """Whether a phone rated this visit or its matter, as far as the platform has told."""
        return is_rated_elsewhere(self._db, visit.id, visit.matter)

    def is_rated_here(self, matter: Matter) -> bool:
        """Whether a matter has its rating from this pad; an unbound one never has."""
        with translated(self._db):
            row = self._db.execute(
                "SELECT 1 FROM ratings WHERE project_no = ? AND service_number = ? AND assess_number = ?",
                (matter.project_no, matter.service_number, matter.assess_number),
            ).fetchone()
        return row is not None

    def anchor(self, boot: str) -> Anchor | None:
        """The true time of a boot, if the platform or a technician has told it."""
        with translated(self._db):
            row = self._db.execute("SELECT * FROM anchors WHERE boot_id = ?", (boot,)).fetchone()
        return anchor_from(row) if row is not None else None

    def probe(self) -> None:
        """Find out whether the disk takes a write, and leave nothing behind."""
        with transaction(self._db) as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            db.execute(f"PRAGMA user_version = {version}")

    def note(self, kind: str, at: Instant, detail: Mapping[str, object]) -> None:
        """Write a journal entry; ``detail`` holds no personal data."""
        with transaction(self._db) as db:
            write_note(db, kind, at, detail)


def head(db: sqlite3.Connection) -> Head:
    """The chain's head: the last rating, else the last checkpoint, else where every chain starts."""
    with translated(db):
        row = db.execute("SELECT seq, hash FROM ratings ORDER BY seq DESC LIMIT 1").fetchone()
        if row is None:
            row = db.execute("SELECT seq, hash FROM checkpoints ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(row["seq"], row["hash"]) if row is not None else Head()


def _end(db: sqlite3.Connection, end: VisitEnd) -> None:
    db.execute(
        "UPDATE visits SET outcome = ?, ended_at = ?, ended_by = ?, end_reason = ? "
        "WHERE id = ? AND outcome IS NULL",
        (str(end.outcome), iso_time(end.at.wall), end.by, end.reason, end.visit_id),
    )
