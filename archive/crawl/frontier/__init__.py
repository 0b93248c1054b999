"""The crawl frontier: which sources are due, and why.

``plan`` decides for all sources, ``due`` for one, ``change_rate`` estimates how often a page changes.
"""
