"""Figures of outlets as flat JSON values: the same in the pages, the HTTP API, ``outlets --json`` and ``--csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.api.outlets import wilson

if TYPE_CHECKING:
    from archive.api.outlets import CopyFlow, OutletFigures, OutletReport

    Json = dict[str, Any]


def report(answer: OutletReport) -> Json:
    """Return a report as one document."""
    return {
        "outlets": [figures(row) for row in answer.totals],
        "months": [figures(row) for row in answer.months],
        "flows": [flow(row) for row in answer.flows],
        "whole": answer.whole,
    }


def figures(row: OutletFigures) -> Json:
    """Return the figures of an outlet. ``*_share`` is a share of the articles, ``*_low`` and ``*_high`` its 95 %
    interval; that of ``silent`` is a share of the articles with a correction, silent or declared.
    """  # noqa: D205
    return {
        "outlet": row.outlet,
        "month": row.month,
        "articles": row.articles,
        "edits": row.edits,
        **_share("edited", row.edited, row.articles),
        "first_edit_seconds": None if row.first_edit is None else round(row.first_edit),
        "declared": row.declared,
        **_share("silent", row.silent, row.silent + row.declared),
        "headlines": row.headlines,
        "headline_tests": row.headline_tests,
        **_share("gone", row.gone, row.articles),
        "back": row.back,
        **_share("copied", row.copied, row.articles),
        "originals": row.originals,
        "stale": row.stale,
    }


def _share(name: str, count: int | None, total: int) -> Json:
    """Return a count with its share and interval, None where there is nothing to divide by."""
    known = count is not None and total > 0
    low, high = wilson(count or 0, total)
    return {
        name: count,
        f"{name}_share": round((count or 0) / total, 4) if known else None,
        f"{name}_low": round(low, 4) if known else None,
        f"{name}_high": round(high, 4) if known else None,
    }


def flow(row: CopyFlow) -> Json:
    """Return how much of one outlet is copied from another, and how fast."""
    return {
        "copier": row.copier,
        "original": row.original,
        "articles": row.articles,
        "lag_seconds": None if row.lag is None else round(row.lag),
        "fastest_seconds": row.fastest,
    }
