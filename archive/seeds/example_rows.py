"""Rows as complaints show them: an example that a person can paste into the index."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archive.seeds.markdown import Row, Table

_HOST_FIRST: Final = re.compile(r"[\w-]{1,63}(\.[\w-]{1,63}){1,8}(?=[:/?#]|$)")


def as_row(cells: Iterable[str]) -> str:
    """Return cells as one row of a table."""
    return f"| {' | '.join(cells)} |"


def with_cell(table: Table, row: Row, **replacements: str) -> str:
    """Return the row with some cells replaced, as an example to paste."""
    if table.listed:
        return f"- {replacements.get('url', row.cells[0].text)}"
    texts = {column: cell.text for column, cell in zip(table.columns, row.cells, strict=True)}
    texts |= {column: text for column, text in replacements.items() if column in texts}
    return as_row(text.replace("|", "\\|") for text in texts.values())


def whole_address(written: str) -> str:
    """Return an address written without its scheme as a whole one, any other text as a usual example."""
    return f"https://{written}" if _HOST_FIRST.match(written) else "https://news.example/article"
