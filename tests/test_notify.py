"""Notices of changes, against receivers on loopback that accept, reject, fail and hang."""

from __future__ import annotations

import asyncio
import hmac
import json
import shutil
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from archive.pipeline.notify import (
    DELIVERY,
    HOLD_SECONDS,
    SIGNATURE,
    select_changes,
    send_notices,
    signature,
    unsent_notices,
)
from archive.pipeline.refresh import refresh
from archive.seeds import read_index
from archive.settings import Settings, load_settings
from archive.urls import url_key
from db.errors import ConfigError
from db.records import Kind, Report
from db.store import Store
from tests.builders import HOUR, T0, a_seed, a_version
from tests.newsroom import PARAGRAPHS, page
from tests.replies import page as reply
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "a secret of the tests"  # noqa: S105
STRAIT = "https://daily.example/strait"
EDITED = (*PARAGRAPHS[:-1], f"{PARAGRAPHS[-1]} The fee is to be 40 crowns.")


@dataclass
class Receiver:
    """A server that records requests and answers with the next of ``answers``. If it ``hangs``, only when ``freed``."""

    answers: list[int] = field(default_factory=list)
    hangs: bool = False
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    freed: threading.Event = field(default_factory=threading.Event)
    url: str = ""


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.requests.append((dict(self.headers), body))
            if receiver.hangs:
                receiver.freed.wait(500)
            self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
        try:
            yield receiver
        finally:
            receiver.freed.set()
            server.shutdown()
            thread.join()


SEED = a_seed("strait", notify=("number", "headline"))
CHANGE = replace(a_version(2), url=STRAIT, kinds=(Kind.NUMBER,), score=0.4, title="Strait {{ 7 * 7 }} <b>")
REPORT = Report(run_id=7, kind="refresh", started_at=T0, finished_at=T0 + HOUR, changes=(CHANGE,))


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("notify") / "archive.db"
    with Store(path) as store:
        store.sync_seeds([SEED], {STRAIT: url_key(STRAIT)}, T0)
    return path


def settings(archived: Path, folder: Path, *to: str, **more: object) -> Settings:
    db = folder / "data" / "archive.db"
    if not db.exists():
        db.parent.mkdir()
        shutil.copy(archived, db)
    known = {"notify": to, "notify_secret": SECRET, "allow_private": True}
    return Settings(root=folder, db=db, index=folder / "INDEX.md", **known | more)


def send(project: Settings, report: Report = REPORT) -> dict[str, int]:
    return asyncio.run(send_notices(project, [SEED], report, pauses=(0, 0, 0)))


def outcomes(project: Settings) -> list[tuple[str, int, str]]:
    log = project.db.parent / "outbox" / "sent.jsonl"
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []
    return [(line["outcome"], line["tries"], line["said"]) for line in lines]


def queued(project: Settings) -> list[dict[str, object]]:
    return [json.loads(path.read_text("utf-8")) for path in (project.db.parent / "outbox").glob("*.json")]


# --- selection -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "kinds", "number"),
    [
        ((), (Kind.HEADLINE,), 0),
        (("headline",), (Kind.HEADLINE, Kind.WORDING), 1),
        (("headline",), (Kind.WORDING,), 0),
        (("all",), (Kind.WORDING,), 1),
        (("all",), (Kind.COSMETIC, Kind.RESIDUE), 0),
        (("all", "cosmetic"), (Kind.COSMETIC,), 1),
    ],
)
def test_a_group_is_notified_only_of_the_kinds_it_names(
    words: tuple[str, ...], kinds: tuple[Kind, ...], number: int
) -> None:
    seed = a_seed("strait", notify=words)
    assert len(select_changes([seed], [replace(CHANGE, kinds=kinds)], {STRAIT: seed.key})) == number


def test_the_index_names_kinds_by_group() -> None:
    table = "\n\n| url |\n| --- |\n| https://daily.example/a |\n"
    read = read_index(f"## one\n\nnotify: Number, headline{table}", file="INDEX.md")
    assert (read.seeds[0].notify, read.complaints) == (("headline", "number"), ())
    (wrong,) = read_index(f"## one\n\nnotify: shouting{table}", file="INDEX.md").complaints
    assert "all, none, or some of headline, number" in wrong.expected


