"""The platform as such: what it knows, whom it trusts, and how it takes in ratings whatever the dialect."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from pad import gm, indicators
from pad.indicators import Catalogue
from pad.keys import write_secret
from pad.model import CHINA_TIME
from sandbox import checks, review
from sandbox.checks import Rules
from sandbox.enrolments import Enrolments
from sandbox.misbehaviour import Misbehaviours
from sandbox.phone_keys import PhoneKeys
from sandbox.phone_ratings import PhoneRatings
from sandbox.publishing import Publication
from sandbox.robots import Robots
from sandbox.settings import Settings
from sandbox.store import PHONE, Arrival, Store

DUPLICATE: Final = "该办件环节不可重复评价，已存在评价"
NO_SERVICE: Final = "没有对应的服务数据"
CHANGED: Final = "同一评价编号的内容与已存在的不一致"
POISONED: Final = "记录无法处理"
ENVELOPE_TIME_TOLERANCE: Final = timedelta(minutes=10)


class Verdict(StrEnum):
    """What became of one record."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Taken:
    """A record's verdict, with the platform's words if it was refused."""

    verdict: Verdict
    message: str = ""


class Platform:
    """A city platform: strict, and with a memory."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.store = Store(folder)
        self.misbehaviours = Misbehaviours()
        self.robots = Robots(settings.robots)
        catalogue = indicators.load(settings.indicators_path)
        self.publication = Publication(catalogue, settings)
        published = review.latest(self.store)
        if published is not None:
            self.publication.put_figures(published.figures)
        private = folder / "platform.key"
        if not private.exists():
            pair = gm.sm2_generate_keypair()
            (folder / "platform.pub").write_text(pair.public_key + "\n", encoding="ascii")
            write_secret(private, pair.private_key)
        self.private_key = private.read_text(encoding="ascii").strip()
        public_key = gm.sm2_keypair(self.private_key).public_key
        self.enrolments = Enrolments(
            settings.app_mark, settings.app_word, public_key, lambda: self.publication.version
        )
        self.phone_keys = PhoneKeys(settings.phone_key, self.enrolments.phone_keys)
        self.phone_ratings = PhoneRatings(self.store, self.now)
        self.address = ""
        """Where it listens, once it does."""
        self.phone_page = ""
        """Where its page for phones is: what the pads' codes say before the token."""

    def now(self) -> datetime:
        """The platform's idea of now."""
        now = datetime.now(CHINA_TIME)
        for name, sign in (("clock-ahead", 1), ("clock-behind", -1)):
            if (wrong := self.misbehaviours.peek(name)) is not None:
                now += sign * timedelta(seconds=wrong.parameters["seconds"])
        return now

    @property
    def catalogue(self) -> Catalogue:
        """The indicators it takes now."""
        return self.publication.accepted

    @property
    def _rules(self) -> Rules:
        return Rules(self.publication.accepted, self.settings.allow_unbound, self.settings.future_tolerance_s)

    def judge(self, arrival: Arrival) -> Taken:
        """What would become of a record, without storing it."""
        record = arrival.record
        fault = self._poisoned(record) or checks.rating_fault(record, self._rules, self.now(), None)
        if fault:
            return Taken(Verdict.REFUSED, fault)
        there, service_time = self.store.service_time(record["projectNo"], int(record["serviceNumber"]))
        bound = record["projectNo"] != ""  # a rating of no matter has no service record to wait for
        if bound and not there and not self.settings.accept_any_service:
            return Taken(Verdict.REFUSED, NO_SERVICE)
        if fault := checks.rating_fault(record, self._rules, self.now(), service_time):
            return Taken(Verdict.REFUSED, fault)
        known = self.store.known(arrival)
        if known is None:
            return Taken(Verdict.ACCEPTED)
        if known["dialect"] == PHONE:  # first come, first counted: the pad's is no fault of the pad's
            return Taken(Verdict.DUPLICATE, DUPLICATE)
        if arrival.rating_id and arrival.rating_id != known["rating_id"]:
            return Taken(Verdict.REFUSED, DUPLICATE)
        if arrival.rating_id and not checks.same_content(record, json.loads(known["raw"])):
            return Taken(Verdict.REFUSED, CHANGED)
        return Taken(Verdict.DUPLICATE, DUPLICATE)

    def take_one(self, arrival: Arrival) -> Taken:
        """Store a record if it is good and new."""
        taken = self.judge(arrival)
        if taken.verdict is Verdict.ACCEPTED:
            self.store.add(arrival, self.now())
        elif taken.verdict is Verdict.DUPLICATE:
            self._count_again(arrival)
        else:
            self.refuse(arrival, taken.message)
        return taken

    def refuse(self, arrival: Arrival, message: str) -> Taken:
        """Note a refusal."""
        self.store.refuse(arrival.record, arrival.dialect, message, self.now())
        return Taken(Verdict.REFUSED, message)

    def take_all(self, arrivals: Sequence[Arrival]) -> Taken:
        """Store all records, or none: one flag answers the whole array (domain §4)."""
        seen: set[tuple[str, int, int]] = set()
        for arrival in arrivals:
            taken = self.judge(arrival)
            if taken.verdict is Verdict.ACCEPTED and arrival.matter in seen and arrival.matter[0]:
                taken = Taken(Verdict.DUPLICATE, DUPLICATE)
            if taken.verdict is not Verdict.ACCEPTED:
                if taken.verdict is Verdict.DUPLICATE:
                    self._count_again(arrival)
                self.store.refuse(arrival.record, arrival.dialect, taken.message, self.now())
                return taken
            seen.add(arrival.matter)
        for arrival in arrivals:
            self.store.add(arrival, self.now())
        return Taken(Verdict.ACCEPTED)

    def take_services(self, records: Sequence[Mapping[str, Any]]) -> Taken:
        """Store all service records, or none."""
        for record in records:
            if fault := checks.service_fault(record):
                return Taken(Verdict.REFUSED, fault)
        keys = [(record["projectNo"], int(record["serviceNumber"])) for record in records]
        if len(set(keys)) < len(keys) or any(self.store.service_time(*key)[0] for key in keys):
            return Taken(Verdict.DUPLICATE, "服务数据已存在，不可重复")
        for record in records:
            self.store.add_service(record)
        return Taken(Verdict.ACCEPTED)

    def _count_again(self, arrival: Arrival) -> None:
        known = self.store.known(arrival)
        if known is not None and known["dialect"] == PHONE:
            self.store.came_later(known, arrival, self.now())
        elif known is not None:
            self.store.arrived_again(known)

    def _poisoned(self, record: Mapping[str, Any]) -> str | None:
        poison = self.misbehaviours.peek("poison-record")
        if poison is None:
            return None
        project_no = record.get("projectNo")
        if not isinstance(project_no, str):
            return None
        named = poison.parameters["project_no"] or project_no
        poison.parameters["project_no"] = named  # the first it sees stays the one
        return POISONED if project_no == named else None
