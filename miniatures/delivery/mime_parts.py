"""Puts text and HTML into one body, by hand: the standard library's classes build and parse a tree for each email,
which takes longer than everything else that is done to it.

Each part travels in ASCII: as it is if it can, else as quoted-printable or base64, whichever is shorter (RFC 2045).
"""

from __future__ import annotations

from base64 import encodebytes
from binascii import b2a_qp

_LONGEST_LINE = 78
"""Characters of a line that goes as it is (RFC 5322, 2.1.1: what no program breaks)."""


def alternative(text: str, html: str, boundary: str) -> bytes:
    """The headers and the body of an email that says the same twice. No line of either part may be the boundary."""
    parts = (_part("plain", text), _part("html", html))
    bodies = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode("ascii"), part) for part in parts)
    return (
        b"MIME-Version: 1.0\r\n"
        b'Content-Type: multipart/alternative; boundary="%s"\r\n\r\n'
        % boundary.encode("ascii")
        + bodies
        + b"--%s--\r\n" % boundary.encode("ascii")
    )


def _part(subtype: str, text: str) -> bytes:
    encoding, body = _encoded("".join(f"{line}\r\n" for line in text.removesuffix("\n").split("\n")).encode())
    charset = "us-ascii" if body.isascii() and encoding == "7bit" else "utf-8"
    head = f'Content-Type: text/{subtype}; charset="{charset}"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return head.encode("ascii") + body


def _encoded(body: bytes) -> tuple[str, bytes]:
    """The content transfer encoding, and the lines in it."""
    if body.isascii() and all(len(line) <= _LONGEST_LINE for line in body.split(b"\r\n")):
        return "7bit", body
    quoted = b2a_qp(body, istext=True)
    if 3 * len(quoted) <= 4 * len(body):  # base64 is a third longer than what it encodes
        return "quoted-printable", quoted
    encoded = encodebytes(body).replace(b"\n", b"\r\n")
    return ("quoted-printable", quoted) if len(quoted) <= len(encoded) else ("base64", encoded)
