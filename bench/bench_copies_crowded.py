"""What it costs to link texts whose neighbours are all alike, though none is a copy: the worst case of the look-up.

Three crowds of a fortnight: ordinary news stories, the yardstick, different texts in one invented vocabulary, and short
pages of one office with its names and phrases. ``WIRECOPY_BENCH_CROWD=1249`` sets the number of texts of each. The
default of 300 takes half a minute of CPU. Where the pages of a government are (``../shared/data/versions-govuk``), 434
states of 89 of them are the fourth: long texts, most of them nearly the same as others.
"""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import tempfile
from collections import Counter
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench_copies import BEGAN, Newsroom, insert

from archive.copies.embeddings import load_model
from archive.extract import extract
from archive.extract.boilerplate import clean
from archive.pipeline.link import link
from db.records import Page
from db.store import Store
from tests.pagehistories import GOVERNMENT, government_histories

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

UNIT = "ms"

TEXTS = int(os.environ.get("WIRECOPY_BENCH_CROWD", "300"))
VOCABULARY = 600


def invented_word(number: int) -> str:
    """Return a word that no language has, always the same for a number."""
    dice = random.Random(number)
    return "".join(dice.choice("bdfgklmnprst") + dice.choice("aeiou") for _ in range(dice.randint(2, 4)))


def sentence(dice: random.Random, words: list[str], names: list[str]) -> str:
    """Return a sentence of 9 to 20 words, of which one in eight is a name."""
    drawn = [dice.choice(names) if dice.random() < 0.125 else dice.choice(words) for _ in range(dice.randint(9, 20))]
    return " ".join([drawn[0].capitalize(), *drawn[1:]]) + "."


def one_vocabulary() -> Callable[[random.Random], str]:
    """Return a writer of texts of 150 to 300 words of one invented vocabulary."""
    words = [invented_word(number) for number in range(VOCABULARY)]
    names = [invented_word(VOCABULARY + number).capitalize() for number in range(60)]
    return lambda dice: "\n\n".join(sentence(dice, words, names) for _ in range(dice.randint(10, 20)))


def office_pages(room: Newsroom) -> Callable[[random.Random], str]:
    """Return a writer of short pages: a few sentences of their own among phrases that many of the pages have."""
    people = [invented_word(9000 + number).capitalize() for number in range(12)]
    phrases = [sentence(random.Random(number), room.words[200:2000], people) for number in range(60)]

    def page(dice: random.Random) -> str:
        own = [" ".join(room.sentence(people)).capitalize() + "." for _ in range(4)]
        return "\n\n".join(dice.sample([*own, *dice.sample(phrases, 4)], 8))

    return page


class CountingStore(Store):
    """A store that counts the judgements of each text."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.compared: Counter[int] = Counter()

    def record_links_of_texts(self, judgements_by_text: Mapping[int, Sequence[object]], *others: object) -> int:
        self.compared.update({text_id: len(judgements) for text_id, judgements in judgements_by_text.items()})
        return super().record_links_of_texts(judgements_by_text, *others)


def government_texts() -> list[str]:
    """Return the different texts of the pages of a government. Empty where they are not."""
    if not GOVERNMENT.is_dir():
        return []
    pages = [
        Page(payload=seen.data, url=seen.url, content_type="text/html", captured_at=seen.at)
        for seen in government_histories()
    ]
    return [text for text in dict.fromkeys(clean(extract(page, fast=True)).text for page in pages) if text]


def crowds() -> Iterator[tuple[str, list[str]]]:
    """Yield each crowd by name."""
    room, dice = Newsroom(), random.Random(7)
    yield "news stories", [room.document() for _ in range(TEXTS)]
    for name, write in (("one invented vocabulary", one_vocabulary()), ("pages of one office", office_pages(room))):
        yield name, [write(dice) for _ in range(TEXTS)]
    if texts := government_texts():
        yield "pages of a government", texts


def fill(path: Path, bodies: Sequence[str]) -> None:
    """Put texts of one fortnight into an archive, waiting to be linked."""
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        for number, body in enumerate(bodies, 1):
            url = f"https://crowd.example/{number}"
            stamp = round(BEGAN.timestamp() * 1_000_000)
            digest = sha256(f"{number}\n\n{body}".encode()).digest()
            insert(connection, "text", id=number, sha256=digest, title=str(number), body=body)
            insert(connection, "source", id=number, url=url, url_key=url, kind="article")
            insert(connection, "version", id=number, source_id=number, number=1, text_id=number, first_seen_at=stamp,
                   last_seen_at=stamp, dated_at=stamp)  # fmt: skip
            insert(connection, "unlinked", text_id=number)


def figures() -> Iterator[tuple[str, float]]:
    """CPU milliseconds a text, and texts it was compared with."""
    load_model()
    for name, bodies in crowds():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "archive.db"
            fill(path, bodies)
            with CountingStore(path) as store:
                began = process_time()
                links = link(store, now=BEGAN)
                spent = 1000 * (process_time() - began) / len(bodies)
                compared = store.compared
        mean, most = compared.total() / len(bodies), max(compared.values())
        yield f"{name}: a text ({mean:.1f} compared, at most {most}; {links / len(bodies):.1f} linked)", spent
