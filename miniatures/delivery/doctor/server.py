"""The server that takes the emails: reached, encrypted and logged in to as the sender will do it."""

from __future__ import annotations

from collections.abc import Mapping

from miniatures.datamodel.send_settings import SmtpSettings, Tls
from miniatures.delivery.doctor.finding import Finding, ok, problem, warning
from miniatures.delivery.smtp_session import ServerUnavailable, SmtpSession

_STAGES = {"connect": "it cannot be reached", "tls": "no encrypted connection", "login": "the login is refused"}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


async def check_server(settings: SmtpSettings, environment: Mapping[str, str]) -> list[Finding]:
    """Connection, encryption and login, and what the server announces. Nothing is sent.

    The certificate is checked against the host's name and the trusted authorities, as when an email is sent.
    """
    about = f"server {settings.host}:{settings.port}"
    session = SmtpSession(settings, environment)
    try:
        await session.open()
    except ServerUnavailable as error:
        return [problem(about, _refusal(error), error.hint or "Check `smtp:` of the mailbox.")]
    try:
        return [_encryption(about, settings), _extensions(about, session)]
    finally:
        await session.close()


def _refusal(error: ServerUnavailable) -> str:
    reply = error.reply
    said = " ".join(str(part) for part in (reply.code, reply.text) if part)
    return f"{_STAGES.get(reply.stage, reply.stage)}: {said}" if said else error.message


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    return host in _LOOPBACK


def _encryption(about: str, settings: SmtpSettings) -> Finding:
    logged_in = f", logged in as {settings.login.user}" if settings.login else ", without a login"
    if settings.tls is not Tls.NONE:
        return ok(about, f"reached with {settings.tls}, the certificate is for {settings.host}{logged_in}")
    if is_loopback(settings.host):
        return ok(about, f"reached on this machine, not encrypted{logged_in}")
    advice = "Set `tls: starttls` or `tls: implicit`."
    if settings.login:
        return problem(about, f"the password goes over the wire in the clear{logged_in}", advice)
    return warning(about, f"the emails go over the wire in the clear{logged_in}", advice)


def _extensions(about: str, session: SmtpSession) -> Finding:
    about = f"{about} announces"
    has = {name: session.supports(name) for name in ("SIZE", "DSN", "SMTPUTF8")}
    told = ", ".join(name if there else f"no {name}" for name, there in has.items())
    missing = []
    if not has["DSN"]:
        missing.append("Without DSN a bounce is told by its address: write `bounces: bounces+{token}@...`.")
    if not has["SMTPUTF8"]:
        missing.append("Without SMTPUTF8, addresses with letters beyond ASCII before the @ are not written to.")
    return warning(about, told, " ".join(missing)) if missing else ok(about, told)
