from __future__ import annotations

import json
from dataclasses import asdict, replace
from itertools import product

import pytest

from daybook.core.cards import TEXTS, Card, Member, from_json, to_json
from daybook.core.changes import writes
from daybook.core.merging import Conflict, Merged, Side, merge, resolve, resolve_all
from daybook.core.reconcile import DEFAULT_POLICY, GROUPS, Rule

from .some_cards import email

OURS, THEIRS = Side
ASKING = dict.fromkeys(GROUPS, Rule.ASK)
DANA = Card(first_name="Dana", last_name="Roe", title="Ms", emails=(email("dana", label="Work", main=True),))
WORK = email("dana", label="Work", main=True)


def merged(agreed: Card | None, ours: Card, theirs: Card, newer: Side | None = None, **rules: Rule) -> Merged:
    return merge(agreed=agreed, ours=ours, theirs=theirs, policy={**DEFAULT_POLICY, **rules}, newer=newer)


def with_emails(*members: Member) -> Card:
    return replace(DANA, emails=members)


def keys(members: tuple[Member, ...]) -> list[str]:
    return [m.key.removesuffix("@x.example") for m in members]


def test_what_only_one_side_changed_both_have_afterwards() -> None:
    ours, theirs = replace(DANA, first_name="Dinah"), replace(DANA, last_name="Roe-Smith")
    both = replace(DANA, first_name="Dinah", last_name="Roe-Smith")
    assert merged(DANA, ours, theirs) == Merged(both, both, theirs)


def test_what_was_emptied_on_one_side_is_emptied_on_the_other() -> None:
    found = merged(DANA, replace(DANA, title=""), DANA)
    assert (found.ours.title, found.theirs.title, found.base.title) == ("", "", "Ms")


def test_the_same_change_on_both_sides_is_agreed() -> None:
    both = replace(DANA, last_name="Smith", title="")
    assert merged(DANA, both, both) == Merged(both, both, both)


def test_nothing_changed_is_nothing_done() -> None:
    assert merged(DANA, DANA, DANA) == Merged(DANA, DANA, DANA)


NAMED = [Rule.CLIO, Rule.DAYBOOK, Rule.NEWEST, Rule.ASK]


@pytest.mark.parametrize(("rule", "newer"), [*product(NAMED, [OURS, THEIRS, None])])
def test_what_both_changed_differently_its_rule_decides(rule: Rule, newer: Side | None) -> None:
    ours, theirs = replace(DANA, title="Dr"), replace(DANA, title="Prof")
    holds = {Rule.CLIO: THEIRS, Rule.DAYBOOK: OURS, Rule.NEWEST: newer, Rule.ASK: None}[rule]
    found = merged(DANA, ours, theirs, newer, title=rule)
    if holds:
        title = "Dr" if holds is OURS else "Prof"
        assert (found.ours.title, found.theirs.title, found.base.title) == (title, title, "Prof")
        assert found.conflicts == ()
    else:
        assert (found.ours.title, found.theirs.title, found.base.title) == ("Dr", "Prof", "Ms")
        assert found.conflicts == (Conflict("title", "", "Ms", "Dr", "Prof"),)


def test_while_one_thing_is_undecided_everything_else_flows() -> None:
    ours = replace(DANA, last_name="Smith", title="Dr")
    theirs = replace(DANA, last_name="Smythe", emails=())
    found = merged(DANA, ours, theirs)
    assert found.ours == replace(DANA, last_name="Smith", title="Dr", emails=())
    assert found.theirs == replace(DANA, last_name="Smythe", title="Dr", emails=())
    assert [c.field for c in found.conflicts] == ["last_name"]
    assert found.base.last_name == "Roe"


