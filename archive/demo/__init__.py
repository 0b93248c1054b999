"""The built-in news world: eight invented outlets, a script of events, and a grade for the archive that watched them.

Everything here runs offline::

    texts     the articles and their edits                     outlets   the eight sites
    spin      the machine that swaps words                     pages     an article among its furniture
    script    the events, and the articles they happen to      lists     feeds, sitemap, section page, robots.txt
    world     the responses by round and URL; the script       replies   HTTP responses as values
    site      the world on a loopback port                     folder    the demo's own folder
    snapshot  all answers of a small archive                   grade     the answers compared with the script
    show      the lines the demo prints                        words     a change in at most two lines
    run       ``wirecopy demo``
"""
