"""The steps of an enrolment, in an order that a power cut may stop anywhere: done again it comes to the same.

Device key, question, secrets, what the platform before published, settings, journal. Every file is
replaced whole, the platform answers the same code and key with the same again, and neither the ledger nor
its keys are touched: what waits to be sent is sent under the new name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pad
from pad import device_key, indicators, keys, published
from pad.clock import SystemClock
from pad.enrolment import Enrolment, wire
from pad.enrolment.landing import APP_WORD, landing
from pad.enrolment.wire import Answer, Refusal, Refused, Request
from pad.indicators import CatalogueError
from pad.ledger.connection import SCHEMA_VERSION, LedgerDamaged, LedgerUnwritable, connect, transaction
from pad.ledger.journal import write_note
from pad.ledger.outbox import backlog
from pad.settings import Settings, writing
from pad.settings.writing import Value

NOTE: Final = "enrolled"
TODO: Final = {
    Refusal.UNKNOWN_CODE: "check it against the sheet; letters and digits are easily mistaken",
    Refusal.USED_CODE: "another pad has it already; ask the platform for a new code",
    Refusal.EXPIRED_CODE: "ask the platform for a new code",
    Refusal.BAD_REQUEST: "the pad's software and the platform do not understand each other; tell who runs it",
}
"""What to do about a refusal."""


class NotEnrolled(Exception):
    """The platform refuses; the message says why and what to do, and repeats no code."""

    def __init__(self, refused: Refused) -> None:
        said = "".join(char for char in refused.message if char.isprintable())
        super().__init__(
            f"the platform refuses ({refused.code}{': ' + said if said else ''}); {TODO[refused.code]}"
        )
        self.code = refused.code


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What an enrolment came to: nothing secret."""

    answer: Answer
    serial: str
    changed: tuple[str, ...]
    secrets: tuple[Path, ...]
    waiting: int | None
    aside: tuple[str, ...] = ()
    """What another platform had published, put aside."""
    noted: str = ""
    """Why the journal does not tell of it; empty where it does, or there is no ledger yet."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What an enrolment needs: settings as they are, whom to ask, and what else is to be set."""

    configured: Settings
    ask: Callable[[Request], Answer | Refused] = field(repr=False)
    serial: str
    local: Mapping[str, Value] = field(default_factory=dict)

    def take(self, enrolment: Enrolment) -> Enrolled:
        """Enrol.

        :raises pad.enrolment.asking.NoAnswer: if there is no answer
        :raises NotEnrolled: if the platform refuses
        :raises AnswerError: if its answer was not for this pad
        :raises pad.keys.SecretError: if the device's own key cannot be used
        :raises pad.settings.SettingsError: if the settings cannot be changed
        :raises OSError: if a secret cannot be written
        """
        configured = self.configured
        pair = device_key.device_key(configured.state_dir)
        answer = self.ask(Request(enrolment.code, self.serial, pair.public_key, versions(configured)))
        if isinstance(answer, Refused):
            raise NotEnrolled(answer)
        link = configured.platform
        arrived = landing(
            answer,
            wire.open_secrets(answer, pair.private_key),
            profile=link.profile,
            dialect=configured.profile.dialect,
            before=link.url,
            phone_url=configured.phone.url,
        )
        settings = {**arrived.settings, **self.local}
        # before anything is written: an answer these settings cannot take changes nothing
        text = configured.file.read_text(encoding="utf-8-sig")
        writing.changed(configured.file, text, settings)
        folder = configured.state_dir / "keys"
        # the word last: with it there, syncd starts
        for name in sorted(arrived.secrets, key=lambda name: name == APP_WORD):
            for left in folder.glob(f".{name}.*"):  # by a power cut
                left.unlink(missing_ok=True)
            keys.write_secret(folder / name, arrived.secrets[name], replace=True)
        # before the settings: once those name the new platform nothing says that there was another
        aside = published.turn_to(configured.state_dir, arrived.settings["platform.url"], before=link.url)
        changed = writing.change(configured.file, settings)
        waiting, noted = self._note(answer, aside)
        written = tuple(folder / name for name in arrived.secrets)
        return Enrolled(answer, self.serial, changed, written, waiting, aside, noted)

    def _note(self, answer: Answer, aside: tuple[str, ...]) -> tuple[int | None, str]:
        """Tell the journal, if there is a ledger; how many ratings wait, and why there is no note."""
        path = self.configured.ledger_path
        if not path.exists():
            return None, ""
        detail: dict[str, object] = {
            "device": answer.device,
            "win_no": answer.pad.win_no,
            "serial": self.serial,
        }
        if aside:
            detail["aside"] = list(aside)
        now = SystemClock().read()
        try:
            with closing(connect(path)) as db:
                with transaction(db):
                    write_note(db, NOTE, now, detail)
                return backlog(db).pending, ""
        except (LedgerUnwritable, LedgerDamaged) as error:
            return None, str(error)


def versions(configured: Settings) -> dict[str, str]:
    """What a platform may want to know of the pad's software."""
    try:
        catalogue = indicators.load(configured.indicators_path).version
    except CatalogueError:
        catalogue = ""
    return {"pad": pad.__version__, "ledger": str(SCHEMA_VERSION), "indicators": catalogue}
