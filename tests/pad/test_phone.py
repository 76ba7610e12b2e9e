"""Tickets for the phone: opaque, unforgeable, and without a word about a person."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pad import keys, phone
from pad.keys import SecretError
from pad.model import CHINA_TIME
from pad.phone import MatterTicket, Refusal, TokenRefused, WindowTicket, link, make_token, read_token

KEY = bytes(range(16))
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=CHINA_TIME)
MATTER = MatterTicket(
    device_id="pad-0001",
    visit_id="019a9f00-1111-7222-8333-444455556666",
    project_no="500110202611230001",
    service_number=1,
    assess_number=1,
    win_no="A07",
    expires=int(NOW.timestamp()) + 3600,
)
DOC = Path(__file__).parents[2] / "docs" / "phone.md"

texts = st.text(max_size=64)
devices = st.from_regex(r"[0-9A-Za-z._-]{1,64}", fullmatch=True)
matters = st.builds(
    MatterTicket,
    device_id=devices, visit_id=st.uuids().map(str), project_no=texts, service_number=st.integers(1, 99),
    assess_number=st.integers(1, 2), win_no=texts, expires=st.integers(int(NOW.timestamp()) + 1, 2**40),
)  # fmt: skip


def refusal(key: bytes, token: str, now: datetime = NOW) -> Refusal:
    with pytest.raises(TokenRefused) as refused:
        read_token(key, token, now)
    return refused.value.refusal


@given(matters | st.builds(WindowTicket, device_id=devices, win_no=texts))
def test_what_is_sealed_is_read_again(ticket: MatterTicket | WindowTicket) -> None:
    assert read_token(KEY, make_token(KEY, ticket), NOW) == ticket


def test_two_tokens_of_one_ticket_differ_and_neither_tells_anything() -> None:
    one, other = make_token(KEY, MATTER), make_token(KEY, MATTER)
    assert one != other
    assert re.fullmatch(r"[A-Za-z0-9_-]+", one)
    assert MATTER.project_no not in one
    assert len(one) <= 140


@pytest.mark.parametrize("place", range(0, 100, 7))
def test_one_bit_changed_opens_nothing(place: int) -> None:
    sealed = bytearray(phone._decoded(make_token(KEY, MATTER)))
    sealed[place % len(sealed)] ^= 1
    changed = base64.urlsafe_b64encode(bytes(sealed)).rstrip(b"=").decode()
    assert refusal(KEY, changed) in (Refusal.FORGED, Refusal.MALFORMED)


def test_another_key_opens_nothing() -> None:
    assert refusal(bytes(16), make_token(KEY, MATTER)) is Refusal.FORGED


@pytest.mark.parametrize("token", ["", "!", "AAAA", "AQ", "5001102026", "A" * 1000, "一二三", "AQ==", " AQ"])
def test_what_is_no_token_is_malformed_or_forged(token: str) -> None:
    assert refusal(KEY, token) in (Refusal.MALFORMED, Refusal.FORGED)


@given(st.text(max_size=500))
def test_nothing_that_is_typed_does_anything_but_be_refused(token: str) -> None:
    with pytest.raises(TokenRefused):
        read_token(KEY, token, NOW)


def test_a_matters_ticket_expires_and_a_windows_does_not() -> None:
    assert refusal(KEY, make_token(KEY, MATTER), NOW + timedelta(hours=1)) is Refusal.EXPIRED
    window = WindowTicket("pad-0001", "A07")
    assert read_token(KEY, make_token(KEY, window), NOW + timedelta(days=3650)) == window


def test_a_spelling_of_the_same_bytes_that_is_not_ours_is_refused() -> None:
    token = make_token(KEY, WindowTicket("p", "A"))
    while len(token) % 4 == 0:  # only where bits are left over are there two spellings
        token = make_token(KEY, WindowTicket("p" * len(token), "A"))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]
    assert refusal(KEY, other) is Refusal.MALFORMED


@pytest.mark.parametrize("url", ["https://hcp.example.gov.cn/r", "https://hcp.example.gov.cn/r/"])
def test_the_link_is_the_address_and_the_token(url: str) -> None:
    assert link(url, "abc") == "https://hcp.example.gov.cn/r/abc"


def test_the_worked_example_of_the_docs_is_true() -> None:
    """``docs/phone.md`` tells a platform's makers a key and a token, and what it must read."""
    told = dict(re.findall(r"^- (key|token|read at): `([^`]+)`$", DOC.read_text(encoding="utf-8"), re.M))
    ticket = read_token(bytes.fromhex(told["key"]), told["token"], datetime.fromisoformat(told["read at"]))
    assert isinstance(ticket, MatterTicket)
    assert UUID(ticket.visit_id).version == 7
    for value in (ticket.device_id, ticket.visit_id, ticket.project_no, ticket.win_no, str(ticket.expires)):
        assert f"`{value}`" in DOC.read_text(encoding="utf-8")


def test_without_a_key_there_is_none_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    assert phone.phone_key(tmp_path) is None
    keys.write_secret(tmp_path / "keys" / phone.KEY_NAME, KEY.hex())
    assert phone.phone_key(tmp_path) == KEY
    (tmp_path / "keys" / phone.KEY_NAME).write_text("secret stuff", encoding="ascii")
    with pytest.raises(SecretError, match=r"^phone\.key: .*16 bytes in hexadecimal are needed$"):
        phone.phone_key(tmp_path)
