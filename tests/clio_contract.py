"""
Recorded exchanges with Clio, held against Clio's published description.

`problems(exchanges)` says what in them the description does not allow: an operation or a query parameter nobody has
published (Clio ignores such a parameter in silence, so a typo would widen a result unseen), a value of the wrong type, a
property Clio does not know in a body, and, for the sandbox's sake, answers that Clio could not give.

The description is found through CLIO_OPENAPI, or beside the project in ``../shared/clio/openapi.json``. Where it is not,
`absent()` gives the reason and there are no problems to report. Answers bent by an injected fault and requests that are
wrong on purpose (header X-Sandbox-Deliberate) are left alone.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jsonschema.protocols import Validator
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator, oas30_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT4

PREFIX = "/api/v4"
#: Answers that can come from any operation, whatever the file lists (facts §9, §18): 404 happens on DELETE and under a
#: missing parent, 410 is a bad version, 429 the limit.
ANYWHERE = frozenset({401, 403, 404, 410, 429})
#: Faults after which the answer is not Clio's any more.
BENT = frozenset({"status", "status_after", "truncated", "malformed", "drop_after", "drop_before"})

_DATE_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
_DATE = re.compile(r"^\d{4}-\d\d-\d\d$")


def where() -> Path:
    """The description's path, whether or not it is there."""
    default = Path(__file__).resolve().parents[1] / ".." / "shared" / "clio" / "openapi.json"
    return Path(os.environ.get("CLIO_OPENAPI") or default)


def absent() -> str | None:
    """Why the contract cannot be checked here, or None when it can."""
    return None if where().is_file() else f"skipped: no description of Clio at {where()} (set CLIO_OPENAPI)"


def problems(exchanges: Iterable[Any]) -> list[str]:
    """
    Everything in `exchanges` that the description does not allow, each problem once.

    Takes the sandbox's exchanges, the dictionaries of its log, or what a client recorded (`url` instead of path and
    query). Requests outside ``/api/v4`` are not looked at.
    """
    if absent():
        return []
    book = _book(str(where()))
    found: dict[str, None] = {}
    for exchange in exchanges:
        get = _getter(exchange)
        if not str(get("path")).startswith(PREFIX + "/"):
            continue
        for problem in book.check(get):
            found[f"{get('method')} {_template(book, get)}: {problem}"] = None
    return list(found)


def _getter(exchange: Any) -> Callable[[str], Any]:
    """One way to read every kind of exchange."""
    names = "method path query url request_headers request_body status response_headers response_body fault deliberate"
    values = (
        exchange if isinstance(exchange, dict) else {n: getattr(exchange, n, None) for n in names.split()}
    )
    values = dict(values)
    if values.get("url"):
        parts = urlsplit(str(values["url"]))
        values["path"], values["query"] = parts.path, parts.query
    sent = {name.casefold() for name in values.get("request_headers") or ()}
    answered = {name.casefold(): text for name, text in dict(values.get("response_headers") or {}).items()}
    values["deliberate"] = values.get("deliberate") or "x-sandbox-deliberate" in sent
    values["fault"] = values.get("fault") or answered.get("x-sandbox-fault")
    return values.get


def delivery_problems(bodies: Iterable[str | bytes]) -> list[str]:
    """What in webhook deliveries (raw bodies) the description does not allow."""
    if absent():
        return []
    validator = _book(str(where())).validator({"$ref": "#/components/schemas/WebhookDelivery"}, read=True)
    return [
        f"delivery: {error.message}" for body in bodies for error in validator.iter_errors(json.loads(body))
    ]


def _template(book: Book, get: Any) -> str:
    operation = book.operation(get("method"), get("path"))
    return operation.path if operation else get("path")


class Operation:
    """One operation of the description, compiled."""

    def __init__(self, book: Book, path: str, method: str, spec: dict[str, Any]) -> None:
        self.path, self.method, self.book = path, method, book
        self.pattern = re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)) + "$")
        parameters = spec.get("parameters", [])
        self.query = {p["name"]: p for p in parameters if p["in"] == "query"}
        self.headers = {p["name"].casefold() for p in parameters if p["in"] == "header"}
        self.in_path = {p["name"]: p["schema"] for p in parameters if p["in"] == "path"}
        content = spec.get("requestBody", {}).get("content", {}).get("application/json")
        self.body = content["schema"] if content else None
        self.answers = {
            int(status): answer.get("content", {}).get("application/json", {}).get("schema")
            for status, answer in spec["responses"].items()
            if status.isdigit()
        }
        self.seen: set[Any] = set()


