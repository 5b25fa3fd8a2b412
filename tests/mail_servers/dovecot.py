"""Dovecot on loopback: mailboxes over IMAP, replies of people away by Sieve, and logins for Postfix."""

from __future__ import annotations

from pathlib import Path

from tests.mail_servers.layout import MAIL_UID, Layout

PROGRAM = Path("/usr/sbin/dovecot")
LIBRARY = Path("/usr/lib/dovecot")

_CONFIGURATION = """\
base_dir = {at.dovecot}/run
state_dir = {at.dovecot}/state
log_path = {at.folder}/dovecot.log
login_greeting = {at.name}
listen = 127.0.0.1
protocols = imap lmtp
postmaster_address = postmaster@mail.example

ssl = yes
ssl_cert = <{at.certificate.certificate_file}
ssl_key = <{at.certificate.key_file}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_chars =
auth_username_format = %Lu
auth_failure_delay = 0

passdb {{
  driver = passwd-file
  args = scheme=PLAIN {at.users}/%u
}}
userdb {{
  driver = static
  args = uid={uid} gid={uid} home={at.mail}/%d/%n
}}
first_valid_uid = {uid}
mail_location = maildir:~/Maildir
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    auto = subscribe
    special_use = \\Sent
  }}
}}
protocol lmtp {{
  mail_plugins = sieve
}}
submission_host = 127.0.0.1:{at.smtp_port}

service imap-login {{
  inet_listener imap {{
    port = {at.imap_port}
  }}
  inet_listener imaps {{
    port = {at.imaps_port}
  }}
}}
service lmtp {{
  unix_listener {at.lmtp_socket} {{
    mode = 0666
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener {at.auth_socket} {{
    mode = 0666
  }}
}}
"""


def write_dovecot(at: Layout) -> list[str]:
    """Write the configuration; the command runs it in the foreground."""
    configuration = at.dovecot / "dovecot.conf"
    configuration.write_text(_CONFIGURATION.format(at=at, uid=MAIL_UID), encoding="utf-8")
    at.users.mkdir()
    return [str(PROGRAM), "-F", "-c", str(configuration)]


def write_password(at: Layout, address: str, password: str) -> None:
    """Let somebody in. Each has a file of their own, for Dovecot is slow to see that one has changed."""
    (at.users / address).write_text(f"{address}:{password}\n", encoding="utf-8")


def vacation_script(reply: str) -> str:
    """The Sieve script (RFC 5230) that answers each sender once with this text."""
    quoted = reply.replace("\\", "\\\\").replace('"', '\\"')
    return f'require "vacation";\nvacation "{quoted}";\n'
