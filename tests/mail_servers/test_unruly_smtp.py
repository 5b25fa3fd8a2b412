"""What the unruly server does at each stage, as seen in raw conversations with it."""

from __future__ import annotations

import smtplib
import ssl
import subprocess
import sys
import time
from pathlib import Path

import aiosmtplib
import pytest

from tests.mail_servers.accepted import count_by_message_id, read_log
from tests.mail_servers.unruly_smtp import HOST, Fault, Stage, Tls, UnrulySmtp, unruly_process

_ROOT = Path(__file__).resolve().parents[2]
ADA, KIM, LEE = "ada@sender.example", "kim@buyer.example", "lee@other.example"
MESSAGE = b"Message-ID: <1@sender.example>\r\nSubject: A question\r\n\r\nIs Tuesday good?\r\n"


def _client(server: UnrulySmtp) -> smtplib.SMTP:
    return smtplib.SMTP(HOST, server.port, timeout=5)


def _send(server: UnrulySmtp, *recipients: str, content: bytes = MESSAGE) -> None:
    with _client(server) as client:
        client.sendmail(ADA, recipients or [KIM], content)


def test_without_a_fault_it_keeps_what_it_is_sent() -> None:
    with UnrulySmtp() as server:
        _send(server, KIM, LEE)
        assert server.accepted == [(ADA, [KIM, LEE], MESSAGE)]


def test_an_empty_sender_is_kept_as_such() -> None:
    with UnrulySmtp() as server, _client(server) as client:
        client.sendmail("", [KIM], MESSAGE)
        assert server.accepted[0].sender == ""


def test_what_a_delivery_report_depends_on_is_taken() -> None:
    with UnrulySmtp() as server, _client(server) as client:
        client.ehlo()
        assert client.has_extn("dsn")
        assert client.mail(ADA, ["RET=HDRS", "ENVID=row-17"])[0] == 250
        assert client.rcpt(KIM, ["NOTIFY=FAILURE", f"ORCPT=rfc822;{KIM}"])[0] == 250


@pytest.mark.parametrize(
    ("stage", "codes", "kept"),
    [
        (Stage.EHLO, [421], 0),
        (Stage.MAIL, [250, 421], 0),
        (Stage.RCPT, [250, 250, 421], 0),
        (Stage.DATA, [250, 250, 250, 421], 0),
        (Stage.DOT, [250, 250, 250, 354, 421], 0),
        (Stage.KEPT, [250, 250, 250, 354, 421], 1),
    ],
)
def test_a_421_ends_the_conversation_at_any_stage(stage: Stage, codes: list[int], kept: int) -> None:
    lines = ("EHLO there", f"MAIL FROM:<{ADA}>", f"RCPT TO:<{KIM}>", "DATA", ".")
    with UnrulySmtp(Fault(at=stage, reply="421 4.3.2 Shutting down")) as server, _client(server) as client:
        assert [client.docmd(line)[0] for line in lines[: len(codes)]] == codes
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.noop()
        assert len(server.accepted) == kept


def test_a_554_greets_nobody() -> None:
    with UnrulySmtp(Fault(at=Stage.CONNECT, reply="554 5.7.1 You are on a list", times=1)) as server:
        with pytest.raises(smtplib.SMTPConnectError) as refused:
            _client(server)
        assert refused.value.smtp_code == 554
        _send(server)
        assert server.connections == 2


@pytest.mark.parametrize(
    "reply", ["550 5.1.1 No such user", "550 5.7.1 Refused by policy", "552 5.2.2 Mailbox full", "450 4.2.1 Busy"]
)
def test_one_recipient_is_refused_and_the_others_are_not(reply: str) -> None:
    with UnrulySmtp(Fault(at=Stage.RCPT, reply=reply, recipient=KIM)) as server, _client(server) as client:
        refused = client.sendmail(ADA, [KIM, LEE], MESSAGE)
        assert refused == {KIM: (int(reply[:3]), reply[4:].encode())}
        assert server.accepted == [(ADA, [LEE], MESSAGE)]


def test_greylisting_refuses_each_recipient_once() -> None:
    greylists = Fault(at=Stage.RCPT, reply="451 4.7.1 Greylisted", times=1)
    with UnrulySmtp(greylists) as server:
        for recipient in (KIM, LEE):
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                _send(server, recipient)
        _send(server, KIM, LEE)
        assert len(server.accepted) == 1


def test_a_454_comes_after_some_messages() -> None:
    with UnrulySmtp(Fault(at=Stage.MAIL, reply="454 4.7.0 Too many messages", after=2)) as server:
        _send(server)
        _send(server)
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            _send(server)
        assert refused.value.smtp_code == 454
        assert len(server.accepted) == 2


