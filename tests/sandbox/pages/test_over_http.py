"""The pages as a browser gets them: headers, languages, forms, and nothing of a citizen's that could act."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from pad.model import CHINA_TIME
from pad.working_days import UnknownYear, deadline
from sandbox.misbehaviour import KINDS
from tests.sandbox.conftest import Sandbox, item, wire
from tests.sandbox.pages.conftest import SCRIPT

PAGES = (
    "/",
    "/counter",
    "/platform",
    "/platform/cases",
    "/platform/publish",
    "/platform/enrol",
    "/platform/practice",
)


class Reader:
    """Somebody with a browser; forms go out as a page of the platform would send them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = requests.Session()
        self._http.trust_env = False

    def get(self, path: str, **headers: str) -> requests.Response:
        return self._http.get(self.url + path, headers=headers, timeout=60)

    def send(self, path: str, origin: str | None = "", **fields: str) -> requests.Response:
        headers = {} if origin is None else {"Origin": origin or self.url}
        return self._http.post(
            self.url + path, data=fields, headers=headers, timeout=60, allow_redirects=False
        )

    def close(self) -> None:
        self._http.close()


@pytest.fixture
def reader(sandbox: Sandbox) -> Iterator[Reader]:
    with closing(Reader(sandbox.control_url)) as opened:
        yield opened


def bad_rating(sandbox: Sandbox, number: int = 1, **changed: str) -> str:
    each = item(f"P{number}", f"r-{number}", satisfaction="1", evalDetail="111", **changed)
    answer = sandbox.itemised(each | {"staff": {"number": "1024", "name": "王芳"}})
    assert answer.json()["results"][0]["outcome"] == "accepted", answer.text
    return f"/platform/cases/{number}"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_lets_in_no_script_and_no_style_but_its_own_files(reader: Reader, path: str) -> None:
    page = reader.get(path)
    assert page.status_code == 200
    policy = dict(part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?! src=\"/pages/)|<style|\sstyle=|\son[a-z]+=|javascript:", page.text)
    assert not re.search(r"(src|href)=\"(https?:)?//", page.text), "nothing from beyond the sandbox"


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("accepted", "language"), [("zh-CN,zh;q=0.9", "zh-CN"), ("en-US,en", "en")])
def test_a_page_is_in_the_readers_language_and_says_which(
    reader: Reader, path: str, accepted: str, language: str
) -> None:
    assert f'<html lang="{language}">' in reader.get(path, **{"Accept-Language": accepted}).text


def test_a_chosen_language_stays_chosen(reader: Reader) -> None:
    reader.get("/platform?language=en", **{"Accept-Language": "zh-CN"})
    assert '<html lang="en">' in reader.get("/counter", **{"Accept-Language": "zh-CN"}).text


def test_what_a_citizen_or_a_clerks_system_writes_is_text_and_nothing_else(
    sandbox: Sandbox, reader: Reader
) -> None:
    each = item(
        "<b>P1",
        "r-1",
        satisfaction="1",
        evalDetail="",
        writingEvaluation=SCRIPT,
        taskName=SCRIPT,
        winNo=SCRIPT,
    )
    answer = sandbox.itemised(each | {"staff": {"number": SCRIPT, "name": SCRIPT}})
    assert answer.json()["results"][0]["outcome"] == "accepted"
    sandbox.itemised(item(SCRIPT, "r-2", satisfaction=SCRIPT))
    beat = {"device": SCRIPT, "head": {"seq": 1, "hash": SCRIPT}, "versions": {"pad": SCRIPT}}
    sandbox.signed("POST", "/itemised/v1/heartbeats", beat)
    case = "/platform/cases/1"
    assert reader.send(case, kind="reply", by=SCRIPT[:40], text=SCRIPT).status_code == 303
    assert reader.send(case, kind="appeal", by=SCRIPT[:40], text="").status_code == 400
    for path in ("/platform", "/platform/cases", case, "/platform/practice"):
        text = reader.get(path).text
        assert "<img src=x" not in text, path
        assert not re.search(r"<script(?! src=\"/pages/)", text), path
    assert "&lt;script&gt;" in reader.get("/platform").text


