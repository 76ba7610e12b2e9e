"""The platform the settings name, with the secrets it takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from pad.gm import GmError, sm2_encrypt
from pad.keys import SecretError, read_secret
from pad.settings import Dialect, Settings, SettingsError
from syncd.platforms.base import Platform
from syncd.platforms.itemised import ItemisedPlatform
from syncd.platforms.national import National, sm2_format
from syncd.platforms.tls import TrueTime


def platform_for(
    settings: Settings, clock: Callable[[], datetime], truth: TrueTime | None = None
) -> Platform:
    """A connection of its own to the platform.

    :param clock: gives the time for signatures and envelopes, the best there is
    :param truth: what is known of the true time, by which TLS judges dates; without it by the wall clock
    :raises SecretError: if a secret is missing or cannot be used; names the file and what is needed
    :raises SettingsError: if a certificate or a form of ciphertext cannot be used
    """
    app_word = _secret(
        settings.state_dir, "app_word", "the word (appWord) the platform gave this application"
    )
    if settings.profile.dialect is Dialect.ITEMISED:
        _check_protected(settings)
        return ItemisedPlatform(settings, app_word, clock, truth)
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
    return National(settings, app_word, public_key, clock, truth)


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
