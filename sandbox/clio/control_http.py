"""The control interface over HTTP: `POST /_control/<name>` with a JSON object of arguments."""

from __future__ import annotations

import inspect
import json
from html import escape
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.clio.control import Control
from sandbox.clio.control_acts import Acts
from sandbox.clio.errors import Refused

PREFIX = "/_control/"

#: Calls that only read, also allowed as GET with a query string.
READING = frozenset(
    ["state", "counts", "log", "requests", "now", "faults", "webhooks_sent", "notices", "records"]
)


def _calls() -> dict[str, str]:
    """Every call by name with the first line of its documentation."""
    hidden = {"user_row", "exchanges"}
    found = {}
    for kind in (Control, Acts):
        for name, member in vars(kind).items():
            if not name.startswith("_") and inspect.isfunction(member) and name not in hidden:
                text = next(
                    (line.strip() for line in (member.__doc__ or "").splitlines() if line.strip()), ""
                )
                parameters = [p for p in inspect.signature(member).parameters.values() if p.name != "self"]
                found[name] = f"({', '.join(str(p).split(':')[0] for p in parameters)})  {text}"
    return found


CALLS = _calls()


def handle(control: Control, request: Request) -> Response:
    """Answer ``{"result": ...}``, or 400 with ``{"error": text}``."""
    name = request.path.removeprefix(PREFIX).strip("/")
    if not name:
        rows = "".join(f"<tr><th>{escape(n)}</th><td>{escape(t)}</td></tr>" for n, t in CALLS.items())
        return Response(
            f"<!doctype html><title>Control</title><h1>POST /_control/&lt;name&gt;</h1><table>{rows}</table>",
            content_type="text/html; charset=utf-8",
        )
    if name not in CALLS:
        return _json(404, {"error": f"no call named {name}", "calls": CALLS})
    if request.method == "GET" and name not in READING:
        return _json(405, {"error": f"{name} changes things: POST it"})
    try:
        return _json(200, {"result": _call(control, name, request)})
    except (ValueError, TypeError, KeyError, StopIteration) as error:
        return _json(400, {"error": str(error) or type(error).__name__})
    except Refused as refused:
        return _json(400, {"error": refused.message, "status": refused.status})


def _call(control: Control, name: str, request: Request) -> Any:
    method = getattr(control, name)
    if request.method == "GET":
        args: dict[str, Any] = request.args.to_dict()
    else:
        body = request.get_data()
        args = json.loads(body) if body.strip() else {}
    if not isinstance(args, dict):
        raise ValueError("the body must be a JSON object of arguments")
    if name == "state":
        tables = args.get("tables", [])
        return method(*(tables.split(",") if isinstance(tables, str) else tables))
    return method(**args)


def _json(status: int, body: Any) -> Response:
    return Response(
        json.dumps(body, ensure_ascii=False, default=str), status, content_type="application/json"
    )
