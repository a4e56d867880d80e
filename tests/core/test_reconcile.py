from __future__ import annotations

import pytest

from daybook.core.reconcile import DEFAULT_POLICY, GROUPS, Rule, alarming, policy


def test_every_group_has_a_default_rule() -> None:
    assert tuple(DEFAULT_POLICY) == GROUPS
    assert all(isinstance(rule, Rule) for rule in DEFAULT_POLICY.values())


def test_a_firm_without_wishes_gets_the_defaults_and_cannot_change_them_for_others() -> None:
    rules = policy({})
    assert rules == DEFAULT_POLICY
    rules["name"] = Rule.CLIO
    assert policy({})["name"] is Rule.ASK


def test_what_a_firm_chose_overrides_its_group_alone() -> None:
    assert policy({"emails": "ask"}) == {**DEFAULT_POLICY, "emails": Rule.ASK}
    assert policy(dict.fromkeys(GROUPS, "daybook")) == dict.fromkeys(GROUPS, Rule.DAYBOOK)


@pytest.mark.parametrize("changes", [{"faxes": "ask"}, {"name": "oldest"}, {"name": ""}, {"": "clio"}])
def test_a_group_or_rule_that_does_not_exist_is_an_error(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"faxes|oldest|''"):
        policy(changes)


@pytest.mark.parametrize(
    ("known", "missing", "stops"),
    [
        (0, 0, False),
        (1, 1, False),
        (3, 3, False),
        (4, 4, True),  # all of them
        (4, 3, False),
        (20, 20, True),
        (20, 19, False),
        (21, 20, False),  # most, and still a number a person can look through
        (100, 21, True),
        (210, 21, False),  # a tenth exactly
        (209, 21, True),
        (10_000, 1_000, False),
        (10_000, 1_001, True),
        (10_000, 10_000, True),
        (10_000, 0, False),
    ],
)
def test_many_gone_at_once_stop_and_ask(known: int, missing: int, stops: bool) -> None:
    assert alarming(known, missing) is stops