# --- webhooks --------------------------------------------------------------------------------------------------------


def test_a_webhook_is_signed_over_its_time_and_body(archived: Path, tmp_path: Path) -> None:
    with receiving(Receiver()) as receiver:
        project = settings(archived, tmp_path, receiver.url)
        assert send(project) == {"notified": 1}
    ((headers, body),) = receiver.requests
    stamp, _, digest = headers[SIGNATURE].removeprefix("t=").partition(",v1=")
    assert abs(datetime.now(UTC).timestamp() - int(stamp)) < 60
    assert digest == hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, "sha256").hexdigest()
    assert digest != signature(SECRET, stamp, body + b" ")
    assert digest != signature(SECRET, str(int(stamp) + 1), body)
    assert json.loads(body)["changes"] == [
        {
            "group": "daily",
            "url": STRAIT,
            "version": 2,
            "seen_at": "2026-01-05T08:00:00Z",
            "title": "Strait {{ 7 * 7 }} <b>",
            "kinds": ["number"],
            "score": 0.4,
            "text_sha256": CHANGE.text_sha256,
        }
    ]
    assert outcomes(project) == [("taken", 1, "HTTP 204")]
    assert queued(project) == []


def test_a_receiver_that_fails_is_tried_again_under_the_same_id(archived: Path, tmp_path: Path) -> None:
    with receiving(Receiver(answers=[500, 503, 200])) as receiver:
        project = settings(archived, tmp_path, receiver.url)
        assert send(project) == {"notified": 1}
    assert len({headers[DELIVERY] for headers, _ in receiver.requests}) == 1
    assert outcomes(project) == [("taken", 3, "HTTP 200")]


def test_a_notice_that_was_not_taken_is_sent_again_after_the_next_run(archived: Path, tmp_path: Path) -> None:
    with receiving(Receiver(answers=[500] * 3)) as receiver:
        project = settings(archived, tmp_path, receiver.url)
        assert send(project) == {"not_notified": 1}
        assert [(notice["tries"], notice["said"]) for notice in queued(project)] == [(3, "HTTP 500")]
        assert send(project, replace(REPORT, changes=())) == {"notified": 1}
    assert outcomes(project) == [("taken", 4, "HTTP 204")]


def test_a_notice_of_last_week_is_given_up(archived: Path, tmp_path: Path) -> None:
    project = settings(archived, tmp_path, "http://127.0.0.1:9/hook", allow_private=False)
    assert send(project) == {"not_notified": 1}
    (path,) = (project.db.parent / "outbox").glob("*.json")
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"made_at": "2020-01-01T00:00:00Z"}), "utf-8")
    send(project, replace(REPORT, changes=()))
    assert [(how, tries) for how, tries, _ in outcomes(project)] == [("given up", 4)]


@pytest.mark.parametrize("to", ["http://127.0.0.1:8080/", "http://169.254.169.254/latest", "http://[::1]/"])
def test_a_private_address_is_refused_as_in_fetching(archived: Path, tmp_path: Path, to: str) -> None:
    project = settings(archived, tmp_path, to, allow_private=False)
    assert send(project) == {"not_notified": 1}
    assert str(queued(project)[0]["said"]).startswith("refused_address")


def test_without_a_secret_no_webhook_is_sent(archived: Path, tmp_path: Path) -> None:
    with receiving(Receiver()) as receiver:
        project = settings(archived, tmp_path, receiver.url, notify_secret=None)
        assert send(project) == {"not_notified": 1}
    assert receiver.requests == []
    assert "WIRECOPY_NOTIFY_SECRET" in str(queued(project)[0]["said"])


def test_an_unsent_notice_says_why_without_its_address(archived: Path, tmp_path: Path) -> None:
    project = settings(archived, tmp_path, "https://hooks.example/a-key", notify_secret=None)
    assert unsent_notices(project.db) == []
    send(project)
    assert unsent_notices(project.db) == [
        ("https", "not sent: a webhook is signed, and WIRECOPY_NOTIFY_SECRET is not set")
    ]


