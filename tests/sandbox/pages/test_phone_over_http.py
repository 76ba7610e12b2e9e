"""The phone page as a browser gets it: what a code opens, what a form may send, what is refused and how."""

from __future__ import annotations

import re
import socket
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from pad import gm
from pad.enrolment import wire
from pad.phone import MatterTicket, Ticket, WindowTicket, make_token
from tests.sandbox.conftest import Sandbox, item, record

KEY = "000102030405060708090a0b0c0d0e0f"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"), phone_key=KEY)
    yield sandbox
    sandbox.close()


def ticket(project_no: str = "P1", valid_s: float = 3600, device: str = "pad-1") -> MatterTicket:
    return MatterTicket(device, str(uuid.uuid4()), project_no, 1, 1, "A07", int(time.time() + valid_s))


class Phone:
    """Somebody's telephone, which has scanned a code."""

    def __init__(self, sandbox: Sandbox, of: Ticket | str, key: str = KEY) -> None:
        token = of if isinstance(of, str) else make_token(bytes.fromhex(key), of)
        self.token = token
        self.url = f"{sandbox.control_url}/r/{token}"

    def open(self, language: str = "zh-CN") -> requests.Response:
        return requests.get(self.url, headers={"Accept-Language": language}, timeout=30)

    def send(self, **fields: str | list[str]) -> requests.Response:
        # a form under Referrer-Policy: no-referrer says this of where it came from
        return requests.post(
            self.url, data=fields, headers={"Origin": "null", "Accept-Language": "zh-CN"}, timeout=30
        )


def heard(sandbox: Sandbox, device: str = "pad-1", after: int = 0, wait: int = 0) -> dict[str, Any]:
    query = f"device={device}&after={after}&wait={wait}"
    told: dict[str, Any] = sandbox.signed_question("/itemised/v1/phone-ratings", query).json()
    return told


# --- rating --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        ({"level": "5"}, (5, "", "")),
        ({"level": "4", "indicator": ["410", "412"], "comment": "很好"}, (4, "410,412", "很好")),
        ({"level": "3", "indicator": ["510", "310", "107"]}, (3, "310", "")),
        ({"level": "2", "indicator": "207"}, (2, "207", "")),
        ({"level": "2", "comment": "等了\r\n很久"}, (2, "", "等了 很久")),
        ({"level": "1", "decline": "1"}, (1, "", "")),
        ({"level": "1", "decline": "1", "indicator": "111", "comment": "x"}, (1, "", "")),
        ({"level": "5", "decline": "1", "indicator": "510"}, (5, "510", "")),
        ({"level": "5", "comment": "很" * 200}, (5, "", "很" * 150)),
        ({"level": "5", "comment": "a\x00\x1bb\ud83d".encode("utf-8", "surrogatepass")}, (5, "", "ab")),
    ],
)
def test_a_form_is_a_rating_by_the_pads_own_rules(
    sandbox: Sandbox, fields: dict[str, str | list[str]], stored: tuple[int, str, str]
) -> None:
    answer = Phone(sandbox, ticket()).send(**fields)
    assert answer.status_code == 200
    assert "感谢您的评价" in answer.text
    (row,) = sandbox.stored()
    assert (row["level"], row["indicators"], row["comment"].rstrip("�")) == stored
    assert (row["pf"], row["dialect"], row["device"]) == ("3", "phone", "pad-1")


def test_a_bad_rating_needs_a_reason_or_to_say_that_it_rather_would_not(sandbox: Sandbox) -> None:
    phone = Phone(sandbox, ticket())
    for fields in ({"level": "2"}, {"level": "1", "comment": " \r\n "}, {"level": "1", "indicator": "510"}):
        answer = phone.send(**fields)
        assert answer.status_code == 400
        assert "请点选一个理由" in answer.text
        assert f'value="{fields["level"]}" id="l{fields["level"]}" checked' in answer.text
    assert sandbox.stored() == []


@pytest.mark.parametrize("level", ["", "0", "6", "x", "\uff15", "5.0", " 5"])
def test_without_a_face_nothing_is_sent_and_what_was_written_stays(sandbox: Sandbox, level: str) -> None:
    answer = Phone(sandbox, ticket()).send(level=level, comment="写了很久")
    assert answer.status_code == 400
    assert "请点选五个表情中的一个" in answer.text
    assert "写了很久</textarea>" in answer.text
    assert sandbox.stored() == []


