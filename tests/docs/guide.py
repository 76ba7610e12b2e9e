"""Reads the integrator's guide as a person would: runs its commands and scripts, compares what it shows."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from kiosk.calls import Calls
from kiosk.events import Event, Submit, Tap, Withdraw
from pad.codes import Level
from tests.kiosk.conftest import Kiosk

ROOT: Final = Path(__file__).parents[2]
GUIDE: Final = ROOT / "docs" / "integrator.md"
CHINESE: Final = ROOT / "docs" / "integrator.zh-CN.md"
SCRIPT: Final = ROOT / "sandbox" / "pages" / "static" / "counter.js"
CITIZEN: Final[dict[str, Event]] = {"tap": Tap(Level(5)), "submit": Submit(), "withdraw": Withdraw()}
WITHIN_S: Final = 60.0
DONE: Final = "--- done ---"


@dataclass(frozen=True)
class Block:
    """A piece of the guide: code of a language, or what the citizen does (``citizen``, ``meanwhile``)."""

    kind: str
    text: str
    line: int


def blocks(file: Path) -> list[Block]:
    text = file.read_text(encoding="utf-8")
    found = re.finditer(r"^```(\w+)\n(.*?)^```$|^<!-- (\w+): (.*?) -->$", text, re.MULTILINE | re.DOTALL)
    return [
        Block(each[1] or each[3], each[2] or each[4], text.count("\n", 0, each.start()) + 1) for each in found
    ]


def part(title: str, until: str) -> list[Block]:
    """The pieces below one heading, up to another."""
    lines = GUIDE.read_text(encoding="utf-8").splitlines()
    first, last = lines.index(title), lines.index(until)
    return [each for each in blocks(GUIDE) if first < each.line <= last]


def shown(text: str) -> list[Any]:
    """The JSON values of an answer's block, one after the other."""
    found, decoder, rest = [], json.JSONDecoder(), text.strip()
    while rest:
        value, end = decoder.raw_decode(rest)
        found.append(value)
        rest = rest[end:].strip()
    return found


def agrees(told: Any, wanted: Any) -> bool:
    """Whether an answer is as shown: ``…`` as a value stands for any, as a key for any others."""
    if wanted == "…":
        return True
    if isinstance(wanted, dict):
        named = {key: value for key, value in wanted.items() if key != "…"}
        return (
            isinstance(told, dict)
            and (set(told) >= set(named) if "…" in wanted else set(told) == set(named))
            and all(agrees(told[key], value) for key, value in named.items())
        )
    return type(told) is type(wanted) and bool(told == wanted)


class Waiting:
    """Tells when a call has begun to wait for a change of an invitation."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = threading.Event()
        state_after = Calls.state_after

        async def noted(calls: Calls, visit_id: str, state: str, wait_s: float) -> str | None:
            self.begun.set()
            return await state_after(calls, visit_id, state, wait_s)

        monkeypatch.setattr(Calls, "state_after", noted)


class Shell:
    """One bash for a whole part: what one piece sets, the next has."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, text: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{text}\necho '{DONE}'\n")
        self.process.stdin.flush()
        return "".join(iter(self.process.stdout.readline, f"{DONE}\n"))

    def close(self) -> None:
        self.process.communicate(timeout=WITHIN_S)


class Reader:
    """Does what the guide says, piece by piece; ``run`` is for one language, ``told`` what was printed."""

    def __init__(self, kiosk: Kiosk, waiting: Waiting, kind: str, run: Callable[[str], None]) -> None:
        self._kiosk, self._waiting, self._kind, self._run = kiosk, waiting, kind, run
        self._meanwhile: tuple[Event, ...] = ()
        self.told: deque[Any] = deque()
        self.compared = 0

    def read(self, piece: Block, arrive: Callable[[], None]) -> None:
        """One piece; ``arrive`` waits for more to be told."""
        if piece.kind in ("citizen", "meanwhile"):
            acts = tuple(CITIZEN[name] for name in piece.text.split(", "))
            if piece.kind == "meanwhile":
                self._meanwhile = acts
            else:
                self._kiosk.post(*acts)
        elif piece.kind == self._kind:
            self._do(piece)
        elif piece.kind == "json":
            self._compare(piece, shown(piece.text), arrive)

    def _compare(self, piece: Block, wanted: list[Any], arrive: Callable[[], None]) -> None:
        while len(self.told) < len(wanted):
            arrive()
        told = [self.told.popleft() for _ in wanted]
        for each in wanted:
            # what a page prints by two ways comes in any order
            fits = [one for one in told[: None if self._kind == "js" else 1] if agrees(one, each)]
            assert fits, f"{GUIDE.name}:{piece.line}: shown {each}, told {told}"
            told.remove(fits[0])
            self.compared += 1

    def _do(self, piece: Block) -> None:
        assert not self.told, f"{GUIDE.name}:{piece.line}: before it was told what is not shown: {self.told}"
        self._waiting.begun.clear()
        acting = threading.Thread(target=self._act, args=(self._meanwhile,))
        acting.start()
        self._run(at(self._kiosk.settings.counter.port, piece.text))
        acting.join()
        self._meanwhile = ()

    def _act(self, acts: tuple[Event, ...]) -> None:
        if acts:
            assert self._waiting.begun.wait(WITHIN_S)
            self._kiosk.post(*acts)


def at(port: int, text: str) -> str:
    """The guide's words for the pad of this test."""
    return text.replace("27100", str(port)).replace("192.168.1.50", "127.0.0.1")


def nothing_more() -> None:
    raise AssertionError("less was told than is shown")


def in_a_shell(kiosk: Kiosk, waiting: Waiting, shell: Shell) -> Reader:
    return (reader := Reader(kiosk, waiting, "sh", lambda text: reader.told.extend(shown(shell.run(text)))))
