"""What nobody types by accident, sent to every address and into every form: refused calmly, never an error of ours."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from django.core.signals import got_request_exception
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

if TYPE_CHECKING:
    from sandbox.clio import Sandbox
    from tests.flows.office import Office

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(400)]

#: Of the library that signs people in, the pages with forms of ours.
OURS_OF_ACCOUNT = ("/account/login/", "/account/signup/")

#: For whoever reads numbers, dates and zones: sent to every page.
NUMBERISH = (
    "²",
    "-1",
    "9" * 30,
    "9" * 5000,
    "253402300799",
    "1e999999999",
    "NaN",
    "0001-01-01",
    "9999-12-31",
    "24:00",
    "../../etc/passwd",
    "a\0b",
)
#: For whoever keeps and shows text: databases, headers, calendars, pages.
TEXTS = (
    "a@b\r\nBcc: x@y.example",
    "BEGIN:VEVENT\r\nEND:VCALENDAR",
    "<script>alert(1)</script>",
    "{{ 7*7 }}%s%(x)s",
    "\u202e\ufeff\U0001f9d1\u200d\u2696\ufe0f\u0301",
    "\ud7ff\ufffe\U0010ffff",
    "x" * 10_000,
    "https://evil.example/",
    "//evil.example",
    "javascript:alert(1)",
    "\0",
)
ALL = NUMBERISH + TEXTS

#: Everything into everything takes half an hour: each field meets one in so many, each form all of it. NASTY_SHARE=1
#: leaves nothing out (`python -m bench.fuzz`).
SHARE = int(os.environ.get("NASTY_SHARE", "23"))

#: Every name a query string is read by, and one that means nothing.
NAMES = (
    "q",
    "page",
    "from",
    "days",
    "zone",
    "type",
    "place",
    "lawyer",
    "next",
    "who",
    "on",
    "state",
    "code",
    "error",
    "error_description",
    "contact",
    "start",
    "do",
    "client",
    "picked",
    "answer",
    "outcome",
    "reason",
    "duration",
    "rate",
    "category",
    "matter",
    "link",
    "country",
    "subdivision",
    "token",
    "nothing",
)

#: For whole numbers, slugs and tokens in an address.
NUMBERS = ("0", "9" * 18, "9223372036854775808", "9" * 30)
SLUGS = ("-", "x" * 300, "__")
TOKENS = ("a:b", ":", "x" * 3000, "%00:%00", "..:..", "é:é")


@pytest.fixture
def office(db: None, clio: Sandbox) -> Office:
    from tests.flows.office import Office

    return Office(clio)


@pytest.fixture
def alice(client: Client, office: Office) -> Client:
    client.force_login(office.cast.alice_user, backend="django.contrib.auth.backends.ModelBackend")
    return client


class Forms(HTMLParser):
    """The forms of a page that change something, each with what its fields hold."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._open: dict[str, str] | None = None
        self._list = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = {}
            if given.get("method", "").lower() == "post":
                self.forms.append((given.get("action", ""), self._open))
        elif self._open is None or not given.get("name"):
            here = self._open if tag == "option" and self._list else None
            if here is not None and ("selected" in given or not here.get(self._list)):
                here[self._list] = given.get("value", "")
        elif tag in ("input", "textarea", "select", "button"):
            self._list = given["name"] if tag == "select" else self._list
            unset = given.get("type") in ("checkbox", "radio") and "checked" not in given
            if not unset or given["name"] not in self._open:
                self._open[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._list = ""


class Visitor:
    """Asks for addresses and remembers what went wrong; whatever was written is taken back each time."""

    def __init__(self, client: Client) -> None:
        self.client = client
        client.raise_request_exception = False
        self.failures: dict[str, str] = {}
        self.count = 0

    def ask(self, method: str, path: str, data: dict[str, str] | None = None) -> Any:
        raised: list[str] = []

        def note(sender: object, request: Any, **_: object) -> None:
            import traceback

            raised.append(traceback.format_exc(limit=-3))

        got_request_exception.connect(note)
        self.count += 1
        try:
            with taken_back():
                answer = getattr(self.client, method)(path, data or {})
        finally:
            got_request_exception.disconnect(note)
        if answer.status_code >= 500 or raised:
            reason = raised[-1] if raised else str(answer.status_code)
            self.failures.setdefault(
                reason.splitlines()[-1][:200], f"{method} {path[:200]} {data!r:.300}\n{reason}"
            )
        where = answer.get("Location", "")
        if "evil" in where.partition("?")[0]:
            self.failures[f"leads away: {path}"] = where
        if b"<script>alert(1)" in content(answer):
            self.failures[f"not escaped: {path}"] = repr(data)
        return answer


def content(answer: Any) -> bytes:
    """What was answered; a file that is sent as it is made is made."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


@contextmanager
def taken_back() -> Iterator[None]:
    atomic = transaction.atomic()
    atomic._from_testcase = True  # type: ignore[attr-defined]  # requests to Clio are none of its business
    with atomic:
        yield
        transaction.set_rollback(True)


def patterns(found: list[Any], before: str = "") -> Iterator[str]:
    for one in found:
        route = str(one.pattern)
        if isinstance(one, URLResolver):
            yield from patterns(one.url_patterns, before + route)
        elif isinstance(one, URLPattern):
            yield before + route


def addresses(known: dict[str, str]) -> tuple[list[str], list[str]]:
    """Every address with ids that exist, and with ids that never could."""
    good, bad = [], []
    for route in patterns(get_resolver().url_patterns):
        route = route.replace(r"^book/hold/(?P<token>[^/]*:[^/]*)/$", "book/hold/<str:token>/")
        route = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<str:\1>", route).replace("^", "").replace("$", "")
        names = re.findall(r"<(\w+):(\w+)>", route)
        holes = re.sub(r"<\w+:(\w+)>", r"{\1}", route)
        good.append("/" + holes.format_map({name: known.get(name, "1") for _, name in names}))
        kinds = {"int": NUMBERS, "slug": SLUGS, "str": TOKENS}
        nasty = [kinds.get(kind, TOKENS) for kind, _ in names]
        for values in list(product(*nasty))[:8] if names else []:
            bad.append("/" + holes.format_map(dict(zip([n for _, n in names], values, strict=True))))
    return sorted(set(good)), sorted(set(bad))


@pytest.fixture
def known(office: Office) -> dict[str, str]:
    """One of everything an address can name."""
    from daybook.appointments import links
    from daybook.calendars.operations import save_exception
    from daybook.firms import operations
    from daybook.firms.models import Invitation, Member
    from daybook.messaging.invitations import invitation_token

    cast = office.cast
    appointment = office.book(9)
    office.work()
    held = office.hold(11, key="other")
    when = office.day
    exception = save_exception(lawyer=cast.alice, on=when, opens=None, closes=None, reason="", now=office.now)
    operations.invite(
        actor=cast.alice_actor,
        email="bob@hartvale.example",
        name="Bob",
        role=Member.Role.STAFF,
        now=office.now,
    )
    invitation = Invitation.objects.latest("pk")
    return {
        "appointment_id": str(appointment.pk),
        "contact_id": str(appointment.contact_id),
        "lawyer_id": str(cast.alice.pk),
        "type_id": str(cast.consultation.pk),
        "exception_id": str(exception.pk),
        "invitation_id": str(invitation.pk),
        "member_id": str(Member.objects.get(user=cast.alice_user).pk),
        "question_id": "1",
        "firm_slug": cast.firm.slug,
        "lawyer_slug": cast.alice.slug,
        "type_slug": cast.consultation.slug,
        "token": links.link_token(held),
        "appointment_token": links.link_token(appointment),
        "invitation_token": invitation_token(invitation),
    }


def pages(known: dict[str, str]) -> list[str]:
    good, _ = addresses(known)
    held = known["token"]
    return [
        path.replace(held, known["appointment_token"])
        if path.startswith("/appointment/")
        else path.replace(held, known["invitation_token"])
        if path.startswith("/join/")
        else path
        for path in good
        if not path.startswith("/account/") or path in OURS_OF_ACCOUNT
    ]


def calm(visitor: Visitor) -> None:
    assert visitor.count > 50
    assert not visitor.failures, "\n\n".join(visitor.failures.values())


@pytest.mark.parametrize("who", ["alice", "anybody"])
def test_no_query_string_and_no_id_breaks_a_page(who: str, alice: Client, known: dict[str, str]) -> None:
    visitor = Visitor(alice if who == "alice" else Client())
    for number, path in enumerate(pages(known)):
        for text in (*NUMBERISH, *TEXTS[number % 3 :: 3]):
            visitor.ask("get", path, dict.fromkeys(NAMES, text))
    for path in addresses(known)[1]:
        visitor.ask("get", path)
        visitor.ask("post", path, {"start": "1"})
    calm(visitor)


@pytest.mark.parametrize("method", ["head", "options", "put", "patch", "delete", "post"])
def test_no_method_breaks_a_page(method: str, alice: Client, known: dict[str, str]) -> None:
    visitor = Visitor(alice)
    for path in pages(known):
        visitor.ask(method, path)
    calm(visitor)


@pytest.mark.parametrize("who", ["alice", "anybody"])
def test_nothing_typed_into_a_form_breaks_it(who: str, alice: Client, known: dict[str, str]) -> None:
    visitor = Visitor(alice if who == "alice" else Client())
    seen: set[str] = set()
    for path in pages(known):
        answer = visitor.ask("get", path)
        if answer.status_code != 200 or b"<form" not in content(answer):
            continue
        reader = Forms()
        reader.feed(answer.content.decode())
        for action, fields in reader.forms:
            target = action or path
            key = f"{target.partition('?')[0]} {sorted(fields)}"
            library = target.startswith("/account/") and target.partition("?")[0] not in OURS_OF_ACCOUNT
            if key in seen or library:
                continue
            seen.add(key)
            for text in ALL:
                visitor.ask("post", target, dict.fromkeys(fields, text))
            for number, name in enumerate(fields):
                for text in ALL[number % SHARE :: SHARE]:
                    visitor.ask("post", target, {**fields, name: text})
    assert len(seen) > 5
    calm(visitor)
