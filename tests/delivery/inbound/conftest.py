"""A real mail server, for the tests that read mailboxes."""

from tests.mail_servers.mail_fixtures import mail_server

__all__ = ["mail_server"]
