"""What all resources share: listing, showing, creating, changing, deleting, each with Clio's habits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from sandbox.clio import paging
from sandbox.clio.attributes import Reader
from sandbox.clio.context import Context
from sandbox.clio.errors import BadRequest, Forbidden, Invalid, NotFound, PreconditionFailed
from sandbox.clio.shapes import ASSOCIATIONS, SCALARS
from sandbox.clio.store import Row

Keep = Callable[[Row], bool]
#: (context, raw value, all raw parameters) -> the test a row must pass
Filter = Callable[[Context, str, Mapping[str, str]], Keep]
SortKey = Callable[[Context, Row], Any]


class Resource:
    """
    One kind of record. Subclasses fill the tables below and override what is special.

    A write happens on a copy, which replaces the row only when all of it was accepted; rows never show half a change.
    """

    path: ClassVar[str]
    table: ClassVar[str]
    shape: ClassVar[str]
    #: Name in webhooks, for the kinds that have them (facts §11).
    model: ClassVar[str | None] = None
    methods: ClassVar[frozenset[str]] = frozenset({"GET", "POST", "PATCH", "DELETE"})
    max_limit: ClassVar[int] = 200
    #: None: the list has no `order` parameter (facts §5).
    orders: ClassVar[dict[str, SortKey] | None] = None
    filters: ClassVar[dict[str, Filter]] = {}
    #: Parameters given several times, with brackets.
    list_filters: ClassVar[dict[str, Callable[[Context, list[str]], Keep]]] = {}
    attributes: ClassVar[dict[str, Reader]] = {}
    required: ClassVar[tuple[str, ...]] = ()
    defaults: ClassVar[dict[str, Any]] = {}

    # --- reading ---------------------------------------------------------------------------------------------------

    def visible(self, ctx: Context, row: Row) -> bool:
        return True

    def find(self, ctx: Context, row_id: str) -> Row:
        """The row, or NotFound: missing, of another account, or hidden, which cannot be told apart (facts §10)."""
        row = ctx.get(self.table, int(row_id)) if row_id.isdigit() else None
        if row is None or not self.visible(ctx, row):
            raise NotFound()
        return row

    def page(self, ctx: Context, args: Mapping[str, str], lists: Mapping[str, list[str]]) -> paging.Page:
        """The page asked for. Parameters nobody knows are ignored in silence, as in reality (facts §9, [O 21])."""
        limit = paging.limit_of(args, self.max_limit)
        keep = self._keep(ctx, args, lists)
        order = args.get("order")
        if order is not None and self.orders is not None:
            name, _, direction = order.rstrip(")").partition("(")
            if name not in self.orders or direction not in ("asc", "desc"):
                raise BadRequest(f"order: {order!r} is not valid.")
        by_id = order == "id(asc)" or self.orders is None
        if by_id and "offset" not in args:
            walk = lambda after: ctx.store[self.table].of(ctx.account_id, after=after)  # noqa: E731
            return paging.by_cursor(walk, keep, args, limit)
        rows = [row for row in ctx.store[self.table].of(ctx.account_id) if keep(row)]
        if order is not None and self.orders is not None and not by_id:
            key = self.orders[name]
            rows.sort(key=lambda row: _sortable(key(ctx, row)), reverse=direction == "desc")
        return paging.by_offset(rows, args, limit)

    def _keep(self, ctx: Context, args: Mapping[str, str], lists: Mapping[str, list[str]]) -> Keep:
        tests: list[Keep] = []
        for name, make in (COMMON_FILTERS | self.filters).items():
            if args.get(name, "") != "":
                tests.append(make(ctx, args[name], args))
        for name, make_list in (COMMON_LIST_FILTERS | self.list_filters).items():
            if lists.get(name):
                tests.append(make_list(ctx, lists[name]))
        if _overrides_visible(self):  # last: it costs the most
            tests.append(lambda row: self.visible(ctx, row))
        if not tests:
            return lambda row: True
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    # --- writing ---------------------------------------------------------------------------------------------------

    def create(self, ctx: Context, data: dict[str, Any]) -> Row:
        for name in self.required:
            if data.get(name) in (None, "", {}):
                raise Invalid(f"{name} is required.")
        row = ctx.store.new_row(ctx.account_id, ctx.now, creator_id=ctx.user["id"], **self.blank(ctx))
        self.apply(ctx, row, data)
        self.check(ctx, row, None, data)
        ctx.store[self.table].add(row)
        ctx.store.version += 1
        self.created(ctx, row)
        if self.model:
            ctx.world.webhooks.created(ctx, self, row)
        return row

    def update(self, ctx: Context, row: Row, data: dict[str, Any], if_match: str | None = None) -> Row:
        """Change a row; a change that changes nothing leaves its etag and `updated_at` alone."""
        if if_match is not None and if_match.strip() not in (row["etag"], "*"):
            raise PreconditionFailed("The record has changed since it was read.")
        changed = dict(row)
        self.apply(ctx, changed, data)
        self.check(ctx, changed, row, data)
        self.replace(ctx, row, changed)
        return row

    def replace(self, ctx: Context, row: Row, changed: Row) -> None:
        """Make `row` what `changed` is, with a new etag and webhooks, if that is a difference."""
        if changed == row:
            return
        before = ctx.world.webhooks.before(ctx, self, row) if self.model else None
        row.update(changed)
        ctx.store.touch(row, ctx.now)
        if before is not None:
            ctx.world.webhooks.updated(ctx, self, row, before)

    def delete(self, ctx: Context, row: Row) -> None:
        self.may_delete(ctx, row)
        hooks = ctx.world.webhooks.watching_deletion(ctx, self, row) if self.model else []
        ctx.store[self.table].remove(row["id"])
        ctx.store.version += 1
        self.deleted(ctx, row)
        ctx.world.webhooks.deleted(ctx, self, row, hooks)

    def apply(self, ctx: Context, row: Row, data: dict[str, Any]) -> None:
        """Read every written attribute into `row`; known ones that cannot be written are refused (facts §14)."""
        if not isinstance(data, dict):
            raise Invalid("data must be an object.")
        for name, value in data.items():
            reader = self.attributes.get(name)
            if reader is None:
                if name in SCALARS[self.shape] or name in ASSOCIATIONS.get(self.shape, {}):
                    raise Invalid(f"{name} is read-only.")
                continue
            for column, new in reader(ctx, name, value).items():
                row[column] = new(row.get(column)) if callable(new) else new

    # --- places to override ----------------------------------------------------------------------------------------

    def blank(self, ctx: Context) -> dict[str, Any]:
        return {
            name: (value.copy() if isinstance(value, list | dict) else value)
            for name, value in self.defaults.items()
        }

    def check(self, ctx: Context, row: Row, before: Row | None, data: dict[str, Any]) -> None:
        """Look at the whole row as it would be; `before` is None when it is new. Raise to refuse."""

    def may_delete(self, ctx: Context, row: Row) -> None:
        pass

    def created(self, ctx: Context, row: Row) -> None:
        pass

    def deleted(self, ctx: Context, row: Row) -> None:
        pass


class ReadOnly(Resource):
    methods = frozenset({"GET"})

    def create(self, ctx: Context, data: dict[str, Any]) -> Row:
        raise Forbidden("This cannot be created through the API.")


def _overrides_visible(resource: Resource) -> bool:
    return type(resource).visible is not Resource.visible


def _sortable(value: Any) -> tuple[int, Any]:
    """None sorts last, text without regard to case."""
    if value is None:
        return (1, "")
    return (0, value.casefold() if isinstance(value, str) else value)


# --- filters -------------------------------------------------------------------------------------------------------


def since(column: str) -> Filter:
    """Strictly after the time given (facts §10)."""

    def make(ctx: Context, value: str, args: Mapping[str, str]) -> Keep:
        limit = instant(ctx, column.replace("_at", "_since"), value)
        return lambda row: row[column] > limit

    return make


def instant(ctx: Context, name: str, value: str) -> int:
    from sandbox.clio.attributes import seconds_of

    try:
        # A plus sign that was not percent-encoded arrives as a blank.
        return seconds_of(ctx, name, value.replace(" ", "+") if value[-6:-5] == " " else value)
    except Invalid as error:
        raise BadRequest(error.message) from None


def equals(column: str, convert: Callable[[str], Any] = str) -> Filter:
    def make(ctx: Context, value: str, args: Mapping[str, str]) -> Keep:
        wanted = convert(value)
        return lambda row: row.get(column) == wanted

    return make


def id_or_null(column: str) -> Filter:
    """An id, or the word `null` for records without one (facts §18)."""

    def make(ctx: Context, value: str, args: Mapping[str, str]) -> Keep:
        wanted = None if value == "null" else number(value)
        return lambda row: row.get(column) == wanted

    return make


def number(value: str) -> int:
    """An id; one that is not a number matches nothing."""
    return int(value) if value.isdigit() else -1


def truth(value: str) -> bool:
    return value.lower() in ("true", "1", "t", "yes")


def is_true(get: Callable[[Context, Row], Any]) -> Filter:
    def make(ctx: Context, value: str, args: Mapping[str, str]) -> Keep:
        wanted = truth(value)
        return lambda row: bool(get(ctx, row)) == wanted

    return make


def contains(texts: Callable[[Context, Row], str]) -> Filter:
    """Every word of the query occurs somewhere in the row's text."""

    def make(ctx: Context, value: str, args: Mapping[str, str]) -> Keep:
        parts = [part for part in value.casefold().replace("*", " ").split() if part]

        def keep(row: Row) -> bool:
            text = texts(ctx, row)
            return all(part in text for part in parts)

        return keep

    return make


def _ids(ctx: Context, values: list[str]) -> Keep:
    wanted = {number(value) for value in values}
    return lambda row: row["id"] in wanted


COMMON_FILTERS: dict[str, Filter] = {
    "created_since": since("created_at"),
    "updated_since": since("updated_at"),
}
COMMON_LIST_FILTERS: dict[str, Callable[[Context, list[str]], Keep]] = {"ids[]": _ids}


def column(name: str) -> SortKey:
    return lambda ctx, row: row.get(name)


def linked(table: str, foreign: str, name: str) -> SortKey:
    return lambda ctx, row: (ctx.get(table, row.get(foreign)) or {}).get(name)
