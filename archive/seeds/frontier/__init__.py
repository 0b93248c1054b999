"""The crawl frontier: due sources and the reasons why they are due.

``plan`` decides for all sources, ``due`` for one source, ``change_rate`` estimates how often a page changes.
"""
