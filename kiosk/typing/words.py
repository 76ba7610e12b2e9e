"""Words of a service hall that the general dictionary lacks or puts too far back: TOML read into pairs."""

from __future__ import annotations

import logging
import re
import tomllib
from pathlib import Path
from typing import Final

_log = logging.getLogger("kiosk.typing")

SHIPPED: Final = Path(__file__).with_name("words.toml")
"""The words every hall has."""
HALLS_OWN: Final = Path("/etc/pad/words.toml")
"""Where a hall puts words of its own: its services, its quarters, its roads."""
LENGTH_MAX: Final = 16
"""libpinyin knows no longer phrases."""
_SYLLABLES: Final = re.compile(r"[a-z]+('[a-z]+)*")


def read(file: Path) -> dict[str, str]:
    """Words and their Pinyin, ``{"排队": "pai'dui"}``; none where there is no file.

    What is wrong in it is logged and left out: a slip in a list of words stops nobody from writing.
    """
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        _log.warning("%s cannot be read (%s); its words are left out", file, error)
        return {}
    words = {}
    for word, pinyin in found.items():
        if _is_sound(word, pinyin):
            words[word] = pinyin
        else:
            _log.warning(
                "%s: %s = %r is left out; write one syllable for each character, parted by ', as in"
                ' "排队" = "pai\'dui", with at most %d characters',
                file, word, pinyin, LENGTH_MAX,
            )  # fmt: skip
    return words


def _is_sound(word: str, pinyin: object) -> bool:
    if not isinstance(pinyin, str) or not _SYLLABLES.fullmatch(pinyin):
        return False
    return len(word) == pinyin.count("'") + 1 <= LENGTH_MAX