def test_a_fault_is_for_one_message_or_one_connection() -> None:
    busy = "452 4.3.1 Busy"
    with UnrulySmtp(
        Fault(at=Stage.DOT, reply=busy, message=1), Fault(at=Stage.MAIL, reply=busy, connection=1)
    ) as server:
        with _client(server) as first:
            first.sendmail(ADA, [KIM], MESSAGE)
            with pytest.raises(smtplib.SMTPDataError):
                first.sendmail(ADA, [KIM], MESSAGE)
        with pytest.raises(smtplib.SMTPSenderRefused):
            _send(server)
        _send(server)
        assert len(server.accepted) == 2


@pytest.mark.parametrize(("stage", "kept"), [(Stage.BODY, 0), (Stage.DOT, 0), (Stage.KEPT, 1)])
def test_it_hangs_up_in_the_message_or_after_it(stage: Stage, kept: int) -> None:
    with UnrulySmtp(Fault(at=stage, drops=True)) as server:
        with pytest.raises(smtplib.SMTPServerDisconnected):
            _send(server)
        assert len(server.accepted) == kept


@pytest.mark.parametrize(("stage", "kept"), [(Stage.DOT, 0), (Stage.KEPT, 1)])
async def test_it_falls_silent_after_the_final_dot(stage: Stage, kept: int) -> None:
    with UnrulySmtp(Fault(at=stage, wait_s=60)) as server:
        client = aiosmtplib.SMTP(hostname=HOST, port=server.port, timeout=0.3)
        await client.connect()
        await client.ehlo()
        await client.mail(ADA)
        await client.rcpt(KIM)
        with pytest.raises(aiosmtplib.SMTPReadTimeoutError):
            await client.data(MESSAGE)
        client.close()
        assert len(server.accepted) == kept


def test_after_a_wait_it_goes_on_as_it_should() -> None:
    with UnrulySmtp(Fault(at=Stage.EHLO, wait_s=0.2), Fault(at=Stage.DOT, wait_s=0.2)) as server:
        begun = time.monotonic()
        _send(server)
        assert time.monotonic() - begun >= 0.4
        assert len(server.accepted) == 1


def test_it_reads_slowly() -> None:
    with UnrulySmtp(Fault(at=Stage.BODY, wait_s=0.1)) as server:
        begun = time.monotonic()
        _send(server)
        assert time.monotonic() - begun >= 0.1 * (MESSAGE.count(b"\n") + 1)
        assert server.accepted[0].content == MESSAGE


def test_a_refusal_in_the_message_is_the_last_word() -> None:
    with UnrulySmtp(Fault(at=Stage.BODY, reply="552 5.3.4 Too big")) as server, _client(server) as client:
        client.ehlo()
        client.mail(ADA)
        client.rcpt(KIM)
        client.docmd("DATA")
        client.send(b"Subject: long\r\n")
        assert client.getreply() == (552, b"5.3.4 Too big")
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.getreply()


def test_without_a_certificate_it_offers_no_starttls() -> None:
    with UnrulySmtp() as server, _client(server) as client:
        client.ehlo()
        assert not client.has_extn("starttls")
        assert client.docmd("STARTTLS")[0] == 454


def test_the_good_certificate_is_taken_by_who_trusts_it() -> None:
    with UnrulySmtp(tls=Tls.GOOD) as server:
        with _client(server) as client:
            client.starttls(context=ssl.create_default_context(cafile=server.ca_file))
            client.sendmail(ADA, [KIM], MESSAGE)
        with _client(server) as client, pytest.raises(ssl.SSLCertVerificationError, match="local issuer"):
            client.starttls(context=ssl.create_default_context())
        assert len(server.accepted) == 1


@pytest.mark.parametrize(("tls", "why"), [(Tls.EXPIRED, "has expired"), (Tls.OTHER_HOST, "IP address mismatch")])
def test_a_bad_certificate_is_refused(tls: Tls, why: str) -> None:
    with (
        UnrulySmtp(tls=tls) as server,
        _client(server) as client,
        pytest.raises(ssl.SSLCertVerificationError, match=why),
    ):
        client.starttls(context=ssl.create_default_context(cafile=server.ca_file))


def test_the_handshake_is_cut() -> None:
    cut = Fault(at=Stage.STARTTLS, reply="220 Ready to start TLS", drops=True)
    with UnrulySmtp(cut, tls=Tls.GOOD) as server, _client(server) as client, pytest.raises(OSError, match=r"EOF|reset"):
        client.starttls(context=ssl.create_default_context(cafile=server.ca_file))