def test_each_text_belongs_to_its_group() -> None:
    groups = dict.fromkeys(TEXTS, "name") | {"title": "title", "company": "company"}
    for name, group in groups.items():
        ours, theirs = replace(DANA, **{name: "One"}), replace(DANA, **{name: "Two"})
        rules = {g: Rule.ASK if g == group else Rule.CLIO for g in GROUPS}
        assert [c.field for c in merged(DANA, ours, theirs, **rules).conflicts] == [name]


def test_what_a_company_is_called_is_a_name() -> None:
    firm = Card("company", company="Roe Ltd")
    ours, theirs = replace(firm, company="Roe & Co"), replace(firm, company="Roe LLP")
    assert [c.field for c in merged(firm, ours, theirs).conflicts] == ["company"]
    assert merged(firm, ours, theirs, name=Rule.DAYBOOK).theirs.company == "Roe & Co"


def test_where_nothing_was_agreed_the_filled_side_holds() -> None:
    ours, theirs = Card(first_name="Dana", emails=(email("a"),)), Card(last_name="Roe", phones=(email("b"),))
    found = merged(None, ours, theirs)
    assert found.conflicts == ()
    assert found.ours == found.theirs
    assert (found.ours.name, keys(found.ours.emails), keys(found.ours.phones)) == ("Dana Roe", ["a"], ["b"])


@pytest.mark.parametrize(
    ("ours", "theirs", "asked"),
    [
        ("josé  núñez", "Jose Nunez", False),
        ("ROE", "Roe", False),
        ("דנה", " דנה ", False),
        ("🙂", "🎉", True),
        ("🙂 ", "🙂", False),
        ("دانا", "دينا", True),
        ("Roe", "Row", True),
    ],
)
def test_where_nothing_was_agreed_clio_spells_and_only_what_reads_differently_is_asked(
    ours: str, theirs: str, asked: bool
) -> None:
    found = merged(None, Card(last_name=ours), Card(last_name=theirs))
    assert bool(found.conflicts) is asked
    assert found.ours.last_name == (ours if asked else theirs)
    assert found.theirs.last_name == theirs


def test_two_empty_cards_are_agreed() -> None:
    assert merged(None, Card(), Card()) == Merged(Card(), Card(), Card())


def test_a_person_here_and_a_company_there_are_never_mixed() -> None:
    firm = Card("company", company="Roe Ltd")
    found = merged(None, DANA, replace(firm, phones=(email("b", main=True),)))
    assert found.conflicts == (Conflict("kind", "", "", "person: Dana Roe", "company: Roe Ltd"),)
    assert found.ours == replace(DANA, phones=(email("b", main=True),))
    assert found.theirs == replace(firm, emails=DANA.emails, phones=(email("b", main=True),))
    turned = merged(DANA, firm, DANA)
    assert (turned.ours, turned.theirs, turned.base) == (firm, firm, replace(DANA, emails=DANA.emails))


def test_members_added_on_either_side_stay_and_order_makes_no_difference() -> None:
    ours = with_emails(email("new"), WORK, email("old"))
    theirs = with_emails(email("old", id="o"), email("clio", id="c"), replace(WORK, id="d"))
    found = merged(with_emails(WORK, email("old")), ours, theirs)
    assert keys(found.ours.emails) == ["dana", "new", "old", "clio"]
    assert keys(found.theirs.emails) == ["dana", "old", "clio", "new"]
    assert [m.id for m in found.theirs.emails] == ["d", "o", "c", ""]
    assert sorted(keys(found.base.emails)) == ["clio", "dana", "old"]
    assert merged(ours, ours, with_emails(*reversed(ours.emails))).conflicts == ()


def test_a_member_removed_on_one_side_and_untouched_on_the_other_goes() -> None:
    agreed = with_emails(WORK, email("old", label="Home"))
    assert keys(merged(agreed, with_emails(WORK), agreed).theirs.emails) == ["dana"]
    assert keys(merged(agreed, agreed, with_emails(WORK)).ours.emails) == ["dana"]
    assert merged(agreed, with_emails(), agreed).theirs.emails == ()


