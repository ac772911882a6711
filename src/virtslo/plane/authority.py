"""Certificates of a plane: an authority, and what it issues for servers and for users.

Invariant: an authority is made anew for each plane and trusted by nothing outside of it; its keys
are held in memory and written by the plane alone, into its private folder.
"""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from virtslo.base.clock import SystemClock
from virtslo.base.piped import piped

VALID: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, as PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """An authority of its own."""

    def __init__(self, name: str = "virtslo") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name, ())
        self._certificate = (
            _dated(self._name, self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.pem = self._certificate.public_bytes(serialization.Encoding.PEM)
        self.key_pem = _key_pem(self._key)

    def server(
        self, name: str, *, dns: tuple[str, ...] = ("localhost",), is_client: bool = False
    ) -> Pair:
        """For a server on loopback; with `is_client`, for a client of its own kind too."""
        names = [x509.DNSName(text) for text in dns]
        addresses = [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1")]
        clients = (ExtendedKeyUsageOID.CLIENT_AUTH,) if is_client else ()
        service = x509.IPAddress(ipaddress.ip_address("10.0.0.1"))
        return self._issue(
            _name(name, ()),
            (ExtendedKeyUsageOID.SERVER_AUTH, *clients),
            x509.SubjectAlternativeName([*names, *addresses, service]),
        )

    def user(self, name: str, *groups: str) -> Pair:
        """For a user of this name, in these groups."""
        return self._issue(_name(name, groups), (ExtendedKeyUsageOID.CLIENT_AUTH,), None)

    def _issue(
        self,
        subject: x509.Name,
        usages: tuple[x509.ObjectIdentifier, ...],
        names: x509.SubjectAlternativeName | None,
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _dated(subject, self._name, key.public_key()).add_extension(
            x509.ExtendedKeyUsage(usages), critical=False
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        signed = builder.sign(self._key, hashes.SHA256())
        return Pair(signed.public_bytes(serialization.Encoding.PEM), _key_pem(key))


def server_context(pair: Pair, *, clients_of: bytes | None = None) -> ssl.SSLContext:
    """A server's TLS context; with `clients_of`, only users of that authority are let in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with piped(pair.certificate) as certificate, piped(pair.key) as key:
        context.load_cert_chain(certificate, key)
    if clients_of is not None:
        context.load_verify_locations(cadata=clients_of.decode())
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _name(common: str, organizations: tuple[str, ...]) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    attributes += [x509.NameAttribute(NameOID.ORGANIZATION_NAME, text) for text in organizations]
    return x509.Name(attributes)


def _dated(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = SystemClock().wall()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + VALID)
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
