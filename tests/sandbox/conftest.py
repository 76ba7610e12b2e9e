"""The practice platform as a real process, and a sender that speaks both dialects by its own hand."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from pad import gm
from pad.model import CHINA_TIME
from sandbox.hall.processes import Program, ProgramEnded, python

MARK, WORD = "test-pad", "test word"


def record(project_no: str = "P1", **changed: str) -> dict[str, str]:
    """A rating record with every field of domain §4."""
    return {
        "projectNo": project_no, "taskCode": "1" * 31, "taskName": "登记", "taskType": "20",
        "serviceNumber": "1", "serviceName": "办结", "satisfaction": "5", "pf": "4", "evalDetail": "510,517",
        "writingEvaluation": "", "assessTime": wire(0), "assessNumber": "1", "name": "", "deptCode": "",
        "areaCode": "500110000000",
        "userProp": "", "creditType": "", "certKey": "", "mobile": "", "winNo": "A07",
    } | changed  # fmt: skip


def service(project_no: str = "P1", **changed: str) -> dict[str, str]:
    """A service record with every mandatory field."""
    return {
        "mobile": "13800000000", "serviceTime": wire(-60), "areaCode": "500110000000", "taskCode": "1" * 31,
        "taskName": "登记", "projectNo": project_no, "proStatus": "3", "orgcode": "x", "orgName": "局",
        "userProp": "1", "userName": "张三", "userPageType": "111", "certKey": "110101199003070134",
        "serviceName": "办结", "serviceNumber": "1", "projectType": "1",
    } | changed  # fmt: skip


def wire(seconds: float) -> str:
    """A time on the wire, so many seconds from now."""
    return f"{datetime.now(CHINA_TIME) + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S}"


class Sandbox:
    """One running platform."""

    def __init__(self, folder: Path, sm2: str = "", **settings: object) -> None:
        given: dict[str, object] = {
            "port": 0, "control_port": 0, "state": str(folder / "state"), "app_mark": MARK, "app_word": WORD,
            "counter_url": "http://127.0.0.1:27199",
        }  # fmt: skip
        lines = [f"{key} = {json.dumps(value)}" for key, value in (given | settings).items()]
        text = "\n".join((*lines, "[sm2]", sm2))
        (folder / "sandbox.toml").write_text(text, encoding="utf-8")
        self.folder = folder
        self.program = Program(
            python("sandbox", "--config", str(folder / "sandbox.toml")), folder / "sandbox.log"
        )
        try:
            ready = json.loads(self.program.line(lambda line: line.startswith("{"), 60))
        except ProgramEnded:
            self.program.stop()  # else it is in the way of whichever test comes next
            raise
        self.url, self.control_url = ready["platform"], ready["control"]
        self.public_key = (folder / "state" / "platform.pub").read_text(encoding="ascii").strip()
        self._http = requests.Session()
        self._http.trust_env = False

    def close(self) -> None:
        self._http.close()
        self.program.stop()

    def control(self, method: str, path: str, body: object = None) -> requests.Response:
        return self._http.request(method, f"{self.control_url}/control/{path}", json=body, timeout=30)

    def stored(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "received").json()["received"]
        return found

    # --- national -------------------------------------------------------------------------

    def envelope(
        self, records: object, kind: str = "evaluate", form: gm.Sm2Format = gm.DEFAULT_FORMAT
    ) -> dict[str, Any]:
        time = f"{datetime.now(CHINA_TIME):%Y%m%d%H%M%S}"
        text = json.dumps(records, ensure_ascii=False).encode()
        body = {
            "appMark": MARK,
            "time": time,
            "sign": gm.sm2_encrypt(self.public_key, (time + MARK + WORD).encode(), form),
            "params": {kind: [gm.sm2_encrypt(self.public_key, text, form)]},
        }
        return {"txnBodyCom": body, "txnCommCom": {}}

    def national(self, *records: dict[str, str], path: str = "evaluate", kind: str = "evaluate",
                 timeout: float = 30) -> requests.Response:  # fmt: skip
        return self.post_national(self.envelope(list(records), kind), path, timeout)

    def post_national(
        self, envelope: object, path: str = "evaluate", timeout: float = 30
    ) -> requests.Response:
        return requests.post(f"{self.url}/national/{path}", json=envelope, timeout=timeout)

    # --- itemised -------------------------------------------------------------------------

    def itemised(self, *records: dict[str, Any], **headers: str) -> requests.Response:
        body = {"batch": str(uuid.uuid4()), "device": "pad-1", "records": list(records)}
        return self.signed("POST", "/itemised/v1/batches", body, **headers)

    def signed(self, method: str, path: str, body: object, **changed: str) -> requests.Response:
        return self.signed_bytes(method, path, json.dumps(body).encode(), **changed)

    def signed_question(self, path: str, query: str, **changed: str) -> requests.Response:
        """A signed GET; its query is no part of what is signed."""
        return self.signed_bytes("GET", path, b"", query, **changed)

    def signed_bytes(
        self, method: str, path: str, data: bytes, query: str = "", **changed: str
    ) -> requests.Response:
        stamp = str(int(datetime.now(CHINA_TIME).timestamp() * 1000))
        headers = {"X-App-Mark": MARK, "X-Timestamp": stamp, "X-Nonce": uuid.uuid4().hex}
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        text = "\n".join(
            (method, path, headers["X-Timestamp"], headers["X-Nonce"], gm.sm3(data).hex())
        ).encode()
        headers.setdefault("X-Signature", gm.hmac_sm3(WORD.encode(), text).hex())
        url = f"{self.url}{path}?{query}" if query else self.url + path
        return requests.request(method, url, data=data, headers=headers, timeout=60)


def item(project_no: str = "P1", rating_id: str = "r-1", **changed: str) -> dict[str, Any]:
    """An itemised record."""
    return {"id": rating_id, "rating": record(project_no, **changed)}


def message(answer: requests.Response) -> tuple[bool, str]:
    """Whether a national answer says success, and its words; each value must be a string."""
    told = answer.json()
    if "C-Response-Body" in told:
        assert set(told) == {"C-Response-Desc", "C-Response-Body"}
        told = json.loads(told["C-Response-Body"])
    assert all(isinstance(value, str) for value in told.values())
    return told["success"] == "true", told["message"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"))
    yield sandbox
    sandbox.close()


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.control("DELETE", "received")
    running.control("DELETE", "misbehaviours")
    return running
