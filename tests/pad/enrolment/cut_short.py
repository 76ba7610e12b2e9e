"""``padctl enrol`` killed before its Nth write, for every N, each time on a pad of its own; then typed again.

``python -m tests.pad.enrolment.cut_short FOLDER CONTROL`` says in a line of JSON for each N what was found.
One process that forks: what is imported is imported once.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import requests

from pad.ctl.__main__ import padctl
from pad.device_key import make_keys
from pad.ledger.connection import connect

WRITES = ("open", "replace", "rename", "link", "unlink", "fsync", "fchmod")
KEYS = ("chain.key", "sealing.key")


def pad_in(folder: Path) -> dict[str, str]:
    """A pad that has ratings to keep, as far as its folders go."""
    shutil.copytree(Path("config"), folder / "etc")
    state = folder / "state"
    state.mkdir()
    make_keys(state, has_ledger=False)
    (state / "keys" / "device_sm2.key").unlink()
    connect(state / "ledger.db").close()
    return {"PAD_CONFIG": str(folder / "etc/pad.toml"), "PAD_STATE": str(state)}


def enrolled(environment: dict[str, str], text: str, dies_before: int | None) -> int:
    """Enrol in a process of its own; its exit code, -9 if it was killed."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.environ.update(environment)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    if dies_before is not None:
        _die_before(dies_before)
    code = 99
    try:
        padctl(["enrol", "--code", text, "--serial", "SN-1"], standalone_mode=False)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 98
    finally:
        os._exit(code)


def _die_before(number: int) -> None:
    done = count(1)

    def counted(
        act: Callable[..., Any], *, counts: Callable[..., bool] = lambda *_: True
    ) -> Callable[..., Any]:
        def instead(*args: Any, **more: Any) -> Any:
            if counts(*args) and next(done) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return act(*args, **more)

        return instead

    for name in WRITES:
        creates = (
            (lambda _path, flags=0, *_: bool(flags & os.O_CREAT)) if name == "open" else (lambda *_: True)
        )
        setattr(os, name, counted(getattr(os, name), counts=creates))
    sqlite3.connect = counted(sqlite3.connect)


def seen(folder: Path) -> dict[str, Any]:
    """What a pad is made of."""
    state = folder / "state"
    with closing(sqlite3.connect(state / "ledger.db")) as db:
        notes = db.execute("SELECT COUNT(*) FROM journal WHERE kind = 'enrolled'").fetchone()[0]
    word = state / "keys/app_word"
    return {
        "settings": (folder / "etc/pad.toml").read_text(encoding="utf-8"),
        "kept": [sha256((state / "keys" / name).read_bytes()).hexdigest() for name in KEYS],
        "word": word.read_text(encoding="ascii").strip() if word.exists() else None,
        "notes": notes,
        "left": [str(path) for path in folder.rglob(".*") if path.is_file()],
    }


def rounds(folder: Path, control: str) -> Iterator[dict[str, Any]]:
    """Each N until nothing is left to be cut."""
    with requests.Session() as session:
        session.trust_env = False
        for number in count(1):
            place = folder / f"pad-{number}"
            environment = pad_in(place)
            body = {"pad": {"hall_name": "大厅", "win_no": "A07"}, "device": "pad-7"}
            text = session.post(f"{control}/control/enrolments", json=body, timeout=30).json()["text"]
            before = seen(place)
            code = enrolled(environment, text, number)
            cut = seen(place)
            again = enrolled(environment, text, None) if code == -9 else code
            yield {
                "n": number,
                "code": code,
                "before": before,
                "cut": cut,
                "again": again,
                "after": seen(place),
            }
            shutil.rmtree(place)
            if code != -9:
                return


if __name__ == "__main__":
    for each in rounds(Path(sys.argv[1]), sys.argv[2]):
        print(json.dumps(each), flush=True)
