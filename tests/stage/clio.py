"""Clio's stand-in, in this process, with everything we send it checked against the published contract."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox.clio import Sandbox


@pytest.fixture
def clio(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """
    Start `sandbox.clio` with the demo's office in it and point Daybook at it; `clio.control` is its backstage.

    `@pytest.mark.clio(seed=None, rate_limit=50)` starts it otherwise. The test fails at its end when a request or an
    answer broke Clio's contract (tests/clio_contract.py).
    """
    from daybook.connectors import http
    from sandbox.clio import start
    from tests import clio_contract

    marker = request.node.get_closest_marker("clio")
    sandbox = start(**{"seed": "demo", **(marker.kwargs if marker else {})})
    if os.environ.get("DJANGO_SETTINGS_MODULE"):
        settings = request.getfixturevalue("settings")
        settings.CLIO_BASE_URL = sandbox.url
        settings.CLIO_CLIENT_ID, settings.CLIO_CLIENT_SECRET = "daybook-demo", "daybook-demo-secret"
    try:
        yield sandbox
        problems = clio_contract.problems(sandbox.exchanges)
    finally:
        sandbox.stop()
        http.close_all()
    assert not problems, "Clio's contract was broken:\n" + "\n".join(problems)