CHANGED = {
    "label": email("old", label="Work"),
    "main": email("old", label="Home", main=True),
    "value": replace(email("old", label="Home"), value=("Old@x.example",)),
}


@pytest.mark.parametrize("part", CHANGED)
def test_a_member_removed_on_one_side_and_changed_on_the_other_stays(part: str) -> None:
    agreed, without = with_emails(WORK, email("old", label="Home")), with_emails(WORK)
    changed = with_emails(replace(WORK, main=part != "main"), replace(CHANGED[part], id="9"))
    for found in (merged(agreed, without, changed), merged(agreed, changed, without)):
        assert found.conflicts == ()
        assert sorted(keys(found.ours.emails)) == sorted(keys(found.theirs.emails)) == ["dana", "old"]
    assert {m.key: m.id for m in merged(agreed, changed, without).theirs.emails}["old@x.example"] == ""


def test_that_another_became_the_main_one_keeps_no_removed_member() -> None:
    agreed = with_emails(WORK, email("new"))
    found = merged(
        agreed, with_emails(replace(WORK, main=False), email("new", main=True)), with_emails(email("new"))
    )
    assert keys(found.ours.emails) == keys(found.theirs.emails) == ["new"]


def test_label_and_spelling_of_one_member_are_merged_apart() -> None:
    spelled = Member(WORK.key, ("Dana@x.example",), "Work", True)
    found = merged(DANA, with_emails(replace(WORK, label="Home")), with_emails(spelled))
    assert found.ours.emails == found.theirs.emails == (replace(spelled, label="Home"),)
    assert found.base.emails == (spelled,)


def test_what_both_changed_of_a_member_is_asked_by_part() -> None:
    agreed = with_emails(WORK, email("x"), email("y"))
    ours = with_emails(Member(WORK.key, ("DANA",), "Home"), email("x", main=True), email("y"))
    theirs = with_emails(Member(WORK.key, ("dana!",), "Other"), email("x"), email("y", main=True))
    found = merged(agreed, ours, theirs, emails=Rule.ASK)
    assert set(found.conflicts) == {
        Conflict("emails:dana@x.example", "value", "dana@x.example", "DANA", "dana!"),
        Conflict("emails:dana@x.example", "label", "Work", "Home", "Other"),
        Conflict("emails", "main", "dana@x.example", "x@x.example", "y@x.example"),
    }
    assert json.loads(json.dumps([asdict(c) for c in found.conflicts]))[0]["ours"] == "DANA"
    newest = merged(agreed, ours, theirs, newer=OURS)
    assert newest.conflicts == ()
    assert newest.theirs.emails[0].key == "x@x.example"
    assert {m.key: m.label for m in newest.theirs.emails}[WORK.key] == "Home"


def test_a_label_unknown_to_clio_is_kept_here_and_quiet_there() -> None:
    ours = with_emails(replace(WORK, label="Assistant"))
    found = merged(DANA, ours, DANA)
    assert writes(with_emails(replace(WORK, id="1")), found.theirs).steps["emails"][0].member.label == "Other"
    pushed = with_emails(replace(WORK, label="Other", id="1"))
    after = merged(found.base, found.ours, pushed)
    assert after.conflicts == ()
    assert (after.ours, after.theirs) == (ours, pushed)
    assert writes(pushed, after.theirs).empty
    assert merged(after.base, ours, with_emails(replace(WORK, label="Home"))).ours.emails[0].label == "Home"


def test_a_label_that_only_clio_has_comes_here_and_stays_there() -> None:
    theirs = with_emails(replace(WORK, label="Chambers"))
    found = merged(DANA, DANA, theirs)
    assert found == Merged(theirs, theirs, theirs)
    relabeled = merged(theirs, with_emails(replace(WORK, label="Pupil")), theirs)
    assert relabeled.theirs == theirs
    assert relabeled.ours.emails[0].label == "Pupil"


