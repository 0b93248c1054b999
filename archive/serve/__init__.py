"""The web interface of `wirecopy serve`: Starlette and Jinja2, complete without scripts. Imported by that verb alone.

Data goes one way: a **question** (a method of ``archive.api.Archive``) -> a **view** (a dict of JSON values, made by
one pure function per page) -> a **template** or a format. A page shows what its ``.json`` says, and nothing else.

::

    app.py               create_app: the routes in the order they are matched, and the middleware around them
    server.py            uvicorn, with limits
    paths.py             the addresses of the pages; old_addresses.py redirects the short ones to them
    middleware.py        what every request passes: request target, Host, token, same origin for POST
    security_headers.py  the headers of every answer
    request_context.py   one request: its archive, its parameters, its clock
    responses.py         from a view to a response: html, json, csv, ndjson, atom; ETag and 304; links to the next page
    problem_details.py   errors as problem+json, or as a page, always with a hint what to do
    pagination.py        keyset pagination: ?after=<opaque>&limit=<=500
    serializers.py       csv (guarded against formulas), ndjson and Parquet
    feeds.py             Atom
    templating.py        the Jinja environment: filters for times, shares, words
    wording.py           honest wording: the names of states, kinds, relations, lags
    bounded_diff.py      comparing two texts within a bound of time
    side_by_side.py      two texts side by side; snippets.py: the weightiest words of a change
    hidden_characters.py changes that cannot be seen
    charts/              our own SVG: timeline, lanes, sparkline, columns; each from values, each beside a table
    pages/               one module a page: ``view(...)`` is pure, ``show`` asks and answers
    api/                 /api/v1 and /openapi.json
    forms.py             the only things a browser may change: read marks, labels, "check now"
    memento/             Memento, CDX and replay
    mcp.py               tools for agents
    templates/           one a page, and base.html
    static/              app.css, app.js

A handler is a plain function: Starlette runs it in a thread, where it opens an archive of its own. Nothing is kept
between requests but what ``app.state.shared`` (``request_context.AppState``) holds.
"""
