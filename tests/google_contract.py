"""
Recorded exchanges with Google Calendar, held against Google's published discovery document.

`problems(exchanges)` says what in them the document does not allow: a method or a query parameter nobody has published, a
value of the wrong type, a property the schema does not have, a field asked for that is none, a property missing that a
method requires, and, for the sandbox's sake, answers Google could not give.

The document is the one inside google-api-python-client. Where that is not installed, `absent()` gives the reason and there
are no problems to report. Answers bent by an injected fault and requests that are wrong on purpose (header
X-Sandbox-Deliberate) are left alone.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

PREFIX = "/calendar/v3/"
#: Faults after which the answer is not Google's any more.
BENT = frozenset({"status", "status_after", "truncated", "malformed", "drop_after", "drop_before"})


@cache
def document() -> dict[str, Any] | None:
    found = importlib.util.find_spec("googleapiclient")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / "discovery_cache" / "documents" / "calendar.v3.json"
        if path.is_file():
            kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
            return kept
    return None


def absent() -> str | None:
    """Why the contract cannot be checked here, or None when it can."""
    if document() is None:
        return "skipped: google-api-python-client, which holds Google's description, is not installed"
    return None


def problems(exchanges: Iterable[Any]) -> list[str]:
    """Everything in the sandbox's `exchanges` that the document does not allow, each problem once."""
    if absent():
        return []
    found: dict[str, None] = {}
    for one in exchanges:
        if one.path.startswith(PREFIX) and not one.deliberate:
            for problem in _check(one):
                found[f"{one.method} {one.path}: {problem}"] = None
    return list(found)


def _document() -> dict[str, Any]:
    kept = document()
    assert kept is not None
    return kept


@cache
def _methods() -> tuple[tuple[str, re.Pattern[str], dict[str, Any]], ...]:
    found = []
    for resource in _document()["resources"].values():
        for method in resource["methods"].values():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(method["path"]))
            found.append((method["httpMethod"], re.compile(pattern + "$"), method))
    # Literal paths before those with a place for an id in it.
    return tuple(sorted(found, key=lambda one: one[2]["path"].count("{")))


def _check(one: Any) -> Iterator[str]:
    path = one.path.removeprefix(PREFIX)
    method = next((m for verb, pattern, m in _methods() if verb == one.method and pattern.match(path)), None)
    if method is None:
        yield "Google has no such method"
        return
    yield from _query(one, method)
    if one.request_body:
        if "request" not in method:
            yield "takes no body"
        else:
            body = json.loads(one.request_body)
            named = method["request"]["$ref"]
            yield from _value(body, {"$ref": named}, "request", nulls=one.method == "PATCH")
            for name, schema in _document()["schemas"][named]["properties"].items():
                needed = method["id"] in schema.get("annotations", {}).get("required", [])
                if needed and name not in body and one.status < 300:
                    yield f"request lacks {name}"
    if one.fault not in BENT:
        yield from _answer(one, method)


def _query(one: Any, method: dict[str, Any]) -> Iterator[str]:
    known = {**_document()["parameters"], **method.get("parameters", {})}
    for name, values in parse_qs(one.query, keep_blank_values=True).items():
        schema = known.get(name)
        if schema is None or schema.get("location") == "path":
            yield f"Google has no parameter {name}"
            continue
        if len(values) > 1 and not schema.get("repeated"):
            yield f"{name} is given several times"
        for value in values:
            yield from _parameter(name, value, schema)
        if name == "fields" and "response" in method:
            yield from _fields(values[0], {"$ref": method["response"]["$ref"]})


def _parameter(name: str, value: str, schema: dict[str, Any]) -> Iterator[str]:
    kind = schema["type"]
    if kind == "integer":
        if not re.fullmatch(r"-?\d+", value) or int(value) < int(schema.get("minimum", value)):
            yield f"{name} is not such a number: {value}"
    elif kind == "boolean" and value not in ("true", "false"):
        yield f"{name} is not true or false: {value}"
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{name} cannot be {value}"
    elif schema.get("format") == "date-time":
        yield from _value(value, schema, name)


def _answer(one: Any, method: dict[str, Any]) -> Iterator[str]:
    if one.status >= 400:
        error = json.loads(one.response_body).get("error", {})
        told = error.get("errors", [])
        if error.get("code") != one.status or not error.get("message") or not told:
            yield "an error in another shape than Google's"
        if any({"domain", "reason", "message"} - set(part) for part in told):
            yield "an error without domain, reason or message"
    elif "response" not in method:
        if one.response_body:
            yield "answers with a body"
    elif not one.response_body:
        yield "answers without a body"
    else:
        yield from _value(json.loads(one.response_body), {"$ref": method["response"]["$ref"]}, "answer")


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _document()["schemas"][schema["$ref"]] if "$ref" in schema else schema
    return found


def _value(value: Any, schema: dict[str, Any], where: str, *, nulls: bool = False) -> Iterator[str]:
    schema = _resolved(schema)
    kind = schema.get("type", "any")
    if value is None and nulls:
        return
    if kind == "object":
        if not isinstance(value, dict):
            yield f"{where} is not an object"
            return
        for name, inner in value.items():
            below = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
            if below is None:
                yield f"{where} has no property {name}"
            else:
                yield from _value(inner, below, f"{where}.{name}", nulls=nulls)
    elif kind == "array":
        if not isinstance(value, list):
            yield f"{where} is not a list"
            return
        for inner in value:
            yield from _value(inner, schema["items"], f"{where}[]", nulls=nulls)
    elif kind == "string":
        if not isinstance(value, str) or not _written(value, schema.get("format", "")):
            yield f"{where} is not {schema.get('format') or 'text'}: {value!r}"
    elif kind == "boolean" and not isinstance(value, bool):
        yield f"{where} is not true or false"
    elif kind == "integer" and (not isinstance(value, int) or isinstance(value, bool)):
        yield f"{where} is not a whole number"


def _written(value: str, form: str) -> bool:
    try:
        if form == "date-time":
            at = datetime.fromisoformat(value)
            return "T" in value and at.year > 0
        if form == "date":
            return bool(date.fromisoformat(value))
        return form != "int64" or str(int(value)) == value
    except ValueError:
        return False


def _fields(selector: str, schema: dict[str, Any]) -> Iterator[str]:
    """Names in a selector that no answer could have."""
    stack, at = [_resolved(schema)], _resolved(schema)
    for token in re.findall(r"\w+|[(),/*]", unquote(selector)):
        if token == "(":
            stack.append(at)
        elif token == ")":
            at = stack.pop()
        elif token == ",":
            at = stack[-1]
        elif token not in "/*":
            below = at.get("properties", {}).get(token)
            if below is None:
                yield f"fields names {token}, which is none"
                return
            below = _resolved(below)
            at = _resolved(below["items"]) if below.get("type") == "array" else below
