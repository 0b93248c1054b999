"""URLs: one canonical form per article, and refusal of anything that is not a web address."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.urls import RefusedUrl, canonical_url, fetchable_url, host_of, origin_of, registered_domain, url_key
from db.errors import BadInput
from db.records import Reason

SAME = [
    ("HTTPS://News.Example:443/A/../b", "https://news.example/b"),
    ("https://news.example/a?utm_source=x&id=7&fbclid=y", "https://news.example/a?id=7"),
    ("https://news.example/a?UTM_Medium=x", "https://news.example/a"),
    ("https://news.example/a?b=2&a=1", "https://news.example/a?b=2&a=1"),
    ("https://news.example/a?b=&a", "https://news.example/a?b=&a"),
    ("https://news.example/a#comments", "https://news.example/a"),
    ("https://news.example/#!/story/7", "https://news.example/#!/story/7"),
    ("https://news.example/Case/Matters", "https://news.example/Case/Matters"),
    ("https://news.example/a b|c", "https://news.example/a%20b%7Cc"),
    ("https://news.example/;jsessionid=1//x", "https://news.example/;jsessionid=1//x"),
    ("https://news.example./a", "https://news.example/a"),
    ("https://faß.example/", "https://xn--fa-hia.example/"),
    ("http:\\\\news.example\\a", "http://news.example/a"),
    ("http://0x7f.1/", "http://127.0.0.1/"),
    ("http://2130706433/", "http://127.0.0.1/"),
    ("  https://news.example/a\n", "https://news.example/a"),
    ("https://news.example?", "https://news.example/"),
    ("https://news.example/%d0%bd%D0%BE", "https://news.example/%D0%BD%D0%BE"),
    ("https://news.example/но", "https://news.example/%D0%BD%D0%BE"),
    ("https://news.example/%7Eme/%41%2d%5f%2E", "https://news.example/~me/A-_."),
    ("https://news.example/a/%2e%2E/b/.%2e/c", "https://news.example/c"),
    ("https://news.example/a%2fb?q=%3d%2b+%c3%a9", "https://news.example/a%2Fb?q=%3D%2B+%C3%A9"),
    ("https://news.example/?a[]=1&b=%5b%5D", "https://news.example/?a%5B%5D=1&b=%5B%5D"),
    ("https://news.example/100%/%%34%31?x=%", "https://news.example/100%25/%2541?x=%25"),
    ("https://news.example/?utm%5Fsource=x&id=7", "https://news.example/?id=7"),
    ("https://новости.example/", "https://xn--b1amnebsh.example/"),
    ("https://XN--B1AMNEBSH.example/", "https://xn--b1amnebsh.example/"),
]

REFUSED = [
    ("news.example/a", Reason.BAD_URL),
    ("", Reason.BAD_URL),
    ("http://", Reason.BAD_URL),
    ("http:///a", Reason.BAD_URL),
    ("http://news.example:99999/", Reason.BAD_URL),
    ("http://a..b/", Reason.BAD_URL),
    ("http://./n/0", Reason.BAD_URL),
    ("http://.../", Reason.BAD_URL),
    ("http://\uff0e\u00ad/", Reason.BAD_URL),
    ("http://%2e/", Reason.BAD_URL),
    ("http://www../", Reason.BAD_URL),
    ("http://xn--a/", Reason.BAD_URL),
    (f"http://{'a' * 64}.example/", Reason.BAD_URL),
    (f"http://news.example/{'a' * 9000}", Reason.BAD_URL),
    (f"http://news.example/{'é' * 2000}", Reason.BAD_URL),
    ("http://news.example/\ud800", Reason.BAD_URL),
    ("ftp://news.example/", Reason.REFUSED_SCHEME),
    ("file:///etc/passwd", Reason.REFUSED_SCHEME),
    ("javascript:alert(1)", Reason.REFUSED_SCHEME),
    ("data:text/html,x", Reason.REFUSED_SCHEME),
    ("https://user:secret@news.example/", Reason.REFUSED_URL),
    ("https://user@news.example/", Reason.REFUSED_URL),
]

KEYS = [
    ("https://www.daily.example/news/a?x=1", "example,daily,)/news/a?x=1"),
    ("http://daily.example/news/a?x=1&utm_source=y", "example,daily,)/news/a?x=1"),
    ("https://daily.example:8443/", "example,daily,:8443)/"),
    ("http://127.0.0.1:8080/A", "127.0.0.1:8080)/A"),
    ("http://[::1]/", "[::1])/"),
]


@pytest.mark.parametrize(("url", "canonical"), SAME)
def test_one_article_has_one_canonical_url(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(("url", "reason"), REFUSED)
def test_an_invalid_url_is_refused_with_its_reason(url: str, reason: Reason) -> None:
    with pytest.raises(BadInput) as caught:
        canonical_url(url)
    assert isinstance(caught.value, RefusedUrl)
    assert caught.value.reason is reason
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("url", "key"), KEYS)
def test_keys_sort_a_site_together(url: str, key: str) -> None:
    assert url_key(url) == key


def test_subdomains_sort_next_to_their_site() -> None:
    urls = ["https://b.example/", "https://sport.a.example/", "https://a.example/z", "https://www.a.example/b"]
    keys = ["example,a,)/b", "example,a,)/z", "example,a,sport,)/", "example,b,)/"]
    assert sorted(map(url_key, urls)) == keys


def test_origin_always_names_its_port() -> None:
    assert origin_of("https://News.example/a") == "https://news.example:443"
    assert origin_of("http://127.0.0.1:81/a") == "http://127.0.0.1:81"


def test_host_has_no_port_or_brackets() -> None:
    assert host_of("https://[::1]:8080/") == "::1"
    assert host_of("https://WWW.news.example/") == "www.news.example"


def test_a_fetchable_url_keeps_tracking_keys() -> None:
    assert fetchable_url("../b?utm_source=x#top", "https://news.example/a/c") == "https://news.example/b?utm_source=x"


_PIECES = (
    *"aZ09.:/?#&=%[]@!$'()*+,;~ -_|\\^`{}<>\"\t\n\0\x7f",
    *"é\u00df\u2603\u200d\u0300\uff0e\u3002\u00ad\u0660\U0001f4a9\ufeff\ud800\udfff",
    *("http://", "https:", "www.", "xn--", "xn--a", "%2e", "%2F", "%00", "%d0", "%zz", "[::1]", "0x7f", "4294967296"),
    *(":80", ":443", ":99999", "localhost", ".com", "co.uk", "utm_a=1", "a" * 64, "é" * 1500),
)
_URL_TEXT = st.lists(st.sampled_from(_PIECES), max_size=12).map("".join)
_ANY_URL = st.one_of(_URL_TEXT, _URL_TEXT.map("http://{}".format), _URL_TEXT.map("https://news.example/{}".format))


@given(_ANY_URL, _ANY_URL)
def test_any_text_is_an_address_or_is_refused(text: str, base: str) -> None:
    for question in (canonical_url, fetchable_url, url_key, origin_of, host_of, registered_domain):
        with suppress(RefusedUrl):
            question(text)
    with suppress(RefusedUrl):
        fetchable_url(text, base)


@given(_ANY_URL)
def test_what_one_function_accepts_the_others_accept(text: str) -> None:
    try:
        once = canonical_url(text)
    except RefusedUrl:
        return
    assert canonical_url(once) == once
    assert url_key(once) == url_key(text)
    assert host_of(once) == host_of(fetchable_url(once))
    assert origin_of(once)
    assert registered_domain(once)
