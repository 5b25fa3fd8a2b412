"""DMARC (RFC 7489): what receivers do with an email whose From is not borne out, and whether ours will be."""

from __future__ import annotations

from miniatures.datamodel.send_settings import Mailbox
from miniatures.delivery.doctor.dns import Dns
from miniatures.delivery.doctor.domains import aligned, organizational, tags
from miniatures.delivery.doctor.finding import Finding, ok, problem, warning
from miniatures.delivery.doctor.patient import envelope_domain
from miniatures.delivery.wire import ascii_domain, wire_domain

_POLICIES = ("none", "quarantine", "reject")


async def check_dmarc(mailbox: Mailbox, dns: Dns) -> Finding:
    """The policy for the address that recipients see, and whether SPF or DKIM vouches for the same domain.

    Raises:
        CouldNotLook: the DNS did not answer.
    """
    domain = wire_domain(mailbox.address)
    about = f"DMARC of {domain}"
    records = await _records(domain, dns) or await _records(organizational(domain), dns)
    if not records:
        told = "there is no DMARC record, and large receivers ask for one"
        return warning(
            about, told, f"Add the TXT record _dmarc.{domain}: v=DMARC1; p=none; rua=mailto:{mailbox.address}"
        )
    record = tags(records[0])
    policy = record.get("p", "").lower()
    if len(records) > 1 or policy not in _POLICIES:
        told = "there are several DMARC records" if len(records) > 1 else "the DMARC record has no valid p="
        return problem(about, told, "Keep one record, with p=none, p=quarantine or p=reject.")
    return _alignment(about, mailbox, record, policy)


def _alignment(about: str, mailbox: Mailbox, record: dict[str, str], policy: str) -> Finding:
    domain, envelope = wire_domain(mailbox.address), envelope_domain(mailbox)
    by_spf = aligned(envelope, domain, strict=record.get("aspf", "r").lower() == "s")
    strict = record.get("adkim", "r").lower() == "s"
    by_dkim = mailbox.dkim is not None and aligned(ascii_domain(mailbox.dkim.domain), domain, strict=strict)
    vouching = [name for name, vouches in (("SPF", by_spf), ("DKIM", by_dkim)) if vouches]
    if vouching:
        return ok(about, f"p={policy}; {' and '.join(vouching)} can vouch for it")
    told = f"p={policy}, and neither SPF (for {envelope}) nor a signature from here vouches for {domain}"
    advice = f"Send bounces to an address at {domain}, or sign with `dkim:` for it."
    if policy == "none" or mailbox.dkim is None:
        return warning(about, told, f"{advice} The server's own signature would do, if it signs for {domain}.")
    return problem(about, told, advice)


async def _records(domain: str, dns: Dns) -> list[str]:
    texts = await dns.texts(f"_dmarc.{domain}")
    return [text for text in texts if text.split(";", maxsplit=1)[0].replace(" ", "").lower() == "v=dmarc1"]
