"""Clio's stand-in, in this process, with everything we send it checked against the published contract."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def clio(request: pytest.FixtureRequest) -> Iterator[Any]:
    """
    Start `sandbox.clio`, point Daybook at it and record every request.

    The test fails at its end when a request or an answer broke Clio's contract (tests/clio_contract.py).
    """
    server = importlib.import_module("sandbox.clio")
    contract = importlib.import_module("tests.clio_contract")
    http = importlib.import_module("daybook.connectors.http")
    settings = request.getfixturevalue("settings")
    exchanges: list[Any] = []
    running = server.start(record=True)
    settings.CLIO_BASE_URL = running.url
    http.observers.append(exchanges.append)
    try:
        yield running
    finally:
        http.observers.remove(exchanges.append)
        running.stop()
        http.close_all()
    problems = contract.problems(exchanges)
    assert not problems, "Clio's contract was broken:\n" + "\n".join(str(problem) for problem in problems)
