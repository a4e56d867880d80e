"""The control interface over HTTP: `POST /_control/<name>` with a JSON object of arguments."""

from __future__ import annotations

import inspect
import json
from html import escape
from typing import Any

from werkzeug.wrappers import Request, Response

PREFIX = "/_control/"

#: Calls that only read, also allowed as GET with a query string.
READING = frozenset(
    ["state", "counts", "log", "requests", "now", "faults", "webhooks_sent", "notices", "records"]
)

#: Methods that are not calls.
HIDDEN = frozenset({"user_row", "exchanges"})


def calls_of(control: object) -> dict[str, str]:
    """Every call by name with the first line of its documentation."""
    found = {}
    for name, member in inspect.getmembers(type(control), inspect.isfunction):
        if not name.startswith("_") and name not in HIDDEN:
            text = next((line.strip() for line in (member.__doc__ or "").splitlines() if line.strip()), "")
            parameters = [p for p in inspect.signature(member).parameters.values() if p.name != "self"]
            found[name] = f"({', '.join(str(p).split(':')[0] for p in parameters)})  {text}"
    return found


def handle(control: object, request: Request, refusals: tuple[type[Exception], ...] = ()) -> Response:
    """Answer ``{"result": ...}``, or 400 with ``{"error": text}``, also for what the sandbox itself raises to refuse."""
    name = request.path.removeprefix(PREFIX).strip("/")
    calls = calls_of(control)
    if not name:
        rows = "".join(f"<tr><th>{escape(n)}</th><td>{escape(t)}</td></tr>" for n, t in calls.items())
        return Response(
            f"<!doctype html><title>Control</title><h1>POST /_control/&lt;name&gt;</h1><table>{rows}</table>",
            content_type="text/html; charset=utf-8",
        )
    if name not in calls:
        return _json(404, {"error": f"no call named {name}", "calls": calls})
    if request.method == "GET" and name not in READING:
        return _json(405, {"error": f"{name} changes things: POST it"})
    try:
        return _json(200, {"result": _call(control, name, request)})
    except (ValueError, TypeError, KeyError, StopIteration, *refusals) as error:
        return _json(400, {"error": str(error) or type(error).__name__})


def _call(control: object, name: str, request: Request) -> Any:
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
