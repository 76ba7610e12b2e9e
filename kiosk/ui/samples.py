"""Every screen there is, with made-up people: for the technician to look at, and for the contact sheet."""

from __future__ import annotations

from typing import Final

from kiosk.events import CardTrouble, EnrolmentTold
from kiosk.facts import Fact, FactGroup, Facts
from kiosk.view import Identity, PinState, Ring, ScreenName, View
from pad.bulletin import Bulletin, Figures, Notice
from pad.clock import monotonic_ns
from pad.codes import Level
from pad.enrolment import Outcome
from pad.indicators import Catalogue
from pad.model import Matter, Staff

_PLATFORM: Final = "https://hcp.example.gov.cn/gateway"
_LINK: Final = "https://hcp.example.gov.cn/r/" + "Aq3_9" * 22
_CLERK: Final = Staff("1024", "王芳", "综合受理", 5)
_MATTER: Final = Matter(project_no="500110202611230001", task_name="个体工商户设立登记", win_no="A07")
_LONG: Final = Matter(
    project_no="5001102026112300017-补正-02",
    task_name="食品经营许可证（含网络餐饮服务第三方平台提供者及自建网站餐饮服务提供者备案）变更",
    win_no="A07",
)
_COMMENT: Final = "窗口人员很耐心，把需要的材料一次讲清楚了，还帮我把表格核对了一遍。"
_BULLETIN: Final = Bulletin(
    version="sample",
    notices=(
        Notice(
            {
                "zh_CN": "12月1日起，不动产登记窗口移至三楼C区。",
                "en": "From 1 December, property registration moves to area C on the third floor.",
            }
        ),
    ),
    figures=Figures({"zh_CN": "2026年10月", "en": "October 2026"}, 12345, 99.2, 7, 7),
)
_FACTS: Final = Facts(
    (
        FactGroup(
            "Ratings",
            (
                Fact("Waiting to be sent", "3"),
                Fact("Longest waiting since", "11-23 09:12"),
                Fact("Refused by the platform", "1", ok=False),
                Fact("Last rating", "2026-11-23 09:26:41"),
            ),
        ),
        FactGroup("Storage", (Fact("Free room", "5120 MiB", ok=True), Fact("Ledger", "18.4 MiB"))),
        FactGroup(
            "Network",
            (
                Fact("Addresses", "eth0 up, 10.20.7.31", ok=True),
                Fact("Platform", "hcp.example.gov.cn:443: timed out", ok=False),
            ),
        ),
        FactGroup("Clock", (Fact("Time", "2026-11-23 09:30:00"), Fact("Known to be right", "NTP", ok=True))),
        FactGroup(
            "Machine",
            (
                Fact("Running since", "412.6 h"),
                Fact("Temperature", "51 °C", ok=True),
                Fact("Glass", '10.1"'),
                Fact("Voice", "70 %", ok=True),
            ),
        ),
        FactGroup(
            "Devices",
            (
                Fact("Key pad", "/dev/pad/keypad, × 1, 12 s", ok=True),
                Fact("ID card reader", "usb:1a86:7523: not there", ok=False),
            ),
        ),
        FactGroup("Versions", (Fact("Pad", "0.1.0 (ledger 4)"), Fact("Indicators", "2020-05-22"))),
    )
)


def samples(catalogue: Catalogue) -> dict[str, View]:
    """The screens by name; the rings are full."""
    ring = Ring(monotonic_ns() + 60_000_000_000, 60.0, held=True)

    def rating(screen: ScreenName, level: Level, **given: object) -> View:
        return View(
            screen, "v", _MATTER, _CLERK, level=level, indicators=catalogue.of_level(level), ring=ring,
            can_submit=not level.is_bad, may_decline_reason=level.is_bad, **given,  # type: ignore[arg-type]
        )  # fmt: skip

    first_good, first_bad = (catalogue.of_level(level)[0].code for level in (Level(5), Level(1)))
    behind_more = [each.code for each in catalogue.of_level(Level(2)) if each.more][:1]
    offered = Identity()
    return {
        "idle": View(ScreenName.IDLE, link=_LINK, bulletin=_BULLETIN),
        "idle-bare": View(ScreenName.IDLE),
        "serving": View(ScreenName.SERVING, staff=_CLERK, link=_LINK, bulletin=_BULLETIN),
        "serving-bare": View(ScreenName.SERVING, staff=_CLERK),
        "invitation": View(ScreenName.INVITATION, "v", _MATTER, _CLERK, ring=ring, link=_LINK),
        "invitation-long": View(ScreenName.INVITATION, "v", _LONG, _CLERK, ring=ring, link=_LINK),
        "invitation-bare": View(ScreenName.INVITATION, "v", Matter(win_no="A07"), ring=ring),
        "reasons-good": rating(
            ScreenName.REASONS, Level(5), ticked=frozenset({first_good}), identity=offered, comment=_COMMENT
        ),
        "reasons-bad": rating(ScreenName.REASONS, Level(1), ticked=frozenset({first_bad}), identity=offered),
        "reasons-more": rating(ScreenName.REASONS, Level(2), ticked=frozenset(behind_more), identity=offered),
        "comment": rating(ScreenName.COMMENT, Level(4), comment=_COMMENT),
        "identity": rating(ScreenName.IDENTITY, Level(2), identity=Identity("138••••56", False, "李•")),
        "identity-card": rating(
            ScreenName.IDENTITY, Level(2), identity=Identity(reader=True, card_trouble=CardTrouble.LIFT_FIRST)
        ),
        "thanks": View(ScreenName.THANKS),
        "withdrawn": View(ScreenName.WITHDRAWN),
        "already_rated": View(ScreenName.ALREADY_RATED),
        "rated_by_phone": View(ScreenName.RATED_BY_PHONE),
        "forestalled": View(ScreenName.FORESTALLED),
        "paused": View(ScreenName.PAUSED),
        "closed": View(ScreenName.CLOSED, notice="本窗口今日停止办理，请到A08窗口。"),
        "cannot_store": View(ScreenName.CANNOT_STORE),
        "starting": View(ScreenName.STARTING),
        "pin": View(ScreenName.PIN, pin=PinState(typed=4)),
        "technician": View(ScreenName.TECHNICIAN, facts=_FACTS),
        "technician-enrolment": View(ScreenName.TECHNICIAN, facts=_FACTS, enrolment=_PLATFORM),
        "technician-enrolled": View(
            ScreenName.TECHNICIAN,
            facts=_FACTS,
            enrolment=_PLATFORM,
            enrolled=EnrolmentTold(Outcome.ENROLLED, "pad-0001", "A07"),
        ),
        "technician-not-enrolled": View(
            ScreenName.TECHNICIAN,
            facts=_FACTS,
            enrolment=_PLATFORM,
            enrolled=EnrolmentTold(Outcome.NO_ANSWER),
        ),
    }
