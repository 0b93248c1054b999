"""Authors and dates of labelled pages: how many are found, how many of these are right, and the CPU of reading them.

The authors are those that trafilatura's evaluation set names (``../shared/data/extraction``), compared by their words.
The dates are those of JSON-LD, on the same pages without their JSON-LD. Sites are dealt to two halves by the hash of
their name: rules are tuned on the first.
"""

from __future__ import annotations

import base64
import json
import lzma
import re
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from archive.extract.character_references import fix_references
from archive.extract.dates import first_date
from archive.extract.metadata import DeclaredMetadata, read_metadata
from archive.extract.parse import parse
from archive.formats.charset import decode_text

if TYPE_CHECKING:
    from collections.abc import Iterator

UNIT = "share"
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "extraction"
NOW = datetime(2024, 6, 10, tzinfo=UTC)
SETS = ("aeb", "fundus", "traf")
_LD = re.compile(r"<script[^>]*ld\+json.*?</script>", re.DOTALL | re.IGNORECASE)
_LINKING = re.compile(r"\b(?:and|und|et|y|von|by)\b")


def pages(name: str) -> Iterator[tuple[str, str, str]]:
    """The key, the address and the markup of each page of a set."""
    with lzma.open(DATA / f"pages-{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            raw = base64.b64decode(row["html_b64"]) if "html_b64" in row else row["html"].encode("utf-8", "replace")
            yield row["id"], row["url"], fix_references(decode_text(raw, "text/html"))


def declared(url: str, markup: str) -> DeclaredMetadata:
    parsed = parse(markup)
    return read_metadata(parsed.root, url) if parsed else DeclaredMetadata()


def half(url: str) -> int:
    """The half of a site, 0 or 1."""
    host = urlsplit(url).hostname or url.rsplit("::", maxsplit=1)[-1].split("-", maxsplit=1)[0]
    return int(sha256(".".join(host.split(".")[-2:]).encode()).hexdigest(), 16) % 2


def is_same(byline: str, author: Any) -> bool:
    """True if the words of one are among those of the other."""
    names = " ".join(author) if isinstance(author, list) else author
    a, b = (set(re.findall(r"\w+", _LINKING.sub(" ", text.casefold()))) for text in (byline, names))
    return bool(a & b) and (a <= b or b <= a)


def authors() -> Iterator[tuple[int, bool | None]]:
    """The half of each page with a labelled author, and whether the byline is right. None if there is none."""
    with lzma.open(DATA / "gold-traf.json.xz", "rt", encoding="utf-8") as labels:
        gold = json.load(labels)
    for key, url, markup in pages("traf"):
        if author := gold[key]["author"]:
            byline = declared(url, markup).byline
            yield half(url), is_same(byline[0], author) if byline else None


def dates() -> Iterator[tuple[int, bool | None]]:
    """The same for the day of each page that declares one in JSON-LD, when that is taken away."""
    for name in SETS:
        for _, url, markup in pages(name):
            if "ld+json" not in markup:
                continue
            day, other = (day_of(declared(url, text)) for text in (markup, _LD.sub("", markup)))
            if day and day[1] == "json-ld datePublished":
                yield half(url), day[0] == other[0] if other else None


def day_of(metadata: DeclaredMetadata) -> tuple[Any, str] | None:
    language = metadata.language[0] if metadata.language else None
    date = first_date(metadata.published, NOW, language)
    return (date.instant.date(), date.source) if date else None


def figures() -> Iterator[tuple[str, float]]:
    if not DATA.exists():
        return
    for subject, outcomes in (("authors", list(authors())), ("dates without JSON-LD", list(dates()))):
        for number, title in enumerate(("tuned half", "other half")):
            results = [right for of_half, right in outcomes if of_half == number]
            answers = [right for right in results if right is not None]
            yield f"{subject}, {title}: right of those given", sum(answers) / len(answers)
            yield f"{subject}, {title}: right of all {len(results)}", sum(answers) / len(results)
    markups = [(url, markup) for name in SETS for _, url, markup in pages(name)]
    trees = [(url, parsed.root) for url, markup in markups[::4] if (parsed := parse(markup))]
    started = time.process_time()
    for url, root in trees:
        read_metadata(root, url)
    yield "CPU of metadata, ms a page", 1000 * (time.process_time() - started) / len(trees)
