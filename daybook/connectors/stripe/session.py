"""A firm's way to Stripe: the library, made to speak through the one way Daybook makes requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from daybook.connectors.errors import Garbled, RemoteTrouble
from daybook.connectors.http import Http
from daybook.connectors.stripe.errors import trouble_of

if TYPE_CHECKING:
    from stripe import StripeClient

PROVIDER = "Stripe"
API = "https://api.stripe.com"

#: What Stripe's answers look like depends on it; the library's own, so that both change together (stripe 16.1, 2026-11).
VERSION = "2026-10-28.endive"

_ID = re.compile(r"(?<=/)(acct|ch|cs|cus|du|pi|pm|re|seti)_[A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Session:
    """
    Whose key opens the door, and whose account it is about: the platform's own when `account` is empty.

    `base_url` replaces Stripe's host, for tests and the demo.
    """

    key: str = field(repr=False)
    account: str = ""
    base_url: str = ""

    def of(self, account: str) -> Session:
        """The same way to a connected account."""
        return Session(self.key, account, self.base_url)

    def call(self, what: Callable[[StripeClient], Any]) -> dict[str, Any]:
        """
        Do something with the library's client, and give what came back as plain values.

        Raises `RemoteTrouble`. A declined card is raised as `Declined` (connectors/stripe/errors.py), which is none:
        callers turn it into a value.
        """
        import stripe  # takes most of a second: only whoever takes money waits for it

        try:
            found: dict[str, Any] = what(_client(self.key, self.base_url)).to_dict()
            return found
        except RemoteTrouble:
            raise  # from our own way of making requests
        except stripe.StripeError as error:
            raise trouble_of(error) from error

    def options(self, once: str = "") -> Any:
        """Options of one request: the account it is about, and the key under which it is done only once."""
        given = {"stripe_account": self.account, "idempotency_key": once}
        return {name: value for name, value in given.items() if value}


@lru_cache(maxsize=8)
def _client(key: str, base_url: str) -> StripeClient:
    import stripe

    stripe.enable_telemetry = False
    base = base_url or API
    return stripe.StripeClient(
        key,
        http_client=_plain_client(base),
        max_network_retries=0,  # reads are repeated by `Http`, writes by the job that wants them
        base_addresses={"api": base, "connect": base, "files": base, "meter_events": base},
        stripe_version=VERSION,
    )


def _plain_client(base: str) -> Any:
    from stripe import HTTPClient

    class PlainClient(HTTPClient):
        """The library's requests, sent by `connectors.http`: same guards, limits, log, and no second set of retries."""

        name = "daybook"

        def __init__(self) -> None:
            super().__init__()
            self._http = Http(base, PROVIDER, read_seconds=30.0)

        def request(  # type: ignore[override]
            self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
        ) -> tuple[bytes, int, Mapping[str, str]]:
            answer = self._http.request(
                method.upper(),
                url,
                template=_template(url),
                headers={n: v for n, v in (headers or {}).items() if n not in _NOT_SENT},
                content=post_data.encode() if isinstance(post_data, str) else post_data,
                check=lambda _: None,
            )
            if answer.ok:
                answer.json()  # half an answer is said to be one, before the library makes something else of it
            return answer.body, answer.status, answer.headers

        def close(self) -> None:
            """Connections are the process's own."""

    return PlainClient()


#: Tells Stripe the machine's name and system, which is no business of theirs.
_NOT_SENT = frozenset({"X-Stripe-Client-User-Agent"})


def _template(url: str) -> str:
    """A path as it may stand in a log: without ids."""
    return _ID.sub("…", urlsplit(url).path)


def whole(value: object) -> int:
    """An amount as Stripe gives it: whole minor units. Raises Garbled for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Garbled(PROVIDER)
    return value
