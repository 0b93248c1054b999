"""What a footnote needs of a version: address, instant and digests, in forms to paste, and how to check them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from archive.api import serialize
from archive.api.version_ref import Ref
from archive.serve import wording
from archive.serve.memento.rewrite import Links, escape_url
from archive.serve.pages.parameters import number_of, source_of
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from archive.versions.diff.layout import strip_controls

if TYPE_CHECKING:
    from starlette.routing import Route

    from archive.serve.request_context import RequestContext
    from db.records import Citation, Source, Version

    Json = dict[str, Any]

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|])")
_TEX = {**{sign: f"\\{sign}" for sign in "&%$#_{}"}, "\\": r"\textbackslash{}", "~": r"\~{}", "^": r"\^{}"}


def view(source: Source, version: Version, found: Citation, base: str) -> Json:
    """The page as JSON values."""
    told = serialize.citation(found)
    at = datetime.fromisoformat(told["captured_at"])
    memento = Links(f"{base}/web").memento(at, found.capture.url)
    return {
        "id": source.id,
        "article": f"/a/{source.id}",
        "version": version.number,
        **told,
        "outlet": wording.host(source.url),
        "byline": version.byline,
        "memento": memento,
        "forms": _forms(told, version, memento, at),
        "check": f"wirecopy cite '{found.capture.url}@{told['captured_at']}' --raw | sha256sum",
    }


def _forms(told: Json, version: Version, memento: str, at: datetime) -> list[Json]:
    """The citation as a sentence (APA's order), as Markdown and as BibTeX; each one line of what they hold."""
    outlet = wording.host(told["url"])
    title, byline = (" ".join(strip_controls(said or "").split()) for said in (told["title"], version.byline))
    dated = version.published_at or at
    day = f"{dated.day} {dated:%B %Y}"
    archived = f"archived {told['captured_at']}"
    digest = f"text sha256 {told['text_sha256']}"
    key = re.sub(r"[^a-z0-9]+", "", outlet.lower()) + f"{dated:%Y%m%d}" + told["text_sha256"][:8]
    fields = {
        "title": f"{{{_tex(title)}}}",
        **({"author": f"{{{_tex(byline)}}}"} if byline else {}),
        "organization": _tex(outlet),
        "date": f"{dated:%Y-%m-%d}",
        "url": escape_url(told["url"]).replace("{", "%7B").replace("}", "%7D"),
        "urldate": f"{at:%Y-%m-%d}",
        "note": f"{archived}, {digest}",
    }
    tex = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    escaped = _MARKDOWN.sub(r"\\\1", title)
    markdown = f"[{escaped}](<{escape_url(told['url'])}>)"
    return [
        {
            "name": "APA",
            "text": f"{byline or outlet} ({dated.year}, {dated:%B} {dated.day}). {title}. {outlet}. {told['url']} "
            f"({archived}; {digest})",
        },
        {"name": "Markdown", "text": f"{markdown}, {outlet}, {day} ([{archived}](<{memento}>), {digest})"},
        {"name": "BibTeX", "text": f"@online{{{key},\n{tex}\n}}"},
    ]


def _tex(text: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in text)


def show(at: RequestContext) -> PageResult:
    """Answer how to cite a version; without ``v`` the newest."""
    source = source_of(at)
    ref = Ref(url=source.url, number=number_of(at.query.get("v", "")))
    told = view(source, at.archive.version(ref), at.archive.cite(ref), at.base)
    return PageResult(view=told, template="cite.html")


def routes() -> list[Route]:
    """The page of a citation."""
    return page("/a/{id:int}/cite", show)
