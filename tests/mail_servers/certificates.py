"""Certificates for servers on loopback: one that a client may trust, and those that it must not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    """Files in PEM: the authority that a client is to trust, the server's certificate, and its key."""

    ca_file: Path
    certificate_file: Path
    key_file: Path


def write_certificate(folder: Path, host: str = "localhost", *, age: timedelta = timedelta()) -> Certificate:
    """Make an authority and its certificate for a host and 127.0.0.1, valid for a day from an hour before now - `age`.
    For any other host than localhost the address is left out, so that no name fits a server on loopback.
    """
    made = Certificate(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    since = datetime.now(UTC) - age - timedelta(hours=1)
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _signed("Test Authority", authority, authority, since, x509.BasicConstraints(ca=True, path_length=None))
    server = _signed(host, own, authority, since, x509.SubjectAlternativeName(_names(host)))
    made.ca_file.write_bytes(ca)
    made.certificate_file.write_bytes(server)
    made.key_file.write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    made.key_file.chmod(0o600)
    return made


def _names(host: str) -> list[x509.GeneralName]:
    loopback = [x509.IPAddress(ip_address("127.0.0.1"))] if host == "localhost" else []
    return [x509.DNSName(host), *loopback]


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    authority: ec.EllipticCurvePrivateKey,
    since: datetime,
    extension: x509.ExtensionType,
) -> bytes:
    issuer_key = authority.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(_common_name(name))
        .issuer_name(_common_name("Test Authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=1))
        .add_extension(extension, critical=key is authority)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )
    return builder.sign(authority, hashes.SHA256()).public_bytes(Encoding.PEM)


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