class Book:
    """The description, with its schemas compiled once and the shapes it has already judged."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        resource = DRAFT4.create_resource(spec)
        self.registry: Registry[Any] = Registry().with_resource("urn:clio", resource)
        self._validators: dict[Any, Validator] = {}
        self.enumerated = _enumerated(spec)
        self.operations = [
            Operation(self, path, method.upper(), operation)
            for path, item in spec["paths"].items()
            for method, operation in item.items()
        ]
        # Literal paths before those with {id}, so that /users/who_am_i.json is not taken for an id.
        self.operations.sort(key=lambda o: "{" in o.path)
        self._found: dict[tuple[str, str], Operation | None] = {}

    def operation(self, method: str, path: str) -> Operation | None:
        key = (method, path)
        if key not in self._found:
            inside = path.removeprefix(PREFIX)
            self._found[key] = next(
                (o for o in self.operations if o.method == method and o.pattern.match(inside)), None
            )
        return self._found[key]

    # --- one exchange ------------------------------------------------------------------------------------------------

    def check(self, get: Any) -> list[str]:
        operation = self.operation(get("method"), get("path"))
        if operation is None:
            return [] if get("deliberate") else ["no such operation is published"]
        found: list[str] = []
        if not get("deliberate"):
            found += self._query(operation, get("query") or "")
            found += self._path(operation, get("path"))
            found += self._headers(operation, get("request_headers") or {})
            found += self._request_body(operation, get)
        if get("fault") not in BENT:
            found += self._answer(operation, get)
        return found

    def _path(self, operation: Operation, path: str) -> list[str]:
        match = operation.pattern.match(path.removeprefix(PREFIX))
        assert match is not None
        return [
            f"path parameter {name} is not {schema['type']}: {match[name]!r}"
            for name, schema in operation.in_path.items()
            if not _fits(schema, match[name])
        ]

    def _query(self, operation: Operation, query: str) -> list[str]:
        found, seen = [], set()
        for name, value in parse_qsl(query, keep_blank_values=True):
            parameter = operation.query.get(name)
            if parameter is None and (deep := re.match(r"^(\w+)\[[^\]]+\]$", name)):
                parameter = operation.query.get(deep[1])
                if parameter is not None and parameter.get("style") == "deepObject":
                    continue
                parameter = None
            if parameter is None:
                found.append(f"unknown query parameter {name}")
                continue
            schema = parameter["schema"]
            many = schema.get("type") == "array"
            if name in seen and not many:
                found.append(f"query parameter {name} is given twice")
            seen.add(name)
            values = value.split(",") if many and not parameter.get("explode", True) else [value]
            kind = schema["items"] if many else schema
            found += [
                f"query parameter {name} does not take {one!r}" for one in values if not _fits(kind, one)
            ]
        found += [
            f"query parameter {name} is required"
            for name, parameter in operation.query.items()
            if parameter.get("required") and name not in seen
        ]
        return found

    def _headers(self, operation: Operation, headers: dict[str, str]) -> list[str]:
        conditional = ("if-match", "if-none-match", "if-modified-since")
        return [
            f"header {name} is not published for this operation"
            for name in headers
            if name.casefold() in conditional and name.casefold() not in operation.headers
        ]

    def _request_body(self, operation: Operation, get: Any) -> list[str]:
        body = _decoded(get("request_body"))
        if operation.body is None:
            return ["this operation takes no body"] if body not in (None, "", {}) else []
        if body is None:
            return ["the body is missing"]
        return self._judge(operation, "request", operation.body, body, read=False)

    def _answer(self, operation: Operation, get: Any) -> list[str]:
        status, body = get("status"), _decoded(get("response_body"))
        if status == 401 and isinstance(body, dict) and isinstance(body.get("error"), str):
            return []  # the OAuth-shaped body (facts §2)
        error = {"$ref": "#/components/schemas/Error"}
        if status not in operation.answers:
            if status not in ANYWHERE:
                return [f"answers with {status}, which is not published"]
            return self._judge(operation, f"answer {status}", error, body, read=True)
        schema = operation.answers[status]
        if schema is None:
            return [f"answer {status} has a body"] if body not in (None, {}) else []
        return self._judge(operation, f"answer {status}", schema, body, read=True)

    # --- schemas -----------------------------------------------------------------------------------------------------

    def _judge(
        self, operation: Operation, what: str, schema: dict[str, Any], value: Any, *, read: bool
    ) -> list[str]:
        """Types, and properties nobody has published. The same shape is judged once."""
        shape, value = self._reduced(value)
        mark = (what, shape)
        if mark in operation.seen:
            return []
        found = [
            f"{what}: {'.'.join(str(p) for p in error.absolute_path if not isinstance(p, int))}: {error.message[:200]}"
            for error in self.validator(schema, read=read).iter_errors(value)
        ]
        found += [f"{what}: undeclared property {name}" for name in self._undeclared(schema, value, "")]
        if not found:
            operation.seen.add(mark)
        return found

    def validator(self, schema: dict[str, Any], *, read: bool) -> Validator:
        key = (id(schema) if "$ref" not in schema else schema["$ref"], read)
        if key not in self._validators:
            kind = OAS30ReadValidator if read else OAS30WriteValidator
            absolute = json.loads(json.dumps(schema).replace('"#/', '"urn:clio#/'))
            self._validators[key] = kind(
                absolute, registry=self.registry, format_checker=oas30_format_checker
            )
        return self._validators[key]

    def _undeclared(self, schema: dict[str, Any], value: Any, at: str) -> set[str]:
        """Names of properties of `value` that `schema` does not have; an object without properties takes anything."""
        if isinstance(value, list):
            items = self._resolved(schema).get("items", {})
            return {name for one in value for name in self._undeclared(items, one, at)}
        if not isinstance(value, dict):
            return set()
        known = self._properties(schema)
        if not known:
            return set()
        found: set[str] = set()
        for name, inner in value.items():
            if name not in known:
                found.add(f"{at}{name}")
            else:
                found |= self._undeclared(known[name], inner, f"{at}{name}.")
        return found

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            schema = self.spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return schema

    @cache  # noqa: B019 - there is one book
    def _properties_of(self, key: str) -> dict[str, Any]:
        schema = self._resolved(json.loads(key))
        found = dict(schema.get("properties", {}))
        for part in schema.get("allOf", []) + schema.get("anyOf", []) + schema.get("oneOf", []):
            found |= self._properties_of(json.dumps(part, sort_keys=True))
        return found

    def _properties(self, schema: dict[str, Any]) -> dict[str, Any]:
        return self._properties_of(json.dumps(schema, sort_keys=True))

    def _reduced(self, value: Any, name: str = "") -> tuple[Any, Any]:
        """
        A value's shape, that is all the judgement depends on, and the value with one list item of each shape left.

        Two hundred contacts of a page come down to the two or three that differ in kind.
        """
        if isinstance(value, dict):
            parts = [(key, *self._reduced(inner, key)) for key, inner in value.items()]
            return tuple([(key, shape) for key, shape, _ in parts]), {key: inner for key, _, inner in parts}
        if isinstance(value, list):
            kinds = dict(self._reduced(item, name) for item in value)
            return ("list", frozenset(kinds)), list(kinds.values())
        if isinstance(value, str):
            if value in self.enumerated.get(name, ()):
                return value, value
            if _DATE_TIME.match(value):
                return "date-time", value
            return ("date" if _DATE.match(value) else "str"), value
        return type(value).__name__, value


def _enumerated(spec: Any, name: str = "", found: dict[str, set[Any]] | None = None) -> dict[str, set[Any]]:
    """By property name, every word that some list of allowed values has for it."""
    found = {} if found is None else found
    if isinstance(spec, dict):
        if "enum" in spec and name:
            found.setdefault(name, set()).update(spec["enum"])
        for key, inner in spec.items():
            _enumerated(inner, name if key in ("items", "oneOf", "anyOf", "allOf") else key, found)
    elif isinstance(spec, list):
        for inner in spec:
            _enumerated(inner, name, found)
    return found


def _fits(schema: dict[str, Any], text: str) -> bool:
    """Does a parameter's text fit its schema?"""
    if "oneOf" in schema:
        return any(_fits(part, text) for part in schema["oneOf"])
    if "enum" in schema and text not in [str(word) for word in schema["enum"]]:
        return False
    if schema.get("pattern") and not re.search(schema["pattern"], text):
        return False
    kind = schema.get("type")
    if kind == "integer":
        if not re.fullmatch(r"-?\d+", text):
            return False
        return schema.get("minimum", int(text)) <= int(text) <= schema.get("maximum", int(text))
    if kind == "boolean":
        return text in ("true", "false")
    form = schema.get("format")
    if form == "date-time":
        return bool(_DATE_TIME.match(text))
    return bool(_DATE.match(text)) if form == "date" else True


def _decoded(body: Any) -> Any:
    if not isinstance(body, bytes):
        return body
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


@lru_cache(maxsize=2)
def _book(path: str) -> Book:
    spec = json.loads(Path(path).read_text("utf-8"))
    # Every list has `meta`; the file forgets it for this one, whose envelope was patched in (facts §18).
    event_types = spec["components"]["schemas"].get("CalendarEntryEventType_List", {"properties": {}})
    event_types["properties"].setdefault("meta", {"$ref": "#/components/schemas/ListMeta"})
    return Book(spec)
