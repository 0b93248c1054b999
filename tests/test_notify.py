"""Notices of events, against receivers on loopback that accept, reject, fail, hang and die."""

from __future__ import annotations

import asyncio
import hmac
import json
import shutil
import socket
import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller

from archive.api import Archive
from archive.api.event_wording import summary_in_zone
from archive.api.version_ref import Ref
from archive.pipeline.notice_channels import DELIVERY, SIGNATURE, mail_server, signature
from archive.pipeline.notice_rules import Rules
from archive.pipeline.notify import HOLD_SECONDS, send_notices, unsent_notices
from archive.pipeline.refresh import refresh
from archive.seeds import read_index
from archive.settings import Settings, load_settings
from archive.timestamps import parse_digest_time, parse_quiet_hours
from archive.urls import url_key
from db.errors import BadInput, ConfigError
from db.queries import notices as notice_queries
from db.reader import Reader
from db.records import Event, EventKind, NotifyRule
from db.store import Store
from tests.builders import DAY, HOUR, T0, a_seed
from tests.newsroom import PARAGRAPHS, TALKS, fill, page
from tests.replies import page as reply
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "a secret of the tests"  # noqa: S105
RULE = NotifyRule(kinds=("number", "headline", "copied"))
SEED = a_seed("talks", url=TALKS, notify=RULE)
NOW = T0 + 2 * DAY
STRAIT = "http://daily.example/strait"
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


@dataclass
class MailBox:
    """A mail server on loopback: what it accepted, and the answers it gives first."""

    mails: list[Any] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    url: str = ""

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's)
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return answer