def test_the_counter_page_talks_to_the_pad_it_is_told_and_to_no_other_place(reader: Reader) -> None:
    page = reader.get("/counter?pad=https://pad-a07.hall.example:27100")
    assert 'data-pad="https://pad-a07.hall.example:27100"' in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "connect-src 'self' https://pad-a07.hall.example:27100 wss://pad-a07.hall.example:27100;" in policy


@pytest.mark.parametrize(
    "pad",
    [
        "http://a b",
        "http://a;script-src *",
        "javascript:alert(1)",
        "http://a/b",
        "http://a\r\nX: y",
        '"><script>',
    ],
)
def test_what_is_no_address_of_a_pad_is_refused(reader: Reader, pad: str) -> None:
    page = reader.get(requests.Request("GET", "http://x/counter", params={"pad": pad}).prepare().path_url)
    assert page.status_code == 400
    assert "27100" in page.text
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]


def test_a_form_of_another_site_changes_nothing(sandbox: Sandbox, reader: Reader) -> None:
    case = bad_rating(sandbox)
    for path, fields in (
        (case, {"kind": "reply", "by": "x", "text": "x"}),
        ("/platform/practice", {"do": "cut"}),
        ("/platform/enrol", {"hall_name": "x"}),
        ("/platform/publish", {"by": "x"}),
    ):
        for origin in ("https://elsewhere.example", "null", reader.url + "0"):
            assert reader.send(path, origin=origin, **fields).status_code == 403
    assert sandbox.control("GET", "line").json() == {"up": True}
    assert 'class="history"' not in reader.get(case).text


def test_a_case_goes_from_the_rating_to_the_visit(sandbox: Sandbox, reader: Reader) -> None:
    case = bad_rating(sandbox)
    assert "P1" in reader.get("/platform/cases").text
    assert (
        reader.send(case, kind="visit", by="x", text="x", found="content", day=wire(0)[:10]).status_code
        == 409
    )
    answer = reader.send(case, kind="reply", by="刘主任", text="已当场补办")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{case}#history")
    for missing in ({"found": "", "day": wire(0)[:10]}, {"found": "content", "day": "yesterday"}):
        assert reader.send(case, kind="visit", by="刘主任", text="x", **missing).status_code == 400
    visit = {"kind": "visit", "by": "刘主任", "text": "已电话回访", "found": "content", "day": wire(0)[:10]}
    assert reader.send(case, **visit).status_code == 303
    page = reader.get(case, **{"Accept-Language": "zh"}).text
    assert "已当场补办" in page
    assert "已电话回访" in page
    is_known = not isinstance(deadline(datetime.now(CHINA_TIME).date(), 5), UnknownYear)
    assert ("按期答复" in page) is is_known, "late in a year the calendar of the next may not be known here"


def test_an_appeal_is_decided_by_another_and_then_the_rating_does_not_count(
    sandbox: Sandbox, reader: Reader
) -> None:
    case = bad_rating(sandbox)
    assert reader.send(case, kind="appeal", by="王芳", text="不是本人办理").status_code == 303
    assert reader.send(case, kind="appeal", by="王芳", text="再次申诉").status_code == 409
    kept = reader.send(case, kind="adopt", by="王芳", text="我自己采纳")
    assert kept.status_code == 400
    assert "我自己采纳" in kept.text, "what was typed is not lost"
    assert 'aria-invalid="true"' in kept.text
    assert reader.send(case, kind="adopt", by="刘主任", text="查看存证，确属误评").status_code == 303
    page = reader.get("/platform", **{"Accept-Language": "en"}).text
    assert re.search(r"Ratings that count</dt><dd>0</dd>", page)
    assert "1 left out on appeal" in page
    assert [row["project_no"] for row in sandbox.stored()] == ["P1"]


def test_a_case_shows_what_evidence_there_is_and_says_what_there_is_not(
    sandbox: Sandbox, reader: Reader
) -> None:
    case = bad_rating(sandbox, pf="5", mobile="13800001234", name="张三", certKey="110101199003070134")
    page = reader.get(case, **{"Accept-Language": "en"}).text
    for shown in ("key of the key pad", "r-1", "pad-1", "first touch and changes of mind were not sent"):
        assert shown in page
    for person in ("13800001234", "张三", "110101199003070134"):
        assert person not in page


