"""What Pinyin may mean: libpinyin, the engine of Linux desktops, asked through its C interface.

It is used as a dictionary alone: nothing is trained and nothing saved, and the folder in which a user's
words would lie is removed before the first question. So it learns nothing of what citizens write.
"""

from __future__ import annotations

import ctypes
import logging
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kiosk.typing import words

_log = logging.getLogger("kiosk.typing")

LIBRARY: Final = "libpinyin.so.15"
DATA: Final = ("/usr/lib/*/libpinyin/data", "/usr/lib/libpinyin/data", "/usr/local/lib/libpinyin/data")
LETTERS_MAX: Final = 60
"""Longer input is offered by its beginning."""

# pinyin_custom2.h of libpinyin 2.8: incomplete syllables (zhsh), and the common slips
_IS_PINYIN = 1 << 1
_PINYIN_INCOMPLETE = 1 << 3
_USE_DIVIDED_TABLE = 1 << 7
_USE_RESPLIT_TABLE = 1 << 8
_CORRECT_ALL = 0xFF << 21
_OPTIONS: Final = _IS_PINYIN | _PINYIN_INCOMPLETE | _USE_DIVIDED_TABLE | _USE_RESPLIT_TABLE | _CORRECT_ALL
# pinyin.h, sort_option_t: phrases before single characters, common ones first, none longer than typed
_SORT: Final = 0x2 | 0x4 | 0x10
# novel_types.h: where words are kept that are added
_USER_DICTIONARY: Final = 7
_WEIGHT: Final = 3000
"""How common an added word is said to be: 300 leave 清楚 behind 清除, millions make 排 the first of pai."""


class PinyinUnavailable(Exception):
    """The engine or its data are not installed; the message says what to install."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Characters offered, and how many of the typed letters they stand for, from the front."""

    text: str
    letters: int


class Pinyin:
    """The engine, for one thread. Starting it takes some 10 ms, asking it one or two."""

    def __init__(self, lists: Iterable[Path] = (words.SHIPPED, words.HALLS_OWN)) -> None:
        """Load library, data and the lists of words that are to come first.

        :raises PinyinUnavailable: if library or data are not installed
        """
        self._lib = _library()
        self._context = self._start(_data())
        if not self._context:
            raise PinyinUnavailable("libpinyin cannot read its data; install Debian's libpinyin-data anew")
        self._lib.pinyin_set_options(self._context, _OPTIONS)
        self._add(lists)
        self._instance = self._lib.pinyin_alloc_instance(self._context)

    def _start(self, data: str) -> int | None:
        """The engine's context; the folder for a user's words is gone when it is there."""
        try:
            with tempfile.TemporaryDirectory(prefix="pinyin-") as nothing:
                # without this file, which says what is in the folder, libpinyin complains on stderr
                Path(nothing, "user.conf").touch()
                context: int | None = self._lib.pinyin_init(data.encode(), nothing.encode())
                return context
        except OSError as error:
            raise PinyinUnavailable(
                f"libpinyin starts with an empty folder, and none can be made: {error}; give it a TMPDIR"
            ) from error

    def _add(self, lists: Iterable[Path]) -> None:
        """Have words come before others that sound alike, those of later lists first.

        They are kept in memory, since saving is never asked for.
        """
        lib, added = self._lib, dict[str, tuple[str, int]]()
        for number, each in enumerate(lists):
            added |= {word: (pinyin, _WEIGHT * 10**number) for word, pinyin in words.read(each).items()}
        adding = lib.pinyin_begin_add_phrases(self._context, _USER_DICTIONARY)
        for word, (pinyin, weight) in added.items():
            if not lib.pinyin_iterator_add_phrase(adding, word.encode(), pinyin.encode(), weight):
                _log.warning("%s (%s) is left out: libpinyin knows no such syllables", word, pinyin)
        lib.pinyin_end_add_phrases(adding)

    def candidates(self, letters: str, limit: int = 40) -> tuple[Candidate, ...]:
        """What ``letters`` (a to z, and ' between syllables) may mean: a whole sentence, words, characters.

        A function of the letters alone: nothing asked before matters.
        """
        typed = letters[:LETTERS_MAX]
        if not typed or not set(typed) <= set("abcdefghijklmnopqrstuvwxyz'"):
            return ()
        lib, instance = self._lib, self._instance
        lib.pinyin_reset(instance)
        lib.pinyin_parse_more_full_pinyins(instance, typed.encode("ascii"))
        lib.pinyin_guess_sentence(instance)
        lib.pinyin_guess_candidates(instance, 0, _SORT)
        count = ctypes.c_uint()
        lib.pinyin_get_n_candidate(instance, ctypes.byref(count))
        found: dict[str, Candidate] = {}
        for number in range(count.value):
            offered = self._candidate(number, len(typed))
            if offered is not None and offered.text not in found:
                found[offered.text] = offered
            if len(found) == limit:
                break
        return tuple(found.values())

    def _candidate(self, number: int, most: int) -> Candidate | None:
        lib, instance = self._lib, self._instance
        candidate, text = ctypes.c_void_p(), ctypes.c_char_p()
        if not lib.pinyin_get_candidate(instance, number, ctypes.byref(candidate)):
            return None
        if not lib.pinyin_get_candidate_string(instance, candidate, ctypes.byref(text)) or not text.value:
            return None
        used = lib.pinyin_choose_candidate(instance, 0, candidate)
        lib.pinyin_clear_constraint(instance, 0)
        return Candidate(text.value.decode("utf-8"), min(used, most)) if used > 0 else None

    def close(self) -> None:
        """Give everything back."""
        self._lib.pinyin_free_instance(self._instance)
        self._lib.pinyin_fini(self._context)


