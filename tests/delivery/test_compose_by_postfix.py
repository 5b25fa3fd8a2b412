"""What a real Postfix and Dovecot make of a composed email: it arrives as it was signed."""

from __future__ import annotations

import base64
from pathlib import Path

import dkim
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.delivery.composing import compose, message, settings
from tests.mail_servers.mail_fixtures import mail_server
from tests.mail_servers.real_mail import MailServer

__all__ = ["mail_server"]

_KEY = rsa.generate_private_key(65537, 2048)
_BODY = "Hello Åsa,\n\nFrom here on\n.\nwith a lone dot, and a line that is " + "very " * 300 + "long.\n\n\nMaren  \n"


def test_a_signed_email_arrives_with_its_signature_whole(mail_server: MailServer, tmp_path: Path) -> None:
    pem = _KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "dkim.pem").write_bytes(pem)
    public = _KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    sending = settings(mailbox={"dkim": {"domain": "tarnwick.example", "selector": "mail", "key": "dkim.pem"}})
    composed = compose(
        message(address="asa@signed.example", name='Åsa "Cold" Berg, Ph.D.', body=_BODY), sending, folder=tmp_path
    )
    mail_server.add_user("asa@signed.example")
    mail_server.deliver(composed.mime, "asa@signed.example", sender=composed.envelope_from)
    [arrived] = mail_server.await_messages("asa@signed.example")
    [file] = list(mail_server.maildir("asa@signed.example").glob("new/*"))
    assert arrived["Message-ID"] == composed.message_id
    assert arrived["To"].addresses[0].display_name == 'Åsa "Cold" Berg, Ph.D.'
    plain = arrived.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().replace("\r\n", "\n").startswith(_BODY.strip())
    assert dkim.verify(file.read_bytes().replace(b"\n", b"\r\n"), dnsfunc=lambda name, timeout=5: record)
