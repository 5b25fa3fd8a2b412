"""DKIM (RFC 6376): whether the key that signs is the one that receivers find."""

from __future__ import annotations

from pathlib import Path

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.send_settings import DkimSettings, Mailbox
from miniatures.delivery.dkim_sign import DkimSigner, PublicKey, open_signer, public_key_of
from miniatures.delivery.doctor.dns import Dns
from miniatures.delivery.doctor.domains import tags
from miniatures.delivery.doctor.finding import Finding, ok, problem, warning

_GOOD_RSA_BITS = 2048


async def check_dkim(mailbox: Mailbox, folder: Path, dns: Dns) -> Finding:
    """The record of the mailbox's selector against its private key; a warning where the server is to sign.

    Raises:
        CouldNotLook: the DNS did not answer.
    """
    if mailbox.dkim is None:
        told = f"the emails leave here unsigned: whether {mailbox.smtp.host} signs them is not seen from here"
        return warning(
            f"DKIM of {mailbox.address}", told, "Send one to yourself and look for DKIM-Signature; else set `dkim:`."
        )
    about = f"DKIM of {mailbox.dkim.domain}"
    try:
        signer = open_signer(mailbox.dkim, folder)
    except InputError as error:
        return problem(about, error.message, error.hint or "Name the file of the private key.")
    return await _record(about, mailbox.dkim, signer, dns)


async def _record(about: str, settings: DkimSettings, signer: DkimSigner, dns: Dns) -> Finding:
    name = f"{settings.selector}._domainkey.{signer.domain}"
    found = [tags(text) for text in await dns.texts(name)]
    records = [record for record in found if "p" in record]
    if not records:
        return problem(about, f"{name} has no key record: every signature fails", f"Add the TXT record {name}.")
    if not records[0]["p"]:
        return problem(
            about, f"the key at {name} is withdrawn (p= is empty)", "Publish the key, or use another selector."
        )
    published = public_key_of(records[0].get("k", "rsa").lower(), records[0]["p"])
    if published != signer.public:
        told = f"the key at {name} is not the public half of {settings.key}: every signature fails"
        return problem(about, told, "Publish the public half of this key, or name the key that belongs to the record.")
    return _strength(about, signer.public, testing="y" in records[0].get("t", "").split(":"))


def _strength(about: str, key: PublicKey, *, testing: bool) -> Finding:
    named = f"{key.kind.upper()} of {key.bits:,} bits" if key.kind == "rsa" else "Ed25519"
    if testing:
        return warning(about, f"the record is for testing (t=y): {named}", "Take t=y out, or receivers may ignore it.")
    if key.kind == "rsa" and key.bits < _GOOD_RSA_BITS:
        return warning(about, f"the key matches, {named}", f"Make a new one of {_GOOD_RSA_BITS:,} bits.")
    if key.kind == "ed25519":
        return warning(about, f"the key matches, {named}", "Some large receivers verify RSA only: sign with RSA.")
    return ok(about, f"the record matches the private key, {named}")
