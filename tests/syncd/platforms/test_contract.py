"""Every dialect through the contract: the two that are shipped, and the guide's example."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest

from pad import gm
from pad.settings import Dialect
from syncd.platforms.choice import SPEAKERS, Terms, terms_of
from tests.syncd.city import City, CityServer, Request, says
from tests.syncd.pad_box import PadBox
from tests.syncd.parcels import NOW, RECORD, Connect, parcel
from tests.syncd.platforms.contract import DialectContract, Peer
from tests.syncd.platforms.form_post import FormPost


class TestNational(DialectContract):
    @pytest.fixture
    def peer(self, box: PadBox, online: CityServer, connect: Connect) -> Peer:
        box.configure(f"http://127.0.0.1:{online.port}/gateway", "national")

        def said(success: str, message: str) -> object:
            return {"code": "0", "success": success, "message": message}

        return Peer(
            connect,
            accepted=lambda _: said("true", "ok"),
            known=lambda _: said("false", "该办件已存在评价"),
            refused=lambda _, message: said("false", message),
            stranger=lambda _: said("false", "验签失败"),
        )


class TestItemised(DialectContract):
    @pytest.fixture
    def peer(self, box: PadBox, online: CityServer, connect: Connect) -> Peer:
        box.configure(f"http://127.0.0.1:{online.port}/gateway", "itemised")

        def said(request: Request, **of_each: str) -> dict[str, object]:
            results = [{"id": each["id"], **of_each} for each in request.json["records"]]
            return {"batch": request.json["batch"], "results": results}

        return Peer(
            connect,
            accepted=lambda request: said(request, outcome="accepted", receipt="R"),
            known=lambda request: said(request, outcome="duplicate"),
            refused=lambda request, message: said(request, outcome="refused", message=message),
            others=lambda request: {
                "batch": "another",
                "results": said(request, outcome="accepted")["results"],
            },
        )


# --- the guide's example ------------------------------------------------------------------------


class TestFormPost(DialectContract):
    @pytest.fixture
    def peer(self, box: PadBox, online: CityServer) -> Peer:
        box.configure(f"http://127.0.0.1:{online.port}/gateway", "national")

        def terms() -> Terms:
            return terms_of(box.settings(), lambda: NOW, seals_by_sm2=True)

        def said(success: bool, message: str) -> object:
            return {"success": success, "code": "0" if success else "1", "errorMessage": message}

        return Peer(
            lambda: FormPost(terms()),
            accepted=lambda _: said(True, ""),
            known=lambda _: said(False, "该办件已存在评价"),
            refused=lambda _, message: said(False, message),
            stranger=lambda _: said(False, "appMark无效"),
        )

    def test_the_form_is_what_the_platform_expects(self, peer: Peer, box: PadBox, city: City) -> None:
        city.script.append(says(200, {"success": True, "code": "0", "errorMessage": ""}))
        platform = peer.connect()
        platform.submit("b", [parcel(box)])
        platform.close()
        (request,) = city.requests
        assert request.path == "/gateway/evaluate"
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8"
        form = {
            name: value for name, (value,) in parse_qs(request.body.decode(), strict_parsing=True).items()
        }
        assert list(form) == ["appMark", "time", "sign", "params"]
        assert (form["appMark"], form["time"]) == ("mark", "20260601083005")
        opened = gm.sm2_decrypt(city.keys.private_key, form["sign"]).decode()
        assert opened == "20260601083005" + "mark" + city.app_word
        (data,) = json.loads(form["params"]).values()
        assert json.loads(gm.sm2_decrypt(city.keys.private_key, data)) == [RECORD]


def test_every_dialect_has_somebody_who_speaks_it() -> None:
    assert set(SPEAKERS) == set(Dialect)
