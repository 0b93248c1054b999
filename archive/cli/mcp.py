"""The verb for agents: mcp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.cli.common import verb

if TYPE_CHECKING:
    from archive.settings import Settings


@verb
def mcp(settings: Settings) -> None:
    r"""Answer agents over the Model Context Protocol, on standard input and output.

    Five tools that only read: search, article, versions, diff, copies. What pages say comes back as marked data. Needs
    the extra wirecopy[mcp]. An agent's settings name the command, for example

    \b
    {"command": "wirecopy", "args": ["--db", "/srv/news/data/archive.db", "mcp"]}
    """
    from archive.api import Archive
    from archive.serve.mcp import serve

    Archive(settings.db).close()  # that there is no archive is told to who starts it, not to the agent
    serve(settings.db, settings.now)
