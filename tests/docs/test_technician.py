"""The technician's guide cannot rot: what it has people type, press and name is there, in both languages."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Final

import click
import polib
import pytest
from PIL import Image

from pad.ctl import words
from pad.ctl.__main__ import padctl
from pad.enrolment import stick
from pad.settings import writing
from tools.build_deb import PACKAGE

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
TEXTS: Final = {
    "en": (DOCS / "technician.md").read_text(encoding="utf-8"),
    "zh_CN": (DOCS / "technician.zh-CN.md").read_text(encoding="utf-8"),
}
QUOTED: Final = {"en": r"“([^”]+)”", "zh_CN": r"「([^」]+)」"}
"""How the guide marks what the pad's screen says."""
PLATFORM: Final = "platform.example"
LARGEST_BYTES: Final = 200_000
UNITS: Final = {file.stem for file in (ROOT / "systemd").glob("*.*") if file.is_file()}
DEBIANS: Final = {
    "ip", "getent", "apt-get", "sudoedit", "udevadm", "systemctl", "systemd-run", "tar", "curl", "sh", "ssh"
}  # fmt: skip
"""What is no command of ours; each is judged by what stands after it, where that is ours."""
TRIED: Final = {"practice"}
"""Units that the guide itself has started by ``systemd-run``."""


both = pytest.mark.parametrize("language", TEXTS)


