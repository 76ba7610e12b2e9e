"""The national dialect against known bytes: what was sent is opened and compared, what comes back is read."""

from __future__ import annotations

import json
import re

import pytest

from pad import gm
from pad.settings import PlatformProfile
from syncd.platforms import national as national_dialect
from syncd.platforms.base import (
    CredentialsRefused,
    NoAnswer,
    Trouble,
    WholeAccepted,
    WholeDuplicate,
    WholeRefused,
)
from syncd.platforms.judging import Reply
from tests.syncd.city import City, CityServer, says
from tests.syncd.pad_box import PadBox
from tests.syncd.parcels import RECORD, SERVICE, Connect, parcel

# --- national: what is sent --------------------------------------------------------------------


def test_national_byte_by_byte(box: PadBox, city: City, online: CityServer, connect: Connect) -> None:
    answer = connect().submit("b1", [parcel(box)])
    assert isinstance(answer, WholeAccepted)
    (request,) = city.requests
    assert request.path == "/gateway/evaluate"
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"
    envelope = request.json
    assert list(envelope) == ["txnBodyCom", "txnCommCom"]
    assert envelope["txnCommCom"] == {}
    common = envelope["txnBodyCom"]
    assert list(common) == ["appMark", "time", "sign", "params"]
    assert (common["appMark"], common["time"]) == ("mark", "20260601083005")
    assert re.fullmatch(r"04[0-9a-f]+", common["sign"])
    sign = gm.sm2_decrypt(city.keys.private_key, common["sign"])
    assert sign.decode() == "20260601083005" + "mark" + city.app_word
    assert list(common["params"]) == ["evaluate"]
    assert len(common["params"]["evaluate"]) == 1
    assert city.opened(request) == [RECORD]
    assert list(city.opened(request)[0]) == list(RECORD)


def test_national_in_another_form_of_ciphertext(
    box: PadBox, city: City, online: CityServer, connect: Connect
) -> None:
    form = '[sm2]\norder = "C1C2C3"\nprefix04 = false\ntext = "base64"'
    box.configure(f"http://127.0.0.1:{online.port}", profile=form)
    city.form = gm.Sm2Format(gm.Sm2Order.C1C2C3, prefix04=False, text=gm.Sm2Text.BASE64)
    assert isinstance(connect().submit("b1", [parcel(box)]), WholeAccepted)
    assert city.arrived == [RECORD]


def test_national_an_unbound_rating_goes_under_its_own_id_so_that_it_is_known_again(
    box: PadBox, city: City, online: CityServer, connect: Connect
) -> None:
    unbound = parcel(box, None)
    connect().submit("b1", [unbound])
    assert city.distinct == [unbound.rating.id]


