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

    def __init__(self, names: tuple[str, ...]) -> None:
        authority = trustme.CA()
        issued = authority.issue_cert(*names)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued.configure_cert(self.context)
        self._authority_pem: bytes = authority.cert_pem.bytes()
        key = x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes()).public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.pin = "sha256//" + base64.b64encode(hashlib.sha256(spki).digest()).decode()

    def write_authority(self, path: Path) -> None:
        """Write the authority's certificate for clients, in PEM."""
        path.write_bytes(self._authority_pem)
