"""The web interface of `wirecopy serve`: Starlette and Jinja2, complete without scripts. Imported by that verb alone.

Data goes one way: a **question** (``archive.api``, ``db.queries``) -> a **view** (a dict of JSON values, made by one
pure function per page) -> a **template** or a format. A page shows what its ``.json`` says, and nothing else.

::

    app.py        create_app: the routes, in the order they are matched, and what stands around them
    server.py     uvicorn, with limits
    guard.py      what every request passes: request target, Host, token, same origin for POST, headers of the answer
    policy.py     those headers
    desk.py       one request: its archive, its parameters, its clock; ``page`` makes a route of a function
    answer.py     from a view to a response: html, json, csv, ndjson, atom; ETag and 304; links to the next page
    problems.py   errors as problem+json, or as a page, always with a hint what to do
    paging.py     keyset pagination: ?after=<opaque>&limit=<=500
    formats.py    csv (guarded against formulas) and ndjson
    feeds.py      Atom
    charts/       our own SVG: timeline, lanes, sparkline, columns; each from values, each beside a table in its page
    drawing.py    the Jinja environment: filters for times, shares, words
    family.py     the copies around one article; excerpt.py: the weightiest words of a change
    words.py      honest wording: what states, kinds, relations, lags are called
    pages/        one module a page: ``view(...)`` is pure, the route below it asks and answers
    api/          /api/v1 and /openapi.json
    writing.py    the only things a browser may change: seen marks, labels, "check now"
    memento/      Memento, CDX and replay: ``routes(...)``
    templates/    one a page, and base.html
    static/       app.css, app.js

A handler is a plain function: Starlette runs it in a thread, where it opens an archive of its own. Nothing is kept
between requests but what ``app.state.house`` (``desk.House``) holds.
"""
