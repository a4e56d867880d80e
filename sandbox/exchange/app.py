"""The WSGI application: signing in by HTTP Basic, the envelope around each operation, and how Exchange words trouble."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from xml.etree import ElementTree

from werkzeug.wrappers import Request, Response

from sandbox.exchange import ews
from sandbox.exchange.views import MESSAGES, TYPES, t
from sandbox.exchange.world import Refused, Row
from sandbox.faults import Fault
from sandbox.frame import Frame
from sandbox.log import Exchange

PATH = "/EWS/Exchange.asmx"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
#: Versions of requests this server knows; newer ones are refused as an Exchange 2019 does.
VERSIONS = frozenset(
    {
        "Exchange2010",
        "Exchange2010_SP1",
        "Exchange2010_SP2",
        "Exchange2013",
        "Exchange2013_SP1",
        "Exchange2016",
    }
)

for _prefix, _space in (("s", SOAP), ("m", MESSAGES), ("t", TYPES), ("e", ERRORS)):
    ElementTree.register_namespace(_prefix, _space)


class Application(Frame):
    """One world, answering HTTP."""

    logged = ("Content-Type", "Accept", "User-Agent")
    refusals = (Refused,)

    def shown_path(self, request: Request) -> str:
        """Every request goes to one address; which operation it is stands behind it for faults and counters."""
        operation, _ = _operation(request.get_data(cache=True))
        return f"{request.path}/{operation}" if operation else request.path

    def may_fail(self, request: Request) -> bool:
        """Clients ask without a password first, and that is no trouble's business."""
        return self._account(request) is not None

    def _account(self, request: Request) -> Row | None:
        scheme, _, told = request.headers.get("Authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(told, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        row = self.world["accounts"].get(name.casefold())
        right = scheme == "Basic" and row is not None and row["password"] == password and not row["revoked"]
        return row if right else None

    def answer(self, request: Request, exchange: Exchange) -> Response:
        if request.path.lower() != PATH.lower():
            return Response("not here", 404)
        account = self._account(request)
        if account is not None and exchange.fault == "revoke_token":
            account["revoked"] = True
            account = None
        if account is None:
            return Response(b"", 401, headers={"WWW-Authenticate": 'Basic realm="exchange.hartvale.example"'})
        exchange.user = account["username"]
        _, envelope = _operation(exchange.request_body)
        if envelope is None:
            return _fault("ErrorSchemaValidation", "The request failed schema validation.")
        version = envelope.find(f"{{{SOAP}}}Header/{{{TYPES}}}RequestServerVersion")
        if version is None or version.get("Version") not in VERSIONS:
            return _fault("ErrorInvalidServerVersion", "The specified server version is invalid.")
        try:
            with self.world.lock:
                inner = ews.answer(self.world, account, envelope.find(f"{{{SOAP}}}Body")[0])
        except Refused as refused:
            return _fault(refused.code, str(refused))
        return _envelope(inner, 200)

    def failure(self, status: int, headers: dict[str, str]) -> Response:
        return Response("asked for by the tests", status, headers=headers)

    def limited(self, fault: Fault) -> Response:
        text = "The server cannot service this request right now."
        return _fault("ErrorServerBusy", text, fault.retry_after)

    def garble(self, data: bytes) -> bytes:
        """Half of it, closed as if that were all: what a forgiving reader takes for an answer."""
        return data[: data.rfind(b"<t:CalendarItem>")] if b"<t:CalendarItem>" in data else data[:-40]


def _operation(body: bytes) -> tuple[str, Any]:
    try:
        envelope = ElementTree.fromstring(body)
        inner = envelope.find(f"{{{SOAP}}}Body")
    except ElementTree.ParseError:
        return "", None
    if inner is None or len(inner) != 1:
        return "", None
    return inner[0].tag.rpartition("}")[2], envelope


def _envelope(inner: Any, status: int) -> Response:
    version = t(
        "ServerVersionInfo",
        MajorVersion="15",
        MinorVersion="2",
        MajorBuildNumber="1544",
        MinorBuildNumber="9",
        Version="V2017_07_11",
    )
    envelope = ElementTree.Element(f"{{{SOAP}}}Envelope")
    header, body = (ElementTree.SubElement(envelope, f"{{{SOAP}}}{name}") for name in ("Header", "Body"))
    header.append(version)
    body.append(inner)
    data = ElementTree.tostring(envelope, encoding="utf-8", xml_declaration=True)
    return Response(data, status, content_type="text/xml; charset=utf-8")


def _fault(code: str, text: str, busy_seconds: float | None = None) -> Response:
    fault = ElementTree.Element(f"{{{SOAP}}}Fault")
    ElementTree.SubElement(fault, "faultcode").text = f"a:{code}"
    ElementTree.SubElement(fault, "faultstring").text = text
    detail = ElementTree.SubElement(fault, "detail")
    ElementTree.SubElement(detail, f"{{{ERRORS}}}ResponseCode").text = code
    ElementTree.SubElement(detail, f"{{{ERRORS}}}Message").text = text
    if busy_seconds is not None:
        detail.append(t("MessageXml", t("Value", str(int(busy_seconds * 1000)), Name="BackOffMilliseconds")))
    return _envelope(fault, 500)
