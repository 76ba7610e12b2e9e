"""``make settings``: every setting, in English and 中文, from the code and the commented files.

Keys, bounds and defaults are those of ``pad/settings/tables.py`` and ``platform.py``; what a key does is
said in ``config/pad.toml`` and ``config/platforms/national.toml``; what has to start anew for it, in
``readers.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import polib
import tomlkit

from pad.settings import PlatformProfile
from pad.settings.readers import readers, to_restart
from pad.settings.tables import PadFile
from pad.settings.wording import Say, in_words
from tools.settings_words import CONFIG, Words, words_of

DOCS: Final = Path(__file__).parents[1] / "docs"
CATALOGUE: Final = Path(__file__).with_name("locale") / "zh_CN.po"
PAGES: Final = {"en": DOCS / "settings.md", "zh_CN": DOCS / "settings.zh-CN.md"}
_OTHER: Final = {"en": "[中文](settings.zh-CN.md)", "zh_CN": "[English](settings.md)"}
UNITS: Final = {
    "s": "seconds", "ms": "milliseconds", "min": "minutes", "days": "days", "mib": "MiB", "c": "°C",
    "percent": "percent", "volume": "percent", "inches": "inches", "width": "pixels", "height": "pixels",
    "baud": "bit/s",
}  # fmt: skip
"""The unit of a number, by the last word of its key."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One key: ``kind`` is its type with its bounds, ``default`` as TOML, empty where it must be set."""

    key: str
    kind: Any
    default: str
    words: Words

    @property
    def unit(self) -> str:
        """What a number counts, empty for a mere number and for what is none."""
        is_number = in_words(self.kind).startswith(("a number", "a whole number"))
        return UNITS.get(self.key.replace(".", "_").rpartition("_")[2], "") if is_number else ""


@dataclass(frozen=True, slots=True)
class Section:
    """One table, by its name; the profile's own keys stand in the one without."""

    name: str
    told: str
    settings: tuple[Setting, ...]


def sections(kind: type[msgspec.Struct], words: Mapping[str, Words]) -> tuple[Section, ...]:
    """Every table of a file in the file's order.

    :raises KeyError: for a key or table the commented file says nothing of
    """
    return tuple(each for each in _sections("", kind, words, list(words)) if each.settings)


def _sections(
    prefix: str, kind: type[msgspec.Struct], words: Mapping[str, Words], order: list[str]
) -> Iterator[Section]:
    keys, tables = [], []
    for field in msgspec.structs.fields(kind):
        key = prefix + field.name
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            tables.append((key, field.type))
        else:
            keys.append(Setting(key, field.type, _default(field), words[key]))
    keys.sort(key=lambda each: order.index(each.key))
    yield Section(
        prefix.removesuffix("."), words[prefix.removesuffix(".")].told if prefix else "", tuple(keys)
    )
    for key, table in sorted(tables, key=lambda each: order.index(each[0])):
        yield from _sections(f"{key}.", table, words, order)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return ""
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    plain = msgspec.to_builtins(value, str_keys=True)
    if isinstance(plain, dict):
        table = tomlkit.inline_table()
        table.update(plain)
        return str(table.as_string())
    return str(tomlkit.item(list(plain) if isinstance(plain, tuple) else plain).as_string())


def whole() -> dict[str, tuple[Section, ...]]:
    """Every section of ``pad.toml`` and of a profile, by the name of the file."""
    return {
        "pad.toml": sections(PadFile, words_of(CONFIG / "pad.toml")),
        "platforms/*.toml": sections(PlatformProfile, words_of(CONFIG / "platforms" / "national.toml")),
    }


def page(language: str) -> str:
    """The page in one language; a phrase without a translation stays English."""
    spoken = _spoken(language)
    return "\n".join(_lines(lambda text: spoken.get(text, text), language)) + "\n"


def phrases() -> tuple[str, ...]:
    """Every phrase the page is made of, each once, sorted."""
    found: set[str] = set()

    def note(text: str) -> str:
        found.add(text)
        return text

    for _ in _lines(note, "en"):
        pass
    return tuple(sorted(found))


def _spoken(language: str) -> dict[str, str]:
    if language == "en":
        return {}
    return {each.msgid: each.msgstr for each in polib.pofile(str(CATALOGUE), encoding="utf-8") if each.msgstr}


def _lines(say: Callable[[str], str], language: str) -> Iterator[str]:
    yield f"# {say('Every setting')}"
    yield ""
    yield _OTHER[language]
    yield ""
    yield say(
        "Made by `make settings` from the code and from the commented files of `config/`; do not edit it "
        "here. On the pad: `padctl config show` shows every setting as it holds, `padctl config check` says "
        "what is wrong, `padctl config set KEY VALUE` changes one and leaves the comments. Nothing counts at "
        "once: a program reads the settings when it starts, so the last column names what to restart, with "
        "`sudo systemctl restart`. `padctl` itself reads them at every call."
    )
    for file, found in whole().items():
        yield from ("", f"## `{file}`", "", say(_ABOUT[file]))
        for section in found:
            yield from _section(section, say, in_pad=file == "pad.toml")


_ABOUT: Final = {
    "pad.toml": "Installed as `/etc/pad/pad.toml`. A key that is not listed here is refused at start-up, as "
    "is a value that is not allowed. A path “beside this file” starts at its folder. Secrets are files under "
    "`/var/lib/pad/keys` and stand in no setting; the head of `pad.toml` lists them.",
    "platforms/*.toml": "A profile: how one kind of platform is spoken to, named by `platform.profile`. For "
    "changes of it syncd has to be restarted. The dialect `itemised` uses `service_record` and `pf` alone "
    "of what follows `dialect`.",
}


def _section(section: Section, say: Say, *, in_pad: bool) -> Iterator[str]:
    if section.name:
        told = f": {say(section.told)}" if section.told else ""
        yield from ("", f"### `[{section.name}]`{told}")
    yield ""
    head = [say("key"), say("what it does"), say("allowed"), say("default")]
    head += [say("restart")] if in_pad else []
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for each in section.settings:
        unit = f", {say(each.unit)}" if each.unit else ""
        default = f"`{each.default}`" if each.default else say("must be set")
        cells = [
            f"`{each.key.rpartition('.')[2]}`",
            say(each.words.told),
            in_words(each.kind, say) + unit,
            default,
        ]
        cells += [_restart(each.key, say)] if in_pad else []
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _restart(key: str, say: Say) -> str:
    asleep = [say("none: the next housekeeping reads it")] if not to_restart(key) else []
    also = (
        [say("(housekeeping reads it too)")]
        if to_restart(key) and len(readers(key)) > len(to_restart(key))
        else []
    )
    return " ".join([*to_restart(key), *asleep, *also])


if __name__ == "__main__":
    for each_language, file_of_it in PAGES.items():
        file_of_it.write_text(page(each_language), encoding="utf-8")
