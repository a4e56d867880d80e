"""Many hosts behind one address, over TLS: who is asked what, and who hears the password."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOSTS = ("dav.example", "other.example", "www.example", "caldav.icloud.com", "p07-caldav.icloud.com")


@dataclass(frozen=True)
class Says:
    """An answer. With `secret`, whoever does not tell the password is asked for it first."""

    status: int = 207
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    secret: bool = True


@dataclass(frozen=True)
class Heard:
    method: str
    host: str
    path: str
    told: bool  # whether the password came along


@dataclass
class Hosts:
    """What each host says at each path, 404 where nothing is said; and what has been heard."""

    port: int
    trust: ssl.SSLContext
    says: dict[tuple[str, str], Says] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    #: Where names lead; all that are not here lead to this machine.
    leads: dict[str, str] = field(default_factory=dict)

    def at(self, host: str, path: str = "/") -> str:
        return f"https://{host}:{self.port}{path}"

    def resolve(self, host: str, port: int) -> list[str]:
        return [self.leads.get(host, "127.0.0.1")]

    def told(self) -> set[str]:
        """The hosts that have heard the password."""
        return {one.host for one in self.heard if one.told}


@contextmanager
def hosts(folder: Path) -> Iterator[Hosts]:
    server_side, client_side = _certificates(folder)
    holder: list[Hosts] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def _any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            host = self.headers["Host"].partition(":")[0]
            told = "Authorization" in self.headers
            holder[0].heard.append(Heard(self.command, host, self.path, told))
            says = holder[0].says.get((host, self.path), Says(404, secret=False))
            if says.secret and not told:
                says = Says(401, "", {"WWW-Authenticate": 'Basic realm="here"'})
            content = says.body.encode()
            self.send_response(says.status)
            for name, value in says.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_DELETE = do_PROPFIND = do_REPORT = _any

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = server_side.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True)
    thread.start()
    holder.append(Hosts(server.server_address[1], client_side))
    try:
        yield holder[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def one_resource(href: str, inner: str) -> str:
    """A multistatus about one resource with these properties."""
    return (
        '<?xml version="1.0"?><multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f"<response><href>{href}</href><propstat><prop>{inner}</prop>"
        "<status>HTTP/1.1 200 OK</status></propstat></response></multistatus>"
    )


def principal_at(href: str) -> str:
    return f"<current-user-principal><href>{href}</href></current-user-principal>"


def home_at(*hrefs: str) -> str:
    return f"<C:calendar-home-set>{''.join(f'<href>{href}</href>' for href in hrefs)}</C:calendar-home-set>"


def _certificates(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hosts of a test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in HOSTS]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "pair.pem"
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + secret)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))
