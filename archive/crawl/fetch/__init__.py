"""The network: fetch one visit, return one outcome. The only package that imports httpx.

Read ``fetcher`` first, it has the main loop. Its parts:

::

    policy          limits and permissions, and the User-Agent
    ssrf_guard      IP addresses a connection may be opened to
    connection      one socket
    host_queue      one request at a time to one origin
    ip_limit        requests at a time to one server
    politeness      gaps, delays and pauses between requests
    robots          robots.txt; its groups are parsed in ``robots_groups``
    exchange        one request and its response, raw bytes
    redirects       the chain of hops, and the outcome at its end
    retry_after     the Retry-After header
    error_reasons   exceptions of the libraries to ``Reason``
    webhook_post    one POST, for notifications
    apprise_post    notices by apprise, in a process whose connections are checked

Content-Encoding is decoded by ``archive.formats.content_coding``, and the charset of a body is decided by
``archive.formats.charset``, because imports need both too.
"""

from __future__ import annotations

from archive.crawl.fetch.apprise_post import post_by_apprise
from archive.crawl.fetch.fetch_error import SiteBusy
from archive.crawl.fetch.fetcher import Fetcher, SideCaptures
from archive.crawl.fetch.policy import FetchPolicy, policy_from, require_contact
from archive.crawl.fetch.politeness import RememberedHost, recall_nothing
from archive.crawl.fetch.webhook_post import post

__all__ = [
    "FetchPolicy",
    "Fetcher",
    "RememberedHost",
    "SideCaptures",
    "SiteBusy",
    "policy_from",
    "post",
    "post_by_apprise",
    "recall_nothing",
    "require_contact",
]
