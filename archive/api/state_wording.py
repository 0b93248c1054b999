"""Plain words for the state that a check found. They name observations, never anybody's intentions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATES: Mapping[str, str] = {
    "ok": "article seen",
    "live_blog": "live blog seen",
    "not_modified": "unchanged, according to the site",
    "missing_404": "page not found (404)",
    "gone_410": "page gone (410)",
    "legal_451": "withheld for legal reasons (451)",
    "unauthorized": "asks for a login (401)",
    "forbidden": "refused (403)",
    "rate_limited": "asked us to slow down (429)",
    "server_error": "check failed (error on the site)",
    "client_error": "check failed (rejected by the site)",
    "robots_denied": "not fetched: robots.txt forbids it",
    "timeout": "check failed (no answer in time)",
    "dns": "check failed (name not found)",
    "connect": "check failed (no connection)",
    "reset": "check failed (connection cut)",
    "tls": "check failed (no safe connection)",
    "protocol": "check failed (not proper HTTP)",
    "truncated": "check failed (page cut off)",
    "decode": "check failed (page garbled)",
    "too_large": "check failed (page too large)",
    "redirect_loop": "check failed (redirect loop)",
    "unexpected_status": "check failed (unexpected answer)",
    "bad_url": "not fetched: invalid address",
    "refused_scheme": "not fetched: not a web address",
    "refused_url": "not fetched: address not allowed",
    "not_a_list": "no list of captures",
    "refused_address": "not fetched: private address",
    "paywall": "page shows a paywall text",
    "challenge": "page shows a check for robots",
    "consent": "page shows a consent wall",
    "login": "page shows a login",
    "soft_404": "page says \u201cnot found\u201d with status 200",
    "unavailable": "page says it cannot be shown now or here",
    "thin": "too little text to be an article",
    "empty": "page without text",
    "needs_js": "page needs scripts to show its text",
    "not_html": "neither a web page nor a PDF that can be read",
    "no_text": "PDF without text that can be read",
    "too_big": "page too big to read",
    "too_deep": "page too deeply nested to read",
    "error": "page could not be read",
    "underived": "fetched, not processed yet",
    "fetched": "fetched, not processed yet",
    "unvisited": "never checked",
    "list": "list fetched",
    "list_damaged": "list that could not be read in full",
    "list_refused": "page that is not a list",
    "list_empty": "empty list",
}


def state(name: str) -> str:
    """Return the state found by a check in plain words."""
    name = name.replace("-", "_")
    return _STATES.get(name, name.replace("_", " "))