TRACE: dict[str, object] = {
    "invited_at": "2026-11-23T09:29:50.123+08:00",
    "first_touch_ms": 2345,
    "submitted_ms": 12_000,
    "changes": 2,
    "input_device": "keypad",
    "completed_by": "ring_closed",
}


def case_with(sandbox: Sandbox, trace: dict[str, object]) -> str:
    each = item("P1", "r-1", satisfaction="1", evalDetail="111")
    answer = sandbox.itemised(each | {"rating": each["rating"] | trace})
    assert answer.json()["results"][0]["outcome"] == "accepted", answer.text
    return "/platform/cases/1"


def test_a_case_shows_how_the_rating_came_about_where_the_pad_told(sandbox: Sandbox, reader: Reader) -> None:
    case = case_with(sandbox, TRACE)
    english = reader.get(case, **{"Accept-Language": "en"}).text
    chinese = reader.get(case, **{"Accept-Language": "zh-CN"}).text
    for shown in (
        "2026-11-23 09:29:50",
        "2.3 s after the faces were shown",
        "after 12.0 s, sent by itself after the rater had left",
        "went on to another face 2 times",
        "key of the key pad",
    ):
        assert shown in english
    for shown in ("2026-11-23 09:29:50", "出示评价界面后2.3秒", "评价人离开后自动提交", "改选2次"):
        assert shown in chinese
    assert "were not sent" not in english


@pytest.mark.parametrize(
    "changed",
    [{"changes": "2"}, {"first_touch_ms": None}, {"completed_by": "<b>"}, {"input_device": "ocx"}],
)
def test_a_trace_of_another_form_is_none(
    sandbox: Sandbox, reader: Reader, changed: dict[str, object]
) -> None:
    page = reader.get(case_with(sandbox, TRACE | changed), **{"Accept-Language": "en"})
    assert page.status_code == 200
    assert "were not sent" in page.text


def test_there_is_no_case_of_a_good_rating_or_of_none(sandbox: Sandbox, reader: Reader) -> None:
    sandbox.itemised(item())
    for number in ("1", "99"):
        assert reader.get(f"/platform/cases/{number}").status_code == 404
        assert reader.send(f"/platform/cases/{number}", kind="reply", by="x", text="x").status_code == 404
    assert reader.get("/platform/cases/x").json()["error"]["code"] == "no_such_path"


def mark_of(page: requests.Response) -> str:
    found = re.search(r'name="mark" value="([^"]*)"', page.text)
    assert found
    return found[1]


def around_now() -> dict[str, str]:
    """A period that holds what is rated in a test, also one that begins just before midnight."""
    return {"first": wire(-86_400)[:10], "last": wire(86_400)[:10]}


def test_figures_are_published_only_as_they_were_looked_through(sandbox: Sandbox, reader: Reader) -> None:
    period = around_now()
    address = f"/platform/publish?{urlencode(period)}"
    before = sandbox.control("GET", "bulletin").json()
    assert reader.send("/platform/publish", by="刘主任", mark="", **period).status_code == 409, "of nothing"
    bad_rating(sandbox)
    mark = mark_of(reader.get(address))
    assert reader.send("/platform/publish", by=" ", mark=mark, **period).status_code == 400
    sandbox.itemised(item("P2", "r-2"))
    assert reader.send("/platform/publish", by="刘主任", mark=mark, **period).status_code == 409
    assert sandbox.control("GET", "bulletin").json() == before
    fresh = mark_of(reader.get(address))
    assert reader.send("/platform/publish", by="刘主任", mark=fresh, **period).status_code == 303
    catalogue = requests.get(f"{sandbox.url}/itemised/v1/catalogue", timeout=60).json()
    assert catalogue["figures"] | {"period": 0} == {
        "period": 0, "ratings": 2, "satisfied_percent": 50.0, "bad": 1, "bad_handled": 0,
    }  # fmt: skip
    assert catalogue["notices"] == before["notices"]
    assert catalogue["version"] != before["version"]
    assert "刘主任" in reader.get(address).text


