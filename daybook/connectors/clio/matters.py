"""Matters: finding the one a meeting belongs to, or opening it."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

from daybook.connectors.clio import read, write
from daybook.connectors.clio.fields import MATTER_FIELDS, PRACTICE_AREA_FIELDS
from daybook.connectors.clio.session import Session
from daybook.connectors.clio.shapes_work import Matter, PracticeArea

PATH: Final = "/matters.json"
ONE: Final = "/matters/{id}.json"

Status = Literal["open", "pending", "closed"]
EVERY_STATUS: Final[tuple[Status, ...]] = ("open", "pending", "closed")


def search(
    session: Session,
    query: str,
    client_id: str | None = None,
    status: Sequence[Status] = ("open", "pending"),
    *,
    limit: int = 50,
) -> tuple[Matter, ...]:
    """
    Return the matters that match `query` (number, description, client's name; empty: all), one page of at most
    `limit` (200), newest first, of one client or of all. Raises `RemoteTrouble`.
    """
    params = {
        "fields": MATTER_FIELDS,
        "query": query.strip() or None,
        "client_id": None if client_id is None else write.number(client_id),
        "status": ",".join(status),
        "order": "id(desc)",
        "limit": limit,
    }
    return tuple(_parse(item) for item in session.page(PATH, params).items)


def get(session: Session, matter_id: str) -> Matter:
    """Return one matter. Raises `Missing` when it is deleted or hidden, else `RemoteTrouble`."""
    return _parse(session.get(ONE, {"fields": MATTER_FIELDS}, at={"id": matter_id}))


def create(
    session: Session,
    *,
    client_id: str,
    description: str,
    practice_area_id: str | None = None,
    responsible_attorney_id: str | None = None,
    status: Literal["open", "pending"] = "pending",
    client_reference: str = "",
) -> Matter:
    """
    Open a matter for a contact and return it as Clio has it. `client_reference` is how it is found again; the number is
    given by Clio. The status is always sent: what Clio would take otherwise is not documented (2026-10).

    Raises `Rejected` for what Clio does not take (a manual numbering, for instance), else `RemoteTrouble`.
    """
    data: dict[str, Any] = {"client": write.link(client_id), "description": description, "status": status}
    if practice_area_id is not None:
        data["practice_area"] = write.link(practice_area_id)
    if responsible_attorney_id is not None:
        data["responsible_attorney"] = write.link(responsible_attorney_id)
    if client_reference:
        data["client_reference"] = client_reference
    return _parse(session.post(PATH, data, fields=MATTER_FIELDS))


def find_by_reference(session: Session, client_id: str, client_reference: str) -> tuple[Matter, ...]:
    """
    Return the client's matters, of any status, with exactly this client reference, oldest first: look here before
    creating. Clio's `query` does not look at the reference (file of 2026-04-08), so all matters of the client are
    read. Raises `RemoteTrouble`.
    """
    return tuple(
        matter for matter in _of_client(session, client_id) if matter.client_reference == client_reference
    )


def practice_areas(session: Session) -> tuple[PracticeArea, ...]:
    """Return the firm's practice areas by name. Raises `RemoteTrouble`."""
    # Some accounts answered 307 here (Clio's changelog article of 2022-12); `Http` follows it on the same host.
    params = {"fields": PRACTICE_AREA_FIELDS, "order": "id(asc)", "limit": 200}
    areas = (PracticeArea.parse(read.record(item)) for item in session.all("/practice_areas.json", params))
    return tuple(sorted(areas, key=lambda area: area.name.casefold()))


def _of_client(session: Session, client_id: str) -> Iterator[Matter]:
    params = {
        "fields": MATTER_FIELDS,
        "client_id": write.number(client_id),
        "status": ",".join(EVERY_STATUS),
        "order": "id(asc)",
        "limit": 200,
    }
    return (_parse(item) for item in session.all(PATH, params))


def _parse(value: object) -> Matter:
    return Matter.parse(read.record(value))
