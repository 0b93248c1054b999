"""A paragraph that one article took from another is found, and five real texts are linked as readers would."""

from __future__ import annotations

import json
import lzma
import random
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archive.pipeline.link import link
from bench.bench_copies import insert
from db.records import Relation
from db.store import Store
from tests.builders import T0

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
PASSAGES, SHORTEST, LONGEST = 150, 40, 120
NOW = datetime(2032, 1, 1, tzinfo=UTC)

pytestmark = [pytest.mark.gate, pytest.mark.skipif(not DATA.is_dir(), reason="skipped: no data")]


def links_of(path: Path, bodies: Mapping[str, str]) -> dict[frozenset[str], tuple[Relation, str]]:
    """Put all texts into one archive, link them, and return relation and reason by the names of the two texts."""
    names = dict(enumerate(bodies, 1))
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        for number, name in names.items():
            stamp = round(T0.timestamp() * 1_000_000)
            url, digest = f"https://{name}.example/", sha256(bodies[name].encode()).digest()
            insert(connection, "text", id=number, sha256=digest, title="", body=bodies[name])
            insert(connection, "source", id=number, url=url, url_key=url, kind="article")
            insert(connection, "version", id=number, source_id=number, number=1, text_id=number, first_seen_at=stamp,
                   last_seen_at=stamp, dated_at=stamp)  # fmt: skip
            insert(connection, "unlinked", text_id=number)
    with Store(path) as store:
        link(store, now=NOW)
        rows = store.ask("SELECT a_text_id AS a, b_text_id AS b, relation, because FROM link")
    return {frozenset((names[row["a"]], names[row["b"]])): (Relation(row["relation"]), row["because"]) for row in rows}


def real_articles() -> list[str]:
    """Return the gold texts of the extraction set, of 870 words on the average."""
    bodies = []
    for name in ("gold-aeb.json.xz", "gold-fundus.json.xz"):
        for row in json.loads(lzma.decompress((DATA / "extraction" / name).read_bytes())).values():
            body = row.get("articleBody") or row.get("text") or "\n\n".join(row.get("paragraphs") or ())
            bodies += [body] if len(body) > 200 else []
    return bodies


def with_a_lifted_paragraph(donor: str, host: str, dice: random.Random) -> str | None:
    """Return the host with a paragraph of the donor anywhere in it. None if no paragraph has the right length."""
    sized = [line for line in re.split(r"\n+", donor) if SHORTEST <= len(line.split()) <= LONGEST]
    if not sized:
        return None
    paragraphs = re.split(r"\n+", host)
    paragraphs.insert(dice.randint(0, len(paragraphs)), dice.choice(sized))
    return "\n\n".join(paragraphs)


def test_a_lifted_paragraph_is_found_among_real_articles_and_nothing_else(tmp_path):
    """Of passages that are nothing but a quotation some are not found: two reporters may have heard it.

    Six pairs of the articles have much in common themselves: reports of one press release, one list of winners, one
    list of concerts, two pages of a theatre, of a company and of a blog.
    """
    dice = random.Random(1)
    articles = {f"article{number}": body for number, body in enumerate(real_articles())}
    origins = {name: {name} for name in articles}
    bodies, donors = dict(articles), set()
    while len(donors) < PASSAGES:
        donor, host = dice.sample(list(articles), 2)
        if body := with_a_lifted_paragraph(articles[donor], articles[host], dice):
            name = f"lifted{len(donors)}"
            bodies[name], origins[name] = body, {donor, host}
            donors.add(frozenset((name, donor)))
    links = links_of(tmp_path / "archive.db", bodies)
    copies = {pair for pair, (relation, _) in links.items() if relation.is_copy}
    assert len(copies & donors) >= 0.95 * PASSAGES
    alike = {pair for pair in copies if pair <= articles.keys()}
    assert len(alike) <= 6
    for name, own in origins.items():
        origins[name] = own.union(*(pair for pair in alike if pair & own))
    assert [(pair, links[pair]) for pair in copies if not set.intersection(*(origins[name] for name in pair))] == []


def test_five_real_texts_are_linked_as_readers_would(tmp_path):
    bodies = {path.stem: path.read_text(encoding="utf-8") for path in (DATA / "seeds").glob("*.txt")}
    links = links_of(tmp_path / "archive.db", bodies)
    assert len(bodies) == 5
    assert {pair for pair, (relation, _) in links.items() if relation.is_copy} == {frozenset(("000", "002"))}
    assert not [pair for pair in links if "003" in pair]
