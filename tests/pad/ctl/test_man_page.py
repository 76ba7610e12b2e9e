"""The manual page that is checked in is the one the commands' own help makes."""

from __future__ import annotations

import re

from pad.ctl.__main__ import padctl
from tools.man_page import PAGE, page


def test_the_manual_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make man"


def test_every_command_and_no_other_macro_stands_in_it() -> None:
    told = page()
    for name in padctl.commands:
        assert re.search(rf"^\.SS padctl {name}\b", told, re.MULTILINE), name
    macros = {line.split()[0] for line in told.splitlines() if line.startswith((".", "'"))}
    assert macros == {".TH", ".SH", ".SS", ".TP", ".B"}
