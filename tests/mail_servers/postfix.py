"""Postfix on loopback: takes mail as a submission server does, delivers or bounces it, and lets none out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.mail_servers.layout import LATE_DOMAIN, MAIL_UID, SIEVE_DOMAIN, Layout

MASTER = Path("/usr/lib/postfix/sbin/master")
POSTMAP = Path("/usr/sbin/postmap")

_MAIN = """\
compatibility_level = 3.6
queue_directory = {at.postfix}/queue
data_directory = {at.postfix}/data
maillog_file = {at.folder}/postfix.log
maillog_file_prefixes = {at.folder}

myhostname = mail.example
smtpd_banner = $myhostname ESMTP {at.name}
mydestination =
alias_maps =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_error_sleep_time = 0
recipient_delimiter = +

smtpd_tls_security_level = may
smtpd_tls_chain_files = {at.certificate.key_file}, {at.certificate.certificate_file}
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {at.auth_socket}

virtual_mailbox_domains = regexp:{at.postfix}/domains
virtual_mailbox_maps = $default_database_type:{at.postfix}/mailboxes
virtual_mailbox_base = {at.mail}
virtual_minimum_uid = {uid}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
relay_domains = regexp:{at.postfix}/late
transport_maps = regexp:{at.postfix}/transports
default_transport = error:5.1.2 No mail leaves this machine
"""

_MASTER = """\
{at.smtp_port} inet n - n - - smtpd
{at.smtps_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
cleanup  unix  n - n - 0 cleanup
qmgr     unix  n - n 300 1 qmgr
tlsmgr   unix  - - n 1000? 1 tlsmgr
rewrite  unix  - - n - - trivial-rewrite
bounce   unix  - - n - 0 bounce
defer    unix  - - n - 0 bounce
trace    unix  - - n - 0 bounce
proxymap unix  - - n - - proxymap
error    unix  - - n - - error
retry    unix  - - n - - error
virtual  unix  - n n - - virtual
lmtp     unix  - - n - - lmtp
anvil    unix  - - n - 1 anvil
postlog  unix-dgram n - n - 1 postlogd
"""

_DOMAINS = """\
if !/^{late}$/
/(^|\\.)(example|test|example\\.(com|net|org))$/ hosted
endif
"""

_LATE = """\
/^{late}$/ accepted
"""

_TRANSPORTS = """\
/@{late}$/ lmtp:unix:{at.lmtp_socket}
/@(.+\\.)?{sieve}$/ lmtp:unix:{at.lmtp_socket}
"""

_FILES = {"main.cf": _MAIN, "master.cf": _MASTER, "domains": _DOMAINS, "late": _LATE, "transports": _TRANSPORTS}
_QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")


def write_postfix(at: Layout) -> list[str]:
    """Write the configuration and an empty queue; the command runs it in the foreground."""
    for name, text in _FILES.items():
        filled = text.format(at=at, uid=MAIL_UID, late=re.escape(LATE_DOMAIN), sieve=re.escape(SIEVE_DOMAIN))
        _write(at.postfix / name, filled)
    _make_queue(at)
    write_mailboxes(at, ())
    return [str(MASTER), "-c", str(at.postfix), "-d"]


def write_mailboxes(at: Layout, addresses: Iterable[str]) -> None:
    """Tell whose mail is taken; every conversation that begins from now on goes by it."""
    homes = {spelling: at.home(address) for address in addresses for spelling in {address, _in_ascii(address)}}
    rows = (f"{address} {home.relative_to(at.mail)}/Maildir/\n" for address, home in homes.items())
    text = at.postfix / "fresh"
    _write(text, "".join(rows))
    subprocess.run([POSTMAP, "-c", at.postfix, text], check=True)
    # Of a table that was written anew in place Postfix learns by its time, in whole seconds; of another one at once.
    for table in at.postfix.glob("fresh.*"):
        table.replace(at.postfix / f"mailboxes{table.suffix}")


def _in_ascii(address: str) -> str:
    """The address with its domain as servers without SMTPUTF8 spell it."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"


def _write(path: Path, text: str) -> None:
    """Postfix waits until a file has been left alone for a while, so this one looks old."""
    path.write_text(text, encoding="utf-8")
    os.utime(path, (0, 0))


def _make_queue(at: Layout) -> None:
    """The folders with the owners and modes that Postfix demands; its file postfix-files lists them."""
    queue = at.postfix / "queue"
    (queue / "pid").mkdir(parents=True)
    for path in (at.postfix / "data", *(queue / name for name in _QUEUES)):
        path.mkdir(mode=0o700)
        shutil.chown(path, "postfix")
    for name, mode in (("maildrop", 0o1730), ("public", 0o2710)):
        (queue / name).mkdir()
        shutil.chown(queue / name, "postfix", "postdrop")
        (queue / name).chmod(mode)
