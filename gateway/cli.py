"""The command ``birdwire``: which commands there are, and where each of them lives.

A command's module is imported when the command is used, so that the list of commands is there at once.
"""

from importlib import import_module
from keyword import iskeyword

import click

COMMANDS = {
    "demo": ("gateway.cli_daemon", "Try everything on this machine, with nothing configured."),
    "serve": ("gateway.cli_daemon", "Run the daemon, or some of its parts."),
    "check": ("gateway.cli_check", "Say what is wrong with the configuration, and how to mend it."),
    "db": ("gateway.cli_database", "Bring the database to the version this program needs."),
    "user": ("gateway.cli_people", "Add, show, suspend and delete people."),
    "follow": ("gateway.cli_follows", "Let one person follow another; import and export follows."),
    "consents": ("gateway.cli_consents", "Export who agreed to texts and who refused them."),
    "invite": ("gateway.cli_invites", "Make, list and revoke invitations to sign up."),
    "post": ("gateway.cli_post", "Post in somebody's name: now, later, or again and again."),
    "schedule": ("gateway.cli_post", "See and drop posts that will go out by themselves."),
    "queue": ("gateway.cli_queue", "See what waits to be sent; try again, drop, hold, release."),
    "cost": ("gateway.cli_cost", "Say what texts cost in a month, by day, number and country."),
    "group": ("gateway.cli_groups", "See the groups; add one."),
    "reports": ("gateway.cli_reports", "See what people reported; close what was looked at."),
    "audit": ("gateway.cli_audit", "Export what those who look after the site did."),
    "export": ("gateway.cli_export", "Write everything of somebody to a file."),
    "import": ("gateway.cli_export", "Bring somebody in with such a file, from here or elsewhere."),
    "backup": ("gateway.cli_copies", "Copy the database to a file while the daemon runs."),
    "restore": ("gateway.cli_copies", "Fill an empty database, SQLite or PostgreSQL, from a copy."),
}
"""Every command: the module that holds it under its own name (``import_``), and what it does in a sentence."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(import_module(COMMANDS[cmd_name][0]), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="birdwire", prog_name="birdwire")
def main() -> None:
    """Posts of 140 characters by SMS, mail and feed, for people on the move.

    Exit codes: 0 done, 1 refused (the reason is on standard error), 2 wrong usage.
    """
