"""The web interface of `wirecopy serve`: Starlette and Jinja2, complete without scripts. Imported only by that command.

Data flows one way: a **query** (a method of ``archive.api.Archive``) -> a **view** (a dict of JSON values, made by
one pure function per page) -> a **template** or a format. A page shows the same data as its ``.json``.

::

    app.py               create_app: the routes in the order they are matched, and the middleware around them
    server.py            uvicorn, with limits
    paths.py             the addresses of the pages; old_addresses.py redirects the short ones to them
    middleware.py        checks of every request: request target, Host, token, same origin for POST
    fetch_metadata.py    requests that another site's page makes, or a page that would run raw bytes
    security_headers.py  headers of every response
    request_context.py   one request: its archive, its parameters, its clock
    responses.py         from a view to a response: html, json, csv, ndjson, atom; ETag and 304; links to the next page
    problem_details.py   errors as problem+json, or as a page, always with a hint about what to do
    pagination.py        keyset pagination: ?after=<opaque>&limit=<=500
    serializers.py       csv (guarded against formulas), ndjson and Parquet
    feeds.py             Atom
    templating.py        the Jinja environment: filters for times, shares, words
    wording.py           plain words for kinds, relations, lags, and those of archive.api for states
    bounded_diff.py      comparison of two texts in bounded time
    side_by_side.py      two texts side by side; snippets.py: snippets of a change
    hidden_characters.py changes that cannot be seen
    charts/              our own SVG: timeline, lanes, sparkline, columns; each made from values, next to a table
    pages/               one module a page: ``view(...)`` is pure, ``show`` runs queries
    api/                 /api/v1 and /openapi.json
    forms.py             the only changes a browser can make: read marks, labels, "check now"
    memento/             Memento, CDX and replay
    mcp.py               tools for agents; quoted_text.py: strangers' text as data; agent_wire.py: repaired requests
    templates/           one a page, and base.html
    static/              app.css, app.js

A handler is a plain function: Starlette runs it in a thread, where it opens an archive of its own. Nothing is kept
between requests but what ``app.state.shared`` (``request_context.AppState``) holds.
"""
