"""A bar for what takes over a second, on a terminal only; what is written to a file or a pipe has none."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_AFTER_S: Final = 1.0


class Step(Protocol):
    """Called after each step."""

    def __call__(self, of: int | None = None) -> None:
        """One more is done, ``of`` so many."""
        ...


@contextmanager
def progress(what: str, total: int, *, quiet: bool = False, console: Console | None = None) -> Iterator[Step]:
    """Gives what is to be called after each of ``total`` steps, with another total where that changed."""
    shown = console or Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=shown, transient=True, disable=quiet or not shown.is_terminal,
    )  # fmt: skip
    task = bar.add_task(what, total=total)
    began = time.monotonic()

    def step(of: int | None = None) -> None:
        bar.update(task, advance=1, total=of)
        if not bar.live.is_started and time.monotonic() - began >= _AFTER_S:
            bar.start()

    try:
        yield step
    finally:
        bar.stop()