def test_national_one_envelope_for_the_array_and_an_unbound_rating_may_go_without_number(
    box: PadBox, city: City, online: CityServer, connect: Connect
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", profile='unbound_project_no = "empty"')
    parcels = [parcel(box, "P1"), parcel(box, None), parcel(box, "P3", 5)]
    connect().submit("b1", parcels)
    assert len(city.requests) == 1
    assert city.distinct == ["P1", "", "P3"]


def test_the_channel_is_mapped_as_the_profile_says(
    box: PadBox, city: City, online: CityServer, connect: Connect
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", profile='pf = {"4" = "9"}')
    connect().submit("b1", [parcel(box)])
    assert city.arrived[0]["pf"] == "9"


def test_national_sends_service_records_first_and_each_once(
    box: PadBox, city: City, online: CityServer, connect: Connect
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}/gateway", profile='service_record = "pad"')
    city.wants_services = True
    platform, parcels = connect(), [parcel(box, "P1"), parcel(box, "P2"), parcel(box, None)]
    assert isinstance(platform.submit("b1", parcels), WholeRefused)  # the unbound one has no service record
    assert isinstance(platform.submit("b2", parcels[:2]), WholeAccepted)
    assert [request.path for request in city.requests] == [
        "/gateway/service", "/gateway/evaluate", "/gateway/evaluate",
    ]  # fmt: skip
    assert city.services == [SERVICE, SERVICE | {"projectNo": "P2"}]
    assert list(city.services[0]) == list(SERVICE)
    params = city.requests[0].json["txnBodyCom"]["params"]
    assert list(params) == ["projectService"]


def test_a_service_record_that_is_there_already_is_success_for_a_rating_alone(
    box: PadBox, city: City, online: CityServer, connect: Connect
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", profile='service_record = "pad"')
    city.services = [SERVICE]
    parcels = [parcel(box, "P1"), parcel(box, "P2")]
    platform = connect()
    assert isinstance(platform.submit("b1", parcels), WholeDuplicate)
    assert isinstance(platform.submit("b2", parcels[:1]), WholeAccepted)
    assert isinstance(platform.submit("b3", parcels[1:]), WholeAccepted)
    assert city.distinct == ["P1", "P2"]


def test_a_service_record_that_gets_no_answer_holds_back_its_rating(
    box: PadBox, city: City, online: CityServer, connect: Connect
) -> None:
    box.configure(f"http://127.0.0.1:{online.port}", profile='service_record = "pad"')
    city.script.append(says(502))
    assert isinstance(connect().submit("b1", [parcel(box)]), NoAnswer)
    assert not city.arrived


# --- national: what comes back -----------------------------------------------------------------

PROFILE = PlatformProfile(
    name="t", dialect="national", credential_messages=("验签",), busy_messages=("系统繁忙",)  # type: ignore[arg-type]
)  # fmt: skip


def wrapped(inner: object, desc: object = "success") -> str:
    body = inner if isinstance(inner, str) else json.dumps(inner, ensure_ascii=False)
    return json.dumps({"C-Response-Desc": desc, "C-Response-Body": body}, ensure_ascii=False)


NO = "HTTP 200 with a body that is no answer of the platform's"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (wrapped({"success": "true", "message": "成功"}), WholeAccepted()),
        ('{"code":"0","success":"true","message":"成功"}', WholeAccepted()),
        ('{"code":"0","success":"true"}', WholeAccepted()),
        (wrapped({"success": "false", "message": "不可重复评价"}), WholeDuplicate("不可重复评价")),
        ('{"code":"1","success":"false","message":"该件已存在评价"}', WholeDuplicate("该件已存在评价")),
        ('{"code":"9","success":"false","message":"验签失败"}',
         CredentialsRefused("the platform refuses this pad's mark or signature")),
        ('{"code":"9","success":"false","message":"系统繁忙"}', NoAnswer("the platform says it is busy")),
        ('{"code":"7","success":"false","message":"没有服务数据"}', WholeRefused("没有服务数据", "7")),
        (wrapped({"success": "false"}), WholeRefused("")),
        (wrapped("", desc="参数错误"), WholeRefused("参数错误")),
        (wrapped({"success": "false", "message": "细节"}, desc="错误"), WholeRefused("错误: 细节")),
        (wrapped({"success": "true"}, desc="错误"), NoAnswer(NO)),
        ("<html>请登录</html>", NoAnswer(NO)),
        ("", NoAnswer(NO)),
        ("null", NoAnswer(NO)),
        ("[]", NoAnswer(NO)),
        ("{}", NoAnswer(NO)),
        ('{"success":true,"message":"成功"}', NoAnswer(NO)),
        ('{"success":"yes","message":"成功"}', NoAnswer(NO)),
        ('{"code":"0","success":"true","mess', NoAnswer(NO)),
        ('{"success":"true","message":["成功"]}', NoAnswer(NO)),
        (json.dumps({"C-Response-Desc": "success", "C-Response-Body": {"success": "true"}}), NoAnswer(NO)),
        (wrapped("true"), NoAnswer(NO)),
        (wrapped(wrapped({"success": "true"})), NoAnswer(NO)),
        ("[" * 100_000, NoAnswer(NO)),
        ('{"success":"true","x":' + "[" * 100_000, NoAnswer(NO)),
    ],
)  # fmt: skip
def test_national_answers(body: str, expected: object) -> None:
    assert national_dialect.read_answer(Reply(200, body.encode(), None), PROFILE) == expected


def test_national_words_with_an_error_status_count_but_never_as_success() -> None:
    refused = Reply(400, '{"success":"false","message":"格式"}'.encode(), None)
    assert national_dialect.read_answer(refused, PROFILE) == WholeRefused("格式")
    for body in (b'{"success":"true"}', b"<html>Bad Request</html>"):
        answer = national_dialect.read_answer(Reply(400, body, None), PROFILE)
        assert answer == NoAnswer("HTTP 400", Trouble.CHOKED)
