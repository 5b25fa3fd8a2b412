"""The tests of the mail servers share one real server."""

from tests.mail_servers.mail_fixtures import mail_server

__all__ = ["mail_server"]
