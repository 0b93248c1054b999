"""The optional browser: a page is loaded by the system's Chromium, and its rendered document is kept.

::

    renderer        one page, from its stored bytes to its rendered document
    chromium        where the browser is, its options, how it is ended
    guarded_proxy   the proxy that carries all traffic of the browser

Only this package imports playwright, and only when a page is rendered.
"""