def test_the_page_has_the_platforms_own_indicators_level_by_level(sandbox: Sandbox) -> None:
    text = Phone(sandbox, ticket()).open().text
    published = sandbox.control("GET", "indicators").json()["indicator"]
    assert [(code, words) for code, words in re.findall(r'for="i(\d+)"[^>]*>([^<]+)<', text)] == [
        (each["code"], each["text"])
        for level in (5, 4, 3, 2, 1)
        for each in sorted((e for e in published if e["level"] == level), key=lambda e: e["more"])
    ]
    for folded in re.findall(r"<details.*?</details>", text, re.S):
        assert {each["more"] for each in published if f'"i{each["code"]}"' in folded} == {True}


def test_another_list_is_on_the_page_at_once(sandbox: Sandbox) -> None:
    before = sandbox.control("GET", "indicators").json()
    fresh = [each for each in before["indicator"] if each["code"] != "510"]
    fresh.append({"code": "599", "level": 5, "text": "新指标", "more": False})
    sandbox.control("PUT", "indicators", {"version": "2027-01-01", "indicator": fresh})
    try:
        phone = Phone(sandbox, ticket())
        text = phone.open().text
        assert "新指标" in text
        assert 'value="510"' not in text
        phone.send(level="5", indicator=["510", "599"])
        assert [row["indicators"] for row in sandbox.stored()] == ["599"]
    finally:
        sandbox.control("PUT", "indicators", before | {"version": "2027-01-02"})


def test_the_matter_is_named_as_on_the_pad(sandbox: Sandbox) -> None:
    sandbox.control("POST", "services", {"projectNo": "P7", "taskName": "<b>登记", "userName": "张三"})
    text = Phone(sandbox, ticket("P7")).open().text
    assert "&lt;b&gt;登记" in text
    assert "办件编号：P7" in text
    assert "窗口：A07" in text
    assert "张三" not in text


# --- one rating a matter -------------------------------------------------------------------


def test_a_code_that_was_used_opens_a_kind_word_and_no_form(sandbox: Sandbox) -> None:
    phone = Phone(sandbox, ticket())
    phone.send(level="5")
    again = phone.open()
    assert again.status_code == 409
    assert "同一事项只评价一次" in again.text
    assert "<form" not in again.text
    assert phone.send(level="5").status_code == 200  # the very same, sent twice by an impatient finger
    late = phone.send(level="1", decline="1")
    assert late.status_code == 409
    assert "不计入" in late.text
    assert "非常" not in late.text, "whoever comes later is not told how it was rated"
    assert [row["level"] for row in sandbox.stored()] == [5]


def test_after_the_pad_the_phone_is_late_and_after_the_phone_the_pad(sandbox: Sandbox) -> None:
    sandbox.itemised(item("P1", "r-1"))
    assert Phone(sandbox, ticket("P1")).open().status_code == 409
    assert Phone(sandbox, ticket("P1")).send(level="2", indicator="207").status_code == 409
    Phone(sandbox, ticket("P2")).send(level="5")
    outcome = sandbox.itemised(item("P2", "r-2", satisfaction="1", evalDetail="")).json()["results"][0]
    assert outcome["outcome"] == "duplicate"
    assert [(row["project_no"], row["level"], row["pf"]) for row in sandbox.stored()] == [
        ("P1", 5, "4"), ("P2", 5, "3"),
    ]  # fmt: skip


def test_many_at_once_are_one(sandbox: Sandbox) -> None:
    phones = [Phone(sandbox, ticket("P1")) for _ in range(6)]
    with ThreadPoolExecutor(12) as pool:
        by_phone = [pool.submit(each.send, level=str(3 + at % 3)) for at, each in enumerate(phones)]
        by_pad = [pool.submit(sandbox.national, record("P1")) for _ in range(6)]
        statuses = sorted(each.result().status_code for each in by_phone)
        _ = [each.result() for each in by_pad]
    assert len(sandbox.stored()) == 1
    assert statuses in ([409] * 6, [200, *[409] * 5])


def test_a_pad_that_waits_is_told_at_once_and_never_the_level(sandbox: Sandbox) -> None:
    of = ticket("P1")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(heard, sandbox, "pad-1", 0, 30)
        while not sandbox.stored():  # it may be asked before or after: both are told
            Phone(sandbox, of).send(level="1", indicator="111", comment="秘密")
        told = waiting.result()
    assert told["rated"] == [
        {"visit": of.visit_id, "project_no": "P1", "service_number": 1, "assess_number": 1,
         "rated_at": told["rated"][0]["rated_at"]}
    ]  # fmt: skip
    assert told["rated"][0]["rated_at"].endswith("+08:00")
    assert heard(sandbox, after=told["cursor"]) == told | {"rated": []}


