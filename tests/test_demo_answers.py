"""The responses of the news world's outlets: every event and every false statement as a server shows it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from archive.demo.outlets import OUTLETS
from archive.demo.script import ROUNDS
from archive.demo.texts import first_edition, read_articles
from archive.demo.world import World
from tests.pressroom import ask, follow, page, playing, straight, text_of

ARTICLES = read_articles()
WORLD = World(0)


@pytest.mark.parametrize(
    ("event", "number", "status"),
    [
        ("missing_404", 1, 404),
        ("gone_410", 2, 410),
        ("soft_404", 2, 200),
        ("paywall", 2, 200),
        ("robots_denied", 2, 200),
        ("address_moved", 2, 301),
        ("returned", 2, 404),
        ("returned", 3, 200),
    ],
)
def test_an_article_answers_as_its_role_says(event: str, number: int, status: int) -> None:
    article = playing(WORLD, event)
    assert ask(WORLD, number, WORLD.url(article)).status == status


def test_a_busy_server_answers_503_once_and_says_when_to_come_back() -> None:
    article, busy = next(
        (WORLD.script.articles[t.article], t.round) for t in WORLD.script.turns if t.event == "server_error" and t.round
    )
    reply = page(WORLD, article, busy)
    assert reply.status == 503
    assert ("Retry-After", "3600") in reply.headers
    assert [page(WORLD, article, number).status for number in range(4) if number != busy] == [200, 200, 200]


def test_a_moved_article_is_listed_and_served_under_its_new_address() -> None:
    article = playing(WORLD, "address_moved")
    old, new = WORLD.url(article), WORLD.url(article, 2)
    assert ("Location", new) in ask(WORLD, 2, old).headers
    assert ask(WORLD, 2, new).status == 200
    assert ask(WORLD, 1, new).status == 404
    assert WORLD.home_urls[new] == WORLD.home_urls[old] == old


def test_a_site_with_a_soft_404_answers_200_for_any_missing_page() -> None:
    names = [t.article for t in WORLD.script.turns if t.event == "soft_404"]
    article = next(a for a in map(WORLD.script.articles.__getitem__, names) if not a.role)
    missing = f"http://{article.outlet}.example/no-such-page-e7"
    assert ask(WORLD, 1, missing).status == 404
    assert ask(WORLD, 2, missing).status == 200


def test_a_forbidden_page_is_in_robots_txt_from_its_round_on() -> None:
    article = playing(WORLD, "robots_denied")
    path = WORLD.url(article).split(".example")[1]
    rule = f"Disallow: {path}\n".encode()
    url = f"http://{article.outlet}.example/robots.txt"
    forbidden = [rule in ask(WORLD, number, url).body for number in range(4)]
    assert forbidden == [False, False, True, True]


def test_a_paywalled_page_says_so_and_keeps_its_text() -> None:
    article = playing(WORLD, "paywall")
    body = page(WORLD, article, 2).body.decode()
    assert '"isAccessibleForFree": false' in body
    assert article.body[-1] not in body


def test_an_article_in_parts_names_the_next_on_each_page_but_the_last() -> None:
    article = WORLD.script.articles["wire-lightships"]
    url = WORLD.url(article)
    bodies = [ask(WORLD, 0, part_url).body.decode() for part_url in (url, f"{url}?page=2", f"{url}?page=3")]
    next_links = [re.findall(r'<link rel="next" href="(.*?)">', body) for body in bodies]
    assert next_links == [[f"{url}?page=2"], [f"{url}?page=3"], []]
    for number, body in enumerate(bodies, 1):
        part = WORLD.edition(article, 0).part(number, 3)
        assert all(paragraph in unescape(body) for paragraph in part.body)
    edited = [ask(WORLD, 1, part_url).body != ask(WORLD, 2, part_url).body for part_url in (url, f"{url}?page=2")]
    assert edited == [True, True]
    assert [WORLD.edition(article, 1).part(n, 3) == WORLD.edition(article, 2).part(n, 3) for n in (1, 2, 3)] == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("form", ["amp", "print"])
def test_a_further_form_has_the_same_text_is_listed_and_names_the_canonical_url(form: str) -> None:
    further, home = next((url, home) for url, (home, name) in WORLD.forms.items() if name == form)
    article = next(a for a in WORLD.articles if WORLD.url(a) == home)
    reply = ask(WORLD, 0, further)
    assert f'<link rel="canonical" href="{home}">'.encode() in reply.body
    assert straight(" ".join(WORLD.edition(article, 0).body)) in text_of(reply, precision=True)
    outlet = next(outlet for outlet in OUTLETS if outlet.id == article.outlet)
    assert further in ask(WORLD, 0, outlet.root + outlet.listing).body.decode()
    assert (f'rel="amphtml" href="{further}"'.encode() in page(WORLD, article, 0).body) == (form == "amp")


def test_an_abridged_page_names_the_url_of_the_whole_article_as_canonical() -> None:
    article = WORLD.script.articles["daily-teachers-pay-amp"]
    home = WORLD.url(WORLD.script.articles[article.short_of])
    assert f'<link rel="canonical" href="{home}">'.encode() in page(WORLD, article, 0).body
    assert f'rel="amphtml" href="{WORLD.url(article)}"'.encode() in ask(WORLD, 0, home).body


def test_half_a_page_is_less_than_half_of_the_text_and_more_than_a_note() -> None:
    for article in (a for a in ARTICLES.values() if len(a.body) > 5 and not a.role):
        whole = first_edition(article, ARTICLES).plain()
        lengths = [len("\n".join(edition.body)) for edition in (whole.beginning(), whole)]
        assert 200 < lengths[0] < lengths[1] / 2, article.id


def test_a_page_is_broken_or_stale_in_one_round_and_whole_in_the_next() -> None:
    for event in ("halved", "relapsed"):
        turn = next(turn for turn in WORLD.script.turns if turn.event == event)
        article = WORLD.script.articles[turn.article]
        assert WORLD.visible_edition(article, turn.round) != WORLD.edition(article, turn.round)
        assert WORLD.visible_edition(article, turn.round + 1) == WORLD.edition(article, turn.round + 1)
        assert WORLD.edition(article, turn.round) == WORLD.edition(article, turn.round + 1)


def test_a_lying_etag_stays_the_same_over_an_edit() -> None:
    article = WORLD.script.articles["ministry-beacons"]
    pages = [page(WORLD, article, number) for number in range(4)]
    tags = [dict(reply.headers)["ETag"] for reply in pages]
    assert pages[1].body != pages[2].body == pages[3].body
    assert tags[1] == tags[2] != tags[3]
    reply = ask(WORLD, 2, WORLD.url(article), if_none_match=tags[1])
    assert reply.status == 304


def test_a_wrong_304_has_another_pages_tag_and_no_cache_overrides_it() -> None:
    article = WORLD.script.articles["ministry-beacons"]
    tags = [dict(page(WORLD, article, number).headers)["ETag"] for number in (0, 1)]
    wrong = ask(WORLD, 1, WORLD.url(article), if_none_match=tags[0])
    assert (wrong.status, dict(wrong.headers)["ETag"]) == (304, tags[1])
    assert tags[0] != tags[1]
    fresh = ask(WORLD, 1, WORLD.url(article), if_none_match=tags[0], cache_control="no-cache")
    assert fresh.status == 200


def test_a_site_that_hides_404_apologises_for_deleted_and_for_unknown_pages() -> None:
    article = WORLD.script.articles["gazette-ferry"]
    unknown = ask(WORLD, 0, "http://gazette.example/no-such-page-e7")
    assert unknown.status == 200
    assert ask(WORLD, 2, WORLD.url(article)).body == unknown.body
    assert ask(WORLD, 1, WORLD.url(article)).body != unknown.body


def test_an_article_too_old_for_the_front_page_is_in_the_feed_that_it_names() -> None:
    url = WORLD.url(WORLD.script.articles["gazette-museum"])
    front = ask(WORLD, 0, "http://gazette.example/front/").body.decode()
    feed = ask(WORLD, 0, "http://gazette.example/latest.atom").body.decode()
    assert 'rel="alternate" type="application/atom+xml" href="/latest.atom"' in front
    assert url not in front
    assert url in feed
    assert "<updated>2026-01-07T17:00:00+00:00</updated>" not in feed
    assert (
        "<updated>2026-01-07T17:00:00+00:00</updated>"
        in ask(WORLD, 3, "http://gazette.example/latest.atom").body.decode()
    )


def test_an_overloaded_site_asks_for_a_pause_of_hours_and_then_loses_its_robots_txt() -> None:
    reply = page(WORLD, WORLD.script.articles["port-tarifas"], 0)
    assert reply.status == 503
    wait = int(dict(reply.headers)["Retry-After"])
    assert ROUNDS[1] - ROUNDS[0] < timedelta(seconds=wait) < ROUNDS[2] - ROUNDS[0]
    statuses = [ask(WORLD, number, "http://port.example/robots.txt").status for number in range(4)]
    assert statuses == [200, 200, 503, 200]


def test_a_detour_is_a_temporary_redirect_in_one_round() -> None:
    turn = next(turn for turn in WORLD.script.turns if turn.event == "detour")
    url = WORLD.url(WORLD.script.articles[turn.article])
    statuses = [ask(WORLD, number, url).status for number in range(4)]
    assert statuses == [302 if number == turn.round else 200 for number in range(4)]
    assert follow(WORLD, turn.round, url).status == 200


def test_the_headline_for_sharing_may_differ_in_one_round() -> None:
    turn = next(turn for turn in WORLD.script.turns if turn.event == "retitled")
    article = WORLD.script.articles[turn.article]
    headline = WORLD.edition(article, turn.round).headline
    bodies = [page(WORLD, article, number).body.decode() for number in (1, 2)]
    titles = [re.findall(r'og:title" content="(.*?)"', body) for body in bodies]
    assert [unescape(title) == headline for (title,) in titles] == [False, True]


def test_the_header_declares_the_wrong_charset_and_the_page_the_right_one() -> None:
    lies = [(t.round, WORLD.script.articles[t.article]) for t in WORLD.script.turns if t.event == "charset"]
    for (number, article), (declared, real) in zip(
        lies, [("iso-8859-1", "utf-8"), ("utf-8", "windows-1252")], strict=True
    ):
        reply = page(WORLD, article, number)
        assert dict(reply.headers)["Content-Type"] == f"text/html; charset={declared}"
        assert f'<meta charset="{real}"'.encode() in reply.body
        assert WORLD.edition(article, number).headline in reply.body.decode(real)


def test_the_ministry_answers_304_to_its_own_etag_until_the_page_changes() -> None:
    article = playing(WORLD, "not_modified")
    tag = dict(page(WORLD, article, 0).headers)["ETag"]
    again = ask(WORLD, 1, WORLD.url(article), if_none_match=tag)
    assert (again.status, again.body) == (304, b"")
    assert ask(WORLD, 1, WORLD.url(article), if_none_match='"other"').status == 200


def test_one_article_is_listed_under_two_tracking_addresses_and_answers_at_both() -> None:
    url = WORLD.url(playing(WORLD, "duplicate"))
    feed = unescape(ask(WORLD, 0, "http://daily.example/atom.xml").body.decode())
    urls = set(re.findall(re.escape(url) + r"[^\"<]*", feed))
    assert len(urls) == 2
    assert url not in urls
    assert all(ask(WORLD, 0, tracked).body == ask(WORLD, 0, url).body for tracked in urls)


def test_a_deleted_article_is_no_longer_listed() -> None:
    for number in range(4):
        for outlet in (outlet for outlet in OUTLETS if outlet.listing):
            listing = unescape(ask(WORLD, number, outlet.root + outlet.listing).body.decode())
            for article in (a for a in WORLD.articles if a.outlet == outlet.id):
                deleted = WORLD.script.state(article.id, number) in {"missing_404", "gone_410"}
                published = article.appears <= number and article.role != "hinted"
                assert (WORLD.url(article, number) in listing) == (published and not deleted)


def test_an_unknown_host_and_an_unknown_page_are_404() -> None:
    assert ask(WORLD, 0, "http://elsewhere.example/").status == 404
    assert ask(WORLD, 0, "http://wire.example/no-such-page").status == 404


def test_every_reply_is_dated_by_its_round() -> None:
    assert ("Date", "Tue, 06 Jan 2026 14:00:00 GMT") in ask(WORLD, 2, "http://wire.example/").headers
