"""The built-in news world: an invented press of eight outlets, a script of what happens to it, and a grade.

Everything here runs offline::

    texts     the articles, and what an editor can do to one        outlets   the eight sites
    spin      the machine that swaps words                          pages     an article among its furniture
    script    what happens, and to whom a seed deals it             lists     feeds, sitemap, section page, robots.txt
    world     round and address in, answer out; the scripted truth  replies   HTTP answers as values
    site      the world on a loopback port                          folder    the demo's own folder
    snapshot  all answers of a small archive                        grade     the answers against the script
    show      what the demo prints                                  words     a change in a line or two
    run       ``wirecopy demo``
"""
