"""What the campaign's own files say: the postal address, the passwords' variables, who takes opt-outs by mail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from miniatures.datamodel.brief import Brief
from miniatures.datamodel.prospect import normalize_email
from miniatures.datamodel.send_settings import Mailbox, SendSettings
from miniatures.delivery.doctor.domains import aligned
from miniatures.delivery.doctor.finding import Finding, ok, problem, warning
from miniatures.delivery.wire import wire_domain

_PLACEHOLDER = re.compile(
    r"\[|\{|<|\b(?:sample|example\w*|dummy|placeholder|your|my|street name|todo|tbd|xx+|n/a|lorem)\b|0{5}",
    re.IGNORECASE,
)


def check_postal_address(brief: Brief) -> Finding:
    """Commercial mail must carry one (CAN-SPAM, 15 U.S.C. 7704(a)(5); many other laws)."""
    about, address = "postal address", " ".join(brief.sender.postal_address.split())
    found = _PLACEHOLDER.search(address)
    if found or len(address.split()) < 2:
        told = f"{address!r} looks like a placeholder" if found else f"{address!r} is no whole address"
        return problem(about, told, "Write the sender's real one into the brief: `sender: {postal_address: ...}`.")
    return ok(about, address)


def check_sender_address(brief: Brief, settings: SendSettings) -> Finding:
    """The address that the brief signs with is of the domain that sends."""
    about, domain = f"sender {brief.sender.email}", wire_domain(brief.sender.email)
    addresses = [mailbox.address for mailbox in settings.mailboxes.values()]
    foreign = [address for address in addresses if not aligned(wire_domain(address), domain)]
    if foreign:
        told = f"the brief's sender has another domain than {', '.join(foreign)}, which sends"
        return warning(about, told, "Write an address of the sending domain into the brief: `sender: {email: ...}`.")
    return ok(about, "of the domain that sends")


def check_passwords(settings: SendSettings, environment: Mapping[str, str]) -> Finding:
    """Each password is in the environment."""
    about, names = "passwords", sorted(set(_password_names(settings)))
    missing = [name for name in names if not environment.get(name)]
    if missing:
        return problem(about, f"not set: {', '.join(missing)}", " ".join(f"export {name}=..." for name in missing))
    return ok(about, f"{', '.join(names)} set" if names else "no server asks for one")


def check_opt_out_address(settings: SendSettings) -> Iterator[Finding]:
    """Whoever takes opt-outs by mail is a mailbox of this campaign, and its inbox is read."""
    named = settings.opt_out_address
    for address in [named] if named else [mailbox.address for mailbox in settings.mailboxes.values()]:
        about, own = f"opt-out address {address}", _mailbox_of(address, settings)
        if own is None:
            yield problem(about, "it is no mailbox of this campaign: opt-outs to it are not heard", "Name one that is.")
        elif own.inbox is None:
            yield problem(about, "its mailbox has no inbox: opt-outs to it are not heard", "Add `inbox:` to it.")
        else:
            yield ok(about, "its inbox is read")


def _mailbox_of(address: str, settings: SendSettings) -> Mailbox | None:
    wanted = normalize_email(address)
    return next((box for box in settings.mailboxes.values() if normalize_email(box.address) == wanted), None)


def _password_names(settings: SendSettings) -> Iterator[str]:
    for mailbox in settings.mailboxes.values():
        logins = (mailbox.smtp.login, mailbox.inbox.login if mailbox.inbox else None)
        yield from (login.password for login in logins if login is not None)