def test_a_spelling_that_was_never_agreed_is_clios_without_a_question() -> None:
    theirs = with_emails(replace(WORK, value=("Dana@X.example",)))
    assert merged(None, DANA, theirs, emails=Rule.ASK) == Merged(theirs, theirs, theirs)


def test_twins_in_one_set_are_one_member() -> None:
    found = merged(DANA, with_emails(WORK, WORK, email("b")), with_emails(email("c"), email("c"), WORK))
    assert found.conflicts == ()
    assert sorted(keys(found.theirs.emails)) == ["b", "c", "dana"]


def test_a_question_about_a_label_never_agreed_is_found_again() -> None:
    theirs = with_emails(replace(WORK, label="Other"))
    found = merged(None, DANA, theirs)
    assert [(c.field, c.part) for c in found.conflicts] == [("emails:dana@x.example", "label")]
    kept = from_json(json.loads(json.dumps(to_json(found.base))))
    assert merged(kept, found.ours, found.theirs).conflicts == found.conflicts


@pytest.mark.parametrize("choice", Side)
def test_an_answer_about_the_main_one_loses_nobody(choice: Side) -> None:
    ours, theirs = with_emails(email("x", main=True)), with_emails(email("y", main=True))
    found = merged(None, ours, theirs)
    (conflict,) = found.conflicts
    for agreed in (None, found.base):
        known = resolve(conflict, choice, agreed=agreed, ours=ours, theirs=theirs)
        after = merged(known, ours, theirs)
        assert after.conflicts == ()
        assert (
            keys(after.ours.emails)
            == keys(after.theirs.emails)
            == (["x", "y"] if choice is OURS else ["y", "x"])
        )


def test_an_answer_about_a_member_that_is_gone_changes_nothing() -> None:
    conflict = Conflict("emails:dana@x.example", "label", "Work", "Home", "Other")
    assert resolve(conflict, OURS, agreed=DANA, ours=replace(DANA, emails=()), theirs=DANA) == DANA


def test_many_answers_at_once_are_each_heard() -> None:
    ours = replace(DANA, first_name="Dinah", last_name="Ro", emails=(replace(WORK, label="Home"),))
    theirs = replace(DANA, first_name="Dunja", last_name="Rho", emails=(replace(WORK, label="Other"),))
    found = merged(DANA, ours, theirs)
    answers = dict(zip((c.field for c in found.conflicts), (OURS, THEIRS, OURS), strict=True))
    assert list(answers) == ["first_name", "last_name", "emails:dana@x.example"]
    cards = {"ours": found.ours, "theirs": found.theirs}
    known = resolve_all([(c, answers[c.field]) for c in found.conflicts], agreed=found.base, **cards)
    after = merged(known, **cards)
    assert after.ours == after.theirs == replace(ours, last_name="Rho")
    assert after.conflicts == ()


def test_the_main_postal_address_follows_clio_until_it_is_chosen_here() -> None:
    def living(main: str) -> Card:
        return Card(
            first_name="Dana",
            addresses=tuple(Member(key, (key, "", "", "", ""), "Home", key == main) for key in "abc"),
        )

    def main_of(card: Card) -> str:
        return next(m.key for m in card.addresses if m.main)

    for rule in Rule:
        rules = {**DEFAULT_POLICY, "addresses": rule}
        followed = merge(agreed=living("a"), ours=living("a"), theirs=living("b"), policy=rules, newer=None)
        assert main_of(followed.ours) == "b"
        chosen = merge(agreed=living("a"), ours=living("c"), theirs=living("a"), policy=rules, newer=None)
        assert main_of(chosen.ours) == "c"
        later = merge(
            agreed=chosen.base, ours=chosen.ours, theirs=living("b"), policy=rules, newer=Side.THEIRS
        )
        assert main_of(later.ours) == "c"
        assert later.conflicts == ()
