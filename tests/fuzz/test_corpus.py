"""What coverage-guided searches have found worth keeping still holds (``make fuzz`` searches on)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.__main__ import CORPUS
from tests.fuzz.targets import TARGETS, check

KEPT = sorted(file for folder in CORPUS.iterdir() for file in folder.iterdir())


def test_every_codec_has_a_corpus() -> None:
    assert {file.parent.name for file in KEPT} == set(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_was_kept_breaks_nothing(name: str) -> None:
    kept: list[Path] = [file for file in KEPT if file.parent.name == name]
    assert kept
    for file in kept:
        check(name, file.read_bytes())
