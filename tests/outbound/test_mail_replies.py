"""What a mail server's reply means."""

import pytest

from gateway.domain.delivery import Deferred
from outbound.mail_replies import GREYLISTED_PAUSE, SLOWED_PAUSE, meaning, wants_less
from outbound.smtp import Reply, Stage


@pytest.mark.parametrize(
    ("stage", "code", "words", "pause"),
    [
        (Stage.RCPT, 451, "4.7.1 Greylisted, come back later", GREYLISTED_PAUSE),
        (Stage.RCPT, 450, "4.2.0 <bob@example.org>: Recipient address rejected: Greylisted", GREYLISTED_PAUSE),
        (Stage.RCPT, 450, "4.7.1 Please try again in 5 minutes", GREYLISTED_PAUSE),
        (Stage.RCPT, 451, "try again later", GREYLISTED_PAUSE),
        (Stage.RCPT, 450, "4.2.0 not yet", GREYLISTED_PAUSE),
        (Stage.END, 451, "4.7.1 graylisted", GREYLISTED_PAUSE),
        (Stage.MAIL, 451, "4.7.0 greylisting in action", GREYLISTED_PAUSE),
        (Stage.RCPT, 451, "4.3.0 Not now", None),
        (Stage.RCPT, 451, "4.4.1 no answer", None),
        (Stage.RCPT, 450, "4.2.1 mailbox disabled for now", None),
        (Stage.RCPT, 452, "4.2.2 mailbox full", None),
        (Stage.MAIL, 451, "4.3.2 busy", SLOWED_PAUSE),
        (Stage.END, 451, "4.7.1 later", None),
        (Stage.RCPT, 321, "nonsense", None),
    ],
)
def test_only_a_mail_that_is_greylisted_again_waits_for_some_minutes(
    stage: Stage, code: int, words: str, pause: float | None
) -> None:
    first = meaning(stage, Reply(code, words), "bob@example.org")
    assert isinstance(first, Deferred)
    assert first.retry_after == (SLOWED_PAUSE if stage is Stage.MAIL else None)
    outcome = meaning(stage, Reply(code, words), "bob@example.org", tries=2)
    assert isinstance(outcome, Deferred)
    assert outcome.retry_after == pause
    assert not outcome.route_wide
    assert "bob@" not in outcome.reason


@pytest.mark.parametrize(
    ("stage", "code", "less"),
    [
        (Stage.MAIL, 451, True),
        (Stage.MAIL, 421, True),
        (Stage.RCPT, 421, True),
        (Stage.RCPT, 451, False),
        (Stage.MAIL, 550, False),
        (Stage.END, 451, False),
        (Stage.END, 250, False),
    ],
)
def test_a_server_that_has_too_much_says_so_before_it_knows_the_recipient(stage: Stage, code: int, less: bool) -> None:
    assert wants_less(stage, Reply(code, "words")) is less
