"""One account at work: exchangelib signs in and wraps what is asked; what comes back is read strictly or is trouble."""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Callable
from typing import Any

import requests
from exchangelib import BASIC, NTLM, Configuration, Credentials, FailFast, Version
from exchangelib.errors import EWSError
from exchangelib.protocol import Protocol
from exchangelib.services.common import EWSService
from exchangelib.util import SOAPNS
from exchangelib.version import EXCHANGE_2013_SP1
from lxml import etree

from daybook.connectors.errors import (
    Forbidden,
    Garbled,
    Limited,
    Missing,
    NotAuthorised,
    Rejected,
    RemoteTrouble,
    Stale,
    Unreachable,
    trouble_for,
)
from daybook.connectors.exchange.settings import BACKGROUND_SECONDS, NAME, TURNED_DOWN, Account
from daybook.connectors.exchange.soap import MESSAGES, Element, child_text
from daybook.connectors.exchange.transport import GuardedAdapter, Way
from daybook.connectors.guard import Resolver
from daybook.connectors.http import USER_AGENT, seconds

# The library logs whole requests and answers, passwords' headers and titles among them (exchangelib 5.6, read 2026-11).
for _name in ("exchangelib", "urllib3", "requests_ntlm", "spnego"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)

#: What is asked of a server, and whether that changes something there.
OPERATIONS: dict[str, bool] = {
    "GetFolder": False,
    "FindFolder": False,
    "FindItem": False,
    "GetItem": False,
    "CreateItem": True,
    "UpdateItem": True,
    "DeleteItem": True,
}
AUTHS = {"basic": BASIC, "ntlm": NTLM}
#: How long to stay away when the server says only that it is busy.
BUSY_SECONDS = 60.0

#: What a response code stands for (ResponseCode in Microsoft's EWS reference, read 2026-11), or an error of exchangelib's
#: own. A code that is not here is a refusal in the server's words.
TROUBLES: dict[str, type[RemoteTrouble]] = {
    "UnauthorizedError": NotAuthorised,
    "ErrorAccountDisabled": NotAuthorised,
    "ErrorNonExistentMailbox": NotAuthorised,
    "ErrorPasswordExpired": NotAuthorised,
    "ErrorPasswordChangeRequired": NotAuthorised,
    "ErrorLogonFailure": NotAuthorised,
    "ErrorAccessDenied": Forbidden,
    "ErrorCreateItemAccessDenied": Forbidden,
    "ErrorItemNotFound": Missing,
    "ErrorFolderNotFound": Missing,
    "ErrorParentFolderNotFound": Missing,
    "ErrorObjectTypeChanged": Missing,
    "ErrorInvalidId": Missing,
    "ErrorInvalidIdEmpty": Missing,
    "ErrorInvalidIdMalformed": Missing,
    "ErrorInvalidFolderId": Missing,
    "ErrorCannotUseFolderIdForItemId": Missing,
    "ErrorCannotUseItemIdForFolderId": Missing,
    "ErrorCalendarOccurrenceIsDeletedFromRecurrence": Missing,
    "ErrorIrresolvableConflict": Stale,
    "ErrorStaleObject": Stale,
    "ErrorInvalidChangeKey": Stale,
    "ErrorServerBusy": Limited,
    "ErrorTooManyObjectsOpened": Limited,
    "ErrorExceededConnectionCount": Limited,
    "ErrorInternalServerError": Unreachable,
    "ErrorInternalServerTransientError": Unreachable,
    "ErrorTimeoutExpired": Unreachable,
    "ErrorConnectionFailed": Unreachable,
    "ErrorMailboxStoreUnavailable": Unreachable,
    "ErrorMailboxMoveInProgress": Unreachable,
    "ErrorMailboxFailover": Unreachable,
    "ErrorBatchProcessingStopped": Unreachable,
    "TransportError": Unreachable,
    "SOAPError": Garbled,
    "MalformedResponseError": Garbled,
    "ErrorInvalidServerVersion": Garbled,
    "ErrorInvalidSchemaVersionForMailboxVersion": Garbled,
    "ErrorSchemaValidation": Garbled,
    "ErrorCorruptData": Garbled,
    "ErrorItemCorrupt": Garbled,
}
#: After these a write may have been carried out.
MAYBE: tuple[type[RemoteTrouble], ...] = (Unreachable, Garbled)

#: Letters XML 1.0 does not have. Exchange passes them on as they were pasted into a title; they are no reason to lose
#: the whole calendar.
_FORBIDDEN_BYTES = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_FORBIDDEN_REFERENCES = re.compile(
    rb"&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));", re.I
)


class _Policy(FailFast):  # type: ignore[misc]  # exchangelib has no types
    """Never waits, never tries again, and knows every status."""

    def __init__(self, way: Way) -> None:
        self._way = way

    def raise_response_errors(self, response: requests.Response) -> None:
        status = response.status_code
        # Faults come with 500 (SOAP 1.1, 6.2).
        if status == 200 or (status == 500 and b"Envelope" in response.content[:1000]):
            return
        after = seconds(response.headers.get("Retry-After"))
        if status == 401:
            raise NotAuthorised(NAME, status=status, text=TURNED_DOWN)
        if status in (429, 503) and after is not None:
            raise Limited(NAME, status=status, after=after)
        raise trouble_for(status, NAME, write=self._way.write, after=after)


