"""The page that compares two pasted texts: a form, the verdict with its evidence, both side by side. Stores nothing.

The texts are judged in a child process that is ended when its time is over, two at once at most, so that no text can
hold the server.
"""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from archive.api.judging_process import SECONDS
from archive.api.pasted_texts import MOST_CHARACTERS, check_pasted, compare_pasted, text_of, to_json
from archive.serve import charts, paths
from archive.serve.access import identity_of
from archive.serve.problem_details import wants_html
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from archive.serve.side_by_side import Pair, link_of, side_by_side
from archive.serve.templating import draw
from archive.timestamps import parse_instant
from db.errors import BadInput, RunFailed
from db.records import Extraction, Verdict, VersionRef

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from starlette.requests import Request

    from archive.api.pasted_texts import PastedComparison
    from archive.serve.request_context import AppState, RequestContext
    from db.records import Text

    Json = dict[str, Any]

NAMES = ("the first text", "the second text")
"""The two sides in sentences."""

AT_ONCE = 2
"""Most comparisons at one time."""

_places = BoundedSemaphore(AT_ONCE)
_BAD, _BUSY = 400, 503
_SIDES = ("a", "b")
_FIELDS = ("text", "title", "date", "language")


def view(form: Mapping[str, str], *, problem: str = "", compared: PastedComparison | None = None) -> Json:
    """Return the page as JSON values: the limits, the form as it was sent, and a problem or the comparison."""
    return {
        "title": "Compare two texts",
        "limits": {"characters": MOST_CHARACTERS, "seconds": int(SECONDS)},
        "sides": [
            {"name": name, "key": key, **{field: form.get(f"{key}_{field}", "") for field in _FIELDS}}
            for key, name in zip(_SIDES, NAMES, strict=True)
        ],
        "problem": problem,
        "remarks": [] if compared is None else list(compared.remarks),
        "linked": compared is not None and compared.judgement.relation is not None,
        "pair": None if compared is None else _pair(compared),
    }


def _pair(compared: PastedComparison) -> Json:
    """Return both texts side by side, as those of the page of copies; the sides have names and no addresses."""
    a, b = (
        VersionRef(url=name, version=1, text_sha256=text.sha256, title=text.title)
        for name, text in zip(NAMES, (compared.a, compared.b), strict=True)
    )
    pair = side_by_side(Pair(link=link_of(a, b, compared.judgement), a=compared.a, b=compared.b, ids={}))
    for key, name in zip(_SIDES, NAMES, strict=True):
        pair[key] |= {"path": None, "url": None, "outlet": name}
    return pair


# --- requests --------------------------------------------------------------------------------------------------------


def show(context: RequestContext) -> PageResult:
    """Answer with the empty form."""
    del context
    return PageResult(view=view({}), template="compare.html", drawn={"threads": ""})


async def compare(request: Request) -> Response:
    """Answer a form with the comparison of its texts, off the event loop."""
    body = (await request.body()).decode("utf-8", "replace")
    return await run_in_threadpool(_answer, request, body)


def _answer(request: Request, body: str) -> Response:
    state: AppState = request.app.state.shared
    form = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
    compared, problem, status = None, "", 200
    if not _places.acquire(blocking=False):
        problem, status = "other comparisons are running; try again in a moment", _BUSY
    else:
        try:
            a, b = (_text(form, key, name, state.clock()) for key, name in zip(_SIDES, NAMES, strict=True))
            compared = compare_pasted(a, b, names=NAMES)
        except BadInput as error:
            problem, status = str(error), _BAD
        except RunFailed as error:
            problem, status = str(error), _BUSY
        finally:
            _places.release()
    headers, token = {"cache-control": "no-store"}, identity_of(request.scope).form_token
    if not wants_html(request.scope):
        result = {"problem": problem} if compared is None else to_json(compared, NAMES)
        return JSONResponse(result, status, headers)
    shown = view(form, problem=problem, compared=compared)
    threads = charts.threads(shown["pair"]) if shown["pair"] else ""
    html = draw("compare.html", shown, token=token, path=paths.COMPARE, here=paths.COMPARE, now=None, threads=threads)
    return Response(html, status, headers, "text/html; charset=utf-8")


def _text(form: Mapping[str, str], key: str, name: str, now: datetime) -> Text:
    """Return a pasted text, cleaned as archived ones are. Raises BadInput."""
    from archive.extract.boilerplate import clean

    body, date = form.get(f"{key}_text", ""), form.get(f"{key}_date", "").strip()
    check_pasted(name, body)
    raw = Extraction(
        verdict=Verdict.OK,
        title=form.get(f"{key}_title", ""),
        text=body.replace("\r\n", "\n").replace("\r", "\n"),
        published_at=parse_instant(date, now=now) if date else None,
        language=form.get(f"{key}_language", "").strip() or None,
    )
    return text_of(clean(raw))


def routes() -> list[Route]:
    """Return the routes of the page, and of its form."""
    return [*page(paths.COMPARE, show), Route(paths.COMPARE, compare, methods=["POST"])]
