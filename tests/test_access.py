"""Several people: named tokens with roles, a proxy with a login, read marks of each, and the audit of what they do."""

from __future__ import annotations

import base64
import json
import re
from contextlib import closing
from datetime import UTC, datetime
from sqlite3 import connect
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from starlette.routing import Route

from archive.api import Archive, curation
from archive.cli import wirecopy
from archive.serve.access import ProxyLogin
from archive.settings import load_settings
from commands import call_main
from db.errors import BadInput, ConfigError
from db.records import Actor, Role
from serving import OURS, TOKEN, a_project, application, client, stocked

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.applications import Starlette
    from starlette.testclient import TestClient

ANA, BEN, EVE = "wc_the-token-of-ana", "wc_the-token-of-ben", "wc_the-token-of-eve"
NOW = datetime(2026, 2, 4, 8, tzinfo=UTC)
PROXY = ProxyLogin.of("X-Forwarded-User", ["127.0.0.1", "10.1.0.0/16"])


@pytest.fixture
def archived(tmp_path: Path) -> Path:
    """An archive with three people: ana may read, ben also label, eve also manage."""
    path = stocked(tmp_path / "archive.db")
    for name, token, roles in (("ana", ANA, []), ("ben", BEN, [Role.LABEL]), ("eve", EVE, [Role.MANAGE])):
        curation.add_token(path, name, token, roles, now=NOW, actor=Actor("root", "terminal"))
    return path


def guarded(path: Path, **how: object) -> Starlette:
    return application(path, guarded=True, project=a_project()[0], **how)


def as_(app: Starlette, token: str) -> TestClient:
    return client(app, authorization=f"Bearer {token}")


def form_token(asked: TestClient) -> str:
    """Return the token in the forms of who asks."""
    return asked.get("/compare").text.partition('name="token" value="')[2].partition('"')[0]


def post(asked: TestClient, path: str, **form: str) -> int:
    return asked.post(path, data={"token": form_token(asked)} | form, headers={"origin": OURS}).status_code


LABEL = {"say": "copy", "with": "1"}


def test_only_digests_of_tokens_are_stored(archived: Path) -> None:
    files = b"".join(path.read_bytes() for path in archived.parent.iterdir() if path.is_file())
    assert not any(token.encode() in files for token in (ANA, BEN, EVE))


def test_a_named_token_enters_and_a_revoked_or_unknown_one_does_not(archived: Path) -> None:
    app = guarded(archived)
    password = base64.b64encode(f"whoever:{ANA}".encode()).decode()
    assert as_(app, ANA).get("/").status_code == 200
    assert client(app, authorization=f"Basic {password}").get("/").status_code == 200
    assert as_(app, ANA + "x").get("/").status_code == 401
    assert as_(app, "x" * 10_000).get("/").status_code == 401
    assert curation.revoke_token(archived, "ana", now=NOW, actor=Actor("root", "terminal"))
    assert as_(app, ANA).get("/").status_code == 401
    assert not curation.revoke_token(archived, "ana", now=NOW, actor=Actor("root", "terminal"))


def test_an_archive_that_cannot_be_read_is_said_to_who_has_a_token(archived: Path) -> None:
    app = guarded(archived)
    archived.write_bytes(b"no database" * 100)
    answer = as_(app, ANA).get("/")
    assert (answer.status_code, "not a readable archive" in answer.text) == (503, True)


def test_the_token_without_a_name_has_every_role(archived: Path) -> None:
    asked = as_(guarded(archived), TOKEN)
    assert form_token(asked) == TOKEN
    assert post(asked, "/copies/2/label", **LABEL) == 303
    assert asked.get("/audit").status_code == 200


def test_each_form_needs_its_role(archived: Path) -> None:
    """A form is refused with 403 to who has not its role, before anything else is looked at."""
    app = guarded(archived)
    reading = {"/seen", "/articles/1/seen", "/compare"}
    labelling = {"/articles/1/check", "/watched/check", "/copies/1/label", "/copies/1/original"}
    allowed = {"ana": reading, "ben": reading | labelling}
    posts = {route.path for route in app.routes if isinstance(route, Route) and "POST" in (route.methods or ())}
    forms = {re.sub(r"\{id:int\}", "1", path) for path in posts if not re.match(r"/(a|g|s|at)(/|\.|$)", path)}
    for name, token in (("ana", ANA), ("ben", BEN)):
        asked = as_(app, token)
        entered = {path for path in forms if post(asked, path) != 403}
        assert entered == allowed[name], name
    assert len(forms) >= 6


def test_nobody_finds_the_token_with_all_roles_in_their_pages(archived: Path) -> None:
    app = guarded(archived)
    pages = "".join(as_(app, EVE).get(path).text for path in ("/", "/articles/1", "/copies/1", "/sources", "/compare"))
    assert TOKEN not in pages
    assert EVE not in pages


