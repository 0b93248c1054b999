"""The seed index: a Markdown page, edited by people, that lists what is watched.

``markdown`` finds the groups, settings and tables of a page, ``parse`` turns them into seeds and complaints, ``write``
adds rows or writes a whole index, ``index_file`` replaces the file, ``address_lists`` reads lists of other programs.
``frontier`` plans which sources are due. The format is in docs/seeds.md.
"""

from __future__ import annotations

from archive.seeds.parse import load_index, read_index
from archive.seeds.write import EXAMPLE_INDEX, NewRow, add_row, add_rows, render_index

__all__ = ["EXAMPLE_INDEX", "NewRow", "add_row", "add_rows", "load_index", "read_index", "render_index"]