def _library() -> ctypes.CDLL:
    try:
        lib = ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise PinyinUnavailable(f"{LIBRARY} is not there; install Debian's libpinyin15") from error
    pointer, number, yes = ctypes.c_void_p, ctypes.c_uint, ctypes.c_bool
    for name, result, arguments in (
        ("pinyin_init", pointer, (ctypes.c_char_p, ctypes.c_char_p)),
        ("pinyin_fini", None, (pointer,)),
        ("pinyin_set_options", yes, (pointer, ctypes.c_uint32)),
        ("pinyin_begin_add_phrases", pointer, (pointer, ctypes.c_uint8)),
        ("pinyin_iterator_add_phrase", yes, (pointer, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int)),
        ("pinyin_end_add_phrases", None, (pointer,)),
        ("pinyin_alloc_instance", pointer, (pointer,)),
        ("pinyin_free_instance", None, (pointer,)),
        ("pinyin_reset", yes, (pointer,)),
        ("pinyin_parse_more_full_pinyins", ctypes.c_size_t, (pointer, ctypes.c_char_p)),
        ("pinyin_guess_sentence", yes, (pointer,)),
        ("pinyin_guess_candidates", yes, (pointer, ctypes.c_size_t, number)),
        ("pinyin_get_n_candidate", yes, (pointer, ctypes.POINTER(number))),
        ("pinyin_get_candidate", yes, (pointer, number, ctypes.POINTER(pointer))),
        ("pinyin_get_candidate_string", yes, (pointer, pointer, ctypes.POINTER(ctypes.c_char_p))),
        ("pinyin_choose_candidate", ctypes.c_int, (pointer, ctypes.c_size_t, pointer)),
        ("pinyin_clear_constraint", yes, (pointer, ctypes.c_size_t)),
    ):
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib


def _data() -> str:
    for pattern in DATA:
        for folder in sorted(Path("/").glob(pattern.lstrip("/"))):
            return str(folder)
    raise PinyinUnavailable("libpinyin has no data here; install Debian's libpinyin-data")
