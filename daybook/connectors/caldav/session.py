"""One account at work: to whom the password is told, where redirects may lead, what a status means."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable, Collection
from urllib.parse import urljoin, urlsplit

import httpx2

from daybook.connectors.caldav import settings
from daybook.connectors.caldav.multistatus import Multistatus, conditions, parse, propfind
from daybook.connectors.caldav.settings import origin
from daybook.connectors.caldav.transport import GuardedTransport
from daybook.connectors.errors import (
    Forbidden,
    Garbled,
    Limited,
    NotAuthorised,
    Rejected,
    RemoteTrouble,
    trouble_for,
)
from daybook.connectors.guard import Refused, Resolver
from daybook.connectors.http import READS, Answer, Http, seconds

#: Somebody waits while an appointment is confirmed; nobody does at the five-minute job.
LIVE_SECONDS, BACKGROUND_SECONDS = 8.0, 60.0
#: A first reading of a calendar with thousands of entries is one answer.
MAX_BYTES = 40 * 1024 * 1024
MAX_REDIRECTS = 4

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEPING = frozenset({307, 308})
XML = "application/xml; charset=utf-8"
ELSEWHERE = "{name} pointed to another address, which Daybook has not been given the password for. Please connect to it again."
FULL = "The calendar server has no room for another entry."


class Session:
    """
    Requests of one account. `origins` are the hosts that may hear the password, and grow by `trust` only.

    `before` is called ahead of each request. `private` allows private networks, and http. `resolve` and `certificates`
    stand in for the machine's own in tests. Used by one thread.
    """

    def __init__(
        self,
        name: str,
        *,
        username: str,
        password: str,
        origins: Collection[str] = (),
        private: bool = False,
        seconds: float = BACKGROUND_SECONDS,
        before: Callable[[], None] | None = None,
        resolve: Resolver | None = None,
        certificates: ssl.SSLContext | None = None,
    ) -> None:
        self.name = name
        self.origins = set(origins)
        self.private = private
        self._secret = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
        self._seconds = seconds
        self._before = before
        self._resolve, self._certificates = resolve, certificates
        # What a stand-in has looked up or trusted never serves anybody else.
        stand_ins = f" {id(self)}" if resolve or certificates else ""
        self._pool = f"guarded {name} {'everywhere' if private else 'public'}{stand_ins}"

    def trusts(self, url: str) -> bool:
        """Whether the host of `url` may hear the password."""
        return origin(url) in self.origins

    def trust(self, url: str) -> None:
        """
        Let the host of `url` hear the password from now on: called where discovery was led to, never later.

        Raises Refused when the host is not one for secrets: without https, or of another provider than the known one.
        """
        parts = urlsplit(url)
        led_by = {one for one in (settings.known(_host(o)) for o in self.origins) if one is not None}
        if parts.scheme != "https" and not self.private:
            raise Refused(self.name, text=f"{self.name} leads on to an address without https://.")
        if led_by and settings.known(parts.hostname or "") not in led_by:
            raise Refused(self.name, text=ELSEWHERE.format(name=self.name))
        self.origins.add(origin(url))

    def ask(
        self,
        method: str,
        url: str,
        *,
        shown: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        accept: Collection[int] = (),
        secret: bool = True,
    ) -> Answer:
        """
        Make one request to a whole address, following redirects. `shown` is what the log shows of it, `accept` names
        statuses to be returned besides successes. Without `secret` the password is not told, and redirects may lead
        anywhere that is guarded; the last address is in the answer's `X-Daybook-Address`.

        Raises RemoteTrouble.
        """
        sent = {"Accept": "*/*", **(headers or {})}
        if body is not None:
            sent.setdefault("Content-Type", XML)
        for _ in range(MAX_REDIRECTS + 1):
            self._look_at(url, secret)
            answer = self._once(method, url, shown, body, sent, accept, secret)
            location = answer.headers.get("Location")
            follows = answer.status in (_REDIRECTS if method in READS else _KEEPING)
            if not follows or not location:
                if answer.status in _REDIRECTS and answer.status not in accept:
                    raise trouble_for(answer.status, self.name, write=answer.write)
                answer.headers["X-Daybook-Address"] = url
                return answer
            url = urljoin(url, location)
        raise Garbled(self.name, text=f"{self.name} keeps pointing from one address to another.")

    def _look_at(self, url: str, secret: bool) -> None:
        scheme = urlsplit(url).scheme
        if scheme not in ("https", "http") or (scheme == "http" and not self.private):
            raise Refused(self.name, text=f"{self.name} leads on to an address without https://.")
        if secret and not self.trusts(url):
            raise Garbled(self.name, text=ELSEWHERE.format(name=self.name))

    def _once(
        self,
        method: str,
        url: str,
        shown: str,
        body: bytes | None,
        headers: dict[str, str],
        accept: Collection[int],
        secret: bool,
    ) -> Answer:
        http = Http(
            origin(url),
            self.name,
            total_seconds=self._seconds,
            read_seconds=min(30.0, self._seconds),
            max_bytes=MAX_BYTES,
            follow=False,
            pool=self._pool,
            transport=self._transport,
        )

        def check(answer: Answer) -> None:
            if not answer.ok and answer.status not in _REDIRECTS and answer.status not in accept:
                raise self.trouble(answer)

        return http.request(
            method,
            url,
            template=shown,
            headers={**headers, **({"Authorization": self._secret} if secret else {})},
            content=body,
            before=self._before,
            check=check,
        )

    def _transport(self) -> httpx2.BaseTransport:
        return GuardedTransport(
            self.name, private=self.private, resolve=self._resolve, trust=self._certificates
        )

    def trouble(self, answer: Answer) -> RemoteTrouble:
        """What an answer with an error stands for."""
        status, after = answer.status, seconds(answer.headers.get("Retry-After"))
        if status == 401:
            return NotAuthorised(self.name, status=status, text=self._wrong_password())
        if status in (429, 503) and after is not None:
            return Limited(self.name, status=status, after=after)
        if answer.write and status == 507:
            return Rejected(self.name, status=status, text=FULL)
        if status == 403 and answer.write and (unmet := _unmet(answer)):
            return Rejected(self.name, status=status, words=unmet)
        if status == 403:
            return Forbidden(self.name, status=status, words=_unmet(answer))
        return trouble_for(status, self.name, write=answer.write, words=_unmet(answer), after=after)

    def _wrong_password(self) -> str:
        known = next((one for one in settings.KNOWN if one.name == self.name), None)
        return known.password if known else settings.TURNED_DOWN

    def properties(self, url: str, names: Collection[str], *, depth: int, shown: str) -> Multistatus:
        """Ask for properties of what is at `url`, with depth 1 also of what it holds. Raises RemoteTrouble."""
        answer = self.ask("PROPFIND", url, shown=shown, body=propfind(names), headers={"Depth": str(depth)})
        return self.read(answer)

    def report(
        self, url: str, body: bytes, *, shown: str, depth: int = 1, accept: Collection[int] = ()
    ) -> Answer:
        return self.ask("REPORT", url, shown=shown, body=body, headers={"Depth": str(depth)}, accept=accept)

    def read(self, answer: Answer) -> Multistatus:
        """The answer as what it says of several things. Raises Garbled when it is something else."""
        if answer.status != 207:
            raise Garbled(self.name, status=answer.status)
        return parse(answer, answer.headers["X-Daybook-Address"])


def _host(an_origin: str) -> str:
    return urlsplit(an_origin).hostname or ""


def _unmet(answer: Answer) -> str:
    """The conditions an error names, in its own words."""
    names = sorted(name.rpartition("}")[2].replace("-", " ") for name in conditions(answer))
    return ", ".join(name for name in names if name != "need privileges")