def test_what_was_published_is_still_published_after_a_restart(tmp_path: Path) -> None:
    period = around_now()
    with closing(Sandbox(tmp_path)) as first, closing(Reader(first.control_url)) as reader:
        first.itemised(item())
        mark = mark_of(reader.get(f"/platform/publish?{urlencode(period)}"))
        sent = reader.send("/platform/publish", by="刘主任", mark=mark, **period)
        assert sent.status_code == 303
    with closing(Sandbox(tmp_path)) as second:
        assert second.control("GET", "bulletin").json()["figures"]["ratings"] == 1


@pytest.mark.parametrize("name", KINDS)
def test_every_misbehaviour_has_its_switch(sandbox: Sandbox, reader: Reader, name: str) -> None:
    assert reader.send("/platform/practice", do="on", name=name).status_code == 303
    assert list(sandbox.control("GET", "misbehaviours").json()["on"]) == [name]
    assert reader.send("/platform/practice", do="off", name=name).status_code == 303
    assert reader.send("/platform/practice", do="once", name=name).status_code == 303
    assert sandbox.control("GET", "misbehaviours").json()["on"][name]["left"] == 1
    assert reader.send("/platform/practice", do="behave").status_code == 303
    assert sandbox.control("GET", "misbehaviours").json()["on"] == {}


def test_the_line_is_cut_and_restored_from_the_page(sandbox: Sandbox, reader: Reader) -> None:
    assert reader.send("/platform/practice", do="cut").status_code == 303
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{sandbox.url}/itemised/v1/catalogue", timeout=60)
    assert reader.send("/platform/practice", do="restore").status_code == 303
    assert requests.get(f"{sandbox.url}/itemised/v1/catalogue", timeout=60).status_code == 200
    assert reader.send("/platform/practice", do="explode").status_code == 400


def test_a_chain_that_was_cut_says_which_rows_are_gone(sandbox: Sandbox, reader: Reader) -> None:
    def beat(seq: int, text: str) -> None:
        head = {
            "device": "pad-1",
            "head": {"seq": seq, "hash": text * 64},
            "pending": 3,
            "oldest_pending_s": 125.0,
        }
        assert sandbox.signed("POST", "/itemised/v1/heartbeats", head).status_code == 200

    def page() -> str:
        return reader.get("/platform", **{"Accept-Language": "en"}).text

    beat(9, "a")
    assert "holds" in page()
    assert "3 waiting" in page()
    assert "the oldest for 2 min" in page()
    beat(5, "b")
    assert "Broken: rows 6 to 9 are gone" in page()
    assert 'class="broken"' in page()
    beat(12, "c")
    assert "Broken: rows 6 to 9 are gone" in page(), "a later beat heals nothing"
    sandbox.control("DELETE", "received")
    assert "Broken" not in page()


def test_a_refused_record_is_there_with_the_platforms_reason(sandbox: Sandbox, reader: Reader) -> None:
    sandbox.itemised(item("P-late", "r-late", assessTime=wire(7200)))
    page = reader.get("/platform").text
    assert "P-late" in page
    assert "assessTime晚于当前时间" in page


def test_a_code_for_a_pad_is_made_and_shown_as_a_picture(sandbox: Sandbox, reader: Reader) -> None:
    made = reader.send("/platform/enrol", hall_name="<b>练习</b>大厅", win_no="B3")
    assert made.status_code == 303
    (told,) = sandbox.control("GET", "enrolments").json()["enrolments"]
    assert made.headers["Location"] == f"/platform/enrol?code={told['code']}"
    page = reader.get(made.headers["Location"]).text
    assert page.count(told["code"]) >= 3
    assert f'src="/control/enrolments/{told["code"]}.svg"' in page
    assert reader.get(f"/control/enrolments/{told['code']}.svg").headers["Content-Type"] == "image/svg+xml"
    assert reader.send("/platform/enrol", hall_name=" ").status_code == 400
    assert "script" not in reader.get("/platform/enrol?code=<script>").text
