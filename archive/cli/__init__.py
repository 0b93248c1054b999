"""The command line: each verb parses its options, calls one method, and prints the answer.

A verb's module is imported only when the verb is used, so that a read verb starts in a tenth of a second.
"""

from __future__ import annotations

import importlib
import io
import os
import signal
import sys
from typing import TYPE_CHECKING

import click

from archive.cli.common import exit_code
from archive.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUPS = {
    "Start": {"demo": "demo", "init": "seeds", "add": "add", "check": "seeds", "doctor": "maintenance"},
    "Collect": {
        "refresh": "run",
        "backfill": "run",
        "up": "run",
        "import": "import_extract",
        "extract": "import_extract",
    },
    "Read": {
        "events": "events",
        "history": "history",
        "show": "history",
        "diff": "history",
        "copies": "copies",
        "explain": "copies",
        "outlets": "outlets",
        "compare": "compare_texts",
        "cite": "cite",
        "search": "search",
        "list": "search",
        "status": "status",
        "plan": "seeds",
        "serve": "serve",
    },
    "Share": {"export": "export", "evidence": "evidence", "log": "log", "witness": "witness", "mcp": "mcp"},
    "Maintain": {
        "verify": "maintenance",
        "backup": "maintenance",
        "restore": "maintenance",
        "upgrade": "maintenance",
        "move": "move",
        "repack": "maintenance",
        "offload": "offload",
        "label": "label",
        "forget": "cite",
        "hold": "cite",
        "token": "access",
        "audit": "access",
        "reextract": "run",
        "rematch": "run",
        "repair-clock": "run",
    },
}
"""Every verb and the module it is in, by the headings of ``--help``."""

_RESUMABLE = {*GROUPS["Collect"], *GROUPS["Maintain"]} - {"extract"}
"""Verbs that save what they have done and continue from there when run again. The others only answer."""

_MODULES = {verb: module for verbs in GROUPS.values() for verb, module in verbs.items()}


class VerbGroup(click.Group):
    """A click group that imports the module of a verb when that verb is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all verbs in the order of the help."""
        del ctx
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the verb, or None if there is none of that name."""
        del ctx
        if cmd_name not in _MODULES:
            return None
        module = importlib.import_module(f"archive.cli.{_MODULES[cmd_name]}")
        command = getattr(module, cmd_name.replace("-", "_") + "_" * (cmd_name in {"import", "list"}))
        return _with_examples(command) if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve a verb as click does, with a suggestion for a mistyped one."""
        if args and args[0] not in _MODULES and not args[0].startswith("-"):
            from difflib import get_close_matches

            matches = get_close_matches(args[0], _MODULES, n=1)
            hint = f"Did you mean {matches[0]}?" if matches else "List all commands: wirecopy --help"
            raise click.UsageError(f"no such command: {args[0]}. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs under their headings."""
        for heading, verbs in GROUPS.items():
            with formatter.section(heading):
                commands = [(verb, self.get_command(ctx, verb)) for verb in verbs]
                formatter.write_dl([(verb, command.get_short_help_str(99)) for verb, command in commands if command])


def _with_examples(command: click.Command) -> click.Command:
    r"""Make click see the ``\b`` that keeps the lines of examples apart: in a raw docstring it is two characters."""
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    for subcommand in command.commands.values() if isinstance(command, click.Group) else ():
        _with_examples(subcommand)
    return command


@click.group(
    cls=VerbGroup,
    subcommand_metavar="COMMAND ...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="wirecopy", message="%(prog)s %(version)s")
@click.option(
    "--db",
    metavar="PATH",
    help="The archive: a file or postgresql://HOST/NAME. Default: WIRECOPY_DB, else data/archive.db in the project.",
)
@click.pass_context
def wirecopy(ctx: click.Context, db: str | None) -> None:
    r"""Archive news articles and see what changed, when, and who copied whom.

    \b
    Try it offline:            wirecopy demo --open
    Start your own archive:    wirecopy init, wirecopy add URL, wirecopy refresh
    Help with examples:        wirecopy COMMAND --help
    """
    ctx.obj = {"db": db}


_with_examples(wirecopy)


def _is_resumable(arguments: Sequence[str]) -> bool:
    """Return True if the verb among ``arguments`` continues from where it was when run again."""
    return next((argument for argument in arguments if argument in _MODULES), "") in _RESUMABLE


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    Exit codes: 0 fine, 1 problems found, 2 wrong usage, 3 some sources failed or brought nothing, 4 not archived,
    5 the store is locked or of another version, 130 interrupted.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that lacks a character still gets the rest
    # SIGTERM counts as Ctrl-C: what was fetched is saved and the lease released.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        returned = wirecopy.main(args=arguments, prog_name="wirecopy", standalone_mode=False)
        code = returned if isinstance(returned, int) else 0
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output (a pager, head) has ended, which is no error. Without this Python complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except (KeyboardInterrupt, click.Abort):
        advice = " Finished work is saved; run the same command again to continue."
        say("Interrupted." + advice * _is_resumable(sys.argv[1:] if arguments is None else arguments))
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except Exception as error:  # noqa: BLE001 the outermost layer: our errors become messages, a bug is raised again
        code = exit_code(error)
    sys.exit(code)
