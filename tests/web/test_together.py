"""Work shared by a crowd: fewer times done than asked, and never an answer from before one asked."""

from __future__ import annotations

import threading
import time

import pytest

from daybook.web.public.together import Together


def test_one_alone_gets_their_own_answer_each_time():
    together, answers = Together[int](), iter(range(9))
    assert [together.ask("same", lambda: next(answers)) for _ in range(3)] == [0, 1, 2]


def test_a_crowd_shares_and_nobody_gets_what_was_begun_before_they_asked():
    together = Together[float]()
    begun: list[float] = []
    late: list[float] = []

    def work() -> float:
        begun.append(at := time.monotonic())
        time.sleep(0.02)
        return at

    def visitor() -> None:
        for _ in range(5):
            asked = time.monotonic()
            if together.ask("same", work) < asked:
                late.append(asked)

    crowd = [threading.Thread(target=visitor) for _ in range(12)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(20)
    assert late == []
    assert len(begun) < 60
    assert together._next == together._running == {}


def test_different_questions_do_not_wait_for_each_other():
    together, gate = Together[str](), threading.Event()
    slow = threading.Thread(target=lambda: together.ask("one", lambda: str(gate.wait(10))))
    slow.start()
    assert together.ask("other", lambda: "at once") == "at once"
    gate.set()
    slow.join(10)


def test_a_failure_is_told_to_whoever_did_the_work_and_the_others_do_their_own():
    together, gate = Together[int](), threading.Event()
    heard: list[str] = []

    def fail() -> int:
        gate.wait(10)
        raise ValueError("no")

    def ask(work) -> None:
        try:
            heard.append(f"answer {together.ask('same', work)}")
        except ValueError as error:
            heard.append(str(error))

    crowd = [threading.Thread(target=ask, args=(fail,)), threading.Thread(target=ask, args=(lambda: 1,))]
    for thread in crowd:
        thread.start()
        time.sleep(0.05)
    gate.set()
    for thread in crowd:
        thread.join(10)
    assert sorted(heard) == ["answer 1", "no"]
    with pytest.raises(ValueError, match="no"):
        together.ask("same", fail)


@pytest.mark.django_db
def test_a_page_shared_by_a_crowd_has_each_visitors_own_token_and_a_signed_in_ones_is_not_shared(
    client, monkeypatch
):
    from django.middleware.csrf import _does_token_match
    from django.utils import timezone

    from daybook.web.public import booking
    from tests.cast import hart_and_vale

    cast = hart_and_vale(timezone.now())
    path = f"/book/{cast.firm.slug}/{cast.alice.slug}/{cast.consultation.slug}/"
    page = client.get(path)
    token = page.cookies["daybook_csrf"].value
    assert 'name="csrfmiddlewaretoken"' in page.text
    assert booking._TOKEN not in page.text
    shown = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    assert _does_token_match(shown, token)
    client.force_login(cast.alice_user, "django.contrib.auth.backends.ModelBackend")
    monkeypatch.setattr(booking, "_crowd", None)
    assert client.get(path).status_code == 200
