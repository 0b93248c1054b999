from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import settings as settings_module
from archive.settings import FILE_NAME, Settings, find_root, load_settings, to_environ
from db.errors import ConfigError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "INDEX.md").write_text("# Seeds\n")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    return tmp_path


def origin(settings: Settings, name: str) -> str:
    return next(source for setting, _, source in settings.origins if setting == name)


def test_nothing_set_gives_the_defaults_below_the_project_root(project: Path):
    settings = load_settings({}, start=project / "deep" / "er")
    assert settings.root == project
    assert settings.db == project / "data" / "archive.db"
    assert settings.index == project / "seeds" / "INDEX.md"
    assert (settings.min_gap, settings.deadline, settings.lanes) == (1.0, 60.0, 32)
    assert (settings.max_wire, settings.max_payload) == (10_485_760, 20_971_520)
    assert settings.contact is None
    assert not settings.allow_private


def test_without_a_project_the_working_directory_is_the_root(tmp_path: Path):
    assert find_root(tmp_path) == tmp_path


def test_a_settings_file_alone_marks_the_root(tmp_path: Path):
    (tmp_path / FILE_NAME).write_text("")
    (tmp_path / "sub").mkdir()
    assert find_root(tmp_path / "sub") == tmp_path


def test_file_beats_default_environment_beats_file_argument_beats_all(project: Path):
    (project / FILE_NAME).write_text("lanes = 2\nmin_gap = 2\ndeadline = 2\n")
    settings = load_settings(
        {"WIRECOPY_MIN_GAP": "3", "WIRECOPY_DEADLINE": "3"}, start=project, overrides={"deadline": 4}
    )
    assert (settings.lanes, settings.min_gap, settings.deadline) == (2, 3.0, 4.0)
    assert origin(settings, "lanes") == str(project / FILE_NAME)
    assert origin(settings, "min_gap") == "WIRECOPY_MIN_GAP"
    assert origin(settings, "deadline") == "argument"
    assert origin(settings, "db") == "default"


def test_origins_lists_every_setting_with_its_value(project: Path):
    rows = load_settings({"WIRECOPY_RESOLVE": "*.example=127.0.0.1:8080"}, start=project).origins
    fields = set(Settings.__dataclass_fields__) - {"origins", "lease"}
    assert {name for name, _, _ in rows} == fields
    assert ("resolve", "*.example=127.0.0.1:8080", "WIRECOPY_RESOLVE") in rows
    assert ("contact", "none", "default") in rows


def test_the_file_can_set_everything(project: Path):
    (project / FILE_NAME).write_text(
        """
        db = "store/news.db"
        index = "seeds/other.md"
        contact = "https://example.org/bot"
        allow_private = true
        min_gap = 0.5
        deadline = 30
        max_wire = "1MiB"
        max_payload = 4096
        lanes = 8
        clock = 2026-01-05T10:00:00+02:00
        [resolve]
        "*.example" = "127.0.0.1:8080"
        """
    )
    settings = load_settings({}, start=project / "deep")
    assert settings.db == project / "store" / "news.db"
    assert settings.index == project / "seeds" / "other.md"
    assert settings.contact == "https://example.org/bot"
    assert settings.allow_private
    assert (settings.max_wire, settings.max_payload, settings.lanes) == (2**20, 4096, 8)
    assert settings.resolve == (("*.example", "127.0.0.1:8080"),)
    assert settings.now() == datetime(2026, 1, 5, 8, tzinfo=UTC)


def test_paths_from_environment_and_arguments_count_from_the_working_directory(project: Path):
    settings = load_settings({"WIRECOPY_INDEX": "list.md"}, start=project / "deep", overrides={"db": "../a.db"})
    assert settings.index == project / "deep" / "list.md"
    assert settings.db == project / "a.db"


def test_an_empty_variable_and_an_argument_of_none_count_as_not_set(project: Path):
    settings = load_settings({"WIRECOPY_DB": " "}, start=project, overrides={"db": None})
    assert origin(settings, "db") == "default"


def test_variables_without_our_prefix_are_ignored(project: Path):
    assert load_settings({"PREFECT_HOME": "/x", "HOME": "/root"}, start=project).contact is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB", "postgresql://host"),
        ("DB", ":memory:"),
        ("CONTACT", "nobody"),
        ("CONTACT", "a@b.c\r\nX-Evil: 1"),
        ("CONTACT", "ftp://example.org"),
        ("CONTACT", "https://localhost"),
        ("CONTACT", "é@example.org"),
        ("RESOLVE", "*.example"),
        ("RESOLVE", "*.example=127.0.0.1"),
        ("RESOLVE", "*.example=127.0.0.1:0"),
        ("RESOLVE", "*.example=127.0.0.1:http"),
        ("RESOLVE", "exa mple=127.0.0.1:80"),
        ("RESOLVE", "*.example=http://127.0.0.1:80"),
        ("ALLOW_PRIVATE", "maybe"),
        ("MIN_GAP", "-1"),
        ("MIN_GAP", "nan"),
        ("MIN_GAP", "soon"),
        ("DEADLINE", "0"),
        ("DEADLINE", "inf"),
        ("MAX_WIRE", "0"),
        ("MAX_WIRE", "10 bananas"),
        ("LANES", "0"),
        ("LANES", "2.5"),
        ("LANES", "100000"),
        ("CLOCK", "yesterday"),
        ("CLOCK", "2026-13-01"),
    ],
)
def test_a_wrong_value_names_setting_value_place_and_an_example(project: Path, name: str, value: str):
    with pytest.raises(ConfigError) as caught:
        load_settings({f"WIRECOPY_{name}": value}, start=project)
    message = str(caught.value)
    assert message.startswith(f"{name.lower()} = {value!r} (WIRECOPY_{name}): expected ")


