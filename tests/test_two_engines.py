"""One answer from both engines: every query, search, and the whole archive moved to a server and back."""

from __future__ import annotations

import dataclasses
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from archive.api import Archive
from archive.pipeline.link import link
from db import logical_dump, maintenance
from db.dialect.server_address import ServerAddress
from db.errors import BadInput, Corrupt, SchemaMismatch, StoreBusy, StoreError, TooSlow, Unstorable
from db.move import move
from db.reader import HEAD, Reader
from db.store import Store
from db.views import create_views
from tests.builders import DAY, LATER, T0, a_capture, add_source, make_history
from tests.commands import Ran, call_main
from tests.every_query import VARIANTS, Arguments, fill, plain, queries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers import Server

SIZES = {
    "statistics.table_sizes",
    "statistics.file_size",
    "statistics.sizes",
    "statistics.growth",
    "work_queues.lock_waits",
}
"""What an engine says of its own files."""

BOATS = [("Marta", 12), ("Ines", 31), ("Rosa", 54), ("Clara", 7), ("Lucia", 88), ("Teresa", 19), ("Beatriz", 46)]

Both = tuple[Reader, Reader, Arguments]


@pytest.fixture(scope="module")
def both(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Readers of one archive in a file and on a server, and arguments for its queries."""
    folder = tmp_path_factory.mktemp("engines")
    file, address = folder / "archive.db", server.address(folder)
    fill(file)
    move(file, address)
    with Reader(file) as here, Reader(address) as there:
        yield here, there, Arguments(here.ask)


@pytest.mark.parametrize("name", [name for name, _ in queries() if name not in SIZES])
def test_a_query_gives_the_same_answer_on_both_engines(both: Both, name: str):
    here, there, arguments = both
    function = dict(queries())[name]
    for variant in range(VARIANTS):
        given = arguments.of(name, function, variant)
        assert _answer(function, there, given) == _answer(function, here, given), given


def _answer(function: Callable[..., Any], reader: Reader, given: dict[str, Any]) -> Any:
    try:
        return _rounded(plain(function(reader.ask, **given)))
    except (Corrupt, LookupError, ValueError) as error:  # what a query says of arguments that fit no row
        return type(error)


def _rounded(value: Any) -> Any:
    """The value with floats rounded: the two engines add in another order."""
    if isinstance(value, float):
        return round(value, 9)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _rounded([type(value).__name__, *(getattr(value, field.name) for field in dataclasses.fields(value))])
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    return [_rounded(entry) for entry in value] if isinstance(value, list | tuple) else value


VIEWS = [statement.split()[2] for statement in create_views("sqlite")]


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_shows_the_same_rows_on_both_engines(both: Both, view: str):
    here, there, _ = both
    rows, same = (_rounded(sorted(reader.ask(f"SELECT * FROM {view}"), key=str)) for reader in (here, there))
    assert rows
    assert rows == same


# --- moving ----------------------------------------------------------------------------------------------------------


def test_an_archive_moved_to_a_server_and_back_has_the_same_rows(both: Both, tmp_path: Path):
    here, there, _ = both
    moved = move(there.path, tmp_path / "back.db")
    with Reader(tmp_path / "back.db") as back:
        assert logical_dump.digests(back.ask) == logical_dump.digests(here.ask)
        assert list(Archive(tmp_path / "back.db").verify(deep=True)) == list(Archive(here.path).verify(deep=True))
    assert moved.rows["capture"] > 10


def test_texts_are_linked_alike_on_both_engines(server: Server, tmp_path: Path):
    words = [
        f"The ferry {name} left the harbour of Aveiro at dawn with {count} people on board." for name, count in BOATS
    ]
    links = []
    for path in (tmp_path / "archive.db", server.address(tmp_path)):
        with Store(path) as store:
            for number, body in enumerate((words, words[:-1], words[1:])):
                source = add_source(store, f"https://daily.example/{number}")
                make_history(store, source, [("\n".join(body), T0)], title="Ferries")
            assert link(store, now=LATER) == 3
            assert link(store, now=LATER) == 0
            links.append(store.ask("SELECT a_text_id, b_text_id, relation, because FROM link ORDER BY 1, 2"))
            assert store.ask("SELECT count(*) AS n FROM text WHERE linked_by IS NULL") == [{"n": 0}]
    assert links[0] == links[1]


@pytest.mark.slow
def test_a_moved_archive_goes_on_with_new_numbers(server: Server, tmp_path: Path):
    fill(tmp_path / "archive.db")
    address = server.address(tmp_path)
    move(tmp_path / "archive.db", address)
    with Store(tmp_path / "archive.db") as file, Store(address) as moved:
        for store in (file, moved):
            make_history(store, add_source(store, "https://new.example/"), [("A new word.", T0)])
        assert logical_dump.digests(moved.ask) == logical_dump.digests(file.ask)


def test_a_target_with_rows_is_refused(both: Both):
    here, there, _ = both
    with pytest.raises(BadInput, match="is not empty"):
        move(here.path, there.path)
    with pytest.raises(BadInput, match="is the archive itself"):
        move(there.path, there.path)


@pytest.mark.slow
def test_a_newer_or_foreign_target_is_refused(both: Both, server: Server, tmp_path: Path):
    here, _, _ = both
    newer = server.address(tmp_path)
    Store(newer).close()
    with Store(newer) as store, store.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaMismatch, match="newer schema 9999"):
        move(here.path, newer)
    foreign = server.address(tmp_path)
    server.run(f"CREATE TABLE {foreign.url.rpartition('%3D')[2]}.capture (id int)")
    with pytest.raises(SchemaMismatch, match="another program"):
        move(here.path, foreign)


@pytest.mark.slow
def test_a_database_that_sorts_by_language_is_refused(both: Both, server: Server, tmp_path: Path):
    here, _, _ = both
    server.run("CREATE DATABASE words TEMPLATE template0 LOCALE 'C.UTF-8' ENCODING 'UTF8'")
    with pytest.raises(StoreError, match=r"sorts text as C\.UTF-8.*needs the collation C"):
        move(here.path, ServerAddress(server.url(database="words"), tmp_path))


class _CutOffError(Exception):
    """A move that ends before its time."""


def _cut_off_at(table: str) -> Callable[[str], None]:
    def stop(name: str) -> None:
        if name == table:
            raise _CutOffError

    return stop


@pytest.mark.parametrize("engine", ["file", "server"])
def test_a_move_that_was_cut_off_goes_on(both: Both, server: Server, tmp_path: Path, engine: str):
    here, _, _ = both
    target = server.address(tmp_path) if engine == "server" else tmp_path / "copy.db"
    for table in ("text", "version", "comparison"):
        with pytest.raises(_CutOffError):
            move(here.path, target, progress=_cut_off_at(table))
        for opened in (Reader, Store):
            with pytest.raises(SchemaMismatch, match=r"not complete\. Go on: wirecopy move FROM"):
                opened(target)
    names: list[str] = []
    move(here.path, target, progress=names.append)
    assert names == ["comparison"]
    with Reader(target) as reader:
        assert logical_dump.digests(reader.ask) == logical_dump.digests(here.ask)
    assert list(Archive(target).verify()) == list(Archive(here.path).verify())


def test_a_move_that_was_cut_off_within_a_table_goes_on_after_its_last_row(both: Both, tmp_path: Path):
    here, _, _ = both
    target = tmp_path / "copy.db"
    tables = [table.name for table in logical_dump.tables()]
    following = tables[tables.index("capture") + 1]
    with pytest.raises(_CutOffError):
        move(here.path, target, progress=_cut_off_at(following))
    with closing(sqlite3.connect(target)) as connection:
        connection.execute("DELETE FROM capture WHERE id > (SELECT max(id) - 3 FROM capture)")
        connection.execute("CREATE TRIGGER once BEFORE DELETE ON capture BEGIN SELECT RAISE(ABORT, 'emptied'); END")
        connection.commit()
    names: list[str] = []
    move(here.path, target, progress=names.append)
    assert names[0] == "capture"
    with Reader(target) as reader:
        assert logical_dump.digests(reader.ask) == logical_dump.digests(here.ask)


@pytest.mark.slow
def test_an_archive_that_changed_since_a_move_was_cut_off_is_moved_as_it_is_now(server: Server, tmp_path: Path):
    fill(tmp_path / "archive.db")
    for number, target in enumerate((server.address(tmp_path), tmp_path / "copy.db")):
        for table in ("derivation", "comparison"):
            with pytest.raises(_CutOffError):
                move(tmp_path / "archive.db", target, progress=_cut_off_at(table))
            with Store(tmp_path / "archive.db") as store:
                source = add_source(store, f"https://new.example/{number}/{table}")
                make_history(store, source, [(f"The words of {table} and {number}.", T0)])
                store.forget_source(source, LATER)
                make_history(store, add_source(store, f"https://other.example/{number}/{table}"), [("More.", T0)])
        move(tmp_path / "archive.db", target)
        with Reader(tmp_path / "archive.db") as file, Reader(target) as moved:
            assert logical_dump.digests(moved.ask) == logical_dump.digests(file.ask)
        assert Archive(target).search("words") == Archive(tmp_path / "archive.db").search("words")


# --- the store -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_is_written_on_a_server_is_what_is_written_in_a_file(server: Server, tmp_path: Path):
    address = server.address(tmp_path)
    for path in (tmp_path / "archive.db", address):
        with Store(path) as store:
            first = add_source(store, "https://daily.example/a")
            make_history(store, first, [("One.", T0), ("Two.", LATER)], title="Zürich")
            make_history(store, add_source(store, "https://daily.example/b"), [("Two.", LATER)], title="Zürich")
            store.forget_source(first, LATER)
            run = store.begin_run("refresh", "{}", "tests", T0)
            store.record([(a_capture(add_source(store), at=T0), b"a page")], run)
            assert store.redate_run(run, DAY, "its clock was a day behind", LATER) == 1
            with store.together():
                store.append_entry("note", {"text": "one"})
                with pytest.raises(Unstorable):
                    store.record([(a_capture(999), b"of no source")], run)
                store.append_entry("note", {"text": "two"})
    with Reader(tmp_path / "archive.db") as here, Reader(address) as there:
        assert logical_dump.digests(here.ask) == logical_dump.digests(there.ask)
        assert not list(Archive(address).verify(deep=True))


@pytest.mark.slow
def test_a_damaged_vector_is_a_problem(server: Server, tmp_path: Path):
    address = server.address(tmp_path)
    with Store(address) as store:
        make_history(store, add_source(store), [("One word.", T0), ("Two words.", LATER)])
        with store.begin() as connection:
            connection.exec_driver_sql("UPDATE text_words SET words = '''other'':1B' WHERE text_id = 1")
            connection.exec_driver_sql("DELETE FROM text_words WHERE text_id = 2")
    found = [problem.what for problem in Archive(address).verify(deep=True)]
    assert found == ["search cannot find it", "search finds it by other words than it has"]


def test_a_query_that_takes_too_long_is_interrupted(both: Both):
    _, there, _ = both
    with Reader(there.path, patience=0.2) as reader, pytest.raises(TooSlow, match="takes too long"):
        reader.ask("SELECT pg_sleep(5)")


@pytest.mark.slow
def test_a_second_writer_waits_and_then_gives_up(server: Server, tmp_path: Path):
    address = server.address(tmp_path)
    impatient = ServerAddress(address.url + "%20-c%20lock_timeout%3D100", tmp_path)
    with Store(address) as first, Store(impatient) as second, first.begin():
        assert second.ask("SELECT 1 AS one") == [{"one": 1}]  # reading needs no lock
        second._engine.dispose()
        with pytest.raises(StoreBusy, match="stayed locked"), second.begin() as connection:
            connection.exec_driver_sql("SELECT 1")


@pytest.mark.slow
def test_a_value_that_does_not_fit_is_named(server: Server, tmp_path: Path):
    with Store(server.address(tmp_path)) as store, pytest.raises(StoreError, match="does not take a value"):
        store.add_source("https://daily.example/\0", "key", T0)


def test_what_needs_a_file_says_so(both: Both, tmp_path: Path):
    _, there, _ = both
    with pytest.raises(BadInput, match="pg_dump"):
        maintenance.backup(there.path, tmp_path / "backup.db")
    with pytest.raises(BadInput, match="pg_restore"):
        maintenance.restore(there.path, tmp_path / "backup.db")
    with pytest.raises(StoreError, match="this needs an archive in a file"):
        sqlite3.connect(there.path)
    assert maintenance.revision(there.path) == HEAD


# --- search ----------------------------------------------------------------------------------------------------------

WORDS = (
    "harbour",
    "opens on",
    '"opens on"',
    "zurich",
    "Zürich*",
    "har*",
    "title:port",
    'title:"port 9"',
    "harbour -friday",
    "monday OR friday",
    'near:"monday harbour"~3',
    'near:"monday harbour"~0',
    '-near:"monday opens"~1 harbour',
    "東京",
    "港",
    "Гаван*",
    "nothing here",
    '"opens" -"on friday"',
)


@pytest.mark.parametrize("words", WORDS)
def test_a_search_gives_the_same_matches_in_the_same_order(both: Both, words: str):
    here, there, _ = both
    with Archive(here.path) as file, Archive(there.path) as server:
        assert server.search(words) == file.search(words)


@pytest.mark.slow
def test_a_text_beyond_the_limits_of_a_vector_is_found_like_any_other(server: Server, tmp_path: Path):
    address = server.address(tmp_path)
    long = "word " * 20_000 + "the last harbour opens " + "again " * 300 + "x" * 3_000
    for path in (tmp_path / "archive.db", address):
        with Store(path) as store:
            make_history(
                store, add_source(store), [(long, T0), ("The harbour opens again.", LATER)], title="A long one"
            )
    with Archive(tmp_path / "archive.db") as file, Archive(address) as there:
        for words in (
            '"last harbour"',
            '"harbour last"',
            "harbour",
            'near:"harbour again"~1',
            "title:long",
            "again -last",
        ):
            assert there.search(words) == file.search(words), words
    with Reader(address) as reader:
        assert reader.ask("SELECT is_complete FROM text_words ORDER BY text_id") == [
            {"is_complete": False},
            {"is_complete": True},
        ]


# --- the command line ------------------------------------------------------------------------------------------------

PAGE = "<!doctype html><html><head><title>{0}</title></head><body><article><h1>{0}</h1>" + "".join(
    f"<p>The harbour of Velmora opens on Monday, the minister said in sentence number {number} of {{0}}.</p>"
    for number in range(12)
)


@pytest.mark.slow
def test_the_verbs_work_with_an_address_and_never_show_its_password(server: Server, tmp_path: Path):
    """The server trusts its socket, so the password is not even asked for."""
    url = server.address(tmp_path).url.replace("postgres@", "postgres:geheim@")
    lines = [
        {"url": f"https://{name}.example/{day}", "fetched_at": f"2026-01-0{day}T08:00:00Z", "html": PAGE.format(title)}
        for name, day, title in (
            ("daily", 1, "Harbour opens"),
            ("copy", 2, "Harbour opens"),
            ("daily", 3, "Road mended"),
        )
    ]
    (tmp_path / "pages.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    outputs = {}

    def run(*arguments: str) -> Ran:
        ran = call_main("--db", url, *arguments, cwd=tmp_path)
        outputs[arguments] = ran.out + ran.err
        return ran

    assert "there is no archive at postgresql://" in run("list").err
    assert "3 versions saved" in run("import", "pages.jsonl").err
    file = call_main("--db", "archive.db", "import", "pages.jsonl", cwd=tmp_path)
    assert file.code == 0
    for arguments in (
        ["copies", "--json"],
        ["search", "velmora"],
        ["search", "velmora road", "--json"],
        ["verify", "--deep"],
    ):
        assert _without_now(run(*arguments).out) == _without_now(
            call_main("--db", "archive.db", *arguments, cwd=tmp_path).out
        )
    assert "https://daily.example/1" in run("list").out
    assert "of which pages" in run("status").out
    assert "postgresql://postgres:***@" in run("doctor").out
    assert "Read 3 saved pages again: nothing new" in run("reextract").err
    assert run("token", "add", "ann").code == run("token", "revoke", "ann").code == 0
    assert "revoked a token" in run("audit").out
    assert "back it up with pg_dump" in run("backup").err
    assert "pg_restore" in run("restore", "pages.jsonl").err
    assert "Datasette reads files" in run("export", "datasette", "x.yaml").err
    assert "replicas and backups contain the deleted bytes" in run("forget", "https://daily.example/3", "--yes").err
    moved = call_main("move", url, "moved.db", cwd=tmp_path)
    assert moved.code == 0
    assert "Copied and compared" in moved.err
    outputs["move",] = moved.out + moved.err
    assert run("verify").code == 0
    assert "is on a server" not in outputs["verify",]
    assert not [arguments for arguments, output in outputs.items() if "geheim" in output]


def _without_now(output: str) -> str:
    """The output without the time at which the archive recorded a row, and the head of the chain, which has salts."""
    return re.sub(r'"recorded_at": "[^"]*"|(?<=sha256 )[0-9a-f]{64}', "", output)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://postgres:geheim@127.0.0.1:1/news", "127.0.0.1 cannot be reached: nothing listens at that port"),
        ("postgresql://postgres:gehe@im@127.0.0.1:1/news", "127.0.0.1 cannot be reached"),
        ("postgresql://127.0.0.1:1/news?secret=geheim", "has a part that PostgreSQL does not know"),
        ("postgresql://postgres:geheim@127.0.0.1", "expected the path of a file, or postgresql://HOST/NAME"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_sentence_without_the_password(tmp_path: Path, url: str, message: str):
    ran = call_main("--db", url, "list", cwd=tmp_path)
    assert ran.code in {2, 5}
    assert message in ran.err
    assert "geheim" not in ran.err.replace("secret=geheim", "")
    assert "gehe" not in ran.err.replace("secret=geheim", "")


def test_a_reader_of_a_file_imports_nothing_of_the_other_engine(tmp_path: Path):
    Store(tmp_path / "archive.db").close()
    script = (
        "import sys\nfrom archive.cli import main\ntry: main(['--db', sys.argv[1], 'list'])\nexcept SystemExit: pass\n"
    )
    script += (
        "print(*sorted(name for name in sys.modules if name.startswith(('psycopg', 'sqlalchemy', 'db.dialect.'))))"
    )
    names = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "archive.db")], check=True, capture_output=True, text=True
    ).stdout.splitlines()[-1]
    assert names == "db.dialect.server_address"
