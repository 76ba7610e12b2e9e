"""Trying a hall's words at the command line."""

from __future__ import annotations

import pytest

from kiosk.typing import pinyin
from kiosk.typing.__main__ import main


def test_offers_are_printed_with_what_they_cost(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paidui", "fuwutaiduhenhao"]) == 0
    first, second, cost = capsys.readouterr().out.splitlines()
    assert first.startswith("paidui 排队 ")
    assert second.startswith("fuwutaiduhenhao 服务态度很好 ")
    assert cost.startswith("21 questions: half within ")


def test_without_letters_it_asks_for_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "which letters?" in capsys.readouterr().err


def test_without_the_engine_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinyin, "LIBRARY", "libpinyin.so.0-none")
    assert main(["nihao"]) == 1
    assert "install Debian's libpinyin15" in capsys.readouterr().err
