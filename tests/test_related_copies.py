"""One function gives the cluster of an article, whoever asks. It reads the articles connected with it, no others."""

from __future__ import annotations

import json
import random
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from archive.api import Archive, curation
from archive.api.clusters import component_of
from archive.api.version_ref import Ref
from archive.cli import wirecopy
from archive.export.selection import build_selection
from archive.serve.mcp import ArchiveTools
from archive.timestamps import iso
from builders import DAY, HOUR, LATER, T0, a_judgement, add_source, derive_all, record_text
from db.queries.link_graph import links_among
from db.records import Cluster, Link, Relation
from db.store import Store
from serving import NOW, application, client

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from starlette.testclient import TestClient

ARTICLES = 16
AGENCY, COPIES = "https://agency.example/report", 60
MOMENT = T0 + 8 * HOUR


def url_of(number: int) -> str:
    return f"https://outlet{number:02}.example/news/{number}"


def told(ask: TestClient, path: str) -> Any:
    return ask.get(path, headers={"accept": "application/json"}).json()


@pytest.fixture(scope="module", params=range(4))
def dealt(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of articles, some in two versions, with links and labels dealt at random."""
    dice, path = random.Random(request.param), tmp_path_factory.mktemp("dealt") / "archive.db"
    with Store(path) as store:
        for number in range(ARTICLES):
            source = add_source(store, url_of(number))
            for version in range(dice.choice((1, 1, 2))):
                text = f"Report {number % 12} {version}."  # some have the text of another
                record_text(store, source, text, T0 + (number + 20 * version) * HOUR)
        derive_all(store)
        texts = [row["id"] for row in store.ask("SELECT id FROM text ORDER BY id")]
        for a, b in dice.sample(list(combinations(texts, 2)), 45):
            relation = dice.choice((*Relation, Relation.NEAR, Relation.NEAR, Relation.REWORDED))
            score, sides = dice.choice((0.6, 0.9)), (dice.choice((0.4, 0.9)), dice.choice((0.4, 0.9)))
            store.record_links(a, [(b, a_judgement(relation, score=score, coverage=sides))], "of the tests", LATER)
    for a, b in dice.sample(list(combinations(range(ARTICLES), 2)), 4):
        refs = Ref(url=url_of(a)), Ref(url=url_of(b))
        curation.label_in(path, *refs, copy=dice.random() < 0.7, note="", now=LATER)
    return path


def known_of(link: Link) -> object:
    """A link by what clusters need of it."""
    return link.a, link.b, link.relation, link.score, link.coverage, link.residue, link.broken, link.translated


def without_evidence(cluster: Cluster | None) -> object:
    """A cluster by what it says of its members: links with and without passages are the same links."""
    if cluster is None:
        return None
    return (
        cluster.members,
        cluster.original,
        cluster.reasons,
        cluster.lags,
        cluster.labels,
        [*map(known_of, cluster.links)],
    )


def test_links_read_text_by_text_are_those_of_the_view(dealt: Path) -> None:
    merging = (Relation.EXACT, Relation.NEAR, Relation.REWORDED)
    with Archive(dealt) as archive:
        ids = {source.url: source.id for source in archive.sources()}
        viewed = [link for link in archive.copies() if link.relation in merging]
        assert viewed
        for some in (None, sorted(ids.values()), [1, 4, 7, 9], [2]):
            among = links_among(archive.ask, some, merging, evidence=True)
            sources = set(ids.values() if some is None else some)
            assert sorted(among, key=repr) == sorted(
                (link for link in viewed if {ids[link.a.url], ids[link.b.url]} <= sources), key=repr
            )
            short = links_among(archive.ask, some, merging, evidence=False)
            assert [(link.a, link.b, link.coverage) for link in short] == [
                (each.a, each.b, each.coverage) for each in among
            ]


@pytest.mark.parametrize(
    "narrowed",
    [
        {},
        {"how": Relation.EXACT},
        {"how": Relation.NEAR},
        {"as_of": MOMENT},
        {"as_of": MOMENT, "how": Relation.REWORDED},
    ],
)
def test_an_article_has_the_cluster_that_all_clusters_together_give_it(dealt: Path, narrowed: dict[str, Any]) -> None:
    with Archive(dealt) as archive:
        clusters = archive.clusters(**narrowed)
        for number in range(ARTICLES):
            url = url_of(number)
            members = [each for each in clusters if url in {member.url for member in each.members}]
            assert list(archive.clusters(url, **narrowed)) == members


def test_a_page_has_the_cluster_that_the_verb_has(dealt: Path) -> None:
    ask = client(application(dealt))
    with Archive(dealt) as archive:
        for number in range(ARTICLES):
            source = archive.source(url_of(number))
            related = archive.related_copies(source)
            (cluster,) = archive.clusters(source.url) or (None,)
            assert without_evidence(related.cluster) == without_evidence(cluster)
            page = told(ask, f"/copies/{source.id}")
            assert {row["url"] for row in page["members"]} == {ref.url for ref in cluster.members} if cluster else True
            assert page["reasons"] == (list(cluster.reasons) if cluster else [])


@pytest.mark.parametrize("limit", [1, 2, 25])
def test_every_group_is_listed_once_the_newest_first_whatever_the_page(dealt: Path, limit: int) -> None:
    ask, path, listed = client(application(dealt)), f"/copies?limit={limit}", []
    newest: list[str] = []
    while path:
        page = told(ask, path)
        newest += [row["newest_at"] for row in page["clusters"]]
        listed += [(row["url"], sorted(member["url"] for member in row["members"])) for row in page["clusters"]]
        path = page["next"]
    with Archive(dealt) as archive:
        clusters = archive.clusters()
        first_sights = {url_of(number): iso(_first_sight(archive, number)) for number in range(ARTICLES)}
    groups = ((each.original.url, sorted(member.url for member in each.members)) for each in clusters)
    assert sorted(listed) == sorted(groups)
    assert newest == [max(first_sights[url] for url in urls) for _, urls in listed]
    assert newest == sorted(newest, reverse=True)


def _first_sight(archive: Archive, number: int) -> datetime:
    return archive.history(url_of(number))[1].versions[0].first_seen_at


def test_of_too_many_articles_the_nearest_and_earliest_are_looked_at(dealt: Path) -> None:
    with Archive(dealt) as archive:
        for number in range(ARTICLES):
            source = archive.source(url_of(number))
            whole = component_of(archive.ask, source.id)
            assert whole.whole
            some = component_of(archive.ask, source.id, most=4)
            assert some.whole == (len(whole.ids) <= 4)
            assert some.ids.items() <= whole.ids.items()
            assert some.ids[source.url] == source.id
            assert len(some.ids) == min(4, len(whole.ids))
            assert all(cluster.whole == some.whole for cluster in some.clusters)


# --- one original ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An agency's report, and more copies of it than a page lists, each closer to all others than to the report."""
    path = tmp_path_factory.mktemp("wired") / "archive.db"
    with Store(path) as store:
        record_text(store, add_source(store, AGENCY), "The report of the agency.", T0)
        for number in range(COPIES):
            text = f"The report of the agency, as outlet {number} prints it."
            record_text(store, add_source(store, url_of(number)), text, T0 + (1 + number) * HOUR)
        derive_all(store)
        for later in range(2, COPIES + 2):
            scores = {earlier: 0.7 if earlier == 1 else 0.95 for earlier in range(1, later)}
            judged = [(text, a_judgement(score=score, coverage=(0.9, 0.9))) for text, score in scores.items()]
            store.record_links(later, judged, "of the tests", LATER)
    return path


def test_every_door_names_the_same_original(wired: Path) -> None:
    asked = url_of(42)
    with Archive(wired) as archive:
        source = archive.source(asked)
        (cluster,) = archive.clusters(asked)
        agency = archive.source(AGENCY).id
    assert (cluster.original.url, len(cluster.members), cluster.whole) == (AGENCY, COPIES + 1, True)
    answer = CliRunner().invoke(wirecopy, ["--db", str(wired), "copies", asked, "--json"])
    assert [each["original"]["url"] for each in json.loads(answer.stdout)["clusters"]] == [AGENCY]
    ask = client(application(wired))
    page = told(ask, f"/copies/{source.id}")
    assert (page["original"]["url"], len(page["members"])) == (AGENCY, COPIES + 1)
    assert page["pair"]["a"]["url"] == AGENCY
    assert [row["url"] for row in told(ask, "/copies")["clusters"]] == [AGENCY]
    members = told(ask, f"/articles/{source.id}")["copies"]["members"]
    assert [row["url"] for row in members if row["original"]] == [AGENCY]
    unique = CliRunner().invoke(wirecopy, ["--db", str(wired), "list", "--unique", "--json"])
    assert [row["url"] for row in json.loads(unique.stdout)["articles"]] == [AGENCY]
    assert build_selection(wired, unique=Relation.REWORDED).sources == {agency}
    tool = ArchiveTools(wired, lambda: NOW).copies(asked)
    assert [cluster["probable_original"].splitlines()[1] for cluster in tool["clusters"]] == [AGENCY]  # between marks


def test_a_group_of_two_that_only_a_person_made_is_listed_too(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Store(path) as store:
        for number in range(2):
            record_text(store, add_source(store, url_of(number)), f"Report {number}.", T0 + number * DAY)
        derive_all(store)
    curation.label_in(path, Ref(url=url_of(0)), Ref(url=url_of(1)), copy=True, note="", now=LATER)
    (group,) = told(client(application(path)), "/copies")["clusters"]
    assert (group["url"], group["count"]) == (url_of(0), 2)
