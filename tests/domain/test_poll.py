"""Polls in words."""

from gateway.domain.poll import question_text, result


def test_a_poll_shows_its_options_behind_their_numbers() -> None:
    assert question_text("Lunch?", ["pizza", "soup"]) == "Lunch? 1 pizza 2 soup (VOTE n)"


def test_a_result_has_every_option_also_one_that_nobody_chose() -> None:
    assert result("Lunch?", ("pizza", "soup"), {2: 1}) == "Lunch? pizza 0, soup 1. 1 vote."


def test_a_result_keeps_its_numbers_when_the_question_is_long() -> None:
    words = result("why " * 40, ("yes", "no"), {1: 3, 2: 5})
    assert len(words) <= 160
    assert words.endswith("... yes 3, no 5. 8 votes.")
