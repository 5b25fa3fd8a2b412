"""The doctor's tests share one real mail server."""

from tests.mail_servers.mail_fixtures import mail_server

__all__ = ["mail_server"]
