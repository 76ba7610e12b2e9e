"""Mail by a real server over real sockets, with TLS of its own authority."""

from __future__ import annotations

import asyncio
import email
import email.policy
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from pad import keys
from pad.model import CHINA_TIME
from syncd.alerting.base import Answer, Refused, Target, Told, Unheard, Unreached
from syncd.alerting.choice import targets_for
from syncd.platforms.deadline import Deadline
from tests.ports import free_port
from tests.syncd.alerting.told import FAILING_PLATFORM
from tests.syncd.city import WITHIN_S
from tests.syncd.pad_box import PadBox
from tests.syncd.test_tls import certificates

__all__ = ["certificates"]

NOW = datetime(2026, 6, 1, 9, 12, tzinfo=CHINA_TIME)
TO = ("boss@example.gov.cn", "deputy@example.gov.cn")


class PostOffice:
    """Takes mail, or answers what it is told to."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.says: dict[str, str] = {}

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, to: str, _options: Any) -> str:  # noqa: N802
        if to in self.says:
            return self.says[to]
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if "DATA" in self.says:
            return self.says["DATA"]
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"


@pytest.fixture
def office() -> PostOffice:
    return PostOffice()


def server_tls(folder: Path, name: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


def is_known(_server: Any, _session: Any, _envelope: Any, _mechanism: Any, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    return AuthResult(success=(data.login, data.password) == (b"pad", b"s3cret"), handled=False)


class Doors(Controller):
    """A post office's, which remember who came in: the library leaves some connected when it stops."""

    def __init__(self, office: PostOffice, **given: Any) -> None:
        self.visitors: list[Any] = []
        super().__init__(office, hostname="127.0.0.1", port=free_port(), ready_timeout=60, **given)

    def factory(self) -> Any:
        self.visitors.append(super().factory())  # type: ignore[no-untyped-call]
        return self.visitors[-1]

    async def close(self) -> None:
        """Let nobody in any more, and nobody stay."""
        assert isinstance(self.server, asyncio.Server)
        for listening in self.server.sockets:
            self.loop.remove_reader(listening.fileno())
        await turns()  # who is just being let in
        for each in self.visitors:
            if each.transport is not None:
                each.transport.abort()
        await turns()


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@contextmanager
def opened(office: PostOffice, **given: Any) -> Iterator[int]:
    doors = Doors(office, **given)
    doors.start()
    try:
        yield doors.port
    finally:
        asyncio.run_coroutine_threadsafe(doors.close(), doors.loop).result(60)
        doors.stop()


def target(box: PadBox, port: int, *, ca: Path | None = None, within_s: float = 30.0, **smtp: str) -> Target:
    lines = [f'{key} = "{value}"' for key, value in ({"encryption": "none"} | smtp).items()]
    to = ", ".join(f'"{each}"' for each in TO)
    box.configure(
        FAILING_PLATFORM,
        extra=f'[alerts]\nca_file = "{ca or ""}"\n[alerts.smtp]\nhost = "127.0.0.1"\nport = {port}\n'
        f'sender = "pad-7@example.gov.cn"\nto = [{to}]\n' + "\n".join(lines),
        connect_timeout_s=within_s,
        answer_timeout_s=within_s,
    )
    (made,) = targets_for(box.settings(), lambda: NOW)
    return made


def tell(made: Target) -> Answer:
    with closing(made):
        return made.tell("好差评：1 条差评待处理", "【好差评】收到 1 条差评", "0197-aa.1")


def test_a_mail_as_it_arrives(box: PadBox, office: PostOffice) -> None:
    with opened(office) as port:
        assert tell(target(box, port)) == Told()
    (mail,) = office.mails
    assert mail["Subject"] == "好差评：1 条差评待处理"
    assert mail["From"] == "pad-7@example.gov.cn"
    assert mail["To"] == ", ".join(TO)
    assert mail["Date"] == "Mon, 01 Jun 2026 09:12:00 +0800"
    assert mail["Message-ID"] == "<0197-aa.1@example.gov.cn>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content() == "【好差评】收到 1 条差评\n"
    assert office.recipients == [list(TO)]


@pytest.mark.parametrize("encryption", ["tls", "starttls"])
def test_secret_on_its_way_and_to_whom_the_file_names_alone(
    box: PadBox, office: PostOffice, certificates: Path, encryption: str
) -> None:
    keys.write_secret(box.state / "keys" / "alert_smtp", "s3cret")
    for name, ca, answer in (
        ("right", certificates / "right.pem", Told()),
        ("right", None, Refused(REFUSED_TLS)),
        ("other", certificates / "other.pem", Refused(REFUSED_TLS)),
    ):
        context = server_tls(certificates, name)
        given: dict[str, Any] = (
            {"ssl_context": context}
            if encryption == "tls"
            else {"tls_context": context, "require_starttls": True}
        )
        given |= {"authenticator": is_known, "auth_require_tls": encryption == "starttls"}
        with opened(office, **given) as port:
            assert tell(target(box, port, ca=ca, encryption=encryption, user="pad")) == answer
    assert len(office.mails) == 1