@contextmanager
def mailbox() -> Iterator[MailBox]:
    box = MailBox()
    with socket.create_server(("127.0.0.1", 0)) as free:  # aiosmtpd connects to its port itself, which must be known
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        box.url = f"smtp://127.0.0.1:{port}?from=wirecopy@daily.example&to=desk@daily.example"
        yield box
    finally:
        controller.stop()


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A number and then a headline changed, and the article was copied; the group of it wants to know."""
    path = tmp_path_factory.mktemp("notify") / "archive.db"
    fill(path, T0)
    with Store(path) as store:
        store.sync_seeds([SEED], {TALKS: url_key(TALKS)}, T0)
    return path


def settings(archived: Path, folder: Path, *to: str, **more: object) -> Settings:
    db = folder / "data" / "archive.db"
    if not db.exists():
        db.parent.mkdir()
        shutil.copy(archived, db)
    known = {"notify": to, "notify_secret": SECRET, "allow_private": True, "clock": NOW}
    return Settings(root=folder, db=db, index=folder / "INDEX.md", **known | more)


def send(project: Settings, *, rule: NotifyRule = RULE, since: datetime = T0) -> dict[str, int]:
    return asyncio.run(send_notices(project, [replace(SEED, notify=rule)], since=since, pauses=(0, 0, 0)))


def outcomes(project: Settings) -> list[tuple[str, int, str]]:
    with Reader(project.db) as reader:
        return list(notice_queries.outcomes(reader.ask))


def sent(receiver: Receiver) -> list[str]:
    """The events of every request, by kind and hour, in order."""
    rows = [event for _, body in receiver.requests for event in json.loads(body)["events"]]
    return [f"{row['kind']} {row['at'][5:13]}" for row in rows]


EVERYTHING = ["copied 01-05T09", "edited 01-05T12", "edited 01-06T14"]

# --- selection -------------------------------------------------------------------------------------------------------


def an_event(kind: str = "edited", *, edits: tuple[str, ...] = (), **more: Any) -> Event:
    usual = {"at": T0, "since": T0, "url": TALKS, "source_id": 1, "seed_key": SEED.key, "weight": 0.5}
    return Event(kind=EventKind(kind), edits=edits, **usual | more)


@pytest.mark.parametrize(
    ("rule", "event", "selected"),
    [
        (NotifyRule(), an_event(edits=("headline",)), False),
        (NotifyRule(kinds=("headline",)), an_event(edits=("headline", "wording")), True),
        (NotifyRule(kinds=("headline",)), an_event(edits=("wording",)), False),
        (NotifyRule(kinds=("edited",)), an_event(edits=("wording",)), True),
        (NotifyRule(kinds=("edited",)), an_event("correction", edits=("correction",)), True),
        (NotifyRule(kinds=("gone",)), an_event("gone"), True),
        (NotifyRule(kinds=("gone",)), an_event("back"), False),
        (NotifyRule(kinds=("all",)), an_event("gone"), True),
        (NotifyRule(kinds=("all",)), an_event("new"), False),
        (NotifyRule(kinds=("new",)), an_event("new"), True),
        (NotifyRule(kinds=("all",)), an_event(edits=("cosmetic", "residue")), False),
        (NotifyRule(kinds=("all", "cosmetic")), an_event(edits=("cosmetic",)), True),
        (NotifyRule(kinds=("number",)), an_event("stale_copy", edits=("number",)), False),
        (NotifyRule(kinds=("all",), least=0.6), an_event(edits=("wording",)), False),
        (NotifyRule(least=0.4), an_event(edits=("wording",)), True),
        (NotifyRule(words=("flood",)), an_event("gone", title="Floods in Velm"), True),
        (NotifyRule(words=("flood",)), an_event(edits=("number",), after="a flood of 40 cm"), True),
        (NotifyRule(words=("art",)), an_event("gone", title="A party"), False),
        (NotifyRule(words=("洪水",)), an_event("gone", title="昨日の洪水"), True),
        (NotifyRule(kinds=("copied",)), an_event("copied", seed_key="other/x", other_seed_key=SEED.key), True),
        (NotifyRule(kinds=("copied",)), an_event("copied", seed_key="other/x"), False),
        (NotifyRule(kinds=("run_failed",)), an_event("run_failed", source_id=None, seed_key="", url=""), True),
    ],
)
def test_a_group_gets_the_events_that_its_rule_selects(rule: NotifyRule, event: Event, selected: bool) -> None:
    rules = Rules([replace(SEED, notify=rule)])
    assert (rules.select(event) and rules.select_words(event)) is selected
    assert not selected or event.kind in rules.kinds()


def test_the_index_names_events_words_and_a_weight_by_group() -> None:
    table = "\n\n| url |\n| --- |\n| https://daily.example/a |\n"
    lines = "notify: Number, gone, stale-copy\nnotify_words: flood, prime minister\nnotify_min_score: 0.3"
    read = read_index(f"## one\n\n{lines}{table}", file="INDEX.md")
    rule = NotifyRule(kinds=("gone", "stale_copy", "number"), words=("flood", "prime minister"), least=0.3)
    assert (read.seeds[0].notify, read.complaints) == (rule, ())
    for line, expected in (
        ("notify: shouting", "all, none, or some of edited, correction, new, gone"),
        ("notify_min_score: 3", "a weight from 0 to 1"),
        ("notify_words: ,", "one to 100 words"),
    ):
        (wrong,) = read_index(f"## one\n\n{line}{table}", file="INDEX.md").complaints
        assert expected in wrong.expected


# --- webhooks --------------------------------------------------------------------------------------------------------


def test_a_webhook_is_signed_over_its_time_and_body_and_has_the_words(archived: Path, tmp_path: Path) -> None:
    with receiving(Receiver()) as receiver:
        project = settings(archived, tmp_path, receiver.url, public_url="https://archive.example")
        assert send(project) == {"notified": 1}
    ((headers, body),) = receiver.requests
    stamp, _, digest = headers[SIGNATURE].removeprefix("t=").partition(",v1=")
    assert abs(datetime.now(UTC).timestamp() - int(stamp)) < 60
    assert digest == hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, "sha256").hexdigest()
    assert digest != signature(SECRET, stamp, body + b" ")
    assert digest != signature(SECRET, str(int(stamp) + 1), body)
    assert sent(receiver) == EVERYTHING
    edit = json.loads(body)["events"][1]
    known = ("before", "after", "outlet", "title", "group", "link")
    assert [edit[name] for name in known] == [
        "300",
        "30",
        "daily.example",
        "Ministers promise to reopen the strait",
        "daily",
        "https://archive.example/articles/1/diff/1..2",
    ]
    assert outcomes(project) == [("accepted", 1, "HTTP 204")]
    with closing(sqlite3.connect(project.db)) as connection:
        assert connection.execute("SELECT DISTINCT body FROM notice_event").fetchall() == [("",)]


def test_nothing_is_told_twice_and_nothing_of_before_a_receiver_was_known(archived: Path, tmp_path: Path) -> None:
    with receiving(Receiver()) as first, receiving(Receiver()) as later:
        project = settings(archived, tmp_path, first.url)
        assert [send(project), send(project)] == [{"notified": 1}, {}]
        project = replace(project, notify=(first.url, later.url))
        assert send(project, since=T0 + 5 * HOUR) == {"notified": 1}
    assert (sent(first), sent(later)) == (EVERYTHING, EVERYTHING[2:])


def test_a_dead_receiver_gets_everything_once_it_is_back(archived: Path, tmp_path: Path) -> None:
    with receiving(Receiver(answers=[500] * 6)) as receiver, receiving(Receiver()) as other:
        project = settings(archived, tmp_path, receiver.url, other.url)
        assert send(project) == {"notified": 1, "not_notified": 1}
        assert unsent_notices(project.db) == [("http", "HTTP 500")]
        assert send(project) == {"not_notified": 1}
        assert send(project) == {"notified": 1}
    assert len({headers[DELIVERY] for headers, _ in receiver.requests}) == 1, "one id for every try"
    assert len({body for _, body in receiver.requests}) == 1
    assert sorted(outcomes(project)) == [("accepted", 1, "HTTP 204"), ("accepted", 7, "HTTP 204")]
    assert sent(other) == EVERYTHING


@pytest.mark.parametrize("killed_in", ["queue_events", "make_notice", "record_try"])
def test_a_process_killed_at_any_step_loses_nothing(archived: Path, tmp_path: Path, killed_in: str) -> None:
    """A trigger stops the ledger where a kill would: the transaction is rolled back and the process is over."""
    table, event = {"queue_events": ("notice_event", "INSERT"), "make_notice": ("notice", "INSERT")}.get(
        killed_in, ("notice", "UPDATE")
    )
    with receiving(Receiver()) as receiver:
        project = settings(archived, tmp_path, receiver.url)
        with closing(sqlite3.connect(project.db)) as connection:
            connection.execute(f"CREATE TRIGGER stop BEFORE {event} ON {table} BEGIN SELECT RAISE(FAIL, 'killed'); END")
        assert send(project) == {"not_notified": 1}
        with closing(sqlite3.connect(project.db)) as connection:
            connection.execute("DROP TRIGGER stop")
        assert send(project) == {"notified": 1}
        assert send(project) == {}
    by_id = {headers[DELIVERY]: json.loads(body)["events"] for headers, body in receiver.requests}
    assert [f"{row['kind']} {row['at'][5:13]}" for rows in by_id.values() for row in rows] == EVERYTHING


def test_a_notice_is_given_up_after_a_month(archived: Path, tmp_path: Path) -> None:
    project = settings(archived, tmp_path, "http://127.0.0.1:9/hook", allow_private=False)
    assert send(project) == {"not_notified": 1}
    send(replace(project, clock=NOW + 31 * DAY))
    assert [(outcome, tries) for outcome, tries, _ in outcomes(project)] == [("given up", 4)]


@pytest.mark.parametrize("to", ["http://127.0.0.1:8080/", "http://169.254.169.254/latest", "http://[::1]/"])
def test_a_private_address_is_refused_as_in_fetching(archived: Path, tmp_path: Path, to: str) -> None:
    project = settings(archived, tmp_path, to, allow_private=False)
    assert send(project) == {"not_notified": 1}
    assert unsent_notices(project.db)[0][1].startswith("refused_address")


def test_without_a_secret_no_webhook_is_sent(archived: Path, tmp_path: Path) -> None:
    with receiving(Receiver()) as receiver:
        project = settings(archived, tmp_path, receiver.url, notify_secret=None)
        assert unsent_notices(project.db) == []
        assert send(project) == {"not_notified": 1}
    assert receiver.requests == []
    assert unsent_notices(project.db) == [
        ("http", "not sent: a webhook is signed, and WIRECOPY_NOTIFY_SECRET is not set")
    ]


def test_a_redirect_is_not_followed(archived: Path, tmp_path: Path) -> None:
    with receiving(Receiver(answers=[302] * 3)) as receiver:
        assert send(settings(archived, tmp_path, receiver.url)) == {"not_notified": 1}
    assert len(receiver.requests) == 3


def test_what_was_forgotten_is_in_no_notice(archived: Path, tmp_path: Path) -> None:
    with receiving(Receiver(answers=[500] * 3)) as receiver:
        project = settings(archived, tmp_path, receiver.url)
        send(project)
        with Archive(project.db) as archive:
            source = archive.source(TALKS)
        with Store(project.db) as store:
            store.forget_source(source.id, NOW)
        with closing(sqlite3.connect(project.db)) as connection:
            assert connection.execute("SELECT body FROM notice_event").fetchall() == []
        send(project)
    assert len(receiver.requests) == 3
    assert outcomes(project) == [("withdrawn", 4, "its articles were forgotten")]


def test_a_broken_archive_fails_nothing(tmp_path: Path) -> None:
    project = Settings(root=tmp_path, db=tmp_path, index=tmp_path, notify=("https://hooks.example/",))
    assert send(project) == {"not_notified": 1}
    assert unsent_notices(project.db) == []


@pytest.mark.slow
def test_a_receiver_that_hangs_delays_a_run_only_briefly(archived: Path, tmp_path: Path) -> None:
    with receiving(Receiver(hangs=True)) as slow, receiving(Receiver()) as good:
        began = time.monotonic()
        project = settings(archived, tmp_path, slow.url, good.url)
        assert send(project) == {"notified": 1, "not_notified": 1}
        assert time.monotonic() - began < HOLD_SECONDS + 2
    assert outcomes(project)[0][:2] == ("accepted", 1)
    assert "no answer within" in unsent_notices(project.db)[0][1]


# --- mail, quiet hours, digest ---------------------------------------------------------------------------------------


def test_a_mail_says_the_words_in_text_and_html_and_is_told_once(archived: Path, tmp_path: Path) -> None:
    with mailbox() as box:
        box.answers = ["451 try later"]
        project = settings(archived, tmp_path, box.url)
        assert send(project) == {"notified": 1}
        assert send(project) == {}
    (mail,) = box.mails
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert mail["Subject"].startswith("3 events: copy: ")
    assert mail["Message-ID"].endswith("@daily.example>")
    assert "number: 300 \u2192 30" in text
    assert "300</del>" in html
    assert ">30</ins>" in html
    assert f"{TALKS}@2" in text
    assert outcomes(project) == [("accepted", 2, "mail accepted")]


def test_a_headline_cannot_write_headers_or_markup(archived: Path, tmp_path: Path) -> None:
    hostile = "One</title><script>1</script>\r\nBcc: all@daily.example \u202e"
    with mailbox() as box:
        project = settings(archived, tmp_path, box.url)
        with closing(sqlite3.connect(project.db)) as connection, connection:
            connection.execute("UPDATE version SET title = ?", [hostile])
        assert send(project) == {"notified": 1}
    (mail,) = box.mails
    assert mail["Bcc"] is None
    assert "<script" not in mail.get_body(("html",)).get_content()
    assert "\u202e" not in mail.get_body(("plain",)).get_content()


def test_a_digest_comes_at_its_time_with_everything_since_the_last(archived: Path, tmp_path: Path) -> None:
    with mailbox() as box:
        project = settings(archived, tmp_path, digest=(box.url,), digest_at=parse_digest_time("daily 07:30"))
        assert send(project) == {}
        assert send(replace(project, clock=NOW + 20 * HOUR)) == {}, "before its time"
        assert send(replace(project, clock=NOW + 24 * HOUR)) == {"notified": 1}
        assert send(replace(project, clock=NOW + 48 * HOUR)) == {}, "an empty digest is not sent"
    (mail,) = box.mails
    assert mail["Subject"].startswith("Digest, 3 events: ")


def test_notices_wait_for_the_end_of_the_quiet_hours(archived: Path, tmp_path: Path) -> None:
    with receiving(Receiver()) as receiver:
        project = settings(archived, tmp_path, receiver.url, notify_quiet=parse_quiet_hours("07:00-09:00"))
        assert send(project) == {}
        assert send(replace(project, clock=NOW + HOUR)) == {"notified": 1}
    assert sent(receiver) == EVERYTHING


@pytest.mark.parametrize(
    ("text", "moment", "covered"),
    [
        ("22:00-07:00", "2026-01-05T23:00+00:00", True),
        ("22:00-07:00", "2026-01-05T07:00+00:00", False),
        ("09:00-17:00", "2026-01-05T12:00+00:00", True),
        ("22:00-07:00 Europe/Berlin", "2026-01-05T21:30+00:00", True),
        ("22:00-07:00 Europe/Berlin", "2026-07-05T20:30+00:00", True),
    ],
)
def test_quiet_hours_are_of_a_time_zone(text: str, moment: str, covered: bool) -> None:
    hours = parse_quiet_hours(text)
    assert hours.covers(datetime.fromisoformat(moment)) is covered
    assert parse_quiet_hours(str(hours)) == hours


def test_quiet_hours_digest_and_mail_are_in_the_time_zone_of_the_settings(archived: Path, tmp_path: Path) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    with mailbox() as box:
        more: dict[str, object] = {"time_zone": berlin, "digest_at": parse_digest_time("daily 09:30")}
        project = settings(archived, tmp_path, digest=(box.url,), **more)
        assert send(project) == {}
        slot = NOW.replace(hour=8, minute=30)  # 9:30 in Berlin
        assert send(replace(project, clock=slot - HOUR / 60)) == {}, "9:29 in Berlin"
        assert send(replace(project, clock=slot)) == {"notified": 1}
    text, html = (box.mails[0].get_body((kind,)).get_content() for kind in ("plain", "html"))
    with Archive(project.db) as archive:
        edited_at = archive.version(Ref(url=TALKS, number=2)).first_seen_at.astimezone(berlin)
    assert f"{edited_at.day} {edited_at:%b %H:%M}" in text
    assert f"{edited_at.day} {edited_at:%b %H:%M}" in html
    assert "Times are Europe/Berlin." in text
    assert "Times are Europe/Berlin." in html
    quiet = replace(project, notify_quiet=parse_quiet_hours("22:00-07:00"))
    assert quiet.notify_quiet.covers(replace(quiet, clock=datetime(2026, 1, 5, 21, 30, tzinfo=UTC)).local_now())
    assert not quiet.notify_quiet.covers(replace(quiet, clock=datetime(2026, 1, 5, 6, 30, tzinfo=UTC)).local_now())


def test_the_sentence_of_an_event_names_its_instant_in_a_zone() -> None:
    since = datetime(2026, 7, 5, 12, tzinfo=UTC)
    sentence = "gone since 5 Jul 2026 12:00 UTC: page gone (410)"
    berlin = ZoneInfo("Europe/Berlin")
    assert summary_in_zone(sentence, since, berlin) == "gone since 5 Jul 2026 14:00 CEST: page gone (410)"
    assert summary_in_zone(sentence, since, UTC) == sentence


@pytest.mark.parametrize(
    ("text", "moment", "slot"),
    [
        ("daily 07:30", "2026-01-05T08:00+00:00", "2026-01-05T07:30+00:00"),
        ("daily 07:30", "2026-01-05T07:00+00:00", "2026-01-04T07:30+00:00"),
        ("weekly monday 07:30", "2026-01-07T07:00+00:00", "2026-01-05T07:30+00:00"),
        ("weekly mon 07:30", "2026-01-05T07:00+00:00", "2025-12-29T07:30+00:00"),
        ("daily 07:30 Europe/Berlin", "2026-07-05T06:00+00:00", "2026-07-05T05:30+00:00"),
    ],
)
def test_a_digest_has_a_last_time(text: str, moment: str, slot: str) -> None:
    schedule = parse_digest_time(text)
    assert schedule.last_before(datetime.fromisoformat(moment)) == datetime.fromisoformat(slot)
    assert parse_digest_time(str(schedule)) == schedule


@pytest.mark.parametrize("text", ["25:00-07:00", "22:00", "22:00-07:00 Mars/Base", "daily", "weekly 07:30"])
def test_a_wrong_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadInput, match=r"write|Europe/Berlin"):
        (parse_digest_time if text[0] in "dw" else parse_quiet_hours)(text)


@pytest.mark.parametrize(
    "address", ["smtp://?from=a@b.c&to=d@e.f", "smtp://mail.example?to=d@e.f", "smtp://mail.example:x?from=a@b&to=c@d"]
)
def test_a_mail_address_without_host_sender_or_reader_is_refused(address: str) -> None:
    assert mail_server(address) is None


# --- apprise ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # its own imports warn
def test_apprise_delivers_a_notice_as_plain_text(archived: Path, tmp_path: Path) -> None:
    pytest.importorskip("apprise")
    with receiving(Receiver()) as receiver:
        project = settings(archived, tmp_path, receiver.url.replace("http://", "json://"))
        assert send(project) == {"notified": 1}
    ((_, body),) = receiver.requests
    message = json.loads(body)
    assert message["title"].startswith("3 events: ")
    assert "number: 300 \u2192 30" in message["message"]


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
    (change,) = json.loads(receiver.requests[0][1])["events"]
    assert (change["url"], change["version"], change["group"]) == (STRAIT, 2, "daily")


# --- settings --------------------------------------------------------------------------------------------------------


def test_addresses_with_keys_are_never_shown_and_the_secret_is_never_in_a_file(tmp_path: Path) -> None:
    environ = {
        "WIRECOPY_NOTIFY": "https://hooks.example/key, ntfy://topic",
        "WIRECOPY_NOTIFY_SECRET": SECRET,
        "WIRECOPY_DIGEST": "smtps://me:pass@mail.example?from=a@b.example&to=c@d.example",
        "WIRECOPY_DIGEST_AT": "weekly monday 07:30 Europe/Berlin",
        "WIRECOPY_NOTIFY_QUIET": "22:00-07:00",
        "WIRECOPY_PUBLIC_URL": "https://archive.example",
    }
    project = load_settings(environ, start=tmp_path)
    assert project.notify == ("https://hooks.example/key", "ntfy://topic")
    assert (project.digest_at.weekday, project.public_url) == (0, "https://archive.example")
    assert not any(part in value for _, value, _ in project.origins for part in ("hooks", "ntfy", "pass", SECRET))
    with pytest.raises(ConfigError, match="daily 07:30"):
        load_settings({"WIRECOPY_DIGEST_AT": "sometimes"}, start=tmp_path)
    (tmp_path / "wirecopy.toml").write_text(f'notify_secret = "{SECRET}"\n', "utf-8")
    with pytest.raises(ConfigError, match="WIRECOPY_NOTIFY_SECRET"):
        load_settings({}, start=tmp_path)
