"""New keys in the middle of a ledger's life: nothing is lost, and none comes in without the one before."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from pad import chain, keys, sealing
from pad.chain import Break, Head, KeyChange
from pad.keys import SecretError
from pad.ledger import retention, rotation, verification
from pad.ledger.connection import LedgerUnwritable, connect
from pad.ledger.outbox import Outbox
from pad.ledger.recording import Recorder
from pad.ledger.rotation import Rotation
from pad.ledger.verification import Finding, examine
from pad.sealing import SealError
from syncd.housekeeping import keep_house
from tests.pad.ledger.conftest import PERSON, START, Window, at


def state_of(window: Window) -> Path:
    return window.path.parent


def rotate(window: Window) -> Rotation:
    return rotation.rotate(window.db, state_of(window), at(500))


def verify(window: Window) -> tuple[Head, Break | None]:
    known = keys.device_keys(state_of(window), may_create=False)
    return verification.verify(window.db, known.chain, known.changes)[1:]


def names(window: Window) -> set[str]:
    folder = state_of(window) / "keys"
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def restarted(window: Window) -> Recorder:
    return Recorder(window.db, keys.device_keys(state_of(window), may_create=False), "x")


def headers(window: Window) -> list[int | None]:
    rows = window.db.execute("SELECT s.sealed FROM rater s JOIN ratings r ON r.id = s.rating_id ORDER BY seq")
    return [sealing.key_number(row["sealed"]) for row in rows.fetchall()]


def test_a_pad_that_never_rotated_has_two_keys_and_the_first_form_of_sealing(window: Window) -> None:
    rating = window.rate(rater=PERSON)
    assert names(window) == {"chain.key", "sealing.key"}
    assert headers(window) == [1]
    row = dict(window.db.execute("SELECT * FROM ratings").fetchone())
    assert chain.link(window.keys.chain, chain.GENESIS, row) == rating.hash
    assert len(sealing.seal(bytes(16), PERSON, "v", 2)) == len(sealing.seal(bytes(16), PERSON, "v")) + 2


def test_programs_that_run_use_the_new_keys_from_the_next_row_on_and_open_what_the_old_ones_sealed(
    window: Window,
) -> None:
    before = window.rate(rater=PERSON)
    assert rotate(window) == Rotation(2, 2, 2)
    after = window.rate(rater=PERSON)
    assert names(window) == {"chain.key", "sealing.key", "chain/2.key", "sealing/2.key"}
    assert headers(window) == [1, 2]
    assert window.outbox.rater(before) == window.outbox.rater(after) == PERSON
    assert verify(window) == (Head(2, after.hash), None)
    assert verification.verify(window.db, window.keys.chain)[2] == Break(
        2, "the row was changed after it was written"
    ), "the new key, not the old one, made it"
    assert all((state_of(window) / "keys" / name).stat().st_mode & 0o777 == 0o600 for name in names(window))
    (note,) = window.db.execute("SELECT detail FROM journal WHERE kind = 'keys_rotated'").fetchall()
    assert note["detail"] == '{"chain": 2, "from": 2, "sealing": 2}'


def test_any_number_of_times_also_with_nothing_between(window: Window) -> None:
    ratings = []
    for times in (1, 0, 2, 3, 1):
        ratings.append(window.rate(rater=PERSON))
        for _ in range(times):
            rotate(window)
    ratings.append(restarted(window).append(window.finished(rater=PERSON)))
    assert verify(window) == (Head(6, ratings[-1].hash), None)
    fresh = Outbox(window.db, keys.sealing_keys(state_of(window)))
    assert {fresh.rater(rating) for rating in ratings} == {PERSON}
    assert headers(window) == [1, 2, 2, 4, 7, 8]


def test_a_draft_of_before_is_completed_after_and_keeps_its_seal(window: Window) -> None:
    window.draft(window.visit(rater=PERSON))
    rotate(window)
    recovered = restarted(window).recover(at(600), discard=False)
    assert recovered is not None
    assert headers(window) == [1]
    assert window.outbox.rater(recovered) == PERSON
    assert verify(window)[1] is None


# --- forged ------------------------------------------------------------------------------------


def change(window: Window, **forged: Any) -> KeyChange:
    known = keys.device_keys(state_of(window), may_create=False)
    return replace(known.changes[-1], **forged)


@pytest.mark.parametrize(
    "forge",
    [
        lambda window: change(window, key=b"y" * 32),
        lambda window: change(window, start=2),
        lambda window: change(window, after="0" * 64),
        lambda window: KeyChange(3, "0" * 64, b"y" * 32, chain.consent(b"x" * 32, 3, "0" * 64, b"y" * 32)),
    ],
)
def test_a_key_without_the_consent_of_the_one_before_is_found(
    window: Window, forge: Callable[[Window], KeyChange]
) -> None:
    window.rate()
    window.rate()
    rotate(window)
    forged = forge(window)
    window.rate()
    (state_of(window) / "keys" / "chain/2.key").unlink()
    keys.write_change(state_of(window), 2, forged)
    found = verify(window)[1]
    assert found == Break(forged.start, "the key from here on was not brought in by the one before it")


def unpromised(window: Window) -> None:
    for row in window.db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        window.db.execute(f"DROP TRIGGER {row[0]}")
    window.db.execute("PRAGMA foreign_keys = OFF")


def rewrite(window: Window, key: bytes, first: int) -> None:
    """Make every rating from ``first`` on the best, with a key that fell into wrong hands."""
    rows = window.db.execute("SELECT * FROM ratings WHERE seq >= ? ORDER BY seq", (first,)).fetchall()
    previous = rows[0]["prev_hash"]
    for row in rows:
        changed = dict(row) | {"level": 5, "prev_hash": previous}
        previous, was = chain.link(key, previous, changed), previous
        window.db.execute(
            "UPDATE ratings SET level = 5, prev_hash = ?, hash = ? WHERE seq = ?", (was, previous, row["seq"])
        )


def test_with_the_old_key_nothing_is_rewritten_unseen_even_before_there_is_a_row_of_the_new_one(
    window: Window,
) -> None:
    for _ in range(3):
        window.rate(1)
    rotate(window)
    unpromised(window)
    rewrite(window, window.keys.chain, 2)
    assert verify(window)[1] == Break(3, "the key was changed after another row than this")
    window.db.execute("DELETE FROM ratings WHERE seq > 1")
    assert verify(window)[1] == Break(2, "it is missing; the key was changed after row 3")


def test_rows_of_before_rewritten_with_the_old_key_do_not_fit_those_after(window: Window) -> None:
    for _ in range(3):
        window.rate(1)
    rotate(window)
    window.rate(1)
    unpromised(window)
    rewrite(window, window.keys.chain, 2)
    assert verify(window)[1] == Break(4, "the key was changed here, after another row than the one before it")


def test_a_ledger_begun_anew_bears_no_key_that_was_given_up(window: Window, tmp_path: Path) -> None:
    for _ in range(3):
        window.rate()
    rotate(window)
    window.rate()
    given_up = keys.device_keys(tmp_path, may_create=False)
    with closing(connect(tmp_path / "another.db")) as db:
        anew = Window.__new__(Window)
        anew.path, anew.keys, anew.db, anew.count = tmp_path / "another.db", given_up, db, 0
        anew.recorder, anew.outbox = Recorder(db, given_up, "x"), Outbox(db, given_up)
        for _ in range(5):
            last = anew.rate(rater=PERSON)
        assert "chain/3.key" in names(anew)
        assert verify(anew) == (Head(5, last.hash), None)
        assert verification.verify(db, given_up.chain)[2] is not None
        assert verification.verify(db, given_up.chain, given_up.changes)[2] is not None


# --- old keys leave ----------------------------------------------------------------------------


def test_a_sealing_key_stays_while_anything_is_sealed_with_it_then_leaves(window: Window) -> None:
    first = window.rate(rater=PERSON)
    rotate(window)
    second = window.rate(rater=PERSON)
    rotate(window)
    running = Outbox(window.db, keys.sealing_keys(state_of(window)))
    assert rotation.drop_spent(window.db, state_of(window)) == 0
    window.outbox.record([], forget=[second.id])
    assert rotation.drop_spent(window.db, state_of(window)) == 0, (
        "the first is needed, so those after it stay"
    )
    window.outbox.record([], forget=[first.id])
    window.draft(window.visit(rater=PERSON))
    assert rotation.drop_spent(window.db, state_of(window)) == 2
    assert names(window) == {"chain.key", "chain/2.key", "chain/3.key", "sealing/3.key"}
    assert restarted(window).recover(at(700), discard=False) is not None
    third = window.rate(rater=PERSON)
    assert running.rater(third) == window.outbox.rater(third) == PERSON
    assert verify(window)[1] is None, "the chain's keys stay"


def test_a_program_left_behind_by_several_rotations_seals_with_the_newest_key(window: Window) -> None:
    left_behind = Recorder(window.db, keys.device_keys(state_of(window), may_create=False), "x")
    for _ in range(3):
        rotate(window)
    assert rotation.drop_spent(window.db, state_of(window)) == 3
    rating = left_behind.append(window.finished(rater=PERSON))
    assert headers(window) == [4]
    assert window.outbox.rater(rating) == PERSON
    rotate(window)
    assert rotation.drop_spent(window.db, state_of(window)) == 0
    rotate(window)
    left_behind.append(window.finished(rater=PERSON))
    assert headers(window) == [4, 6]


def test_what_a_key_sealed_that_was_removed_by_hand_says_which_rating_and_nothing_else(
    window: Window,
) -> None:
    rating = window.rate(rater=PERSON)
    rotate(window)
    (state_of(window) / "keys" / "sealing.key").unlink()
    with pytest.raises(SealError, match="rating 1: the key its rater's data were sealed with is not there"):
        Outbox(window.db, keys.sealing_keys(state_of(window))).rater(rating)


def test_the_key_that_marked_the_last_checkpoint_stays_until_another_one_has_a_newer(window: Window) -> None:
    for _ in range(3):
        window.rate(rater=PERSON)
    window.settle(1, 2, 3)
    window.db.execute("UPDATE deliveries SET attempts = 1")
    assert retention.prune_ratings(window.db, at(1000).wall, at(2000).wall, window.keys.sealing) == 3
    rotate(window)
    window.rate(rater=PERSON)
    assert rotation.drop_spent(window.db, state_of(window)) == 0

    def findings() -> tuple[Finding, ...]:
        return examine(window.db, keys.device_keys(state_of(window), may_create=False)).findings

    assert findings() == ()
    window.settle(4)
    newest = keys.sealing_keys(state_of(window)).sealing
    assert retention.prune_ratings(window.db, at(1000).wall, at(2000).wall, newest) == 1
    assert rotation.drop_spent(window.db, state_of(window)) == 1
    assert findings() == ()


def test_marks_of_cards_are_held_against_the_key_of_their_seal(window: Window) -> None:
    window.draft(window.visit(rater=PERSON))
    rotate(window)
    restarted(window).recover(at(600), discard=False)
    window.rate(rater=PERSON)
    known = keys.device_keys(state_of(window), may_create=False)
    assert examine(window.db, known).findings == ()
    unpromised(window)
    window.db.execute("UPDATE rater SET card_mark = 'forged'")
    found = {each.row for each in examine(window.db, known).findings if each.table == "rater"}
    assert found == {"of rating 1", "of rating 2"}


# --- refused -----------------------------------------------------------------------------------


def test_keys_that_are_no_files_are_not_rotated_and_what_to_do_is_said(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.rate()
    credentials = tmp_path / "credentials"
    (tmp_path / "keys").rename(credentials)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    with pytest.raises(SecretError, match="have the units hand them over from there"):
        rotate(window)
    window.rate()
    assert verify(window)[1] is None
    assert not (tmp_path / "keys").exists()


def hand_over(window: Window, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What systemd makes of ``LoadCredential=chain:…/keys/chain`` and the like at a program's start."""
    folder = state_of(window) / "keys"
    handed = state_of(window) / f"credentials-{len(list(state_of(window).glob('credentials-*')))}"
    handed.mkdir()
    for name in names(window):
        (handed / name.replace("/", "_")).write_bytes((folder / name).read_bytes())
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed))
    return handed