REFUSED_TLS = "its TLS certificate cannot be verified: check alerts.ca_file and alerts.smtp.host"


def test_a_server_without_starttls_gets_neither_password_nor_mail(
    box: PadBox, office: PostOffice, certificates: Path
) -> None:
    with opened(office) as port:
        answer = tell(target(box, port, ca=certificates / "right.pem", encryption="starttls"))
    assert isinstance(answer, Refused)
    assert "alerts.smtp.encryption" in answer.why
    assert not office.mails


def test_a_wrong_password_is_a_refusal_that_names_the_file(
    box: PadBox, office: PostOffice, certificates: Path
) -> None:
    keys.write_secret(box.state / "keys" / "alert_smtp", "wr0ng")
    context = server_tls(certificates, "right")
    with opened(office, tls_context=context, authenticator=is_known) as port:
        answer = tell(target(box, port, ca=certificates / "right.pem", encryption="starttls", user="pad"))
    assert answer == Refused("it refuses user and password (SMTP 535): check keys/alert_smtp")


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ({"DATA": "451 later"}, Unreached("it does not take mail now (SMTP 451)")),
        ({"DATA": "554 no"}, Refused("it refuses the mail (SMTP 554)")),
        ({TO[0]: "450 later", TO[1]: "450 later"}, Unreached("it does not take mail now (SMTP 450)")),
        ({TO[0]: "550 unknown", TO[1]: "550 unknown"}, Refused("it refuses the mail (SMTP 550)")),
        ({TO[0]: "550 unknown"}, Told()),
    ],
)
def test_what_a_server_may_say(box: PadBox, office: PostOffice, says: dict[str, str], answer: Answer) -> None:
    office.says = says
    with opened(office) as port:
        assert tell(target(box, port)) == answer
    assert [to for each in office.recipients for to in each] == ([TO[1]] if answer == Told() else [])


@contextmanager
def clerk(*words: bytes) -> Iterator[int]:
    """A server that says these words, one for each thing it hears, and then nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                for word in words:
                    connection.sendall(word)
                    connection.recv(65536)
                while connection.recv(65536):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


HELLO = (b"220 here\r\n", b"250 hello\r\n", b"250 sender\r\n", b"250 to\r\n", b"250 to\r\n", b"354 go on\r\n")


def test_a_server_that_is_silent_from_the_first_has_no_mail(box: PadBox) -> None:
    with clerk() as port:
        answer = tell(target(box, port, within_s=0.5))
    assert answer == Unreached("it closed the connection, or said nothing for 0.5 s")


def test_a_server_that_is_silent_at_the_end_may_have_it(box: PadBox) -> None:
    with clerk(*HELLO) as port:
        assert isinstance(tell(target(box, port, within_s=2)), Unheard)


def test_a_server_that_drips_has_an_end(box: PadBox) -> None:
    """Each byte comes in time, all of them do not."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                try:
                    while not over.wait(0.1):
                        connection.sendall(b"2")
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            answer = tell(target(box, listening.getsockname()[1], within_s=0.5))
            assert answer == Unreached("no whole answer within 1 s")
        finally:
            over.set()
            thread.join()


def test_where_nobody_listens(box: PadBox) -> None:
    assert tell(target(box, free_port())) == Unreached("the connection failed (ConnectionRefusedError)")


def test_asked_to_stop_it_ends(box: PadBox) -> None:
    with clerk(*HELLO) as port:
        made = target(box, port)
        made.abort()
        assert tell(made) == Unreached("it was asked to stop")
        socket.create_connection(("127.0.0.1", port)).close()


def test_the_time_limit_holds_also_where_it_passes_while_it_connects(
    box: PadBox, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is looked up for long, an address that answers late: what comes after has no time left."""
    connect, is_over = socket.create_connection, threading.Event()
    abort = Deadline.abort

    def passes(deadline: Deadline) -> None:
        abort(deadline)
        is_over.set()

    def connects_late(*given: Any) -> socket.socket:
        assert is_over.wait(WITHIN_S)
        return connect(*given)

    monkeypatch.setattr(Deadline, "abort", passes)
    with opened(office) as port:
        made = target(box, port, within_s=0.5)
        monkeypatch.setattr("syncd.alerting.mail.socket.create_connection", connects_late)
        answer = tell(made)
        monkeypatch.undo()
    assert answer.why == "no whole answer within 1 s"  # type: ignore[union-attr]
    assert not office.mails


def test_a_mail_that_was_taken_is_told_whatever_ends_the_good_bye(
    box: PadBox, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(office) as port:
        made = target(box, port)

        def is_stopped(_: smtplib.SMTP) -> None:
            made.abort()

        monkeypatch.setattr(smtplib.SMTP, "quit", is_stopped)
        assert tell(made) == Told()
    assert len(office.mails) == 1
