"""Groups of robots.txt: the cases in which parsers differ."""

from __future__ import annotations

import pytest
from protego import Protego

from archive.crawl.fetch.robots_groups import rules_for


def is_allowed(text: str, path: str = "/private", agent: str = "wirecopy") -> bool:
    """True if ``agent`` may fetch ``path`` of a site with this robots.txt."""
    return bool(Protego.parse(rules_for(agent, text)).can_fetch(f"http://daily.example{path}", agent))


@pytest.mark.parametrize("name", ["wirecopy", "WireCopy", "wirecopy/2.0", "wirecopy (our archive)", "*", "* # all"])
def test_a_group_is_ours_by_its_product_token(name: str) -> None:
    assert not is_allowed(f"User-agent: {name}\nDisallow: /private")


@pytest.mark.parametrize("name", ["wire", "copy", "wirecopy-news", "wirecopyx", "*copy", "other", ""])
def test_a_group_for_a_similar_name_is_not_ours(name: str) -> None:
    assert is_allowed(f"User-agent: {name}\nDisallow: /private")


def test_our_own_group_replaces_the_one_for_everybody() -> None:
    text = "User-agent: *\nDisallow: /\n\nUser-agent: wirecopy\nDisallow: /private"
    assert is_allowed(text, "/news")
    assert not is_allowed(text)


def test_a_group_for_a_shorter_name_leaves_the_one_for_everybody_in_force() -> None:
    assert not is_allowed("User-agent: wire\nDisallow:\n\nUser-agent: *\nDisallow: /private")


@pytest.mark.parametrize(
    "between", ["Crawl-delay: 5", "Sitemap: http://daily.example/map.xml", "Noindex: /x", "hello", ""]
)
def test_other_records_do_not_end_a_list_of_names(between: str) -> None:
    assert not is_allowed(f"User-agent: wirecopy\n{between}\nUser-agent: *\nDisallow: /private")


@pytest.mark.parametrize("rule", ["Disallow:", "Allow: /x", "Disallow: http://daily.example/x"])
def test_a_rule_without_effect_still_ends_a_list_of_names(rule: str) -> None:
    assert is_allowed(f"User-agent: wirecopy\n{rule}\nUser-agent: other\nDisallow: /private")


def test_a_whole_address_is_no_path() -> None:
    assert is_allowed("User-agent: *\nDisallow: http://daily.example/private")
    assert is_allowed("User-agent: *\nDisallow: http://daily.example/private", "/http://daily.example/private")


def test_a_path_may_begin_with_a_star() -> None:
    assert not is_allowed("User-agent: *\nDisallow: *vate")


@pytest.mark.parametrize(
    "line", ["Disallow /private", "disalow: /private", "DISALLOW : /private # really", "\tDisallow:/private"]
)
def test_careless_spelling_is_understood(line: str) -> None:
    assert not is_allowed(f"User-agent: *\n{line}")


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_lines_end_as_on_any_machine(end: str) -> None:
    assert not is_allowed(end.join(("User-agent: *", "Disallow: /private", "")))


def test_only_line_ends_end_a_line() -> None:
    assert is_allowed("User-agent: *\nDisallow: /news\u2028Disallow: /private")
    assert not is_allowed("User-agent: *\nDisallow: /news\u2028", "/news%E2%80%A8today")
