"""The command line: verbs in, methods called, answers out. Nothing is decided here.

Each verb's module is imported only when the verb is used, so that a question starts in a tenth of a second.
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
    "Start": {"demo": "demo", "init": "seeds", "add": "seeds", "check": "seeds", "doctor": "maintenance"},
    "Run": {"refresh": "run", "backfill": "run", "up": "run", "import": "import_extract", "extract": "import_extract"},
    "Ask": {
        "history": "history",
        "show": "history",
        "diff": "history",
        "copies": "copies",
        "explain": "copies",
        "cite": "cite",
        "search": "search",
        "list": "search",
        "status": "history",
        "plan": "seeds",
        "serve": "serve",
    },
    "Give": {"export": "export", "mcp": "mcp"},
    "Care": {
        "verify": "maintenance",
        "backup": "maintenance",
        "restore": "maintenance",
        "upgrade": "maintenance",
        "repack": "maintenance",
        "label": "label",
        "forget": "cite",
        "reextract": "run",
        "rematch": "run",
    },
}
"""Every verb and the module it lives in, as ``--help`` groups them."""

_MODULES = {verb: module for verbs in GROUPS.values() for verb, module in verbs.items()}


class Verbs(click.Group):
    """A click group that imports a verb's module when the verb is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, in the order of the help."""
        del ctx
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb, or None; click then says what was meant."""
        del ctx
        if cmd_name not in _MODULES:
            return None
        module = importlib.import_module(f"archive.cli.{_MODULES[cmd_name]}")
        command = getattr(module, cmd_name + "_" * (cmd_name in {"import", "list"}))
        return _with_examples(command) if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with a suggestion for a mistyped verb."""
        if args and args[0] not in _MODULES and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], _MODULES, n=1)
            hint = f"Did you mean {near[0]}?" if near else "See: wirecopy --help"
            raise click.UsageError(f"no such verb: {args[0]}. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs under their headings."""
        for heading, verbs in GROUPS.items():
            with formatter.section(heading):
                rows = [(verb, self.get_command(ctx, verb)) for verb in verbs]
                formatter.write_dl([(verb, found.get_short_help_str(99)) for verb, found in rows if found is not None])


def _with_examples(command: click.Command) -> click.Command:
    r"""Let click see the ``\b`` that keeps the lines of an example apart: in a raw docstring it is two characters."""
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        _with_examples(below)
    return command


@click.group(
    cls=Verbs,
    subcommand_metavar="VERB ...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="wirecopy", message="%(prog)s %(version)s")
@click.option("--db", metavar="PATH", help="The archive file (else WIRECOPY_DB, else data/archive.db of the project).")
@click.pass_context
def wirecopy(ctx: click.Context, db: str | None) -> None:
    r"""Archive news and web articles; see what changed, when, and who copied whom.

    \b
    First minute, without the internet:   wirecopy demo --open
    An archive of your own:               wirecopy init, wirecopy add URL, wirecopy refresh
    More on a verb, with examples:        wirecopy VERB --help
    """
    ctx.obj = {"db": db}


_with_examples(wirecopy)


def _goes_on(arguments: Sequence[str]) -> bool:
    """True for verbs that keep what they did and go on from there; the others only answer."""
    return next((each for each in arguments if each in _MODULES), "") in {*GROUPS["Run"], *GROUPS["Care"]} - {"extract"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    0 fine, 1 found problems, 2 usage, 3 some sources failed, 4 not archived, 5 the store is locked or of another
    version, 130 interrupted.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows no such letter still gets the rest
    # To be asked to stop is to be interrupted: what was fetched is kept and the lease given back.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        done = wirecopy.main(args=arguments, prog_name="wirecopy", standalone_mode=False)
        code = done if isinstance(done, int) else 0
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone (a pager, head): that is no error. Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except (KeyboardInterrupt, click.Abort):
        kept = "; what was fetched is kept, run it again to go on"
        say("interrupted" + kept * _goes_on(sys.argv[1:] if arguments is None else arguments))
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except Exception as error:  # noqa: BLE001 the outermost layer: ours become words, a bug is raised again
        code = exit_code(error)
    sys.exit(code)
