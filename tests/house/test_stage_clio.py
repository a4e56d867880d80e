"""The stage's Clio: it answers, and what breaks its contract would be seen."""


def test_the_stand_in_answers_and_its_exchanges_are_recorded(clio):
    from daybook.connectors.http import Http

    answer = Http(clio.url, "clio").request("GET", "/api/v4/users/who_am_i.json", check=lambda _answer: None)
    assert answer.status == 401
    assert clio.exchanges
