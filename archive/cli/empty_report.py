"""Sources of which nothing came, as refresh and status print them: each with the line of its row."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from archive.settings import Settings


def describe_empty(
    settings: Settings, *, visited: Collection[str] | None = None, reported: Collection[str] = ()
) -> dict[str, str]:
    """Return why nothing came of a source and what to do, by address.

    ``visited``: only of these addresses. ``reported``: addresses whose failure is printed beside it, so that the
    sentence only says what to do.
    """
    from archive.api import Archive
    from archive.seeds import load_index
    from archive.serve.advice import advice, remedy
    from db.errors import ArchiveError

    with Archive(settings.db) as archive:
        empty = [source for source in archive.empty_sources() if visited is None or source.url in visited]
    if not empty:
        return {}
    try:
        lines = {seed.key: seed.line for seed in load_index(settings.index).seeds}
    except ArchiveError:
        lines = {}
    places = {key: f"{settings.index.name}:{line}" for key, line in lines.items()}
    sentences = {}
    for source in empty:
        place = places.get(source.seed_key, "")
        is_reported = source.url in reported
        sentences[source.url] = (
            remedy(source, place=place) if is_reported else advice(source, thing=source.url, place=place)
        )
    return sentences
