"""Backfill from web archives: what an archive saw becomes captures of the source itself, under their own time.

An archive lists what it holds of a page as a TimeMap (RFC 7089) or from a CDX server, its index (``timemap``, ``cdx``;
``lists`` asks for them, page by page). Each memento dated in the window, at an instant the source has no capture of, is
replayed as the archive got it, and kept (``replay``, ``gather``). What is there already is never asked for again, so a
run that was stopped goes on where it was.
"""

from archive.formats.cdx import read_cdx
from archive.formats.timemap import Memento, further_timemaps, raw_url, read_timemap
from archive.mementos.gather import gather_mementos

__all__ = ["Memento", "further_timemaps", "gather_mementos", "raw_url", "read_cdx", "read_timemap"]
