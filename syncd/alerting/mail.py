"""Mail by SMTP (RFC 5321), secret on its way, within one time limit for the whole of it."""

from __future__ import annotations

import logging
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final

from pad.settings import Encryption, Smtp
from syncd.alerting.base import Answer, Refused, Told, Unheard, Unreached
from syncd.platforms.deadline import Deadline
from syncd.platforms.tls import OutOfDate, TimeUnknown

_log = logging.getLogger("syncd.alerts")

_HELO: Final = "[127.0.0.1]"
"""What smtplib says where a machine has no full name; looking for one may take a resolver's time-out."""


class Mail:
    """A mail server, and those it brings the mail to. Each mail has a connection of its own."""

    name = "smtp"
    bytes_max = 100_000
    per_minute = 10

    def __init__(
        self,
        smtp: Smtp,
        password: str | None,
        tls: ssl.SSLContext,
        limits_s: tuple[float, float],
        clock: Callable[[], datetime],
    ) -> None:
        self._smtp = smtp
        self._password = password
        self._tls = tls
        self._connect_s, self._answer_s = limits_s
        self._clock = clock
        self._lock = threading.Lock()
        self._deadline: Deadline | None = None
        self._aborted = False

    def tell(self, subject: str, text: str, key: str) -> Answer:
        """Send a mail; the same one has the same Message-ID, by which mail systems know it again."""
        deadline = Deadline()
        with self._lock:
            if self._aborted:
                return Unreached("it was asked to stop")
            self._deadline = deadline
        watch = threading.Timer(self._connect_s + self._answer_s, deadline.abort)
        watch.daemon = True
        watch.start()
        try:
            answer, handed_over = self._send(self._mail(subject, text, key), deadline)
            # a socket that was shut reads like an answer's end, but nothing reads like being told
            if isinstance(answer, Told) or not deadline.aborted:
                return answer
            why = f"no whole answer within {self._connect_s + self._answer_s:g} s"
            return Unheard(why) if handed_over else Unreached(why)
        finally:
            watch.cancel()
            with self._lock:
                self._deadline = None
            deadline.forget()

    def abort(self) -> None:
        """End what is under way and all that comes later."""
        with self._lock:
            self._aborted = True
            if self._deadline is not None:
                self._deadline.abort()

    def close(self) -> None:
        """Nothing is held open between two mails."""

    def _mail(self, subject: str, text: str, key: str) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = subject
        mail["From"] = self._smtp.sender
        mail["To"] = ", ".join(self._smtp.to)
        mail["Date"] = format_datetime(self._clock())
        mail["Message-ID"] = f"<{key}@{self._smtp.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice answers it
        mail.set_content(text + "\n", cte="base64")
        return mail

    def _send(self, mail: EmailMessage, deadline: Deadline) -> tuple[Answer, bool]:
        """What the server says, and whether the mail was handed over by then, or may have been."""
        try:
            line = self._connected(deadline)
        except (OSError, ValueError, smtplib.SMTPException) as error:
            return self._meaning(error, handed_over=False), False
        try:
            turned_away = line.send_message(mail, self._smtp.sender, self._smtp.to)
        except (OSError, ValueError, smtplib.SMTPException) as error:
            return self._meaning(error, handed_over=True), True
        finally:
            with suppress(OSError, smtplib.SMTPException):
                line.quit()
            line.close()
        if turned_away:
            _log.warning(
                "smtp: %d of %d addresses are refused by the mail server; check alerts.smtp.to",
                len(turned_away), len(self._smtp.to),
            )  # fmt: skip
        return Told(), True

    def _meaning(self, error: Exception, *, handed_over: bool) -> Answer:
        """What follows from an exception; its own text may quote the server, and addresses."""
        match error:
            case smtplib.SMTPAuthenticationError(smtp_code=code):
                return Refused(f"it refuses user and password (SMTP {code}): check keys/alert_smtp")
            case smtplib.SMTPNotSupportedError():
                return Refused("it does not offer what alerts.smtp.encryption and user ask for")
            case smtplib.SMTPRecipientsRefused(recipients=recipients):
                return _refusal(max((code for code, _ in recipients.values()), default=550))
            case smtplib.SMTPResponseException(smtp_code=code):
                return _refusal(code)
            case TimeUnknown(why=why):
                return Unreached(why)
            case OutOfDate(why=why):
                return Refused(f"its TLS certificate {why}")
            case ssl.SSLCertVerificationError():
                return Refused(
                    "its TLS certificate cannot be verified: check alerts.ca_file and alerts.smtp.host"
                )
        why = self._why(error)
        return Unheard(why) if handed_over else Unreached(why)

    def _why(self, error: Exception) -> str:
        if isinstance(error, smtplib.SMTPServerDisconnected | TimeoutError):  # smtplib tells both alike
            return f"it closed the connection, or said nothing for {self._answer_s:g} s"
        return f"the connection failed ({type(error).__name__})"

    def _connected(self, deadline: Deadline) -> _Line:
        """A line on which mail may be handed over."""
        mail = self._smtp
        implicit = self._tls if mail.encryption is Encryption.TLS else None
        line = _Line(deadline, implicit, self._connect_s, self._answer_s)
        try:
            line.connect(mail.host, mail.port)
            if mail.encryption is Encryption.STARTTLS:
                line.starttls(context=self._tls)
            if mail.user:
                line.login(mail.user, self._password or "")
        except BaseException:
            line.close()
            raise
        return line


class _Line(smtplib.SMTP):
    """smtplib's line, with its socket under our deadline."""

    def __init__(
        self, deadline: Deadline, tls: ssl.SSLContext | None, connect_s: float, answer_s: float
    ) -> None:
        self._deadline, self._implicit, self._answer_s = deadline, tls, answer_s
        super().__init__(local_hostname=_HELO, timeout=connect_s)

    def connect(
        self, host: str = "localhost", port: int = 0, source_address: Any = None
    ) -> tuple[int, bytes]:
        """Connect; STARTTLS will ask for the certificate of this host."""
        self._host = host
        code, said = super().connect(host, port, source_address)
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)
        return code, said

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        fresh = socket.create_connection((host, port), timeout)
        self._deadline.watch(fresh)
        fresh.settimeout(self._answer_s)
        if self._implicit is None:
            return fresh
        try:
            return self._implicit.wrap_socket(fresh, server_hostname=host)
        except BaseException:
            fresh.close()
            raise


def _refusal(code: int) -> Answer:
    """4xx is for now (greylisting, a full disk), 5xx for good, until somebody mends it."""
    if code < 500:
        return Unreached(f"it does not take mail now (SMTP {code})")
    return Refused(f"it refuses the mail (SMTP {code})")
