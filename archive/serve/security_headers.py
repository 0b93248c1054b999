"""Security headers of every response: content security policy, no sniffing, same origin."""

from __future__ import annotations

import re
from typing import Final

STATIC: Final = "/static"
"""The folder of our own style sheet, script and icon: nothing else may be loaded into our pages."""

_NAME: Final = re.compile(r"(?:localhost|127\.0\.0\.1|(?:[A-Za-z0-9-]+\.)*[A-Za-z][A-Za-z0-9-]*)(?::\d{1,5})?")

HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with no-referrer a browser sends the origin null with our own forms
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-dns-prefetch-control": "off",
    "permissions-policy": "interest-cohort=(), browsing-topics=()",
}
"""Headers of every response besides its policy. A route may override them."""


def content_security_policy(*hosts: str) -> str:
    """Return the Content-Security-Policy of our own pages, which are served as ``hosts`` (name and port).

    Scripts, styles and pictures come only from `STATIC`. The keyword ``'self'`` would also allow archived scripts,
    which have the same origin. It remains for numeric addresses other than 127.0.0.1, which the standard (CSP level 3,
    6.7.2.8) never matches by host. ``connect-src`` allows the inbox's keys to set marks without a reload.
    """
    names = [host.lower() for host in dict.fromkeys(hosts) if host]
    all_named = bool(names) and all(_NAME.fullmatch(name) for name in names)
    own = " ".join(f"{name}{STATIC}/" for name in names) if all_named else "'self'"
    return (
        f"default-src 'none'; script-src {own}; style-src {own}; img-src {own} data:; connect-src 'self'; "
        "form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
