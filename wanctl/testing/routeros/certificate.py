"""A certificate authority made on the spot, and the router's certificate from it."""

import base64
import hashlib
import ssl
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Certificate:
    """A TLS identity for `names` (host names and addresses); `pin` is that of its key, as `wanctl` takes it."""

    pin: str

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority_pem = self._issue()

    def swap(self) -> None:
        """Have another key, from another authority, for the connections to come: a router replaced, or an attacker."""
        self._issue()

    def write_authority(self, path: Path) -> None:
        """Write the first authority's certificate for clients, in PEM."""
        path.write_bytes(self._authority_pem)

    def _issue(self) -> bytes:
        authority = trustme.CA()
        issued = authority.issue_cert(*self._names)
        issued.configure_cert(self.context)
        key = x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes()).public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.pin = "sha256//" + base64.b64encode(hashlib.sha256(spki).digest()).decode()
        return bytes(authority.cert_pem.bytes())
