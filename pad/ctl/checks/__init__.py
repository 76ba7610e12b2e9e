"""What ``padctl doctor`` looks at: each check is a small function that says what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pad.ctl.finding import Finding
from pad.settings import Settings


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined: the pad's settings, and the machine whose files begin at ``root``."""

    configured: Settings
    root: Path = Path("/")

    @property
    def keys_dir(self) -> Path:
        """Where the secrets lie."""
        return self.configured.state_dir / "keys"


Check = Callable[[Patient], Iterator[Finding]]