def test_an_extension_that_is_lacking_is_neither_offered_nor_taken() -> None:
    with UnrulySmtp(lacks={"SMTPUTF8", "8BITMIME"}) as server, _client(server) as client:
        client.ehlo()
        assert not client.has_extn("smtputf8")
        assert not client.has_extn("8bitmime")
        assert client.mail(ADA, ["BODY=8BITMIME"])[0] == 555
        assert client.docmd("MAIL", "FROM:<ada@sender.example> SMTPUTF8")[0] == 501


def test_what_is_beyond_ascii_is_taken_otherwise() -> None:
    with UnrulySmtp() as server, _client(server) as client:
        client.ehlo()
        client.mail("jürgen@müller.example", ["SMTPUTF8", "BODY=8BITMIME"])
        client.rcpt("zoë@buyer.example")
        client.data("Subject: Grüße\r\n\r\nGrüße\r\n".encode())
        content = "Subject: Grüße\r\n\r\nGrüße\r\n".encode()
        assert server.accepted == [("jürgen@müller.example", ["zoë@buyer.example"], content)]


def test_nobody_sends_without_the_right_password() -> None:
    with UnrulySmtp(users={"ada": "lovelace"}) as server, _client(server) as client:
        with pytest.raises(smtplib.SMTPSenderRefused) as unknown:
            client.sendmail(ADA, [KIM], MESSAGE)
        assert unknown.value.smtp_code == 530
        with pytest.raises(smtplib.SMTPAuthenticationError) as wrong:
            client.login("ada", "byron")
        assert wrong.value.smtp_code == 535
        client.login("ada", "lovelace")
        client.sendmail(ADA, [KIM], MESSAGE)
        assert len(server.accepted) == 1


def test_with_a_certificate_passwords_are_asked_for_on_an_encrypted_line_only() -> None:
    with UnrulySmtp(tls=Tls.GOOD, users={"ada": "lovelace"}) as server, _client(server) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        client.starttls(context=ssl.create_default_context(cafile=server.ca_file))
        assert client.login("ada", "lovelace")[0] == 235


def test_faults_can_be_mended_while_it_runs() -> None:
    with UnrulySmtp(Fault(at=Stage.MAIL, reply="451 4.3.0 Try later")) as server:
        with pytest.raises(smtplib.SMTPSenderRefused):
            _send(server)
        server.faults = ()
        _send(server)
        assert len(server.accepted) == 1


def test_it_can_come_back_where_it_was() -> None:
    with UnrulySmtp() as first:
        _send(first)
    with pytest.raises(ConnectionRefusedError):
        _send(first)
    with UnrulySmtp(port=first.port) as second:
        _send(second)


_SENDS_UNTIL_KILLED = """
import itertools, smtplib, sys
for number in itertools.count():
    with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as client:
        content = f"Message-ID: <{sys.argv[2]}.{number}@x.example>\\r\\n\\r\\nHello\\r\\n"
        client.sendmail("ada@x.example", ["kim@x.example"], content)
        print(number, flush=True)
"""


def test_its_log_holds_all_that_killed_senders_were_told_was_accepted(tmp_path: Path) -> None:
    told = set()
    with unruly_process(tmp_path / "log") as port:
        command = [sys.executable, "-c", _SENDS_UNTIL_KILLED, str(port)]
        senders = [subprocess.Popen([*command, str(who)], stdout=subprocess.PIPE, text=True) for who in range(3)]
        for who, sender in enumerate(senders):
            assert sender.stdout is not None
            first = sender.stdout.readline()
            sender.kill()
            told |= {f"<{who}.{number}@x.example>" for number in (first + sender.communicate()[0]).split()}
    counts = count_by_message_id(read_log(tmp_path / "log"))
    assert told
    assert told <= counts.keys()
    assert set(counts.values()) == {1}


def test_a_process_commits_faults_and_logs_any_byte(tmp_path: Path) -> None:
    content = b"Message-ID: <1@sender.example>\r\n\r\n\xff\xfe\r\n"
    with unruly_process(tmp_path / "log", Fault(at=Stage.KEPT, drops=True)) as port:
        for _ in range(2):
            client = smtplib.SMTP(HOST, port, timeout=5)
            with pytest.raises(smtplib.SMTPServerDisconnected):
                client.sendmail(ADA, [KIM], content)
    assert read_log(tmp_path / "log") == [(ADA, [KIM], content)] * 2
    assert count_by_message_id(read_log(tmp_path / "log")) == {"<1@sender.example>": 2}
