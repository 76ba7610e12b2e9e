"""The ledger's tables, and the triggers that keep its promises whoever opens the file.

Each migration is one function, run in one transaction with its own record; a landed one is
never edited. The rules of design §3 stand here as triggers, so that a program other than ours,
or a mistake of ours, cannot break them: ratings do not change and leave only below a
checkpoint, a visit ends once, the journal only grows. ``REPLACE`` does not fire DELETE triggers,
so each table that must keep its rows also refuses an INSERT in the place of another.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

from pad.ledger.connection import MIGRATION_SET

migrations = Migrations(MIGRATION_SET)


@migrations()
def visits_and_ratings(db: Database) -> None:
    """What happened at the window: invitations, ratings, who rated, the rating being made."""
    _script(
        db,
        """
    CREATE TABLE visits (
        id             TEXT PRIMARY KEY,
        opened_at      TEXT NOT NULL,
        boot_id        TEXT NOT NULL,
        monotonic_ns   INTEGER NOT NULL,
        clock_trusted  INTEGER NOT NULL,
        project_no     TEXT,
        service_number INTEGER NOT NULL,
        matter         TEXT NOT NULL,
        staff_number   TEXT NOT NULL,
        staff_name     TEXT NOT NULL,
        timeout_s      REAL NOT NULL,
        outcome        TEXT CHECK (outcome IN ('rated','timed_out','withdrawn','cancelled','superseded')),
        ended_at       TEXT,
        ended_by       TEXT,
        end_reason     TEXT,
        CHECK ((outcome IS NULL) = (ended_at IS NULL))
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX visits_open ON visits (id) WHERE outcome IS NULL;

    CREATE TABLE ratings (
        seq                INTEGER PRIMARY KEY,
        id                 TEXT NOT NULL UNIQUE,
        visit_id           TEXT NOT NULL UNIQUE REFERENCES visits (id),
        project_no         TEXT,
        service_number     INTEGER NOT NULL CHECK (service_number BETWEEN 1 AND 99),
        assess_number      INTEGER NOT NULL CHECK (assess_number IN (1, 2)),
        unbound            INTEGER NOT NULL CHECK (unbound = (project_no IS NULL)),
        task_code          TEXT NOT NULL,
        task_handle_item   TEXT NOT NULL,
        task_name          TEXT NOT NULL,
        task_type          TEXT NOT NULL,
        service_name       TEXT NOT NULL,
        service_time       TEXT NOT NULL,
        pro_status         TEXT NOT NULL,
        project_type       TEXT NOT NULL,
        area_code          TEXT NOT NULL,
        dept_code          TEXT NOT NULL,
        orgcode            TEXT NOT NULL,
        org_name           TEXT NOT NULL,
        user_prop          TEXT NOT NULL,
        user_page_type     TEXT NOT NULL,
        win_no             TEXT NOT NULL,
        staff_number       TEXT NOT NULL,
        staff_name         TEXT NOT NULL,
        level              INTEGER NOT NULL CHECK (level BETWEEN 1 AND 5),
        indicators         TEXT NOT NULL,
        indicators_version TEXT NOT NULL,
        comment            TEXT NOT NULL,
        reason_given       INTEGER NOT NULL CHECK (reason_given IN (0, 1)),
        completed_by       TEXT NOT NULL CHECK (completed_by IN ('submitted','ring_closed','recovered')),
        recovered          INTEGER NOT NULL CHECK (recovered = (completed_by = 'recovered')),
        pf                 TEXT NOT NULL,
        input_device       TEXT NOT NULL,
        invited_at         TEXT NOT NULL,
        first_touch_ms     INTEGER NOT NULL,
        submitted_ms       INTEGER NOT NULL,
        changes            INTEGER NOT NULL,
        rated_at           TEXT NOT NULL,
        boot_id            TEXT NOT NULL,
        monotonic_ns       INTEGER NOT NULL,
        clock_trusted      INTEGER NOT NULL CHECK (clock_trusted IN (0, 1)),
        rater_sm3          TEXT NOT NULL,
        prev_hash          TEXT NOT NULL,
        hash               TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX ratings_one_per_matter
        ON ratings (project_no, service_number, assess_number) WHERE project_no IS NOT NULL;

    CREATE TABLE rater (
        rating_id TEXT PRIMARY KEY REFERENCES ratings (id) ON DELETE CASCADE,
        sealed    BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE draft (
        one            INTEGER PRIMARY KEY CHECK (one = 1),
        visit_id       TEXT NOT NULL REFERENCES visits (id),
        level          INTEGER NOT NULL CHECK (level BETWEEN 1 AND 5),
        input_device   TEXT NOT NULL,
        tapped_at      TEXT NOT NULL,
        boot_id        TEXT NOT NULL,
        monotonic_ns   INTEGER NOT NULL,
        clock_trusted  INTEGER NOT NULL,
        first_touch_ms INTEGER NOT NULL,
        changes        INTEGER NOT NULL,
        rater_sealed   BLOB
    ) STRICT;

    CREATE TABLE checkpoints (
        seq  INTEGER PRIMARY KEY,
        hash TEXT NOT NULL,
        at   TEXT NOT NULL
    ) STRICT;

    CREATE TABLE journal (
        id           INTEGER PRIMARY KEY,
        at           TEXT NOT NULL,
        boot_id      TEXT NOT NULL,
        monotonic_ns INTEGER NOT NULL,
        kind         TEXT NOT NULL,
        detail       TEXT NOT NULL
    ) STRICT;
    """,
    )


@migrations()
def deliveries_and_anchors(db: Database) -> None:
    """What became of each rating on its way, and the true times the platform told."""
    _script(
        db,
        """
    CREATE TABLE deliveries (
        seq              INTEGER PRIMARY KEY REFERENCES ratings (seq) ON DELETE CASCADE,
        state            TEXT NOT NULL CHECK (state IN ('pending','acknowledged','refused')),
        attempts         INTEGER NOT NULL,
        batch            TEXT,
        next_attempt_at  TEXT,
        last_error       TEXT,
        sent_assess_time TEXT,
        time_uncertain   INTEGER NOT NULL DEFAULT 0,
        receipt          TEXT,
        platform_code    TEXT,
        platform_message TEXT,
        settled_at       TEXT,
        exported_at      TEXT,
        CHECK ((state = 'pending') = (settled_at IS NULL))
    ) STRICT;
    CREATE INDEX deliveries_pending ON deliveries (seq) WHERE state = 'pending';
    CREATE INDEX deliveries_refused ON deliveries (seq) WHERE state = 'refused';

    CREATE TABLE anchors (
        boot_id      TEXT PRIMARY KEY,
        monotonic_ns INTEGER NOT NULL,
        true_time    TEXT NOT NULL,
        offset_us    INTEGER NOT NULL,
        source       TEXT NOT NULL CHECK (source IN ('platform','technician'))
    ) STRICT, WITHOUT ROWID;
    """,
    )


@migrations()
def promises(db: Database) -> None:
    """The triggers that refuse what must never happen."""
    _script(
        db,
        """
    CREATE TRIGGER ratings_never_change BEFORE UPDATE ON ratings
    BEGIN SELECT RAISE(ABORT, 'a rating never changes'); END;

    CREATE TRIGGER ratings_leave_below_a_checkpoint BEFORE DELETE ON ratings
    WHEN OLD.seq > COALESCE((SELECT MAX(seq) FROM checkpoints), 0)
    BEGIN SELECT RAISE(ABORT, 'a rating above the checkpoint never leaves'); END;

    CREATE TRIGGER ratings_have_no_gap BEFORE INSERT ON ratings
    WHEN NEW.seq IS NOT COALESCE((SELECT MAX(seq) FROM ratings), (SELECT MAX(seq) FROM checkpoints), 0) + 1
    BEGIN SELECT RAISE(ABORT, 'seq must follow the last rating'); END;

    CREATE TRIGGER ratings_replace_nothing BEFORE INSERT ON ratings
    WHEN EXISTS (SELECT 1 FROM ratings WHERE id = NEW.id OR visit_id = NEW.visit_id)
    BEGIN SELECT RAISE(ABORT, 'this visit has its rating'); END;

    CREATE TRIGGER ratings_one_per_matter_only BEFORE INSERT ON ratings
    WHEN NEW.project_no IS NOT NULL AND EXISTS (
        SELECT 1 FROM ratings WHERE project_no = NEW.project_no
        AND service_number = NEW.service_number AND assess_number = NEW.assess_number)
    BEGIN SELECT RAISE(ABORT, 'this matter is rated'); END;

    CREATE TRIGGER checkpoints_name_a_settled_rating BEFORE INSERT ON checkpoints
    WHEN NOT EXISTS (SELECT 1 FROM ratings WHERE seq = NEW.seq AND hash = NEW.hash)
      OR EXISTS (SELECT 1 FROM ratings r LEFT JOIN deliveries d ON d.seq = r.seq
                 WHERE r.seq <= NEW.seq AND NOT (COALESCE(d.state, '') = 'acknowledged'
                       OR (COALESCE(d.state, '') = 'refused' AND d.exported_at IS NOT NULL)))
    BEGIN SELECT RAISE(ABORT, 'a checkpoint names a rating that, like all before it, is settled'); END;

    CREATE TRIGGER checkpoints_never_change BEFORE UPDATE ON checkpoints
    BEGIN SELECT RAISE(ABORT, 'a checkpoint never changes'); END;
    CREATE TRIGGER checkpoints_never_leave BEFORE DELETE ON checkpoints
    BEGIN SELECT RAISE(ABORT, 'a checkpoint never leaves'); END;

    CREATE TRIGGER visits_end_once BEFORE UPDATE ON visits WHEN OLD.outcome IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a visit ends once'); END;
    CREATE TRIGGER visits_keep_what_they_were BEFORE UPDATE OF
        id, opened_at, boot_id, monotonic_ns, clock_trusted, project_no, service_number, matter,
        staff_number, staff_name, timeout_s ON visits
    BEGIN SELECT RAISE(ABORT, 'of a visit only its end is written later'); END;
    CREATE TRIGGER visits_leave_when_ended BEFORE DELETE ON visits WHEN OLD.outcome IS NULL
    BEGIN SELECT RAISE(ABORT, 'an open visit never leaves'); END;

    CREATE TRIGGER visits_replace_nothing BEFORE INSERT ON visits
    WHEN EXISTS (SELECT 1 FROM visits WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'this visit is there already'); END;
    CREATE TRIGGER checkpoints_replace_nothing BEFORE INSERT ON checkpoints
    WHEN EXISTS (SELECT 1 FROM checkpoints WHERE seq = NEW.seq)
    BEGIN SELECT RAISE(ABORT, 'this checkpoint is there already'); END;
    CREATE TRIGGER journal_replaces_nothing BEFORE INSERT ON journal
    WHEN EXISTS (SELECT 1 FROM journal WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;

    CREATE TRIGGER journal_never_changes BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
    CREATE TRIGGER journal_never_shrinks BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
    """,
    )


@migrations()
def promises_of_deliveries(db: Database) -> None:
    """What keeps a rating from being passed over, and a visit with the rating it led to.

    Ratings never tried are those above the last row of ``deliveries``; a row that skipped one, or
    went away again, would hide a rating from delivery for good.
    """
    _script(
        db,
        """
    CREATE TRIGGER deliveries_skip_nothing BEFORE INSERT ON deliveries
    WHEN EXISTS (SELECT 1 FROM ratings WHERE seq < NEW.seq AND seq > COALESCE(
        (SELECT MAX(seq) FROM deliveries), (SELECT MAX(seq) FROM checkpoints), 0))
    BEGIN SELECT RAISE(ABORT, 'ratings are tried in order'); END;
    CREATE TRIGGER deliveries_keep_their_rating BEFORE UPDATE OF seq ON deliveries
    BEGIN SELECT RAISE(ABORT, 'a delivery stays with its rating'); END;
    CREATE TRIGGER deliveries_leave_with_their_rating BEFORE DELETE ON deliveries
    WHEN EXISTS (SELECT 1 FROM ratings WHERE seq = OLD.seq)
    BEGIN SELECT RAISE(ABORT, 'a delivery stays with its rating'); END;

    CREATE TRIGGER visits_stay_with_their_rating BEFORE DELETE ON visits
    WHEN EXISTS (SELECT 1 FROM ratings WHERE visit_id = OLD.id)
    BEGIN SELECT RAISE(ABORT, 'a visit stays with its rating'); END;
    """,
    )


@migrations()
def suspicions_and_alerts(db: Database) -> None:
    """What looks unlike honest rating, whom a bad rating was told to, and which raters had the same card.

    A mark is of the card alone, made with the device's key, and leaves with the rater's data.
    """
    _script(
        db,
        """
    ALTER TABLE rater ADD COLUMN card_mark TEXT;

    CREATE TABLE flags (
        id       INTEGER PRIMARY KEY,
        kind     TEXT NOT NULL,
        seq      INTEGER REFERENCES ratings (seq) ON DELETE CASCADE,
        visit_id TEXT,
        reason   TEXT NOT NULL,
        at       TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX flags_once ON flags (kind, COALESCE(seq, 0), COALESCE(visit_id, ''));

    CREATE TABLE alerts (
        seq             INTEGER NOT NULL REFERENCES ratings (seq) ON DELETE CASCADE,
        target          TEXT NOT NULL,
        state           TEXT NOT NULL CHECK (state IN ('pending','told')),
        attempts        INTEGER NOT NULL,
        next_attempt_at TEXT,
        last_error      TEXT,
        told_at         TEXT,
        PRIMARY KEY (seq, target),
        CHECK ((state = 'told') = (told_at IS NOT NULL))
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX alerts_pending ON alerts (seq) WHERE state = 'pending';

    CREATE TRIGGER flags_never_change BEFORE UPDATE ON flags
    BEGIN SELECT RAISE(ABORT, 'a flag never changes'); END;
    CREATE TRIGGER alerts_are_told_once BEFORE UPDATE ON alerts WHEN OLD.state = 'told'
    BEGIN SELECT RAISE(ABORT, 'an alert is told once'); END;
    """,
    )


@migrations()
def marks_of_checkpoints(db: Database) -> None:
    """By which a checkpoint is known as the pad's own, and not one that hides what was cut off."""
    _script(
        db,
        """
    CREATE TABLE checkpoint_marks (
        seq  INTEGER PRIMARY KEY REFERENCES checkpoints (seq),
        mark TEXT NOT NULL
    ) STRICT;
    """,
    )


@migrations()
def looking_for_suspicions(db: Database) -> None:
    """What the look for suspicious patterns needs, at a cost that does not grow with the ledger.

    ``cut_short`` is the order in which the clerk's side ended invitations, whatever the clocks
    said; ``shown_ms`` is NULL until a look was taken at it. ``looked`` says how far ratings were
    looked at. A flag leaves with what it marks, and not before.
    """
    _script(
        db,
        """
    CREATE TABLE looked (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        seq INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE cut_short (
        n        INTEGER PRIMARY KEY,
        visit_id TEXT NOT NULL UNIQUE REFERENCES visits (id) ON DELETE CASCADE,
        shown_ms INTEGER
    ) STRICT;
    CREATE INDEX cut_short_new ON cut_short (n) WHERE shown_ms IS NULL;
    CREATE TRIGGER visits_cut_short AFTER UPDATE OF outcome ON visits
    WHEN NEW.outcome IN ('cancelled', 'superseded')
    BEGIN INSERT INTO cut_short (visit_id) VALUES (NEW.id); END;

    CREATE INDEX rater_by_card ON rater (card_mark) WHERE card_mark IS NOT NULL;
    CREATE INDEX IF NOT EXISTS flags_by_rating ON flags (seq) WHERE seq IS NOT NULL;
    CREATE INDEX flags_by_visit ON flags (visit_id) WHERE visit_id IS NOT NULL;
    CREATE TRIGGER flags_leave_with_their_visit AFTER DELETE ON visits
    BEGIN DELETE FROM flags WHERE visit_id = OLD.id; END;
    CREATE TRIGGER flags_leave_not_before BEFORE DELETE ON flags
    WHEN EXISTS (SELECT 1 FROM ratings WHERE seq = OLD.seq)
      OR EXISTS (SELECT 1 FROM visits WHERE id = OLD.visit_id)
    BEGIN SELECT RAISE(ABORT, 'a flag leaves with what it marks'); END;
    CREATE TRIGGER flags_replace_nothing BEFORE INSERT ON flags
    WHEN EXISTS (SELECT 1 FROM flags WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'a flag replaces no other'); END;
    """,
    )


@migrations()
def what_housekeeping_looks_for(db: Database) -> None:
    """So that a day of it costs the same in a ledger of any size.

    Visits that led to a rating leave with it and need no index; nor then does storing a rating pay for one.
    """
    _script(
        db,
        """
    CREATE INDEX visits_unrated ON visits (ended_at) WHERE outcome <> 'rated' AND clock_trusted = 1;
    CREATE INDEX visits_undated ON visits (boot_id) WHERE outcome <> 'rated' AND clock_trusted = 0;
    """,
    )


@migrations()
def rated_by_phone(db: Database) -> None:
    """Matters that were rated on a phone, as the platform told: none of them is rated here as well.

    ``listened`` says how far a platform was listened to. A visit that a phone's rating ended has no
    rating here to leave with, so housekeeping finds it by an index of its own.
    """
    _script(
        db,
        """
    CREATE TABLE rated_elsewhere (
        visit_id       TEXT PRIMARY KEY,
        project_no     TEXT,
        service_number INTEGER NOT NULL CHECK (service_number BETWEEN 1 AND 99),
        assess_number  INTEGER NOT NULL CHECK (assess_number IN (1, 2)),
        rated_at       TEXT NOT NULL,
        heard_at       TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX rated_elsewhere_by_matter
        ON rated_elsewhere (project_no, service_number, assess_number) WHERE project_no IS NOT NULL;
    CREATE INDEX rated_elsewhere_by_age ON rated_elsewhere (heard_at);
    CREATE TABLE listened (
        one      INTEGER PRIMARY KEY CHECK (one = 1),
        platform TEXT NOT NULL,
        cursor   INTEGER NOT NULL
    ) STRICT;

    CREATE TRIGGER rated_elsewhere_never_changes BEFORE UPDATE ON rated_elsewhere
    BEGIN SELECT RAISE(ABORT, 'what a phone rated does not change'); END;
    CREATE TRIGGER ratings_not_of_what_a_phone_rated BEFORE INSERT ON ratings
    WHEN EXISTS (SELECT 1 FROM rated_elsewhere WHERE visit_id = NEW.visit_id)
      OR (NEW.project_no IS NOT NULL AND EXISTS (
        SELECT 1 FROM rated_elsewhere WHERE project_no = NEW.project_no
        AND service_number = NEW.service_number AND assess_number = NEW.assess_number))
    BEGIN SELECT RAISE(ABORT, 'this matter is rated on a phone'); END;

    CREATE INDEX visits_rated_by_phone ON visits (ended_at)
        WHERE outcome = 'rated' AND ended_by = 'phone';
    CREATE INDEX visits_forestalled ON visits (id)
        WHERE outcome = 'rated' AND ended_by = 'phone' AND end_reason = 'while_rating';
    """,
    )


def _script(db: Database, sql: str) -> None:
    """Run several statements inside the migration's transaction (``executescript`` would commit)."""
    statement = ""
    for line in sql.splitlines():
        statement += line + "\n"
        if statement.strip() and sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""
