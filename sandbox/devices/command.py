"""``sandbox devices``: every device of a window in a technician's hand, by words typed or piped in."""

from __future__ import annotations

import json
import random
import shlex
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from sandbox.devices.idcard import REQUESTS, Card
from sandbox.devices.table import Table

_NOISE_MAX: Final = 100_000
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS: Final = "10X98765432"


class WordsError(ValueError):
    """What was typed means nothing; the message says what is allowed."""


class Desk:
    """Does what is typed, and says what was done."""

    def __init__(self, table: Table, seed: int) -> None:
        self._table = table
        self._chance = random.Random(seed)  # noqa: S311 - noise and made-up numbers
        self._words: dict[str, tuple[str, Callable[[list[str]], str]]] = {
            "key": ("key LEVEL", self._key),
            "bounce": ("bounce LEVEL", self._bounce),
            "card": ("card NAME [NUMBER]", self._card),
            "lift": ("lift", self._lift),
            "fail": ("fail find|select|read SW3, such as: fail read 41", self._fail),
            "mute": ("mute on|off", self._mute),
            "portions": ("portions BYTES (0: whole)", self._portions),
            "scan": ("scan TEXT", self._scan),
            "scan-gbk": ("scan-gbk TEXT", self._scan_gbk),
            "call": ("call METHOD PATH [JSON]", self._call),
            "noise": (f"noise {'|'.join(table.lines)} BYTES", self._noise),
            "unplug": (f"unplug {'|'.join(table.lines)}", self._unplug),
            "plug": (f"plug {'|'.join(table.lines)}", self._plug),
            "help": ("help", self._help),
        }

    def do(self, line: str) -> str:
        """Do what a line says; what was done.

        :raises WordsError: if it says nothing that is known
        """
        word, _, rest = line.strip().partition(" ")
        if word not in self._words:
            raise WordsError(f"{word}: unknown; allowed are {', '.join(self._words)}, quit")
        usage, act = self._words[word]
        try:
            # what is scanned or called is taken as it stands
            given = [rest.strip()] if word.startswith(("scan", "call")) else shlex.split(rest)
            return act(given)
        except (ValueError, IndexError, KeyError, UnicodeEncodeError) as error:
            raise WordsError(f"{word}: allowed is {usage}") from error

    # --- the words ------------------------------------------------------------------------

    def _key(self, given: list[str]) -> str:
        (level,) = given
        self._table.keypad.press(int(level))
        return f"key {level} pressed"

    def _bounce(self, given: list[str]) -> str:
        (level,) = given
        self._table.keypad.bounce(int(level))
        return f"key {level} pressed; its contact bounced"

    def _card(self, given: list[str]) -> str:
        name, *numbers = given
        (number,) = numbers or [self._made_up_number()]
        card = Card(name, number)
        self._table.idcard.put(card)
        return f"a card is on the reader: {card.name} {card.number}"

    def _lift(self, given: list[str]) -> str:
        _none(given)
        self._table.idcard.lift()
        return "the reader is empty"

    def _fail(self, given: list[str]) -> str:
        request, (status,) = given[0], bytes.fromhex(given[1])
        if request not in REQUESTS.values() or len(given) > 2:
            raise ValueError(request)
        self._table.idcard.fail_next(request, status)
        return f"the next {request} fails with {status:02X}"

    def _mute(self, given: list[str]) -> str:
        self._table.idcard.muted = {"on": True, "off": False}[given[0]]
        return "the reader says nothing" if self._table.idcard.muted else "the reader answers"

    def _portions(self, given: list[str]) -> str:
        self._table.idcard.portion = max(0, int(given[0]))
        return "done"

    def _scan(self, given: list[str]) -> str:
        self._table.scanner.scan(_some(given[0]))
        return "scanned"

    def _scan_gbk(self, given: list[str]) -> str:
        self._table.scanner.scan(_some(given[0]), "gbk", b"\r")
        return "scanned, in GBK"

    def _call(self, given: list[str]) -> str:
        method, path, *body = given[0].split(maxsplit=2)
        try:
            status, answer = self._table.counter.call(
                method.upper(), path, json.loads(body[0]) if body else None, within_s=5.0
            )
        except TimeoutError as error:
            return str(error)
        return f"{status} {json.dumps(answer, ensure_ascii=False)}"

    def _noise(self, given: list[str]) -> str:
        name, count = given
        self._table.lines[name].write(self._chance.randbytes(min(int(count), _NOISE_MAX)))
        return f"noise on {name}'s line"

    def _unplug(self, given: list[str]) -> str:
        (name,) = given
        self._table.lines[name].unplug()
        return f"{name} is out"

    def _plug(self, given: list[str]) -> str:
        (name,) = given
        self._table.lines[name].plug()
        return f"{name} is in, at {self._table.lines[name].path}"

    def _help(self, given: list[str]) -> str:
        _none(given)
        return "\n".join([usage for usage, _ in self._words.values()] + ["quit"])

    def _made_up_number(self) -> str:
        """A number of nobody: an area that does not exist, the right check digit."""
        digits = f"999999{self._chance.randrange(1950, 2005)}0101{self._chance.randrange(1000):03}"
        total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
        return digits + _CHECK_DIGITS[total % 11]


def run(folder: Path, seed: int, typed: Iterable[str], say: Callable[[str], None]) -> int:
    """Plug everything in, do what is typed until it ends; 0, or 2 if something meant nothing."""
    outcome = 0
    with Table(folder) as table:
        desk = Desk(table, seed)
        say("Put this into pad.toml, and start the kiosk:\n\n" + table.settings() + "\nThen type: help")
        for line in typed:
            if line.strip() in ("quit", "exit"):
                break
            if not line.strip():
                continue
            try:
                say(desk.do(line))
            except WordsError as error:
                say(str(error))
                outcome = 2
    return outcome


def main(folder: Path, seed: int) -> int:
    """Run with the terminal, or with what is piped in."""
    try:
        return run(folder, seed, sys.stdin, lambda line: print(line, flush=True))
    except KeyboardInterrupt:
        return 0


def _none(given: list[str]) -> None:
    if given:
        raise ValueError("nothing is allowed behind it")


def _some(text: str) -> str:
    if not text:
        raise ValueError("something must be there")
    return text