def test_the_form_token_of_one_person_does_not_serve_another(archived: Path) -> None:
    app = guarded(archived)
    ana, ben = as_(app, ANA), as_(app, BEN)
    stolen = ana.post("/seen", data={"token": form_token(ben)}, headers={"origin": OURS})
    assert stolen.status_code == 403
    own = ana.post("/seen", data={"token": ANA}, headers={"origin": OURS})  # a program sends the token that it has
    assert own.status_code == 303


def test_who_may_not_label_or_check_sees_no_form_for_it(archived: Path) -> None:
    app = guarded(archived)
    for path, form in (("/copies/1?with=2", "/label"), ("/articles/1", "/check"), ("/sources", "/check")):
        assert f'{form}"' not in as_(app, ANA).get(path).text
        assert f'{form}"' in as_(app, BEN).get(path).text


def test_each_person_has_read_marks_of_their_own(archived: Path) -> None:
    app = guarded(archived)
    ana, ben, nameless = as_(app, ANA), as_(app, BEN), as_(app, TOKEN)

    def unread(asked: TestClient) -> list[int]:
        inbox = asked.get("/inbox.json").json()
        return sorted(row["id"] for row in (*inbox["changes"], *inbox["small"]))

    assert unread(ana) == unread(ben) == unread(nameless) == [1, 4]
    assert post(ana, "/articles/1/seen", until="2026-02-01T00:00:00Z") == 303
    assert (unread(ana), unread(ben), unread(nameless)) == ([4], [1, 4], [1, 4])
    assert post(ben, "/seen") == 303
    assert (unread(ana), unread(ben), unread(nameless)) == ([4], [], [1, 4])
    assert ana.get("/articles/1.json").json()["seen_until"] is not None
    assert nameless.get("/articles/1.json").json()["seen_until"] is None


# --- a proxy with a login --------------------------------------------------------------------------------------------


def by_proxy(path: Path, user: str | bytes, *, peer: str = "127.0.0.1", proxy: ProxyLogin | None = PROXY) -> TestClient:
    app = application(path, proxy=proxy, guarded=True)
    asked = client(app, **{"X-Forwarded-User": user})  # type: ignore[arg-type]
    asked._transport.client = (peer, 5000)  # type: ignore[attr-defined]
    return asked


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.1.77.3", "::ffff:10.1.0.1"])
def test_the_user_of_a_listed_proxy_enters_with_the_roles_of_the_token_of_that_name(archived: Path, peer: str) -> None:
    assert post(by_proxy(archived, "ben", peer=peer), "/copies/2/label", **LABEL) == 303
    with Archive(archived) as archive:
        assert archive.audit(limit=1).rows[0].actor == Actor("ben", "web")
    assert post(by_proxy(archived, "somebody-new", peer=peer), "/copies/2/label", **LABEL) == 403
    assert post(by_proxy(archived, "somebody-new", peer=peer), "/seen") == 303


@pytest.mark.parametrize("peer", ["10.2.0.1", "192.0.2.1", "127.0.0.2", "::1", "testclient", ""])
def test_a_forged_header_from_elsewhere_is_ignored(archived: Path, peer: str) -> None:
    assert by_proxy(archived, "eve", peer=peer).get("/").status_code == 401
    asked = by_proxy(archived, "eve", peer=peer)
    asked.headers["authorization"] = f"Bearer {ANA}"
    assert asked.get("/audit").status_code == 403, "it is still ana"


def test_a_header_counts_only_if_the_setting_names_it(archived: Path) -> None:
    assert by_proxy(archived, "eve", proxy=None).get("/").status_code == 401
    other = ProxyLogin.of("Remote-User", ["127.0.0.1"])
    assert by_proxy(archived, "eve", proxy=other).get("/").status_code == 401


@pytest.mark.parametrize("user", ["", " ", "eve, ana", "e" * 101, "eve\u00e9".encode(), "<b>", "-x"])
def test_a_name_that_cannot_be_used_is_refused(archived: Path, user: str | bytes) -> None:
    assert by_proxy(archived, user).get("/").status_code == 403


def test_a_header_that_comes_twice_is_refused(archived: Path) -> None:
    app = application(archived, proxy=PROXY, guarded=True)
    asked = client(app)
    asked._transport.client = ("127.0.0.1", 5000)  # type: ignore[attr-defined]
    both = [("X-Forwarded-User", "ana"), ("X-Forwarded-User", "eve")]
    assert asked.get("/", headers=both).status_code == 403  # type: ignore[arg-type]


def test_a_proxy_makes_a_server_ask_everybody_who_they_are(archived: Path) -> None:
    """A request that reaches the server beside the proxy has no user name, and must not have every role."""
    app = application(archived, proxy=PROXY)
    assert client(app).get("/").status_code == 401
    assert as_(app, TOKEN).get("/").status_code == 200


