"""The links behind the codes: there only with a page and a key, and ready before they are shown."""

from __future__ import annotations

from datetime import datetime

from kiosk.phone_link import PhoneLinks, modules
from pad.model import CHINA_TIME, Matter
from pad.phone import MatterTicket, WindowTicket, read_token

KEY = bytes(range(16))
URL = "https://hcp.example.gov.cn/r"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=CHINA_TIME)
VISIT = "019a9f00-1111-7222-8333-444455556666"


def links(url: str = URL, key: bytes | None = KEY) -> PhoneLinks:
    return PhoneLinks(url, key, "pad-1", "A07")


def of_visit(made: PhoneLinks, matter: Matter) -> str:
    return made.of_visit(VISIT, matter, NOW.timestamp(), 60)


def test_the_link_of_a_visit_opens_its_matter_for_an_hour_longer() -> None:
    token = of_visit(links(), Matter(project_no="P1", service_number=2)).removeprefix(URL + "/")
    expires = int(NOW.timestamp()) + 3660
    assert read_token(KEY, token, NOW) == MatterTicket("pad-1", VISIT, "P1", 2, 1, "A07", expires)


def test_a_matter_may_bring_its_window() -> None:
    token = of_visit(links(), Matter(project_no="P1", win_no="B12")).removeprefix(URL + "/")
    ticket = read_token(KEY, token, NOW)
    assert isinstance(ticket, MatterTicket)
    assert ticket.win_no == "B12"


def test_an_unbound_matter_is_told_by_its_visit_alone() -> None:
    ticket = read_token(KEY, of_visit(links(), Matter()).removeprefix(URL + "/"), NOW)
    assert isinstance(ticket, MatterTicket)
    assert (ticket.project_no, ticket.visit_id) == ("", VISIT)


def test_the_link_of_the_window() -> None:
    assert read_token(KEY, links().of_window().removeprefix(URL + "/"), NOW) == WindowTicket("pad-1", "A07")


def test_without_a_page_or_a_key_there_is_no_link() -> None:
    for made in (links(url=""), links(key=None)):
        assert made.of_window() == ""
        assert of_visit(made, Matter(project_no="P1")) == ""


def test_modules_are_square_and_ready_once_the_link_is_made() -> None:
    link = of_visit(links(), Matter(project_no="500110202611230001"))
    before = modules.cache_info().misses
    rows = modules(link)
    assert modules.cache_info().misses == before
    assert {len(row) for row in rows} == {len(rows)}
    assert len(rows) <= 61, "a code this dense is still read from 40 cm"