def lock_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root's, 0711: names that are known can be asked for, and no others are told."""
    listed = Path.iterdir

    def refused(self: Path) -> Iterator[Path]:
        if "keys" in self.parts:
            raise PermissionError(13, "Permission denied", str(self))
        return listed(self)

    monkeypatch.setattr(Path, "iterdir", refused)


def test_keys_that_came_by_rotation_are_handed_over_by_their_folder(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = window.rate(rater=PERSON)
    rotate(window)
    after = window.rate(rater=PERSON)
    hand_over(window, monkeypatch)
    (tmp_path / "keys").rename(tmp_path / "out of reach")
    window.recorder = restarted(window)
    outbox = Outbox(window.db, keys.sealing_keys(tmp_path))
    window.rate(rater=PERSON)
    assert headers(window) == [1, 2, 2]
    assert outbox.rater(before) == outbox.rater(after) == PERSON
    assert verify(window)[1] is None


def test_who_was_handed_keys_that_were_given_up_meanwhile_writes_and_sends_nothing_with_them(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.rate(rater=PERSON)
    before = hand_over(window, monkeypatch)
    kiosk, syncd = restarted(window), Outbox(window.db, keys.sealing_keys(state_of(window)))
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    rotate(window)
    after = hand_over(window, monkeypatch)
    lock_folder(monkeypatch)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(before))
    with pytest.raises(LedgerUnwritable, match="newer keys than those this program was handed"):
        kiosk.append(window.finished(rater=PERSON))
    for start in (lambda: restarted(window), lambda: keys.sealing_keys(state_of(window))):
        with pytest.raises(SecretError, match="restart it"):
            start()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(after))
    window.recorder = restarted(window)
    sent = window.rate(rater=PERSON)
    assert headers(window) == [1, 2]
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(before))
    with pytest.raises(SecretError, match="restart it"):
        syncd.rater(sent)  # not: without its rater