def test_who_is_revoked_does_not_enter_through_the_proxy(archived: Path) -> None:
    curation.revoke_token(archived, "ben", now=NOW, actor=Actor("root", "terminal"))
    answer = by_proxy(archived, "ben").get("/")
    assert (answer.status_code, "revoked" in answer.text) == (403, True)
    curation.add_token(archived, "ben", "wc_a-new-one", [], now=NOW, actor=Actor("root", "terminal"))
    assert by_proxy(archived, "ben").get("/").status_code == 200


def test_the_two_settings_of_a_proxy_go_together(tmp_path: Path) -> None:
    from archive.cli.serve import _proxy

    for environ, message in (
        ({"WIRECOPY_PROXY_USER_HEADER": "X-User"}, "go together"),
        ({"WIRECOPY_PROXY_ADDRESSES": "127.0.0.1"}, "go together"),
        ({"WIRECOPY_PROXY_USER_HEADER": "X-User", "WIRECOPY_PROXY_ADDRESSES": "1.2.3"}, "proxy_addresses"),
    ):
        with pytest.raises(ConfigError, match=message):
            _proxy(load_settings(environ, start=tmp_path))
    both = {"WIRECOPY_PROXY_USER_HEADER": "X-User", "WIRECOPY_PROXY_ADDRESSES": "::1,10.0.0.0/8"}
    login = _proxy(load_settings(both, start=tmp_path))
    assert login is not None
    assert len(login.networks) == 2


# --- the audit -------------------------------------------------------------------------------------------------------


def test_the_audit_names_who_labelled_and_who_forgot(archived: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "olga")
    assert post(as_(guarded(archived), BEN), "/copies/2/label", **LABEL) == 303
    copy = "https://copy.example/harbour"
    for arguments in (
        ["hold", copy],
        ["hold", copy, "--release"],
        ["forget", copy, "--yes"],
        ["forget", copy, "--lift"],
    ):
        assert call_main("--db", str(archived), *arguments).code == 0
    with Archive(archived) as archive:
        changes = [(entry.actor.name, entry.action, entry.subject) for entry in archive.audit(limit=5).rows]
    assert changes == [
        ("olga", "allowed again", copy),
        ("olga", "forgot", copy),
        ("olga", "released", copy),
        ("olga", "put on hold", copy),
        ("ben", "labelled", copy),
    ]
    page = as_(guarded(archived), EVE).get("/audit")
    assert "ben (web)" in page.text
    assert "olga (terminal)" in page.text
    assert as_(guarded(archived), BEN).get("/audit").status_code == 403


def test_a_change_and_its_entry_in_the_audit_are_stored_together(archived: Path) -> None:
    """If the audit cannot be written, neither is the label."""
    with closing(connect(archived)) as connection, connection:
        connection.execute("CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'no'); END")
    asked = as_(guarded(archived), BEN)
    assert post(asked, "/copies/2/label", **LABEL) >= 500
    assert asked.get("/copies/2.json").json()["labels"] == []


def test_the_pages_of_the_audit_follow_each_other(archived: Path) -> None:
    asked = as_(guarded(archived), EVE)
    first = asked.get("/audit.json?limit=2").json()
    second = asked.get(first["next"]).json()
    subjects = [row["subject"] for row in (*first["audit"], *second["audit"])]
    assert subjects == ["eve", "ben", "ana"]
    assert second["next"] is None


# --- the verbs -------------------------------------------------------------------------------------------------------


def test_tokens_are_made_listed_and_revoked_on_the_command_line(archived: Path) -> None:
    made = call_main("--db", str(archived), "token", "add", "kim", "--role", "label", "--role", "manage")
    secret = made.out.strip()
    assert as_(guarded(archived), secret).get("/audit").status_code == 200
    listed = json.loads(call_main("--db", str(archived), "token", "list", "--json").out)["tokens"]
    assert [row["roles"] for row in listed if row["name"] == "kim"] == [["label", "manage", "read"]]
    assert secret not in call_main("--db", str(archived), "token", "list").out
    assert call_main("--db", str(archived), "token", "add", "kim").code == 2
    assert call_main("--db", str(archived), "token", "revoke", "kim").code == 0
    assert call_main("--db", str(archived), "token", "revoke", "kim").code == 1
    assert as_(guarded(archived), secret).get("/").status_code == 401
    actions = [row["action"] for row in json.loads(call_main("--db", str(archived), "audit", "--json").out)["audit"]]
    assert actions[:2] == ["revoked a token", "gave a token"]


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 101, "-x", "\u00e9"])
def test_a_name_of_a_token_is_plain(archived: Path, name: str) -> None:
    with pytest.raises(BadInput, match="cannot be the name"):
        CliRunner().invoke(wirecopy, ["--db", str(archived), "token", "add", "--", name], catch_exceptions=False)
