"""The ASGI application: routes in matching order, middleware, and error handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from archive.serve import api, forms, memento, metrics, old_addresses, pages, published_log, watch_forms
from archive.serve.access import Door
from archive.serve.jobs import Jobs, Project
from archive.serve.middleware import Guard, Rules
from archive.serve.problem_details import handlers
from archive.serve.request_context import AppState
from archive.serve.security_headers import STATIC

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime
    from pathlib import Path

    from starlette.routing import BaseRoute

    from archive.api.version_ref import Ref
    from archive.serve.access import ProxyLogin

NO_PROJECT = Project()
"""An archive alone: nothing can be started or changed but what the archive has."""


def create_app(  # noqa: PLR0913  the whole outside world comes in here
    db: Path,
    *,
    base: str | None = None,
    zone: str | None = None,
    token: str | None = None,
    guarded: bool = False,
    hosts: Collection[str] = (),
    clock: Callable[[], datetime],
    proxy: ProxyLogin | None = None,
    project: Project = NO_PROJECT,
    evidence: Callable[[Path, Sequence[Ref]], object] | None = None,
) -> Starlette:
    """Return the web interface of the archive at ``db``.

    ``base``: the public address of absolute links, without a final slash; None: that of each request. ``zone``: the
    IANA name of the time zone of pages; None: that of each browser. ``token``: the
    one with all roles, and the key of the tokens of forms; None: POST is not allowed. ``guarded``: reading needs a
    token too. ``hosts``: host names besides loopback and that of ``base``. ``clock`` returns the current time.
    ``proxy``: a proxy with a login. ``project``: what the server can start and change. ``evidence`` writes an evidence
    file about versions.
    """
    public = urlsplit(base or "")
    names = frozenset({*hosts, *([public.hostname] if public.hostname else [])})
    door = Door(db=db, token=token, guarded=guarded or proxy is not None, proxy=proxy)
    rules = Rules(hosts=names, door=door, public=public.netloc)
    app = Starlette(routes=_routes(), middleware=[Middleware(Guard, rules=rules)], exception_handlers=handlers())
    app.state.shared = AppState(
        db=db, base=base, zone=zone, clock=clock, project=project, jobs=Jobs(), evidence=evidence
    )
    return app


def _routes() -> list[BaseRoute]:
    static = Mount(STATIC, StaticFiles(packages=[("archive.serve", "static")]))
    return [
        *pages.routes(),
        *api.routes(),
        *forms.routes(),
        *watch_forms.routes(),
        *old_addresses.routes(),
        *published_log.routes(),
        *metrics.routes(),
        static,
        *memento.routes(),
    ]
