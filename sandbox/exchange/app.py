"""The WSGI application: the log, the faults, signing in by HTTP Basic, and the envelope around each operation."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Iterable
from typing import Any
from xml.etree import ElementTree

from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from sandbox import control_http
from sandbox.exchange import ews
from sandbox.exchange.control import Control
from sandbox.exchange.views import MESSAGES, TYPES, t
from sandbox.exchange.world import Refused, Row, World
from sandbox.faults import Fault
from sandbox.log import Exchange

PATH = "/EWS/Exchange.asmx"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
LOGGED = ("Content-Type", "Accept", "User-Agent")
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


class Application:
    """One world, answering HTTP."""

    def __init__(self, world: World, control: Control) -> None:
        self.world, self.control = world, control

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        if request.path.startswith(control_http.PREFIX):
            return control_http.handle(self.control, request, (Refused,))(environ, start_response)
        if self.world.faults.down:
            environ["sandbox.drop"] = True
            return _nothing(start_response)
        body = request.get_data(cache=True)
        account = self._account(request)
        operation, envelope = _operation(body)
        # Every request goes to one address; which operation it is stands behind it for faults and counters.
        shown = f"{request.path}/{operation}" if operation else request.path
        exchange = Exchange(
            method=request.method,
            path=shown,
            query="",
            request_headers={name: request.headers[name] for name in LOGGED if name in request.headers},
            request_body=body,
            user=account["username"] if account else None,
        )
        fault = self.world.faults.take(request.method, shown) if account else None
        exchange.fault = fault.kind if fault else None
        response = self._answer(request, account, envelope, fault)
        response.headers["Date"] = http_date(self.world.clock.time())
        if fault is not None:
            _spoil(environ, response, fault)
        exchange.status = response.status_code
        exchange.response_headers = dict(response.headers)
        exchange.response_body = response.get_data()
        self.world.log.add(exchange)
        if environ.get("sandbox.drop"):
            return _nothing(start_response)
        return response(environ, start_response)

    def _account(self, request: Request) -> Row | None:
        scheme, _, told = request.headers.get("Authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(told, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        row = self.world["accounts"].get(name.casefold())
        right = scheme == "Basic" and row is not None and row["password"] == password and not row["revoked"]
        return row if right else None

    def _answer(self, request: Request, account: Row | None, envelope: Any, fault: Fault | None) -> Response:
        if request.path.lower() != PATH.lower():
            return Response("not here", 404)
        if fault is not None and fault.seconds:
            time.sleep(fault.seconds)
        if fault is not None and fault.kind == "revoke_token" and account is not None:
            account["revoked"] = True
            account = None
        if account is None:
            return Response(b"", 401, headers={"WWW-Authenticate": 'Basic realm="exchange.hartvale.example"'})
        if fault is not None and fault.kind == "drop_before":
            return Response(status=503)
        if fault is not None and fault.kind == "status":
            headers = {"Retry-After": str(fault.retry_after)} if fault.status == 429 else {}
            return Response("asked for by the tests", fault.status, headers=headers)
        if fault is not None and fault.kind == "rate_limited":
            return _fault(
                "ErrorServerBusy", "The server cannot service this request right now.", fault.retry_after
            )
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


def _spoil(environ: dict[str, Any], response: Response, fault: Fault) -> None:
    """Bend an answer whose request has been applied already."""
    if fault.kind in ("drop_after", "drop_before"):
        environ["sandbox.drop"] = True
    elif fault.kind == "status_after":
        response.status_code = fault.status
        response.set_data(b"asked for by the tests")
    elif fault.kind == "truncated":
        environ["sandbox.cut"] = len(response.get_data()) // 2
    elif fault.kind == "malformed":
        # Half of it, closed as if that were all: what a forgiving reader takes for an answer.
        data = response.get_data()
        response.set_data(
            data[: data.rfind(b"<t:CalendarItem>")] if b"<t:CalendarItem>" in data else data[:-40]
        )


def _nothing(start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("503 Service Unavailable", [])
    return [b""]