def fences(language: str, kind: str) -> list[str]:
    """The blocks of one kind, in order."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", TEXTS[language], re.MULTILINE | re.DOTALL)


def commands(language: str) -> list[str]:
    """Every line to type, in order, without its remark."""
    lines = "".join(fences(language, "sh")).splitlines()
    return [line.partition("  #")[0].strip() for line in lines if line.strip()]


def prose(language: str) -> str:
    return re.sub(r"^```.*?^```$", "", TEXTS[language], flags=re.MULTILINE | re.DOTALL)


def inline(language: str) -> list[str]:
    """What stands in the prose as something to type."""
    return [" ".join(each.split()) for each in re.findall(r"`([^`]+)`", prose(language))]


def typed(language: str) -> list[list[str]]:
    """Both kinds, as words, without sudo."""
    lines = [
        *commands(language),
        *(code for code in inline(language) if re.match(r"(sudo |padctl |ssh )", code)),
    ]
    split = [shlex.split(line) for line in lines]
    return [line[1:] if line[0] == "sudo" else line for line in split if line != ["sudo"]]


# --- commands ---------------------------------------------------------------------------


def take(arguments: list[str]) -> None:
    """Read a command line as padctl would.

    :raises click.UsageError: if there is no such command, option, choice or setting
    """
    command: click.Command = padctl
    context = click.Context(command, info_name="padctl")
    while isinstance(command, click.Group):
        if not arguments:
            raise click.UsageError(f"{context.command_path}: a command is missing")
        found = command.get_command(context, arguments[0])
        if found is None:
            raise click.UsageError(f"{context.command_path}: no command {arguments[0]}")
        command, arguments = found, arguments[1:]
        context = click.Context(command, parent=context, info_name=command.name)
    given, left, _order = command.make_parser(context).parse_args(list(arguments))
    if left:
        raise click.UsageError(f"{context.command_path}: too much: {left}")
    for parameter in command.params:
        value = given.get(str(parameter.name))
        if parameter.required and not isinstance(value, str):
            raise click.UsageError(f"{context.command_path}: {parameter.name} is missing")
        if isinstance(parameter.type, click.Choice) and isinstance(value, str):
            parameter.type.convert(value, parameter, context)
    if context.command_path == "padctl config set":
        assert writing.is_setting(given["key"]), given["key"]
        writing.value_of(given["key"], given["value"])


@both
def test_padctl_takes_every_command_of_the_guide(language: str) -> None:
    ours = [line[1:] for line in typed(language) if line[0] == "padctl"]
    assert len(ours) > 20
    for line in ours:
        take(line)


@pytest.mark.parametrize(
    "line",
    ["enroll", "config", "status --loud", "enrol extra", "export --format xml", "export --format", "bundle"],
)
def test_what_padctl_would_not_take_is_found(line: str) -> None:
    with pytest.raises(click.ClickException):
        take(line.split())


@both
def test_whatever_else_is_typed_is_debians_and_speaks_of_what_is_there(language: str) -> None:
    for program, *arguments in (line for line in typed(language) if line[0] != "padctl"):
        assert program in DEBIANS, program
        line = " ".join(arguments)
        if program == "systemctl":
            assert set(arguments[1:]) <= UNITS | TRIED, line
        elif program == "systemd-run":
            assert arguments == ["--unit=practice", "sandbox"]
        elif program == "apt-get":
            assert re.fullmatch(rf"update|install \./{PACKAGE}_\*\.deb|(remove|purge) {PACKAGE}", line), line
        elif program == "sh":
            assert Path(arguments[0]).name == stick.SCRIPT
            assert "$@" in stick._SCRIPT
            take(["enrol", "--stick", "/media/stick", *arguments[1:]])
        elif program == "sudoedit":
            assert (ROOT / "config/udev" / Path(arguments[0]).name).exists()
        elif program == "curl":
            assert re.search(r"http://127\.0\.0\.1:(27100/v1/invitations|27501/control/enrolments) ", line), (
                line
            )


@both
def test_every_setting_it_names_is_one(language: str) -> None:
    tables = {
        "keypad",
        "scanner",
        "idcard",
        "voice",
        "screen",
        "upkeep",
        "ledger",
        "platform",
        "pad",
        "monitoring",
    }
    named = [code for code in inline(language) if re.fullmatch(r"[a-z]+\.[a-z_]+", code)]
    named = [code for code in named if code.partition(".")[0] in tables and code != PLATFORM]
    assert "upkeep.restart_at" in named
    assert not [code for code in named if not writing.is_setting(code)]


@both
def test_the_names_of_devices_are_those_of_the_udev_rules(language: str) -> None:
    rules = (ROOT / "config/udev/60-pad-devices.rules").read_text(encoding="utf-8")
    named = set(re.findall(r"/dev/(pad/\w+)", TEXTS[language]))
    assert named == set(re.findall(r'SYMLINK\+="([^"]+)"', rules))


# --- words and pictures -----------------------------------------------------------------


def catalogue(file: Path) -> dict[str, str]:
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(file), encoding="utf-8")}


def test_what_the_screen_says_is_said_in_its_own_words_in_both_languages() -> None:
    spoken = catalogue(ROOT / "kiosk/locale/zh_CN.po")
    english, chinese = (
        [" ".join(each.split()) for each in re.findall(QUOTED[language], prose(language))]
        for language in ("en", "zh_CN")
    )
    said = [sentence for sentence in english if sentence in spoken]
    assert [spoken[sentence] for sentence in said] == chinese
    assert [sentence for sentence in english if sentence not in spoken] == ["nothing waits"], "padctl's"


def test_what_padctl_shows_is_the_same_in_both_languages() -> None:
    spoken = catalogue(words.FOLDER / "zh_CN.po")
    signed = re.compile(r"^[✓✗!–] (\S+(?: \S+)?) {1,}\S", re.MULTILINE)
    tables = [
        [block for block in fences(language, "text") if re.search(r"^✓ ", block, re.MULTILINE)]
        for language in ("en", "zh_CN")
    ]
    assert [len(each) for each in tables] == [3, 3]
    for english, chinese in zip(*tables, strict=True):
        known = sorted(spoken, key=len, reverse=True)
        ours = [line for line in english.splitlines() if signed.match(line)]
        theirs = [line for line in chinese.splitlines() if signed.match(line)]
        assert len(ours) == len(theirs)
        for line, other in zip(ours, theirs, strict=True):
            name = next(each for each in known if line[2:].startswith(f"{each} "))
            assert other.startswith(f"{line[0]} {spoken[name]} "), (line, other)


def test_both_languages_have_the_same_commands_and_pictures_in_the_same_order() -> None:
    assert commands("en") == commands("zh_CN")
    assert pictures("en") == pictures("zh_CN")
    counted = [len(re.findall(r"^## ", TEXTS[language], re.MULTILINE)) for language in TEXTS]
    assert counted == [13, 13]


def pictures(language: str) -> list[str]:
    return re.findall(r"!\[[^]]+\]\(([^)]+)\)", TEXTS[language])


@both
def test_every_picture_is_there_and_small_enough_to_print_and_load(language: str) -> None:
    for picture in pictures(language):
        file = DOCS / picture
        assert file.stat().st_size < LARGEST_BYTES, picture
        with Image.open(file) as image:
            assert image.width >= 400, picture


def test_no_picture_is_left_that_the_guide_does_not_show() -> None:
    assert {f"technician/{file.name}" for file in (DOCS / "technician").iterdir()} == set(pictures("en"))
