"""``birdwire mail``: see mail go out."""

import asyncio
import ssl

import click

from gateway.cli_base import Refused, configured, now
from gateway.config import Config
from gateway.domain.delivery import Bounced, Deferred, Sent
from outbound.mail_exchange import system_resolver
from outbound.mail_signature import UnusableKey
from outbound.mail_trial import try_out


@click.group()
def mail() -> None:
    """See mail go out."""


@mail.command()
@configured
@click.argument("address")
def test(config: Config, address: str) -> None:
    """Send a real test mail to ADDRESS by the configured way, right now, and tell each step.

    The queue is not used, and nothing is tried again.
    """
    outcome = asyncio.run(_try(config, address))
    if not isinstance(outcome, Sent):
        when = "for good" if isinstance(outcome, Bounced) else "for now"
        raise Refused(f"not sent, {when}: {outcome.reason}")


async def _try(config: Config, address: str) -> Sent | Bounced | Deferred:
    try:
        outcome = await try_out(
            config.mail.outbound,
            name=config.site.name,
            domain=config.mail.domain,
            address=address,
            watch=_tell,
            resolver=system_resolver,
            now=now(),
        )
    except (UnusableKey, ssl.SSLError, OSError) as error:
        raise Refused(f"what is configured cannot be used: {error}") from error
    assert isinstance(outcome, Sent | Bounced | Deferred)  # a mail is never of unknown outcome
    return outcome


def _tell(step: str, words: str) -> None:
    click.echo(f"{step:<14}{words}")
