"""A thread the pad cannot do without is not lost unnoticed."""

from __future__ import annotations

import queue
import threading

import pytest

from kiosk import vital


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> queue.SimpleQueue[threading.ExceptHookArgs]:
    """What is told of every thread that is lost, whichever."""
    told: queue.SimpleQueue[threading.ExceptHookArgs] = queue.SimpleQueue()
    monkeypatch.setattr(threading, "excepthook", told.put)
    return told


@pytest.mark.parametrize(
    ("name", "is_vital"), [*((name, True) for name in sorted(vital.VITAL)), ("noticeboard", False)]
)
def test_the_program_ends_with_what_it_cannot_do_without(
    told: queue.SimpleQueue[threading.ExceptHookArgs], name: str, is_vital: bool
) -> None:
    ended: list[str] = []
    lost = vital.watch(lambda: ended.append(name))

    def breaks() -> None:
        raise ZeroDivisionError

    thread = threading.Thread(target=breaks, name=name)
    thread.start()
    thread.join()
    assert told.get_nowait().exc_type is ZeroDivisionError
    assert ended == [name] * is_vital
    assert lost.is_set() is is_vital
