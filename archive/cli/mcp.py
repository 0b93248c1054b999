"""The verb mcp: tools for AI agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.cli.common import verb

if TYPE_CHECKING:
    from archive.settings import Settings


@verb
def mcp(settings: Settings) -> None:
    r"""Let AI agents query the archive over the Model Context Protocol.

    Offers five read-only tools on standard input and output: search, article, versions, diff, copies. Text of web pages
    is marked as data. Needs the extra wirecopy[mcp]. Put the command into the agent's settings, for example:

    \b
    {"command": "wirecopy", "args": ["--db", "/srv/news/data/archive.db", "mcp"]}
    """
    from archive.api import Archive
    from archive.serve.mcp import serve

    Archive(settings.db).close()  # a missing archive is an error for the person who starts this, not for the agent
    serve(settings.db, settings.now)
