"""Sentences about sources of which nothing came: the reason, and what to change in the seed index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.api.state_wording import state as describe_state

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from archive.settings import Settings
    from db.records import EmptySource

_LISTED_AS: Mapping[str, str] = {
    "article": "an article",
    "feed": "a feed",
    "sitemap": "a sitemap",
    "section": "a section",
}
_NOUNS: Mapping[str, str] = {
    "article": "a page with a text of its own",
    "feed": "a feed",
    "sitemap": "a sitemap",
    "section": "a page that lists articles",
}
_NEXT_STEP: Mapping[str, str] = {
    "missing_404": "Compare the address with the one in your browser",
    "gone_410": "Remove the row, or look for a new address",
    "dns": "Compare the name of the host with the one in your browser",
    "paywall": "Only what the site shows without a login is saved",
    "login": "Only what the site shows without a login is saved",
    "unauthorized": "Only what the site shows without a login is saved",
    "challenge": "The site admits no programs; look for a feed of it, or remove the row",
    "forbidden": "The site refuses programs; look for a feed of it, or remove the row",
    "robots_denied": "The site asks programs to stay away; remove the row",
    "refused_address": "Write allow-private: yes under its heading if the address is your own",
    "needs_js": "wirecopy runs no scripts; look for a feed or for an address that shows its text without them",
    "consent": "The site shows its text only after a click; look for a feed or for another address",
    "thin": "If the page lists articles, set its kind to section",
    "empty": "Compare the address with the one in your browser",
    "soft_404": "Compare the address with the one in your browser",
}


def reason(source: EmptySource) -> str:
    """Return why nothing came of a source, as a sentence without a full stop."""
    if source.nature in _NOUNS:
        thing, listed = source.noun or _NOUNS[source.nature], _LISTED_AS[source.kind]
        lost = "its text is not saved" if source.nature == "article" else "none of its articles is watched"
        return f"it is {thing} but listed as {listed}, so {lost}"
    if source.nature:
        return f"it is {source.noun or 'a file'}, which cannot be watched"
    if source.kind.is_list and source.state in {"underived", "not_modified"}:
        return source.detail or "it names no article and no list"
    state = describe_state(source.state)
    return f"{state}: {source.detail}" if source.kind.is_list and source.detail else state


def todo(source: EmptySource) -> str:
    """Return what to do about it, as a sentence without a full stop."""
    if source.nature in _NOUNS:
        return f"Set its kind to {source.nature}"
    if source.nature == "opml":
        return f"Add its feeds with wirecopy add {source.url}, and remove the row"
    if source.nature:
        return "Remove the row, or list the page that names the file"
    if source.kind.is_list and source.state in {"underived", "not_modified"}:
        return "Give the address of a feed; wirecopy add ADDRESS looks for one"
    return _NEXT_STEP.get(source.state, "It is checked again by itself; wirecopy plan says when")


def remedy(source: EmptySource, *, place: str = "") -> str:
    """Return what to do, for a source whose failed check was reported already."""
    return f"No check of it brought anything yet. {todo(source)} ({place or f'the row {source.seed_key}'})."


def advice(source: EmptySource, *, thing: str = "it", place: str = "") -> str:
    """Return reason and remedy in two sentences.

    ``thing`` names the source. ``place`` is its row, such as ``INDEX.md:7``, by default the key of its seed.
    """
    row = place or f"the row {source.seed_key} of the seed index"
    return f"Nothing came of {thing}: {reason(source)}. {todo(source)} ({row})."


def describe_empty(
    settings: Settings, *, visited: Collection[str] | None = None, reported: Collection[str] = ()
) -> dict[str, str]:
    """Return why nothing came of a source and what to do, by address.

    ``visited``: only of these addresses. ``reported``: addresses whose failure is printed beside it, so that the
    sentence only says what to do.
    """
    from archive.api import Archive
    from archive.seeds import load_index
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