def test_a_pad_that_goes_away_while_it_waits_harms_nobody(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(heard, sandbox, "pad-1", 0, 30)
        while not waiting.done():
            sandbox.control("PUT", "line", {"up": False})
            sandbox.control("PUT", "line", {"up": True})
        assert isinstance(waiting.exception(), requests.RequestException)
    Phone(sandbox, ticket()).send(level="5")
    assert len(heard(sandbox)["rated"]) == 1


# --- what opens nothing --------------------------------------------------------------------

GOOD = make_token(bytes.fromhex(KEY), ticket(valid_s=10**8))


@pytest.mark.parametrize(
    "token",
    [
        "", "x", "a/b", "%00", "％", "A" * 4000, GOOD[:-1], GOOD + "A", GOOD + "=", GOOD[:40] + GOOD[41:],
        GOOD.swapcase(), make_token(b"another key, 16b", ticket()),
    ],
)  # fmt: skip
def test_what_is_no_code_of_ours_is_refused_without_saying_why(sandbox: Sandbox, token: str) -> None:
    for answer in (Phone(sandbox, token).open(), Phone(sandbox, token).send(level="5")):
        assert answer.status_code == 404
        assert "无法打开此二维码" in answer.text
    assert sandbox.stored() == []


def test_an_expired_code_says_that_it_has_expired(sandbox: Sandbox) -> None:
    phone = Phone(sandbox, ticket(valid_s=-1))
    for answer in (phone.open(), phone.send(level="5")):
        assert answer.status_code == 410
        assert "已过期" in answer.text
    assert sandbox.stored() == []


def test_the_code_of_a_window_explains_itself_and_rates_nothing(sandbox: Sandbox) -> None:
    phone = Phone(sandbox, WindowTicket("pad-1", "A07"))
    for answer in (phone.open(), phone.send(level="5")):
        assert answer.status_code == 200
        assert "A07 窗口" in answer.text
        assert "评价器上五个表情旁边会出现二维码" in answer.text
        assert "99.2 %" in answer.text
        assert "<form" not in answer.text
    assert sandbox.stored() == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"level=5&comment=" + b"x" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"level=5", "text/plain", 415),
        (b'{"level": 5}', "application/json", 415),
        (b"level=5", "application/x-www-form-urlencoded; charset=none", 400),
        (b"level=\xff&comment=\xfe", "application/x-www-form-urlencoded; charset=utf-8", 400),
        (b"", "application/x-www-form-urlencoded", 400),
    ],
)
def test_a_body_of_another_form_is_refused_in_a_page(
    sandbox: Sandbox, body: bytes, kind: str, status: int
) -> None:
    url = Phone(sandbox, ticket()).url
    answer = requests.post(url, data=body, headers={"Content-Type": kind}, timeout=30)
    assert answer.status_code == status
    assert "<h1" in answer.text
    assert sandbox.stored() == []


def test_a_body_without_an_end_is_not_waited_for(sandbox: Sandbox) -> None:
    address = urlsplit(Phone(sandbox, ticket()).url)
    head = (
        f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 99999999\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=30) as line:
        line.sendall(head.encode() + b"comment=" + b"x" * 40_000)
        assert line.recv(100).startswith(b"HTTP/1.1 413")


# --- whose key -----------------------------------------------------------------------------


def enrolled(sandbox: Sandbox, device: str, key: str) -> None:
    issued = sandbox.control(
        "POST",
        "enrolments",
        {"pad": {"hall_name": "练习"}, "device": device, "phone_key": key, "phone_url": "http://x/r"},
    )
    request = {
        "code": issued.json()["code"], "serial": f"S-{device}", "versions": {},
        "public_key": gm.sm2_generate_keypair().public_key,
    }  # fmt: skip
    answer = requests.post(f"{sandbox.url}/itemised{wire.PATH}", json=request, timeout=30)
    assert answer.status_code == 201


def test_an_enrolled_pads_key_opens_its_own_codes_and_no_other_pads(sandbox: Sandbox) -> None:
    key = uuid.uuid4().hex
    mine, others = (Phone(sandbox, ticket(device=device), key) for device in ("pad-41", "pad-42"))
    assert mine.open().status_code == 404  # nobody has that key yet
    enrolled(sandbox, "pad-41", key)
    assert mine.open().status_code == 200
    assert others.open().status_code == 404
    assert mine.send(level="5").status_code == 200
    assert others.send(level="5").status_code == 404


