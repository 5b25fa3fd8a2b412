"""What mends an encrypted connection that did not come about: never less encryption where a certificate is refused."""

from __future__ import annotations

_NOT_OFFERED = ("STARTTLS extension not supported", "TLS not supported by server")
"""How the SMTP and the IMAP client say that a server announces no STARTTLS."""


def encryption_advice(said: str) -> str:
    """What to do, given the words of the failure; empty if it was not about encryption."""
    if any(words in said for words in _NOT_OFFERED):
        return "Set `tls: implicit` or `tls: none` if that is what the server has."
    if "CERTIFICATE_VERIFY_FAILED" not in said:
        return ""
    if "has expired" in said:
        return "Its certificate has to be renewed."
    if "mismatch" in said:
        return "Let `host` be a name that its certificate is for."
    return "If its certificate comes from an authority of your own, name that one's certificate: `ca_file: PATH`."