@pytest.mark.parametrize(
    "line",
    ["lanes = true", "db = 3", "contact = ['a@b.c']", "resolve = 5", "resolve = [['a']]", "clock = 7", "max_wire = -1"],
)
def test_a_wrong_type_in_the_file_names_setting_and_file(project: Path, line: str):
    (project / FILE_NAME).write_text(line)
    with pytest.raises(ConfigError, match=f"{line.split(maxsplit=1)[0]} = .*{FILE_NAME}.*expected"):
        load_settings({}, start=project)


def test_an_unknown_key_in_the_file_is_named_with_the_nearest_known_one(project: Path):
    (project / FILE_NAME).write_text('kontact = "a@example.org"')
    with pytest.raises(ConfigError, match=rf"kontact \(.*{FILE_NAME}\): no such setting; did you mean contact\?"):
        load_settings({}, start=project)


def test_an_unknown_variable_of_ours_is_named_with_the_nearest_known_one(project: Path):
    with pytest.raises(ConfigError, match=r"WIRECOPY_BD \(environment\): no such setting; did you mean WIRECOPY_DB\?"):
        load_settings({"WIRECOPY_BD": "x"}, start=project)


def test_an_unknown_argument_lists_what_is_known(project: Path):
    with pytest.raises(ConfigError, match=r"qqq \(argument\): no such setting; known are db, index"):
        load_settings({}, start=project, overrides={"qqq": 1})


@pytest.mark.parametrize("content", [b"lanes =", b"\xff\xfe", b"lanes = 1\nlanes = 2"])
def test_a_settings_file_that_is_not_toml_is_a_config_error(project: Path, content: bytes):
    (project / FILE_NAME).write_bytes(content)
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_settings({}, start=project)


def test_a_settings_file_that_cannot_be_read_is_a_config_error(project: Path):
    (project / FILE_NAME).mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings({}, start=project)


def test_now_without_a_clock_is_the_real_present_in_utc(project: Path):
    before = datetime.now(UTC)
    assert before <= load_settings({}, start=project).now() <= datetime.now(UTC)


HOSTS = st.from_regex(r"(\*\.)?[a-z]{1,8}\.example", fullmatch=True)
TARGETS = st.from_regex(r"(127\.0\.0\.1|\[::1\]):[1-9][0-9]{0,3}", fullmatch=True)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "contact": st.sampled_from(["a@example.org", "https://example.org/about"]),
            "resolve": st.lists(st.tuples(HOSTS, TARGETS), max_size=3).map(tuple),
            "allow_private": st.booleans(),
            "tls_unverified": st.lists(HOSTS, min_size=1, max_size=3).map(tuple),
            "fast": st.booleans(),
            "min_gap": st.floats(0, 86_400),
            "max_wire": st.integers(1, 2**40),
            "lanes": st.integers(1, 1024),
            "clock": st.datetimes(timezones=st.just(UTC)),
            "time_zone": st.sampled_from([UTC, ZoneInfo("Europe/Berlin")]),
        },
    )
)
def test_a_child_process_gets_the_same_settings(values: dict[str, object]):
    settings = load_settings({}, start=Path("/nowhere"), overrides=values)
    child_settings = load_settings(to_environ(settings), start=Path("/elsewhere"))
    names = set(Settings.__dataclass_fields__) - {"root", "origins", "lease"}
    assert {name: getattr(settings, name) for name in names} == {name: getattr(child_settings, name) for name in names}


def test_from_process_reads_the_real_environment_and_directory(project: Path):
    repo = Path(__file__).parent.parent
    code = "from archive.settings import from_process; print(from_process({'lanes': 3}).contact, from_process().root)"
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project / "deep",
        env={"WIRECOPY_CONTACT": "me@example.org", "PYTHONPATH": str(repo)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout.split() == ["me@example.org", str(project)]


def test_the_documents_list_every_setting_with_its_default(root: Path):
    docstring_rows = re.findall(r"^    (\w+) +(.+?)  +WIRECOPY_", settings_module.__doc__ or "", re.MULTILINE)
    document_rows = re.findall(
        r"^\| `(\w+)` \| `?([^|`]+)`? \|", (root / "docs" / "operate.md").read_text(), re.MULTILINE
    )
    documented = [(name, default.strip()) for name, default in document_rows if name in dict(docstring_rows)]
    assert documented == [(name, default.removeprefix("ROOT/")) for name, default in docstring_rows]
    assert {name for name, _ in docstring_rows} == set(Settings.__dataclass_fields__) - {"root", "origins", "lease"}