def test_a_code_made_on_the_page_gives_the_pad_a_key_and_this_page(sandbox: Sandbox) -> None:
    place = f"{sandbox.control_url}/platform/enrol"
    page = requests.post(place, data={"hall_name": "大厅", "win_no": "A09"}, timeout=30)
    code = re.findall(r'id="code">([^<]+)<', page.text)[0]
    pair = gm.sm2_generate_keypair()
    request = {"code": code, "serial": "S-9", "versions": {}, "public_key": pair.public_key}
    told = requests.post(f"{sandbox.url}/itemised{wire.PATH}", json=request, timeout=30).content
    answer = wire.read_answer(told)
    assert answer.platform.phone_url == f"{sandbox.control_url}/r"
    key = wire.open_secrets(answer, pair.private_key).phone_key
    assert key
    assert Phone(sandbox, ticket(device=answer.device), key).open().status_code == 200


# --- nothing personal ----------------------------------------------------------------------


@pytest.mark.parametrize("of", ["matter", "window", "used", "expired", "forged"])
def test_a_page_is_kept_nowhere_and_lets_in_no_script_and_sets_no_cookie(sandbox: Sandbox, of: str) -> None:
    used = ticket("P-used")
    Phone(sandbox, used).send(level="5")
    kinds: dict[str, Ticket | str] = {
        "matter": ticket(), "window": WindowTicket("pad-1", "A07"), "used": used,
        "expired": ticket(valid_s=-5), "forged": "x" * 120,
    }  # fmt: skip
    for query in ("", "?language=en"):
        answer = requests.get(Phone(sandbox, kinds[of]).url + query, timeout=30)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        policy = answer.headers["Content-Security-Policy"]
        assert "script" not in policy
        assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'")
        assert "Set-Cookie" not in answer.headers
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", answer.text)
        assert not re.search(r'(src|href|action)="(https?:)?//', answer.text)
        assert ('lang="en"' in answer.text.split("<head>")[0]) is bool(query)


def test_neither_the_code_nor_a_word_of_the_rater_is_in_a_log(sandbox: Sandbox) -> None:
    phone = Phone(sandbox, ticket())
    phone.open()
    phone.send(level="1", comment="不要记下来")
    told = sandbox.control("GET", "requests").text + sandbox.control("GET", "refusals").text
    log = (sandbox.folder / "sandbox.log").read_text(encoding="utf-8")
    for text in (told, log):
        assert phone.token not in text
        assert "不要记下来" not in text
    assert "/r/" not in log


def test_what_a_rater_writes_is_text_on_every_page(sandbox: Sandbox) -> None:
    script = "</textarea><script>alert(1)</script>"
    answer = Phone(sandbox, ticket()).send(level="", comment=script)
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


# --- on the platform's page ----------------------------------------------------------------


def test_a_phones_rating_shows_as_such_and_a_later_differing_voice_is_red_with_both_times(
    sandbox: Sandbox,
) -> None:
    page = f"{sandbox.control_url}/platform?language=en"
    Phone(sandbox, ticket("P1")).send(level="5")
    sandbox.itemised(item("P1", "r-1"))  # says the same: no other voice
    text = requests.get(page, timeout=30).text
    assert '<span class="chip">by phone</span>' in text
    assert "Two voices" not in text
    Phone(sandbox, ticket("P2")).send(level="1", decline="1")
    sandbox.itemised(item("P2", "r-2", assessTime="2026-01-02 03:04:05"))
    text = requests.get(page, timeout=30).text
    (row,) = re.findall(r'<tr class="broken">\n<td class="code".*?</tr>', text, re.S)
    assert "P2" in row
    assert re.findall(r"(by phone|on the pad)</span><br><time", row) == ["by phone", "on the pad"]
    assert "given 01-02 03:04:05" in row
    assert len(re.findall(r"arrived \d\d:\d\d:\d\d", row)) == 2
    assert "state bad" in row
    case = requests.get(f"{sandbox.control_url}/platform/cases/2?language=en", timeout=30).text
    assert "A later voice differs" in case
    summary = sandbox.control("GET", "summary").json()
    assert (summary["distinct"], summary["arrivals"]) == (2, 2), "a later voice counts nowhere"
