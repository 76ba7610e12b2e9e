"""A child process ends when it is done, when its time is up or when somebody calls, and is always reaped."""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest

from kiosk.voice.child import Bell, Called, ChildError, run

LONG_S = 60.0
ASLEEP = ("sleep", "600")


@pytest.fixture
def bell() -> Iterator[Bell]:
    """Nobody has rung it; at the end no child is left."""
    before = set(psutil.Process().children())
    bell = Bell.new()
    yield bell
    bell.close()
    # one that has ended and was not reaped would still be among them
    assert set(psutil.Process().children()) <= before


def test_what_it_is_given_and_what_it_writes_may_be_long(bell: Bell) -> None:
    given = bytes(range(256)) * 4096
    assert run(("cat",), given, LONG_S, bell) == given


def test_one_that_fails_is_named_with_its_last_words(bell: Bell) -> None:
    with pytest.raises(ChildError, match=r"^sh: no such loudspeaker$"):
        run(("sh", "-c", "echo first >&2; echo no such loudspeaker >&2; echo >&2; exit 1"), b"", LONG_S, bell)
    with pytest.raises(ChildError, match=r"^false: ended with 1$"):
        run(("false",), b"", LONG_S, bell)


def test_one_that_is_not_there_is_named(bell: Bell) -> None:
    with pytest.raises(ChildError, match=r"^no-such-program: cannot be started \(No such file"):
        run(("no-such-program",), b"", LONG_S, bell)


def test_one_that_is_stuck_is_ended_when_its_time_is_up(bell: Bell) -> None:
    with pytest.raises(ChildError, match=r"^sleep: still not done after 0 s$"):
        run(ASLEEP, b"", 0.0, bell)


def test_one_is_ended_when_the_bell_rings(bell: Bell) -> None:
    bell.ring()
    bell.ring()
    with pytest.raises(Called):
        run(ASLEEP, b"", LONG_S, bell)
    with pytest.raises(Called):
        run(ASLEEP, b"", LONG_S, bell)
    bell.still()
    bell.still()
    assert run(("cat",), b"again", LONG_S, bell) == b"again"
