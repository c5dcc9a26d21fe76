"""Whether the one who answers is the router: an authority's certificate, a pinned public key, or both.

A pin is written as curl's `--pinnedpubkey` has it: `sha256//` and the base64 of the SHA-256 of the certificate's public
key (SubjectPublicKeyInfo in DER). It is the key that is pinned, not the certificate, so a certificate that is renewed
with the same key still matches. Several pins may be joined with `;`: any of them will do. With a pin alone, neither the
authority, nor the host name, nor the dates of the certificate are looked at: the key says it all.
"""

import base64
import binascii
import hashlib
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from wanctl.routeros.error import Untrusted

PREFIX = "sha256//"


class PinMismatch(ssl.SSLError):
    """The server's key is none of the pinned ones; `seen` is its pin."""

    def __init__(self, seen: str) -> None:
        super().__init__(f"the key is {seen}")
        self.seen = seen


@dataclass(frozen=True, slots=True)
class Trust:
    """What a connection must prove; at least one of `ca_file` and `pins` is given."""

    ca_file: str | None
    pins: tuple[str, ...]

    def context(self) -> ssl.SSLContext:
        """A client's TLS context. Raises `Untrusted` if the authority's file cannot be read."""
        if self.ca_file is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE  # `check_pin` decides, before a byte of a request is sent
            return context
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as error:
            reason = error.strerror if not isinstance(error, ssl.SSLError) else "it holds no PEM certificate"
            raise Untrusted(
                f"cannot use the CA file {self.ca_file}: {reason}",
                "export it on the router with /certificate/export-certificate and copy it here",
            ) from None
        # RouterOS makes certificates without the extensions that X509_STRICT (on since Python 3.13) insists on.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context

    def check_pin(self, certificate_der: bytes | None) -> None:
        """Raise `PinMismatch` unless no pin was asked for or the certificate's key is a pinned one."""
        if not self.pins:
            return
        seen = pin_of(certificate_der) if certificate_der else "missing"
        if seen not in self.pins:
            raise PinMismatch(seen)


def trust(ca_file: str | Path | None, pin: str | None) -> Trust:
    """Check what a site names. Raises `Untrusted` if it names nothing, or a pin that is none."""
    pins = tuple(part.strip() for part in (pin or "").split(";") if part.strip())
    for one in pins:
        if not _is_pin(one):
            raise Untrusted(f"'{one}' is not a pin", f"write {PREFIX} and the base64 of a SHA-256, 44 characters")
    if ca_file is None and not pins:
        raise Untrusted("nothing says how to recognise the router", "give its ca_file or the pin of its key")
    return Trust(None if ca_file is None else str(ca_file), pins)


class Presented(NamedTuple):
    """What a server says it is; nobody has checked it."""

    pin: str
    fingerprint: str  # of the certificate: SHA-256 in hexadecimal digits, as RouterOS shows it


def presented(address: str, port: int, timeout_s: float) -> Presented:
    """What the server at an address presents, whoever it is: for a person to compare. Nothing is sent to it.

    Raises OSError, of which ssl.SSLError is one.
    """
    context = Trust(None, ("",)).context()
    with socket.create_connection((address, port), timeout_s) as plain, context.wrap_socket(plain) as secure:
        certificate = secure.getpeercert(binary_form=True)
    if certificate is None:
        raise ssl.SSLError("it presents no certificate")
    return Presented(pin_of(certificate), hashlib.sha256(certificate).hexdigest())


def pin_of(certificate_der: bytes) -> str:
    """The pin of a certificate's public key: `sha256//BASE64`."""
    from cryptography import x509  # slow to import, and only pinned sites need it
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = x509.load_der_x509_certificate(certificate_der).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return PREFIX + base64.b64encode(digest).decode()


def _is_pin(text: str) -> bool:
    if not text.startswith(PREFIX):
        return False
    try:
        return len(base64.b64decode(text.removeprefix(PREFIX), validate=True)) == hashlib.sha256().digest_size
    except binascii.Error:
        return False
