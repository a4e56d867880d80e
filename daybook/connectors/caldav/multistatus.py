"""WebDAV's answers about several things at once (RFC 4918, 13), read from XML that anybody may have written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from daybook.connectors.errors import Garbled, Unreachable
from daybook.connectors.http import Answer

DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"
SERVER = "{http://calendarserver.org/ns/}"
OWNCLOUD = "{http://owncloud.org/ns}"

#: 50,000 entries have about ten elements each.
MOST_TAGS = 2_000_000
_STOPS = frozenset({3, 5})  # expat's "no element found" and "unclosed token"
_SAFE = "~!$&'()*+,;=:@"


@dataclass(frozen=True, slots=True)
class Resource:
    """What is said of one address. `status` is what is said of it as a whole, None when properties are told."""

    url: str
    status: int | None
    props: dict[str, Element] = field(repr=False)
    conditions: frozenset[str] = frozenset()

    def text(self, name: str) -> str:
        found = self.props.get(name)
        return (found.text or "").strip() if found is not None else ""

    def urls(self, name: str) -> tuple[str, ...]:
        """The addresses named in a property, whole."""
        found = self.props.get(name)
        texts = [] if found is None else [(one.text or "").strip() for one in found.iter(f"{DAV}href")]
        return tuple(joined(self.url, text) for text in texts if text)

    def kinds(self, name: str) -> frozenset[str]:
        """The names of the elements inside a property."""
        found = self.props.get(name)
        return frozenset() if found is None else frozenset(one.tag for one in found)


@dataclass(frozen=True, slots=True)
class Multistatus:
    resources: tuple[Resource, ...]
    token: str


class _Plain(TreeBuilder):
    """XML without a document type: nothing can be declared, so nothing can be expanded or fetched."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> NoReturn:
        raise ValueError("a document type")


def tree(answer: Answer) -> Element:
    """The body as XML. Raises Garbled, and Unreachable when it stops in the middle."""
    body = answer.body
    if body.count(b"<") > MOST_TAGS:
        raise Garbled(answer.provider, status=answer.status, maybe_applied=answer.write)
    try:
        parser = XMLParser(target=_Plain())  # noqa: S314
        parser.feed(body)
        root: Element = parser.close()
        return root
    except ParseError as error:
        kind = Unreachable if error.code in _STOPS and body.lstrip().startswith(b"<") else Garbled
        raise kind(answer.provider, status=answer.status, maybe_applied=answer.write) from None
    except (ValueError, LookupError):
        raise Garbled(answer.provider, status=answer.status, maybe_applied=answer.write) from None


def parse(answer: Answer, url: str) -> Multistatus:
    """Read a 207 to a request that was made to `url`. Raises Garbled, Unreachable."""
    root = tree(answer)
    if root.tag != f"{DAV}multistatus":
        raise Garbled(answer.provider, status=answer.status)
    found: list[Resource] = []
    for response in root.iter(f"{DAV}response"):
        props: dict[str, Element] = {}
        for propstat in response.findall(f"{DAV}propstat"):
            if _status(propstat) in (None, 200):
                for prop in propstat.iterfind(f"{DAV}prop/*"):
                    props[prop.tag] = prop
        conditions = frozenset(one.tag for one in response.iterfind(f"{DAV}error/*"))
        status = _status(response)
        for href in response.findall(f"{DAV}href"):
            found.append(Resource(joined(url, (href.text or "").strip()), status, props, conditions))
    return Multistatus(tuple(found), (root.findtext(f"{DAV}sync-token") or "").strip())


def conditions(answer: Answer) -> frozenset[str]:
    """Which conditions an error names as not met (RFC 4918, 16); none when it is no such error."""
    try:
        root = tree(answer)
    except (Garbled, Unreachable):
        return frozenset()
    return frozenset(one.tag for one in root) if root.tag == f"{DAV}error" else frozenset()


def joined(url: str, href: str) -> str:
    """What `href` means in an answer to `url`, written one way: servers escape the same path differently."""
    parts = urlsplit(urljoin(url, href))
    path = "/".join(quote(unquote(step), safe=_SAFE) for step in parts.path.split("/"))
    return urlunsplit((parts.scheme, parts.netloc.lower(), path or "/", parts.query, ""))


def path_of(url: str) -> str:
    return urlsplit(url).path or "/"


def propfind(names: Iterable[str]) -> bytes:
    """The body of a question for properties, each name as `{namespace}name`."""
    return _document("propfind", props(names))


def props(names: Iterable[str]) -> str:
    return "<D:prop>" + "".join(_empty(name) for name in names) + "</D:prop>"


def _empty(name: str) -> str:
    space, _, local = name[1:].partition("}")
    return f'<x:{local} xmlns:x="{space}"/>'


def _document(name: str, inner: str) -> bytes:
    head = '<?xml version="1.0" encoding="utf-8"?>'
    return f'{head}<D:{name} xmlns:D="DAV:">{inner}</D:{name}>'.encode()


def caldav_document(name: str, inner: str) -> bytes:
    """A REPORT's body of CalDAV's own kind."""
    head = '<?xml version="1.0" encoding="utf-8"?>'
    return f'{head}<C:{name} xmlns:D="DAV:" xmlns:C="{CALDAV[1:-1]}">{inner}</C:{name}>'.encode()


def dav_document(name: str, inner: str) -> bytes:
    """A REPORT's body of WebDAV's own kind."""
    return _document(name, inner)


def _status(element: Element) -> int | None:
    line = (element.findtext(f"{DAV}status") or "").split()
    return int(line[1]) if len(line) > 1 and line[1].isdecimal() and len(line[1]) == 3 else None
