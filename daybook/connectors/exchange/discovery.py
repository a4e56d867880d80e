"""From what somebody types (a mail address, a server's name or address) to their account."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

import requests

from daybook.connectors.errors import Garbled, Missing, NotAuthorised, RemoteTrouble, Unreachable
from daybook.connectors.exchange import soap
from daybook.connectors.exchange.session import Session, ok
from daybook.connectors.exchange.settings import (
    LIVE_SECONDS,
    NAME,
    NO_EXCHANGE,
    NO_WAY_IN,
    PATH,
    TURNED_DOWN,
    Account,
    Auth,
)
from daybook.connectors.exchange.transport import GuardedAdapter, Way
from daybook.connectors.guard import Refused, Resolver

#: Hosts at which a firm's Exchange usually is, tried in this order for a mail address.
HOSTS = ("autodiscover.{}", "mail.{}", "{}")
#: What is preferred of what a server offers: NTLM does not tell the password.
OFFERS: tuple[tuple[str, Auth], ...] = (("ntlm", "ntlm"), ("basic", "basic"))


def discover(
    typed: str,
    *,
    username: str,
    password: str,
    private: bool,
    before: Callable[[], None] | None,
    resolve: Resolver | None,
    certificates: ssl.SSLContext | None,
) -> Account:
    """See the package's `discover`. A server hears of the password only once it has asked for it (401)."""
    trouble: RemoteTrouble | None = None
    for url in _places(typed):
        way = Way(private=private, seconds=LIVE_SECONDS, resolve=resolve)
        try:
            if before is not None:
                before()
            account = Account(url, _asked_for(url, way, certificates))
            session = Session(
                account,
                username=username,
                password=password,
                private=private,
                seconds=LIVE_SECONDS,
                before=before,
                resolve=resolve,
                certificates=certificates,
            )
            try:
                ok(session.ask("GetFolder", soap.get_folders("calendar"))[0])
            finally:
                session.close()
            return account
        except NotAuthorised as error:
            raise NotAuthorised(NAME, status=error.status, text=TURNED_DOWN) from error
        except (Unreachable, Missing, Garbled) as error:
            trouble = trouble or error
        finally:
            way.close()
    raise trouble or Missing(NAME, text=NO_EXCHANGE)


def _places(typed: str) -> list[str]:
    text = re.sub(r"^mailto:", "", typed.strip(), flags=re.IGNORECASE)
    if "@" in text and "/" not in text:
        domain = text.rpartition("@")[2].strip().lower()
        return [f"https://{host.format(domain)}{PATH}" for host in HOSTS]
    url = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Refused(NAME, text="That is not a web address. It should begin with https://.") from None
    if parts.path in ("", "/"):
        return [f"{parts.scheme}://{parts.netloc}{PATH}"]
    return [url]


def _asked_for(url: str, way: Way, certificates: ssl.SSLContext | None) -> Auth:
    """How the server wants to be signed in to; it is asked without a password."""
    way.shown = "(start)"
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", GuardedAdapter(way, certificates))
        session.mount("http://", GuardedAdapter(way, certificates))
        try:
            answer = session.post(
                url, data=b"", headers={"Content-Type": "text/xml; charset=utf-8"}, allow_redirects=False
            )
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
            raise Refused(NAME, text="That is not a web address. It should begin with https://.") from None
        except requests.exceptions.RequestException as error:
            raise Unreachable(NAME) from error
    if answer.status_code != 401:
        raise Missing(NAME, status=answer.status_code, text=NO_EXCHANGE)
    offered = answer.headers.get("WWW-Authenticate", "").lower()
    for word, auth in OFFERS:
        if re.search(rf"(^|[\s,]){word}\b", offered):
            return auth
    raise Refused(NAME, status=401, text=NO_WAY_IN)
