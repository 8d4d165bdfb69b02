"""``birdwire serve`` and ``birdwire demo``: the daemon, on your settings or on none."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from gateway import daemon, log
from gateway.cli_base import Refused, configured
from gateway.config import Config
from gateway.languages import codes
from store import trouble


def _roles(_ctx: click.Context, _param: click.Parameter, value: str | None) -> frozenset[str]:
    if value is None:
        return daemon.ROLES
    chosen = frozenset(value.replace(",", " ").split())
    if not chosen or not chosen <= daemon.ROLES:
        raise click.BadParameter(f"{value} is not of {', '.join(sorted(daemon.ROLES))}")
    return chosen


@click.command()
@click.option("--only", callback=_roles, help="Some of web,inbound,outbound,schedule.  [default: all of them]")
@configured
def serve(config: Config, only: frozenset[str]) -> None:
    """Run the daemon until SIGTERM or SIGINT: pages and webhooks, the mail door, sending, housekeeping."""
    log.set_up(config.log)
    _run(lambda: daemon.serve(config, only))


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1024, 65532),
    default=8140,
    show_default=True,
    help="Of the site; the demo takes the three after it, too.",
)
@click.option(
    "--smtp-port", type=click.IntRange(1024, 65535), default=8025, show_default=True, help="Of the mail door."
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-data"),
    show_default=True,
    help="The folder that everything is kept in.",
)
@click.option("--language", type=click.Choice(codes()), default="en", show_default=True, help="That the site speaks.")
def demo(port: int, smtp_port: int, data: Path, language: str) -> None:
    """Try everything on this machine: phones and a mailbox on a page, and the daemon between them."""
    from gateway.demo.run import run_demo  # only now: a daemon has no use for it

    _run(lambda: run_demo(port, data, smtp_port, language))


def _run(daemon_runs: Callable[[], None]) -> None:
    """Run to the end; say in words why it can't start. What nobody foresaw goes up, with its traceback."""
    try:
        daemon_runs()
    except daemon.NotReady as error:
        raise Refused(str(error)) from error
    except trouble.trouble() as error:
        raise Refused(trouble.reason(error)) from error
    except ExceptionGroup as group:
        causes = list(_leaves(group))
        if not all(isinstance(cause, trouble.trouble()) for cause in causes):
            raise
        raise Refused("; ".join(trouble.reason(cause) for cause in causes)) from group
    except asyncio.CancelledError:
        raise Refused("stopped in a hurry; what was under way is taken up at the next start") from None


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
