"""What most commands begin with: settings, keys and ledger, or a word on what is missing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any, TypeVar

import click

from pad import keys, settings
from pad.keys import DeviceKeys
from pad.ledger.connection import LedgerError, connect
from pad.settings import Settings

_F = TypeVar("_F", bound=Callable[..., Any])


def known(config: Path | None) -> tuple[Settings, DeviceKeys]:
    """Settings and keys.

    :raises SettingsError: if the settings cannot be used
    :raises SecretError: if a key of the ledger's is missing or malformed
    """
    configured = settings.load(config)
    return configured, keys.device_keys(configured.state_dir, may_create=False)


def ledger(configured: Settings) -> AbstractContextManager[sqlite3.Connection]:
    """The ledger that is there; none is made.

    :raises LedgerError: if there is none, or it cannot be used
    """
    if not configured.ledger_path.exists():
        raise LedgerError(f"{configured.ledger_path}: there is no ledger yet; start the kiosk first")
    return closing(connect(configured.ledger_path))


def for_programs(command: _F) -> _F:
    """The switch that has a command answer in JSON, as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="For programs.")(command)


def print_json(told: object) -> None:
    """An answer for programs."""
    click.echo(json.dumps(told, ensure_ascii=False, indent=2))
