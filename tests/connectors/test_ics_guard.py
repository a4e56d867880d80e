"""What may be visited: every form of a private address is refused, at once and behind a redirect."""

import ipaddress
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from daybook.connectors import guard
from daybook.connectors.errors import Garbled, Missing, NotAuthorised, Unreachable
from daybook.connectors.ics import fetch
from daybook.connectors.ics.fetch import Marks, address_of

PUBLIC = "93.184.216.34"
NEVER = (
    "0.0.0.0",
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "fe80::1",
    "ff02::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "fd00:ec2::254",
    "2001:db8::1",
)
PRIVATE = (
    "127.0.0.1",
    "127.8.9.10",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.255",
    "198.18.0.1",
    "192.0.0.8",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::c0a8:101",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::1",
    "::ffff:0:10.0.0.1",
)
FINE = (
    PUBLIC,
    "8.8.8.8",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
)


def leads(*places):
    return lambda host, port: places


@pytest.mark.parametrize("place", NEVER + PRIVATE)
def test_an_address_that_is_not_public_is_refused(place):
    with pytest.raises(guard.Refused) as caught:
        guard.check("https://calendar.example/a.ics", "Feed", resolve=leads(place))
    assert "private network" in caught.value.text


@pytest.mark.parametrize("place", FINE)
def test_a_public_address_may_be_visited(place):
    assert guard.check("https://calendar.example/a.ics", "Feed", resolve=leads(place)).places


@pytest.mark.parametrize("place", PRIVATE)
def test_private_networks_can_be_allowed(place):
    assert guard.allowed(ipaddress.ip_address(place), private=True)


@pytest.mark.parametrize("place", NEVER)
def test_some_places_are_refused_even_where_private_networks_are_allowed(place):
    assert not guard.allowed(ipaddress.ip_address(place), private=True)


def test_one_private_address_among_several_is_enough():
    with pytest.raises(guard.Refused):
        guard.check("https://calendar.example/", "Feed", resolve=leads(PUBLIC, "10.0.0.1"))


@pytest.mark.parametrize(
    "typed",
    [
        "https://127.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://localhost/",
        "https://LOCALHOST./",
    ],
)
def test_other_ways_to_write_this_machine_lead_to_this_machine(typed):
    with pytest.raises((guard.Refused, Unreachable)):
        guard.check(typed, "Feed")


@pytest.mark.parametrize(
    "typed",
    [
        "ftp://calendar.example/",
        "file:///etc/passwd",
        "https://",
        "https://calendar.example:99999/",
        "https://calendar.example/a b",
        "https://calendar.example/\r\nHost: other",
        "https://[::1/",
        "http://calendar.example/",
        "https://user:secret@calendar.example/",
        "https://" + "a" * 64 + ".example/",
    ],
)
def test_what_is_no_web_address_is_refused_before_anything_is_looked_up(typed):
    def never(host, port):
        raise AssertionError("looked up")

    with pytest.raises(guard.Refused):
        guard.check(typed, "Feed", resolve=never)


def test_a_name_that_leads_nowhere_is_tried_again_later():
    def nowhere(host, port):
        raise OSError

    with pytest.raises(Unreachable):
        guard.check("https://calendar.example/", "Feed", resolve=nowhere)


def test_webcal_is_https():
    assert address_of(" webcal://calendar.example/a.ics ") == "https://calendar.example/a.ics"
    assert address_of("WebCals://calendar.example/a.ics") == "https://calendar.example/a.ics"
    assert address_of("calendar.example/a.ics") == "https://calendar.example/a.ics"


def test_the_secret_part_of_an_address_is_not_shown_when_a_visit_is():
    visit = guard.check("https://calendar.example/private-token/a.ics", "Feed", resolve=leads(PUBLIC))
    assert "token" not in repr(visit)


# Over sockets --------------------------------------------------------------------------------------------------------


class Site:
    """A server on this machine whose answers are written beforehand; what was asked is kept."""

    def __init__(self, answers, context=None):
        self.asked = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append((self.path, dict(self.headers)))
                status, headers, body = answers(self.path, self.headers)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]