class _Protocol(Protocol):  # type: ignore[misc]
    """exchangelib's sessions on our connections."""

    def __init__(self, config: Configuration, way: Way, certificates: ssl.SSLContext | None) -> None:
        self._way, self._certificates = way, certificates
        super().__init__(config=config)

    def raw_session(self, prefix: str, **_: Any) -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # no proxy, no password from a file
        session.headers.update({"Content-Type": "text/xml; charset=utf-8", "User-Agent": USER_AGENT})
        session.mount("https://", GuardedAdapter(self._way, self._certificates))
        session.mount("http://", GuardedAdapter(self._way, self._certificates))
        return session


class _Operation(EWSService):  # type: ignore[misc]
    """One kind of request, whose answer is read strictly: exchangelib would mend it."""

    @classmethod
    def _get_soap_parts(cls, response: requests.Response) -> tuple[Element | None, Element]:
        body = _FORBIDDEN_REFERENCES.sub(b"&#xfffd;", _FORBIDDEN_BYTES.sub(b"?", response.content))
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            root = etree.fromstring(body, parser)
        except etree.XMLSyntaxError as error:
            raise Garbled(NAME, status=response.status_code) from error
        found = root.find(f"{{{SOAPNS}}}Body")
        if found is None or root.getroottree().docinfo.doctype:
            raise Garbled(NAME, status=response.status_code)
        return root.find(f"{{{SOAPNS}}}Header"), found

    def messages(self, payload: Element) -> list[Element]:
        return list(self._get_response_xml(payload=payload))


_KINDS: dict[str, type[_Operation]] = {
    name: type(name, (_Operation,), {"SERVICE_NAME": name}) for name in OPERATIONS
}


class Session:
    """
    Requests of one account. `before` is called ahead of each. `private` allows private networks, and http. `resolve` and
    `certificates` stand in for the machine's own in tests. Used by one thread.
    """

    def __init__(
        self,
        account: Account,
        *,
        username: str,
        password: str,
        private: bool = False,
        seconds: float = BACKGROUND_SECONDS,
        before: Callable[[], None] | None = None,
        resolve: Resolver | None = None,
        certificates: ssl.SSLContext | None = None,
    ) -> None:
        self._before = before
        self._way = Way(private=private, seconds=seconds, resolve=resolve)
        config = Configuration(
            credentials=Credentials(username, password),
            service_endpoint=account.url,
            auth_type=AUTHS[account.auth],
            # Asked for in this version's words; exchangelib finds the right one where a server does not know them.
            version=Version(build=EXCHANGE_2013_SP1),
            retry_policy=_Policy(self._way),
            max_connections=1,
        )
        # Past the metaclass, which keeps every account's password and connections for as long as the process lives.
        self._protocol = type.__call__(_Protocol, config, self._way, certificates)

    def ask(self, operation: str, payload: Element) -> list[Element]:
        """
        Make one request; the response messages as they are, errors of single ones included (`ok` looks at those).

        Raises RemoteTrouble for what went wrong with the whole of it.
        """
        write = OPERATIONS[operation]
        self._way.write, self._way.shown = write, operation
        if self._before is not None:
            self._before()
        try:
            return _KINDS[operation](protocol=self._protocol).messages(payload)
        except RemoteTrouble as trouble:
            if write and isinstance(trouble, Garbled):
                trouble.maybe_applied = True
            raise
        except EWSError as error:
            after = getattr(error, "back_off", None)
            raise trouble_of(type(error).__name__, write=write, after=after) from error
        except requests.exceptions.RequestException as error:
            raise Unreachable(NAME, maybe_applied=write) from error  # while a step of signing in was read
        finally:
            self._way.end()

    def one(self, operation: str, payload: Element) -> Element:
        """The one response message of a request about one thing. Raises RemoteTrouble also for its own error."""
        messages = self.ask(operation, payload)
        if len(messages) != 1:
            raise Garbled(NAME, maybe_applied=OPERATIONS[operation])
        return ok(messages[0], write=OPERATIONS[operation])

    def close(self) -> None:
        self._protocol.close()
        self._way.close()


def ok(message: Element, *, write: bool = False) -> Element:
    """A response message that says it went well. Raises what its response code stands for."""
    code = child_text(message, f"{{{MESSAGES}}}ResponseCode")
    if message.get("ResponseClass") == "Success" and code == "NoError":
        return message
    if not code or code == "NoError":
        raise Garbled(NAME, maybe_applied=write)
    raise trouble_of(code, write=write)


def trouble_of(code: str, *, write: bool, after: float | None = None) -> RemoteTrouble:
    """What a response code stands for; it is returned, not raised."""
    kind = TROUBLES.get(code, Rejected)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", code.removeprefix("Error")).lower()
    if kind is Limited:
        after = after if after else BUSY_SECONDS
    return kind(NAME, words=words, after=after, maybe_applied=write and kind in MAYBE)
