"""A pad with its ledger, and a city platform, as syncd's tests have them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.syncd.conftest import city, itemised, online, start
from tests.syncd.pad_box import PadBox

__all__ = ["box", "city", "itemised", "online", "start"]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[PadBox]:
    """Nobody answers at its platform's address, until ``online`` configures another."""
    with closing(PadBox(tmp_path)) as made:
        made.configure("http://127.0.0.1:9", "itemised", extra="[counter]\nport = 9\n")
        yield made