@contextmanager
def site(answers, context=None):
    here = Site(answers, context)
    thread = threading.Thread(target=here.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        here.server.shutdown()
        here.server.server_close()


def always(status, headers=None, body=b""):
    return lambda path, asked: (status, headers or {}, body)


def get(here, path="/feed.ics", **more):
    return fetch.fetch(
        f"http://calendar.example:{here.port}{path}", private=True, resolve=leads("127.0.0.1"), **more
    )


def test_the_connection_goes_to_the_address_that_was_checked_with_the_name_that_was_typed():
    """A name that leads somewhere else the second time it is asked for is not asked for a second time."""
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    with site(always(200, {"ETag": '"1"'}, b"hello")) as here:
        found = fetch.fetch(
            f"http://calendar.example:{here.port}/feed.ics?token=x",
            private=True,
            resolve=lambda host, port: next(answers),
        )
    assert (found.body, found.marks) == (b"hello", Marks('"1"', ""))
    ((path, headers),) = here.asked
    assert path == "/feed.ics?token=x"
    assert headers["Host"] == f"calendar.example:{here.port}"
    assert "Cookie" not in headers
    assert "Authorization" not in headers
    assert next(answers) == ["169.254.169.254"]  # never asked


def test_a_redirect_into_a_private_network_is_not_followed():
    with site(always(302, {"Location": "http://inside.example/"})) as here:

        def resolve(host, port):
            return ["127.0.0.1"] if host == "calendar.example" else ["169.254.169.254"]

        with pytest.raises(guard.Refused):
            fetch.fetch(f"http://calendar.example:{here.port}/", private=True, resolve=resolve)
    assert len(here.asked) == 1


def test_three_redirects_are_followed_and_a_fourth_is_not():
    def hops(path, asked):
        left = int(path.strip("/"))
        return (302, {"Location": f"/{left - 1}"}, b"") if left else (200, {}, b"there")

    with site(hops) as here:
        assert get(here, "/3").body == b"there"
        with pytest.raises(Garbled):
            get(here, "/4")


def test_what_has_not_changed_is_not_sent_again():
    def answers(path, asked):
        known = asked.get("If-None-Match") == '"7"' and asked.get("If-Modified-Since") == "then"
        return (304, {}, b"") if known else (200, {"ETag": '"7"', "Last-Modified": "then"}, b"body")

    with site(answers) as here:
        first = get(here)
        again = get(here, since=first.marks)
    assert (first.body, again.body, again.marks) == (b"body", None, first.marks)


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, NotAuthorised, "needs a password"),
        (403, NotAuthorised, "not open to Daybook"),
        (404, Missing, "no calendar at this address"),
        (410, Missing, "any more"),
        (503, Unreachable, "could not be reached"),
        (304, Garbled, "does not understand"),
    ],
)
def test_each_refusal_is_said_in_words(status, kind, words):
    with site(always(status)) as here, pytest.raises(kind) as caught:
        get(here)
    assert words in caught.value.text


def test_a_feed_beyond_ten_megabytes_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr(fetch, "MAX_BYTES", 1000)
    with site(always(200, {}, b"x" * 1001)) as here, pytest.raises(Garbled) as caught:
        get(here)
    assert "larger than 10 MB" in caught.value.text


def test_a_small_file_that_unpacks_to_a_large_one_is_too_large(monkeypatch):
    import gzip

    monkeypatch.setattr(fetch, "MAX_BYTES", 100_000)
    packed = gzip.compress(b"x" * 10_000_000)
    with (
        site(always(200, {"Content-Encoding": "gzip"}, packed)) as here,
        pytest.raises(Garbled) as caught,
    ):
        get(here)
    assert "larger than 10 MB" in caught.value.text


def test_a_server_that_sends_its_answer_a_byte_at_a_time_is_left():
    import socket
    import time

    listener = socket.create_server(("127.0.0.1", 0))

    def drip():
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            for letter in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200:
                try:
                    connection.send(bytes([letter]))
                except OSError:
                    return
                time.sleep(0.05)

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    started = time.monotonic()
    with pytest.raises(Unreachable):
        fetch.fetch(
            f"http://calendar.example:{listener.getsockname()[1]}/",
            private=True,
            seconds=0.8,
            resolve=leads("127.0.0.1"),
        )
    assert time.monotonic() - started < 5
    thread.join(timeout=5)
    listener.close()


def test_nobody_listening_is_unreachable():
    with site(always(200)) as here:
        pass
    with pytest.raises(Unreachable):
        get(here)


def test_the_certificate_is_checked_against_the_name_and_not_the_address(tmp_path):
    server, client = _certificates(tmp_path, "calendar.example")
    names = []
    server.sni_callback = lambda socket, name, context: names.append(name)
    with site(always(200, {}, b"safe"), server) as here:
        where = {"private": True, "resolve": leads("127.0.0.1"), "trust": client}
        assert fetch.fetch(f"https://calendar.example:{here.port}/", **where).body == b"safe"
        with pytest.raises(Unreachable):
            fetch.fetch(f"https://other.example:{here.port}/", **where)
    assert names[0] == "calendar.example"


def _certificates(folder, name):
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "pair.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    client = ssl.create_default_context(cafile=str(path))
    return server, client
