"""What a newcomer reads at the address of a stand-in: who can sign in there, and how."""

from __future__ import annotations

from urllib.request import urlopen

from sandbox.clio import start


def test_clios_stand_in_tells_names_roles_and_passwords() -> None:
    with start(seed="demo") as sandbox, urlopen(sandbox.url) as answer:
        page = answer.read().decode()
    for words in (
        "Alice Hart",
        "alice@hartvale.example",
        "Administrator, Attorney",
        "Bob Lane",
        "Non-attorney",
    ):
        assert words in page, words
    assert "<code>clio</code>" in page
    assert "United States" in page
