"""``birdwire queue``: what waits to be sent, what was given up, and the operator's hand on it."""

import click
import msgspec

from gateway.cli_base import (
    Desk,
    Refused,
    as_json,
    at_desk,
    configured,
    now,
    operator,
    print_done,
    print_json,
    print_table,
)
from gateway.config import Config
from gateway.domain.delivery import State
from gateway.service import alerts, holding, operating
from store import deliveries

_UNFINISHED = (State.QUEUED, State.CLAIMED, State.UNSURE, State.DEAD)


@click.group()
def queue() -> None:
    """See what waits to be sent; try again, drop, hold, release."""


@queue.command()
@configured
@as_json
def status(config: Config, as_json: bool) -> None:
    """Say how many deliveries are in which state, and since when the oldest is."""

    async def look(desk: Desk) -> tuple[list[deliveries.Depth], object, list[alerts.Stopped]]:
        async with desk.store.reading() as reading:
            return await deliveries.depths(reading), await holding.held_since(reading), await alerts.stopped(reading)

    depths, held_since, stopped = at_desk(config, look)
    if as_json:
        senders = [{"sender": s.sender, "since": s.since, "code": s.code, "reason": s.reason} for s in stopped]
        print_json({"held_since": held_since, "deliveries": depths, "stopped_senders": senders})
        return
    if not depths:
        click.echo("Nothing waits, and nothing was given up.")
    else:
        print_table(
            ("channel", "state", "deliveries", "oldest"),
            [(d.channel, d.state, d.count, d.oldest) for d in sorted(depths, key=lambda d: (d.channel, d.state))],
        )
    for each in stopped:
        click.echo(f"{each.sender} is stopped since {each.since:%Y-%m-%d %H:%M} UTC: {each.reason}.")
    if stopped:
        click.echo("One text goes out now and then to see; birdwire queue release tries again now.")
    if held_since:
        click.echo("The queue is held: nothing goes out until birdwire queue release.")


@queue.command(name="list")
@click.option(
    "--state", "states", type=click.Choice([str(state) for state in State]), multiple=True, help="Only these states."
)
@click.option("--most", type=click.IntRange(1), default=100, show_default=True, help="How many, the newest first.")
@configured
@as_json
def list_(config: Config, as_json: bool, states: tuple[str, ...], most: int) -> None:
    """List deliveries that have not arrived: waiting, on their way, or given up with the reason."""

    async def look(desk: Desk) -> list[deliveries.DeliveryRow]:
        async with desk.store.reading() as reading:
            chosen = [State(state) for state in states] or _UNFINISHED
            return await deliveries.in_states(reading, chosen, most=most)

    rows = at_desk(config, look)
    if as_json:
        print_json([msgspec.to_builtins(row) for row in rows])
        return
    print_table(
        ("id", "to", "channel", "state", "tries", "post", "queued", "due", "reason"),
        [(r.id, r.recipient, r.channel, r.state, r.attempt, r.post_id, r.queued_at, r.due_at, r.reason) for r in rows],
    )


@queue.command()
@click.argument("ids", type=int, nargs=-1)
@click.option("--all", "every", is_flag=True, help="Everything that was given up, as without IDs.")
@configured
@as_json
def retry(config: Config, as_json: bool, ids: tuple[int, ...], every: bool) -> None:
    """Try given-up deliveries again, as if they were new: those with these IDs, or all of them."""
    if every and ids:
        raise click.UsageError("name deliveries by their IDs, or say --all")
    every = not ids

    async def again(desk: Desk) -> int:
        count = 0
        while True:
            async with desk.store.unit() as unit:
                if every:
                    done = await operating.retry_some(unit, operator(), now=now())
                else:
                    done = len(await operating.retry(unit, operator(), ids, now=now()))
            count += done
            if not every or not done:
                return count

    count = at_desk(config, again)
    if not count and not every:
        raise Refused("none of these was given up")
    print_done(f"{count} queued again", as_json=as_json, queued=count)


@queue.command()
@click.argument("ids", type=int, nargs=-1, required=True)
@configured
@as_json
def drop(config: Config, as_json: bool, ids: tuple[int, ...]) -> None:
    """Never send these deliveries, if they have not gone out yet."""

    async def give_up(desk: Desk) -> int:
        async with desk.store.unit() as unit:
            return len(await operating.drop(unit, operator(), ids, now=now()))

    count = at_desk(config, give_up)
    if not count:
        raise Refused("none of these is waiting")
    print_done(f"{count} dropped", as_json=as_json, dropped=count)


@queue.command()
@configured
@as_json
def hold(config: Config, as_json: bool) -> None:
    """Let messages come in, and none go out, until release."""

    async def stop(desk: Desk) -> bool:
        async with desk.store.unit() as unit:
            return await operating.hold(unit, operator(), now=now())

    words = "The queue is held." if at_desk(config, stop) else "The queue was held already."
    print_done(words, as_json=as_json, held=True)


@queue.command()
@configured
@as_json
def release(config: Config, as_json: bool) -> None:
    """Let messages go out again, also from senders that are stopped."""

    async def go(desk: Desk) -> tuple[bool, list[str]]:
        async with desk.store.unit() as unit:
            return await operating.release(unit, operator(), now=now())

    was_held, let_go = at_desk(config, go)
    words = [f"{sender} is tried again." for sender in let_go]
    if was_held or not let_go:
        words.append("The queue is released." if was_held else "The queue was not held.")
    print_done("\n".join(words), as_json=as_json, held=False, senders=let_go)