def test_a_redirect_is_not_followed(archived: Path, tmp_path: Path) -> None:
    with receiving(Receiver(answers=[302] * 3)) as receiver:
        assert send(settings(archived, tmp_path, receiver.url)) == {"not_notified": 1}
    assert len(receiver.requests) == 3


def test_a_broken_outbox_fails_nothing(archived: Path, tmp_path: Path) -> None:
    project = settings(archived, tmp_path, "https://hooks.example/")
    (project.db.parent / "outbox").write_text("not a folder", "utf-8")
    assert send(project) == {"not_notified": 1}
    assert unsent_notices(project.db) == []


@pytest.mark.slow
def test_a_receiver_that_hangs_delays_a_run_only_briefly(archived: Path, tmp_path: Path) -> None:
    with receiving(Receiver(hangs=True)) as slow, receiving(Receiver()) as good:
        began = time.monotonic()
        project = settings(archived, tmp_path, slow.url, good.url)
        assert send(project) == {"notified": 1, "not_notified": 1}
        assert time.monotonic() - began < HOLD_SECONDS + 2
    assert [(how, tries) for how, tries, _ in outcomes(project)] == [("taken", 1)]
    assert "no answer within" in str(queued(project)[0]["said"])


# --- apprise ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # its own imports warn
def test_apprise_delivers_a_notice_as_plain_text(archived: Path, tmp_path: Path) -> None:
    pytest.importorskip("apprise")
    with receiving(Receiver()) as receiver:
        project = settings(archived, tmp_path, receiver.url.replace("http://", "json://"))
        assert send(project) == {"notified": 1}
    ((_, body),) = receiver.requests
    sent = json.loads(body)
    assert sent["title"] == "1 change seen"
    assert sent["message"] == f"number: Strait {{{{ 7 * 7 }}}} <b>\n{STRAIT}@2"


# --- a whole run -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_refresh_notifies_of_changes_and_of_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    rows = "| url |\n| --- |\n| http://daily.example/strait |\n"
    (tmp_path / "seeds" / "INDEX.md").write_text(f"## daily\n\nevery: 1h\nnotify: all\n\n{rows}", "utf-8")
    with Site() as site, receiving(Receiver()) as receiver:
        known = {
            "RESOLVE": f"*.example=127.0.0.1:{site.port}",
            "ALLOW_PRIVATE": "yes",
            "MIN_GAP": "0",
            "NOTIFY": receiver.url,
            "NOTIFY_SECRET": SECRET,
        }
        counts = []
        for number, words in enumerate((PARAGRAPHS, PARAGRAPHS, EDITED)):
            site.pages["/strait"] = reply(page(*words))
            own = known | {"CLOCK": (T0 + number * 24 * HOUR).isoformat()}
            environ = {f"WIRECOPY_{name}": value for name, value in own.items()}
            counts.append(asyncio.run(refresh(load_settings(environ, start=tmp_path))).counts)
    assert [run_counts.get("notified") for run_counts in counts] == [None, None, 1]
    (change,) = json.loads(receiver.requests[0][1])["changes"]
    assert (change["url"], change["version"], change["group"]) == ("http://daily.example/strait", 2, "daily")


# --- settings --------------------------------------------------------------------------------------------------------


def test_addresses_with_keys_are_never_shown_and_the_secret_is_never_in_a_file(tmp_path: Path) -> None:
    environ = {"WIRECOPY_NOTIFY": "https://hooks.example/key, ntfy://topic", "WIRECOPY_NOTIFY_SECRET": SECRET}
    project = load_settings(environ, start=tmp_path)
    assert project.notify == ("https://hooks.example/key", "ntfy://topic")
    assert not any(part in value for _, value, _ in project.origins for part in ("hooks", "ntfy", SECRET))
    (tmp_path / "wirecopy.toml").write_text(f'notify_secret = "{SECRET}"\n', "utf-8")
    with pytest.raises(ConfigError, match="WIRECOPY_NOTIFY_SECRET"):
        load_settings({}, start=tmp_path)
