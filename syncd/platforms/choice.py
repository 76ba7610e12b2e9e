"""The platform the settings name, with the secrets it takes; which program speaks which dialect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pad.gm import GmError, sm2_encrypt
from pad.keys import SecretError, read_secret
from pad.settings import Dialect, Settings, SettingsError
from syncd.platforms.base import Platform
from syncd.platforms.itemised import ItemisedPlatform
from syncd.platforms.national import National, sm2_format
from syncd.platforms.tls import TrueTime


@dataclass(frozen=True, slots=True)
class Terms:
    """What a dialect is made from.

    ``clock`` gives the time for signatures and envelopes, the best there is; ``truth`` what is known of
    the true time, by which TLS judges dates (without it by the wall clock). ``public_key`` is the
    platform's SM2 key, checked with the profile's form of ciphertext; empty where the dialect has none.
    """

    settings: Settings
    clock: Callable[[], datetime]
    truth: TrueTime | None
    app_word: str = field(repr=False)
    public_key: str = ""


def _national(terms: Terms) -> Platform:
    return National(terms.settings, terms.app_word, terms.public_key, terms.clock, terms.truth)


def _itemised(terms: Terms) -> Platform:
    _check_protected(terms.settings)
    return ItemisedPlatform(terms.settings, terms.app_word, terms.clock, terms.truth)


SPEAKERS: Final[Mapping[Dialect, Callable[[Terms], Platform]]] = {
    Dialect.NATIONAL: _national,
    Dialect.ITEMISED: _itemised,
}
"""Every dialect has its line here."""


def platform_for(
    settings: Settings, clock: Callable[[], datetime], truth: TrueTime | None = None
) -> Platform:
    """A connection of its own to the platform; ``clock`` and ``truth`` as in :class:`Terms`.

    :raises SecretError: if a secret is missing or cannot be used; names the file and what is needed
    :raises SettingsError: if a certificate or a form of ciphertext cannot be used
    """
    dialect = settings.profile.dialect
    return SPEAKERS[dialect](terms_of(settings, clock, truth, seals_by_sm2=dialect.seals_by_sm2))


def terms_of(
    settings: Settings, clock: Callable[[], datetime], truth: TrueTime | None = None, *, seals_by_sm2: bool
) -> Terms:
    """The secrets a dialect takes, read and tried.

    :raises SecretError: if one is missing or cannot be used; names the file and what is needed
    :raises SettingsError: if a form of ciphertext cannot be used
    """
    app_word = _secret(
        settings.state_dir, "app_word", "the word (appWord) the platform gave this application"
    )
    return Terms(settings, clock, truth, app_word, _public_key(settings) if seals_by_sm2 else "")


def _public_key(settings: Settings) -> str:
    try:
        form = sm2_format(settings.profile)
    except GmError as error:
        raise SettingsError(f"{settings.beside(settings.platform.profile)}: sm2: {error}") from None
    name = "platform_sm2.pub"
    public_key = _secret(settings.state_dir, name, "the platform's SM2 public key, 128 or 130 hex digits")
    try:
        sm2_encrypt(public_key, b"?", form)
    except GmError as error:
        raise SecretError(f"{_path(settings.state_dir, name)}: {error}") from None
    return public_key


def _check_protected(settings: Settings) -> None:
    """Nothing but TLS protects the rater's data in this dialect (art. 13)."""
    address = urlsplit(settings.platform.url)
    if address.scheme != "https" and not (address.hostname or "").startswith(("127.", "localhost")):
        raise SettingsError(
            f"{settings.file}: platform.url: found http; the itemised dialect carries personal data "
            "that only TLS protects: allowed is https (http on this machine alone)"
        )


def _secret(state_dir: Path, name: str, what: str) -> str:
    text = read_secret(state_dir, name)
    if not text:
        raise SecretError(f"{_path(state_dir, name)}: missing or empty; {what} is needed there, mode 0600")
    return text


def _path(state_dir: Path, name: str) -> Path:
    return state_dir / "keys" / name
