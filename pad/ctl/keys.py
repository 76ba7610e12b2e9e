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
from pad.ctl.opening import ledger
from pad.keys import SecretError
from pad.ledger import rotation
from pad.settings import Settings


@click.group("keys")
def keys_group() -> None:
    """Look after the keys of the ledger's chain, of raters' data and of the device."""


@keys_group.command("make")
@click.pass_obj
def make(config: Path | None) -> None:
    """Make the keys that are not there; those that are stay."""
    configured = settings.load(config)
    made = device_key.make_keys(configured.state_dir, has_ledger=configured.ledger_path.exists())
    folder = configured.state_dir / "keys"
    if made:
        click.echo(f"made {', '.join(made)} in {folder}; back them up")
    else:
        click.echo(f"every key is there, in {folder}")


@keys_group.command("rotate")
@click.option("--stopped", is_flag=True, hidden=True)
@click.pass_obj
def rotate(config: Path | None, *, stopped: bool) -> None:
    """Make new keys for what comes; what is stored keeps its own.

    On an installed pad the kiosk is stopped meanwhile, for some seconds and only while nobody is rating.
    """
    configured = settings.load(config)
    with ledger(configured) as db:
        handed = rotation.are_handed_over(configured.ledger_path, configured.state_dir)
        if handed and not stopped and restart.may_restart(configured):
            done, words = restart.with_kiosk_stopped(configured, ["keys", "rotate", "--stopped"])
            click.echo(words, err=not done)
            sys.exit(0 if done else 1)
        with _kiosk_stopped(configured, needed=handed):
            made = rotation.rotate(db, configured.state_dir, SystemClock().read(), stopped=handed)
    restarted = (
        "nothing needs a restart; " if not handed else "" if stopped else "restart syncd and the kiosk; "
    )
    click.echo(
        f"new keys from row {made.start} on (chain {made.chain_number}, sealing {made.sealing_number}); "
        f"{restarted}back up {configured.state_dir / 'keys'} again now"
    )


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
@click.pass_obj
def drop(config: Path | None) -> None:
    """Remove old keys under which nothing is sealed any more; done by itself after housekeeping."""
    configured = settings.load(config)
    with ledger(configured) as db:
        click.echo(f"removed {rotation.drop_spent(db, configured.state_dir)} sealing keys")