def test_what_a_power_cut_left_of_a_key_is_no_key_and_leaves_with_the_next(window: Window) -> None:
    rotate(window)
    for name in (".sealing.key.0123abcd", "sealing/.3.key.0123abcd", "chain/.3.key.0123abcd"):
        (state_of(window) / "keys" / name).write_text("ha")
    assert rotate(window) == Rotation(1, 3, 3)
    assert not [name for name in names(window) if "0123abcd" in name]


def test_keys_the_ledger_was_not_written_with_are_not_rotated(window: Window, tmp_path: Path) -> None:
    window.rate()
    keys.write_secret(tmp_path / "keys" / "chain.key", "ab" * 32, replace=True)
    with pytest.raises(SecretError, match="row 1 was not written with the key in"):
        rotate(window)
    assert names(window) == {"chain.key", "sealing.key"}


def test_another_user_is_sent_to_the_pads_own(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = os.geteuid()
    monkeypatch.setattr("os.geteuid", lambda: owner + 1)
    with pytest.raises(SecretError, match="run it as the pad's own user"):
        rotate(window)
    assert names(window) == {"chain.key", "sealing.key"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_keys_of_another_user_than_the_ledgers_change_only_while_the_kiosk_is_stopped(
    window: Window,
) -> None:
    """As the package has it: root's keys, the kiosk's ledger, credentials between them."""
    window.rate()
    os.chown(window.path, 12345, -1)
    with pytest.raises(SecretError, match="would not see new ones: padctl keys rotate stops"):
        rotate(window)
    assert names(window) == {"chain.key", "sealing.key"}
    assert rotation.are_handed_over(window.path, state_of(window))
    rotation.rotate(window.db, state_of(window), at(500), stopped=True)
    assert names(window) == {"chain.key", "sealing.key", "chain/2.key", "sealing/2.key"}


def test_old_keys_that_are_roots_stay_until_root_takes_them(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    rotate(window)
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    assert rotation.drop_spent(window.db, state_of(window)) == 0
    monkeypatch.undo()
    assert rotation.drop_spent(window.db, state_of(window)) == 1


def test_a_folder_nobody_may_look_into_is_none_with_later_keys(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock_folder(monkeypatch)
    assert keys.device_keys(state_of(window), may_create=False) == window.keys


@pytest.mark.parametrize("name", ["chain/2.key", "sealing/2.key"])
def test_a_new_key_that_cannot_be_used_is_told_as_a_disk_that_takes_no_ratings(
    window: Window, name: str
) -> None:
    (state_of(window) / "keys" / name).parent.mkdir()
    (state_of(window) / "keys" / name).write_text("no key")
    with pytest.raises(LedgerUnwritable, match=name):
        window.rate(rater=PERSON)
    (state_of(window) / "keys" / name).unlink()
    assert window.rate(rater=PERSON).seq == 1


def test_a_chain_key_that_is_missing_between_others_is_named(window: Window) -> None:
    rotate(window)
    rotate(window)
    (state_of(window) / "keys" / "chain/2.key").unlink()
    with pytest.raises(SecretError, match=r"chain/2\.key: missing; put it back"):
        keys.device_keys(state_of(window), may_create=False)


# --- killed ------------------------------------------------------------------------------------


def rotate_until_killed(window: Window, at_event: int) -> bool:
    """Rotate in a process of its own, that is killed at its n-th step; whether it came to the end."""
    pid = os.fork()
    if pid == 0:
        steps = count(1)

        def step(*_: object) -> None:
            if next(steps) == at_event:
                os.kill(os.getpid(), signal.SIGKILL)

        with closing(connect(window.path)) as db:
            sys.addaudithook(lambda event, _: step() if event in {"open", "os.link", "os.remove"} else None)
            db.set_trace_callback(step)
            rotation.rotate(db, state_of(window), at(500))
            os._exit(0)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return not os.WIFSIGNALED(status)


@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_killed_at_every_step_of_a_rotation_nothing_is_lost_and_the_next_one_does_it(tmp_path: Path) -> None:
    for at_event in count(1):
        (tmp_path / str(at_event)).mkdir()
        window = Window(tmp_path / str(at_event))
        ratings = [window.rate(rater=PERSON)]
        ended = rotate_until_killed(window, at_event)
        ratings.append(window.rate(rater=PERSON))
        assert verify(window) == (Head(2, ratings[-1].hash), None), at_event
        rotate(window)
        assert not [name for name in names(window) if name.startswith(".")], "nothing half-written stays"
        ratings.append(restarted(window).append(window.finished(rater=PERSON)))
        assert verify(window) == (Head(3, ratings[-1].hash), None), at_event
        fresh = Outbox(window.db, keys.sealing_keys(state_of(window)))
        assert {fresh.rater(rating) for rating in ratings} == {PERSON}
        window.outbox.record([], forget=[rating.id for rating in ratings])
        assert rotation.drop_spent(window.db, state_of(window)) >= 1
        window.db.close()
        if ended:
            break
    assert at_event > 15
    print(f"\n{at_event - 1} kills")


def test_housekeeping_drops_spent_keys_only_with_the_seals_they_made(window: Window) -> None:
    from pad.settings import LedgerRules
    from syncd.platform_clock import PlatformClock
    from tests.syncd.pad_box import FixedClock

    rating = window.rate(rater=PERSON)
    rotate(window)
    clock = PlatformClock(FixedClock(START))
    keep_house(state_of(window), window.path, LedgerRules(), clock)
    assert "sealing.key" in names(window)
    window.outbox.record([], forget=[rating.id])
    keep_house(state_of(window), window.path, LedgerRules(), clock)
    assert "sealing.key" not in names(window)
