"""The practice platform as a program: how it starts, what it says, how it ends, what it keeps."""

from __future__ import annotations

import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
import requests

from pad import gm
from pad.gm import Sm2Container, Sm2Format, Sm2Order, Sm2Text
from sandbox.hall.processes import python
from tests.sandbox.conftest import Sandbox, message, record


def ended(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(python("sandbox", *words), capture_output=True, text=True, timeout=60, check=False)


def test_a_wrong_option_is_misuse() -> None:
    assert ended("--speed", "9").returncode == 2


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("prot = 1", "prot"),
        ("port = 70000", "port"),
        ('reply = "xml"', "reply"),
        ('app_mark = ""', "app_mark"),
        ('[sm2]\norder = "C3C2C1"', "order"),
        ('counter_url = "pad"', "counter_url"),
        ('[sm2]\ncontainer = "asn1"\norder = "C1C2C3"', "asn1"),
        ('indicators = "nowhere.toml"', "nowhere.toml"),
        ("port = ", "TOML"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "sandbox.toml"
    file.write_text(f'state = "{tmp_path}"\n{text}' if "[sm2]" not in text else text, encoding="utf-8")
    told = ended("--config", str(file))
    assert told.returncode == 1
    assert named in told.stderr
    assert "Traceback" not in told.stderr


def test_asked_to_end_it_ends_well_and_its_store_and_keys_are_there_next_time(tmp_path: Path) -> None:
    with closing(Sandbox(tmp_path)) as first:
        key = first.public_key
        assert message(first.national(record()))[0]
        assert first.program.stop() == 0
    assert stat.S_IMODE((tmp_path / "state/platform.key").stat().st_mode) == 0o600
    with closing(Sandbox(tmp_path)) as second:
        assert second.public_key == key
        assert [row["project_no"] for row in second.stored()] == ["P1"]
        assert not message(second.national(record()))[0]


@pytest.mark.parametrize(
    ("form", "settings"),
    [
        (Sm2Format(order=Sm2Order.C1C2C3), 'order = "C1C2C3"'),
        (Sm2Format(prefix04=False), "prefix04 = false"),
        (Sm2Format(container=Sm2Container.ASN1), 'container = "asn1"'),
        (Sm2Format(text=Sm2Text.BASE64), 'text = "base64"'),
    ],
    ids=["C1C2C3", "no 04", "ASN.1", "base64"],
)
def test_ciphertext_is_taken_in_the_set_form_and_no_other(
    tmp_path: Path, form: Sm2Format, settings: str
) -> None:
    with closing(Sandbox(tmp_path, sm2=settings)) as sandbox:
        as_set = sandbox.envelope([record()], form=form)
        assert message(sandbox.post_national(as_set))[0]
        assert message(sandbox.post_national(sandbox.envelope([record("P2")]))) == (False, "签名验证失败")


def test_a_key_of_another_platform_opens_nothing(running: Sandbox) -> None:
    envelope = running.envelope([record()])
    other = gm.sm2_generate_keypair().public_key
    envelope["txnBodyCom"]["params"]["evaluate"] = [gm.sm2_encrypt(other, b"[]")]
    assert message(running.post_national(envelope)) == (False, "数据解密失败")


def test_what_is_no_path_of_a_dialect_is_not_found(running: Sandbox) -> None:
    assert requests.post(f"{running.url}/national/ratings", data=b"{}", timeout=60).status_code == 404
    assert requests.get(f"{running.url}/national/evaluate", timeout=60).status_code == 405
    assert requests.get(f"{running.url}/control/received", timeout=60).status_code == 404
