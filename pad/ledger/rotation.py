"""New keys for a ledger that goes on: from its next row on for the chain, from now on for raters' data.

Nothing is written anew: each row keeps the key it was made with, which is kept as long as it is
needed. The ledger's write lock is held while a key comes or goes, and whoever writes a row looks
for its keys under the same lock: no row falls between two keys, and no program needs a restart. On an
installed pad the keys are root's, and programs are handed them when they start: there the kiosk has to
be stopped meanwhile, and one that was not writes no row with a key that was given up.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pad import chain, keys, sealing
from pad.chain import Head
from pad.keys import DeviceKeys, SecretError
from pad.ledger import recording
from pad.ledger.connection import transaction
from pad.ledger.journal import write_note
from pad.model import Instant

_NO_FILES: Final = (
    "rotation makes files in {keys}, and the keys of this ledger are not there: put them there (mode 0600) "
    "and have the units hand them over from there, as the package's do"
)


@dataclass(frozen=True, slots=True)
class Rotation:
    """What was changed: the chain's key from row ``start`` on; the numbers of the new keys."""

    start: int
    chain_number: int
    sealing_number: int


def are_handed_over(ledger: Path, state_dir: Path) -> bool:
    """Whether the keys are another user's than the ledger: then programs get them when they start."""
    try:
        return (state_dir / "keys" / "chain.key").stat().st_uid != ledger.stat().st_uid
    except FileNotFoundError:
        return False


def rotate(db: sqlite3.Connection, state_dir: Path, now: Instant, *, stopped: bool = False) -> Rotation:
    """Bring both keys out of use for what comes; kiosk and syncd may run unless they are handed their keys.

    Killed at any step it leaves one or both keys new and everything readable; done again, it
    makes new ones again.

    :param stopped: that no program runs which was handed the keys of before
    :raises SecretError: if the keys are not files, or not this ledger's; nothing is changed then
    :raises LedgerError: if the ledger cannot be written
    """
    with transaction(db):
        _refuse_other_places(db, state_dir, stopped=stopped)
        known, last = keys.device_keys(state_dir, may_create=False), recording.head(db)
        _refuse_foreign(db, known, last, state_dir)
        done = Rotation(last.seq + 1, len(known.changes) + 2, known.sealing_number + 1)
        if max(done.chain_number, done.sealing_number) > sealing.KEYS_MAX:
            raise SecretError(f"{state_dir / 'keys'}: {sealing.KEYS_MAX} keys are the most")
        try:
            keys.remove_unfinished(state_dir)
            keys.write_sealing_key(state_dir, done.sealing_number)
            keys.write_change(state_dir, done.chain_number, known.next_change(last))
        except OSError as error:
            step = "run it as the pad's own user" if isinstance(error, PermissionError) else "mend the disk"
            raise SecretError(f"{error.filename}: cannot be written ({error.strerror}); {step}") from None
        detail = {"from": done.start, "chain": done.chain_number, "sealing": done.sealing_number}
        write_note(db, "keys_rotated", now, detail)
    return done


def drop_spent(db: sqlite3.Connection, state_dir: Path) -> int:
    """Remove the sealing keys under which nothing in the ledger is sealed any more; how many there were.

    The newest stays, and so do those after the oldest that is needed: :meth:`DeviceKeys.current`
    tells by the next one that ours is no longer the newest. Where they are root's it takes root:
    ``padctl keys drop``.
    """
    if not os.access(state_dir / "keys", os.W_OK):
        return 0
    if len(keys.sealing_keys(state_dir).earlier) == 0:
        return 0
    with transaction(db):
        known = keys.sealing_keys(state_dir)
        needed = {known.sealing_number} | {sealing.key_number(header) or 1 for header in _headers(db)}
        needed |= _that_marked_the_start(db, known)
        spent = [number for number in known.earlier if number < min(needed)]
        for number in sorted(spent):
            keys.remove_sealing_key(state_dir, number)
    return len(spent)


def _that_marked_the_start(db: sqlite3.Connection, known: DeviceKeys) -> set[int]:
    """The key by which the last checkpoint is known as the pad's own; the next one has a newer key."""
    row = db.execute(
        "SELECT seq, hash, mark FROM checkpoints JOIN checkpoint_marks USING (seq) ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return set()
    last = Head(row["seq"], row["hash"])
    return {
        number for number, key in known.earlier.items() if chain.checkpoint_mark(key, last) == row["mark"]
    }


def _headers(db: sqlite3.Connection) -> list[bytes]:
    rows = db.execute(
        "SELECT DISTINCT substr(sealed, 1, 3) FROM rater UNION "
        "SELECT substr(rater_sealed, 1, 3) FROM draft WHERE rater_sealed IS NOT NULL"
    )
    return [row[0] for row in rows.fetchall()]


def _refuse_other_places(db: sqlite3.Connection, state_dir: Path, *, stopped: bool) -> None:
    folder = state_dir / "keys"
    sealing_there = [*folder.glob("sealing.key"), *folder.glob("sealing/*.key")]
    if not (folder / "chain.key").exists() or not sealing_there:
        raise SecretError(_NO_FILES.format(keys=folder))
    if (folder / "chain.key").stat().st_uid != os.geteuid():
        raise SecretError(
            f"{folder}: the keys are another user's, whom new ones of yours would lock out; "
            "run it as the pad's own user"
        )
    ledger = Path(db.execute("PRAGMA database_list").fetchone()["file"])
    if are_handed_over(ledger, state_dir) and not stopped:
        raise SecretError(
            f"{folder}: another user's than the ledger, so the kiosk was handed its keys when it started and "
            "would not see new ones: padctl keys rotate stops and starts it"
        )


def _refuse_foreign(db: sqlite3.Connection, known: DeviceKeys, last: Head, state_dir: Path) -> None:
    """A service that has its keys elsewhere would not see the new ones; its last row tells."""
    row = db.execute("SELECT * FROM ratings WHERE seq = ?", (last.seq,)).fetchone()
    if row is None:
        return
    if chain.link(known.chain_at(last.seq), row["prev_hash"], dict(row)) != row["hash"]:
        raise SecretError(
            f"row {last.seq} was not written with the key in {state_dir / 'keys'}: "
            f"padctl verify says whether it was forged; else {_NO_FILES.format(keys=state_dir / 'keys')}"
        )
