"""``padctl keys``: what is done about the device's own keys."""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from pad import device_key, settings
from pad.clock import SystemClock
from pad.ctl import restart
from pad.ctl.opening import for_programs, ledger, print_json
from pad.ctl.words import _
from pad.keys import SecretError
from pad.ledger import rotation
from pad.settings import Settings


@click.group("keys")
def keys_group() -> None:
    """Look after the keys of the ledger's chain, of raters' data and of the device."""


@keys_group.command("make")
@for_programs
@click.pass_obj
def make(config: Path | None, *, as_json: bool) -> None:
    """Make the keys that are not there; those that are stay."""
    configured = settings.load(config)
    made = device_key.make_keys(configured.state_dir, has_ledger=configured.ledger_path.exists())
    folder = configured.state_dir / "keys"
    if as_json:
        print_json({"made": list(made), "folder": str(folder)})
    elif made:
        said = _("made {names} in {folder}; back them up")
        click.echo(said.format(names=", ".join(made), folder=folder))
    else:
        click.echo(_("every key is there, in {folder}").format(folder=folder))


@keys_group.command("rotate")
@click.option("--stopped", is_flag=True, hidden=True)
@for_programs
@click.pass_obj
def rotate(config: Path | None, *, as_json: bool, stopped: bool) -> None:
    """Make new keys for what comes; what is stored keeps its own.

    On an installed pad the kiosk is stopped meanwhile, for some seconds and only while nobody is rating.
    """
    configured = settings.load(config)
    folder = configured.state_dir / "keys"
    with ledger(configured) as db:
        handed = rotation.are_handed_over(configured.ledger_path, configured.state_dir)
        if handed and not stopped and restart.may_restart(configured):
            done, words = restart.with_kiosk_stopped(configured, ["keys", "rotate", "--stopped"])
            if as_json:
                print_json({"done": done, "said": words, "folder": str(folder)})
            else:
                click.echo(words, err=not done)
            sys.exit(0 if done else 1)
        with _kiosk_stopped(configured, needed=handed):
            made = rotation.rotate(db, configured.state_dir, SystemClock().read(), stopped=handed)
    told = {"start": made.start, "chain": made.chain_number, "sealing": made.sealing_number}
    if as_json:
        print_json(told | {"folder": str(folder)})
        return
    said = _("new keys from row {start} on (chain {chain}, sealing {sealing})").format(**told)
    if not handed:
        said = f"{said}; {_('nothing needs a restart')}"
    elif not stopped:
        said = f"{said}; {_('restart syncd and the kiosk')}"
    click.echo(f"{said}; {_('back up {folder} again now').format(folder=folder)}")


@contextmanager
def _kiosk_stopped(configured: Settings, *, needed: bool) -> Iterator[None]:
    """Hold the lock a kiosk holds while it runs, so that none starts meanwhile.

    :raises SecretError: if one runs
    """
    path = configured.state_dir / "kiosk.lock"
    if not needed or not path.exists():
        yield
        return
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SecretError(
                f"{path}: the kiosk runs, and was handed its keys when it started; stop it, and try again"
            ) from None
        yield


@keys_group.command("drop")
@for_programs
@click.pass_obj
def drop(config: Path | None, *, as_json: bool) -> None:
    """Remove old keys under which nothing is sealed any more; done by itself after housekeeping."""
    configured = settings.load(config)
    with ledger(configured) as db:
        removed = rotation.drop_spent(db, configured.state_dir)
    if as_json:
        print_json({"removed": removed})
    else:
        click.echo(_("sealing keys removed: {count}").format(count=removed))
