"""The stage: one folder with settings, keys and state, and the three programs that run in it."""

from __future__ import annotations

import json
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pad import keys, phone, settings
from pad.settings import Dialect, Settings
from sandbox import robots
from sandbox.devices.table import settings_for
from sandbox.hall.glass import Glass
from sandbox.hall.partners import Clerk, Platform
from sandbox.hall.processes import Program, python

CONFIG: Final = Path(__file__).parents[2] / "config"
APP_MARK: Final = "demo-pad"
APP_WORD: Final = "a word for practice only"
ROBOTS: Final = {
    "wecom": f"{robots.WECOM}?key=practice",
    "dingtalk": f"{robots.DINGTALK}?access_token=practice",
    "feishu": f"{robots.FEISHU}/practice",
}
"""Where the platform's robots are, with the key they want by default."""
_ALERTS: Final = "[alerts]\nwecom = true\ndingtalk = true\nfeishu = true\n"
_PHONE: Final = '[phone]\nurl = "{}"\n'
_READY_WITHIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a stage is set up with; ``rules`` and ``sync`` override ``pad.toml`` key by key.

    With ``devices`` the pad looks for its serial devices in the stage's folder ``devices``, with
    ``alerts`` it tells bad ratings to the platform's three robots, with ``phone`` its codes open the
    platform's page.
    """

    dialect: Dialect = Dialect.NATIONAL
    counter_port: int = 27100
    width: int = 1280
    height: int = 800
    language: str = "zh_CN"
    rules: tuple[tuple[str, str | float | bool], ...] = ()
    sync: tuple[tuple[str, float], ...] = ()
    devices: bool = False
    alerts: bool = False
    phone: bool = False


class Stage:
    """A folder in which platform, kiosk and syncd run together."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder = folder
        self.plan = plan
        self.state = folder / "state"
        self.devices = folder / "devices"
        self.config = folder / "pad.toml"
        self.platform_store = folder / "platform" / "platform.db"
        self.state.mkdir(parents=True, exist_ok=True)
        self.platform_program: Program | None = None
        self.kiosk: Program | None = None
        self.syncd: Program | None = None
        self.clerk = Clerk(plan.counter_port)

    # --- the platform -------------------------------------------------------------------

    def start_platform(self) -> Platform:
        """Start the practice platform, and settle the pad with it: keys, word, address."""
        configuration = self.folder / "platform.toml"
        phone_key = secrets.token_hex(phone.KEY_BYTES) if self.plan.phone else ""
        configuration.write_text(
            f'port = 0\ncontrol_port = 0\nstate = "{self.folder / "platform"}"\n'
            f'app_mark = "{APP_MARK}"\napp_word = "{APP_WORD}"\naccept_any_service = true\n'
            f'counter_url = "http://127.0.0.1:{self.plan.counter_port}"\nphone_key = "{phone_key}"\n',
            encoding="utf-8",
        )
        self.platform_program = Program(
            python("sandbox", "--config", str(configuration)), self.folder / "platform.log"
        )
        ready = json.loads(self.platform_program.line(lambda line: line.startswith("{"), _READY_WITHIN_S))
        if phone_key:
            keys.write_secret(self.state / "keys" / phone.KEY_NAME, phone_key)
        public_key = (self.folder / "platform" / "platform.pub").read_text(encoding="ascii").strip()
        phone_page = ready["phone"] if self.plan.phone else ""
        self.settle(ready["platform"], public_key, counter_pages=(ready["control"],), phone_page=phone_page)
        return Platform(ready["control"])

    def settle(
        self, url: str, public_key: str, counter_pages: tuple[str, ...] = (), phone_page: str = ""
    ) -> None:
        """Settle the pad with a platform that listens at ``url``, whichever it is.

        :param counter_pages: the origins whose pages may call the pad
        :param phone_page: what the pad's codes open; nothing: it shows none
        """
        keys.write_secret(self.state / "keys" / "app_word", APP_WORD)
        keys.write_secret(self.state / "keys" / "platform_sm2.pub", public_key)
        for name, path in ROBOTS.items():
            keys.write_secret(self.state / "keys" / f"alert_{name}", url + path)
        self._write_settings(f"{url}/{self.plan.dialect}", counter_pages, phone_page)

    def _write_settings(self, url: str, counter_pages: tuple[str, ...], phone_page: str) -> None:
        rules = "\n".join(f"{key} = {_toml(value)}" for key, value in self.plan.rules)
        sync = "\n".join(f"{key} = {value}" for key, value in self.plan.sync)
        self.config.write_text(
            f"""[pad]
device_id = "pad-demo"
hall_name = "綦江区政务服务中心"
win_no = "A07"
area_code = "500110"
dept_code = "11500222MB1234567X"
org_name = "綦江区政务服务管理办公室"
indicators = "{CONFIG / "indicators" / "national-2020-05-22.toml"}"
[counter]
port = {self.plan.counter_port}
origins = {json.dumps(counter_pages)}
[rating]
{rules}
[screen]
fullscreen = false
width = {self.plan.width}
height = {self.plan.height}
language = "{self.plan.language}"
[sync]
{sync}
[platform]
profile = "{CONFIG / "platforms" / f"{self.plan.dialect}.toml"}"
url = "{url}"
app_mark = "{APP_MARK}"
{_PHONE.format(phone_page) if phone_page else ""}
{settings_for(self.devices) if self.plan.devices else ""}
{_ALERTS if self.plan.alerts else ""}""",
            encoding="utf-8",
        )

    # --- the pad ------------------------------------------------------------------------

    @property
    def environment(self) -> dict[str, str]:
        """Where the pad's programs find their state and settings."""
        return {"PAD_STATE": str(self.state), "PAD_CONFIG": str(self.config)}

    def settings(self) -> Settings:
        """The pad's settings, as its programs read them."""
        return settings.load(self.config, self.environment)

    def start_kiosk(self, display: str) -> Glass:
        """Start the kiosk; its glass, once something can be touched."""
        self.kiosk = Program(
            python("kiosk", "--narrate"), self.folder / "kiosk.log", {**self.environment, "DISPLAY": display}
        )
        return Glass(display, self.kiosk)

    def start_syncd(self) -> None:
        """Start the daemon."""
        self.syncd = Program(python("syncd"), self.folder / "syncd.log", self.environment)

    def stop(self) -> None:
        """Ask every program to stop."""
        for program in (self.kiosk, self.syncd, self.platform_program):
            if program is not None:
                program.stop()

    def clear(self) -> None:
        """Forget everything of an earlier run."""
        for name in ("state", "platform"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for log in self.folder.glob("*.log"):
            log.unlink()
        self.state.mkdir(parents=True)


def _toml(value: str | float | bool) -> str:
    return json.dumps(value, ensure_ascii=False)
