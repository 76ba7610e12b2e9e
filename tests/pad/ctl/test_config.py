"""``padctl config``, ``journal``, ``logs``, ``bundle`` and ``completion``."""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from pad import keys
from pad.ctl import logs, units
from pad.ctl.config import effective
from pad.ledger.outbox import Outbox
from pad.ledger.rows import Delivery
from pad.model import DeliveryState, Rater, iso_time
from tests.pad.ctl.command import in_json, padctl
from tests.syncd.pad_box import PadBox


def test_a_setting_is_set_noted_and_its_comments_stay(box: PadBox) -> None:
    file = box.folder / "pad.toml"
    file.write_text("# ours\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    done = padctl(box.environment, "config", "set", "screen.big_type", "true")
    assert (done.returncode, done.stderr) == (0, "")
    assert "systemctl restart kiosk" in done.stdout
    assert box.settings().screen.big_type
    assert file.read_text(encoding="utf-8").startswith("# ours\n")
    code, told = in_json(box.environment, "journal", "--kind", "settings_changed")
    assert (code, [each["detail"] for each in told["entries"]]) == (0, [{"keys": ["screen.big_type"]}])
    assert "nothing is noted" in padctl(box.environment, "journal", "--since", "2199-01-01").stdout


def test_a_setting_with_which_nothing_would_start_is_refused_and_the_file_is_as_it_was(box: PadBox) -> None:
    before = (box.folder / "pad.toml").read_bytes()
    done = padctl(box.environment, "config", "set", "counter.address", "0.0.0.0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "counter.address: found '0.0.0.0'" in done.stderr
    assert (box.folder / "pad.toml").read_bytes() == before
    assert box.journal() == []


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("screen.width", "1024", "restart for it: systemctl restart kiosk\n"),
        ("sync.batch", "7", "restart for it: systemctl restart syncd\n"),
        ("monitoring.free_warn_mib", "600", "restart for it: systemctl restart syncd\n"),
        ("pad.win_no", "9", "restart for it: systemctl restart kiosk syncd\n"),
        ("ledger.retention_days", "400", "it counts from the next housekeeping on\n"),
    ],
)
def test_it_says_what_has_to_start_anew_for_a_setting(box: PadBox, key: str, value: str, said: str) -> None:
    done = padctl(box.environment, "config", "set", key, value)
    assert done.stdout == f"{key} is set; {said}"


def test_every_setting_is_shown_with_where_it_comes_from(box: PadBox) -> None:
    found = {each.key: each for each in effective(box.folder / "pad.toml")}
    assert (found["pad.hall_name"].value, found["pad.hall_name"].source) == ("测试大厅", "file")
    assert (found["screen.language"].value, found["screen.language"].source) == ("zh_CN", "default")
    assert found["sync.interval_s"].source == "file"
    assert "alerts.smtp.host" in found


def test_an_address_with_a_password_in_it_is_not_shown(box: PadBox) -> None:
    box.configure("https://user:hunter2@hcp.example.gov.cn", "itemised")
    assert "hunter2" not in padctl(box.environment, "config", "show", "--json").stdout


def test_a_check_looks_at_secrets_and_indicators_too(box: PadBox) -> None:
    lists = Path(__file__).parents[3] / "config" / "indicators"
    (box.folder / "indicators").symlink_to(lists)
    code, told = in_json(box.environment, "config", "check")
    assert (code, told["findings"][0]["name"]) == (1, "secrets")
    keys.write_secret(box.state / "keys" / "app_word", "word")
    assert in_json(box.environment, "config", "check") == (
        0, {"file": str(box.folder / "pad.toml"), "good": True, "findings": []},
    )  # fmt: skip


# --- logs and the support archive -------------------------------------------------------------


def test_the_log_of_one_program_since_a_time() -> None:
    words = logs.command(["syncd.service"], "today", follow=True)
    assert words == [
        "journalctl", "--no-pager", "--output=short-iso", "--unit=syncd.service", "--since=today", "--follow",
    ]  # fmt: skip
    assert "--lines=200" in logs.command(units.UNITS)


@pytest.mark.skipif(units.is_booted(), reason="systemd runs this machine")
def test_without_systemd_it_says_where_the_log_is(box: PadBox) -> None:
    done = padctl(box.environment, "logs")
    assert done.returncode == 1
    assert "standard error" in done.stderr


PLANTED = (
    "欧阳娜娜",
    "13987654321",
    "110101199003070134",
    "写给城市的话",
    "王五",
    "hunter2",
    "boss@example.cn",
)


def test_a_support_archive_names_nobody_and_holds_no_key(box: PadBox) -> None:
    person = Rater(name=PLANTED[0], mobile=PLANTED[1], credit_type="111", cert_key=PLANTED[2])
    box.rate("P1", 1, comment=PLANTED[3], rater=person)
    words = f"手机号 {PLANTED[1]} 不正确"
    delivery = Delivery(1, DeliveryState.REFUSED, 1, settled_at=iso_time(box.clock.read().wall),
                        platform_code="E7", platform_message=words)  # fmt: skip
    Outbox(box.db, box.keys).record([delivery])
    keys.write_secret(box.state / "keys" / "app_word", PLANTED[5])
    mail = f'host = "127.0.0.1"\nencryption = "none"\nsender = "{PLANTED[6]}"\nto = ["{PLANTED[6]}"]'
    box.configure("http://127.0.0.1:9", "itemised", extra=f"[counter]\nport = 9\n[alerts.smtp]\n{mail}\n")
    out = box.folder / "support.tar.gz"
    done = padctl(box.environment, "bundle", str(out))
    assert done.returncode == 0, done.stderr
    assert out.stat().st_mode & 0o777 == 0o600
    with tarfile.open(out) as archive:
        parts = {each.name: archive.extractfile(each) for each in archive.getmembers()}
        texts = {name: file.read().decode() for name, file in parts.items() if file is not None}
    names = {name.rpartition("/")[2].partition(".")[0] for name in texts}
    assert names == {"status", "doctor", "journal", "settings", "units", "versions", "log"}
    whole = "\n".join(texts.values())
    assert '"E7"' in whole
    secret = [(box.state / "keys" / name).read_text().strip() for name in ("chain.key", "sealing.key")]
    assert not [each for each in (*PLANTED, *secret) if each in whole]
    assert json.loads(texts["padctl-bundle/status.json"])["ledger"]["refused"][0]["seq"] == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_by_the_script_it_is_given(box: PadBox, shell: str) -> None:
    done = padctl(box.environment, "completion", shell)
    assert done.returncode == 0
    assert "_PADCTL_COMPLETE" in done.stdout
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=done.stdout, text=True, check=False).returncode == 0
