"""TLS as the settings want it: whose signature counts, and our own certificate."""

from __future__ import annotations

import ssl

from pad.settings import Settings, SettingsError


def tls_context(settings: Settings) -> ssl.SSLContext:
    """TLS with the system's authorities or the city's own, and our certificate where one is wanted.

    :raises SettingsError: if a file cannot be used
    """
    link = settings.platform
    context = with_authorities(settings, link.ca_file, "platform.ca_file")
    if link.client_certificate:
        certificate = settings.beside(link.client_certificate)
        key = settings.beside(link.client_key) if link.client_key else None
        try:
            context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"{settings.file}: platform.client_certificate: {certificate} with {key or 'the key in it'} "
                f"cannot be used ({type(error).__name__}); a PEM certificate and its key are needed"
            ) from None
    return context


def with_authorities(settings: Settings, ca_file: str, key: str) -> ssl.SSLContext:
    """TLS that trusts whom a file names, or the system's authorities where none is named.

    :param key: the setting that names the file, for messages
    :raises SettingsError: if the file cannot be used
    """
    if not ca_file:
        return ssl.create_default_context()
    path = settings.beside(ca_file)
    try:
        return ssl.create_default_context(cafile=str(path))
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"{settings.file}: {key}: {path} cannot be used ({type(error).__name__}); "
            "a PEM file of certificates is needed"
        ) from None
