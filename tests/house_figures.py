"""Figures of the house: sizes, names and prose of this code beside the projects we compare it with.

``python tests/house_figures.py`` prints them. The other projects' columns were measured once, with the same
definitions, on the commits named in the table.
"""

from __future__ import annotations

import ast
import re
import statistics
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import grimp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("archive", "db", "flows")

_SPEECH = """
each found told said shown asked named held kept seen done mine theirs gone come made given wanted meant apart behind
beside one at
"""
VOICE_WORDS = frozenset(_SPEECH.split())
"""Words of speech that name no thing. A variable that holds a payload is called ``payload``, not ``found``."""

RIDDLE_OPENINGS = re.compile(r"(What|Who|Whom|Whose|Where|How|Whether)\b")
"""First words of a docstring that asks instead of saying."""

_QUESTION_WORDS = re.compile(r"\b(what|who|whom|whose|which)\b", re.IGNORECASE)

ANCHORS = {  # reader, httpx, stamina, sqlite-utils, pywb, brozzler
    "lines": (18_600, 8_800, 1_500, 11_200, 24_400, 6_900),
    "modules": (60, 23, 10, 10, 114, 14),
    "module, median lines": (164, 248, 54, 130, 152, 449),
    "module, most lines": (2_466, 2_019, 913, 5_547, 952, 1_294),
    "function, median lines": (7, 6, 7, 9, 7, 12),
    "function, 90th percentile": (30, 31, 23, 64, 26, 70),
    "function, most lines": (123, 133, 92, 460, 276, 234),
    "typed functions, %": (60, 100, 93, 65, 0, 0),
    "public functions with docstring, %": (30, 48, 55, 77, 15, 22),
    "voice words of all bindings, %": (0.3, 0.1, 0.0, 0.1, 0.0, 0.0),
    "docstrings that open with a question, %": (1, 0, 0, 0, 0, None),
    "question words per 1,000 docstring words": (0.5, 2.8, 1.9, 2.8, 0.7, None),
    "words per docstring sentence": (None, None, None, None, None, None),
    "semicolons per 1,000 docstring words": (5.3, 0.8, 0.0, 0.4, 9.0, None),
}
ANCHOR_NAMES = ("reader", "httpx", "stamina", "sqlite-utils", "pywb", "brozzler")


# --- names and prose -------------------------------------------------------------------------------------------------


@cache
def trees(package: str) -> tuple[ast.Module, ...]:
    """The syntax trees of a package's modules; migrations stay as they were written, and are left out."""
    paths = (path for path in sorted((ROOT / package).rglob("*.py")) if "migrations" not in path.parts)
    return tuple(ast.parse(path.read_text(encoding="utf-8"), filename=str(path)) for path in paths)


def bindings(trees: Iterable[ast.Module]) -> Iterator[str]:
    """Every name that is bound: assignments, loop variables, parameters."""
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg) and node.arg not in {"self", "cls"}:
            yield node.arg


def docstrings(trees: Iterable[ast.Module]) -> Iterator[str]:
    """Every docstring of a module, class or function."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, kinds) and (text := ast.get_docstring(node)):
            yield text


def sentence_lengths(package: str) -> list[int]:
    """Words of every sentence or clause of prose in docstrings; tables, lists and code are left out."""
    paragraphs = (part for text in docstrings(trees(package)) for part in re.split(r"\n\s*\n", text))
    prose = (part for part in paragraphs if not re.search(r"::|===|\||^\s{4,}|^- ", part, re.MULTILINE))
    sentences = (sentence for part in prose for sentence in re.split(r"(?<=[.!?:;])\s+", part))
    return [len(sentence.split()) for sentence in sentences if sentence.strip()]


def voice_share(package: str) -> float:
    """Percentage of bound names that are voice words."""
    names = list(bindings(trees(package)))
    return 100 * sum(name in VOICE_WORDS for name in names) / len(names)


def riddle_share(package: str) -> float:
    """Percentage of docstrings that open with a question word."""
    texts = list(docstrings(trees(package)))
    return 100 * sum(bool(RIDDLE_OPENINGS.match(text)) for text in texts) / len(texts)


# --- the import graph ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class House:
    """The rooms (children of ``archive``, and ``db``), the arrows between them, the floors and the circles."""

    arrows: frozenset[tuple[str, str]]
    floors: tuple[tuple[str, ...], ...]
    circles: tuple[frozenset[str], ...]

    @property
    def rooms(self) -> frozenset[str]:
        """Every room once."""
        return frozenset(room for floor in self.floors for room in floor)


def room_of(module: str) -> str | None:
    """The room a module belongs to; None for the root of ``archive``, which holds nothing."""
    first, _, rest = module.partition(".")
    return first if first == "db" else rest.partition(".")[0] or None


def house() -> House:
    """The house as the import graph of grimp (import-linter's own) has it."""
    graph = grimp.build_graph("archive", "db", include_external_packages=False)
    arrows = {
        (room_of(module), room_of(target))
        for module in graph.modules
        for target in graph.find_modules_directly_imported_by(module)
    }
    between = frozenset((a, b) for a, b in arrows if a and b and a != b)
    rooms = {room for module in graph.modules if (room := room_of(module))}
    circles = _circles(rooms, between)
    return House(arrows=between, floors=_floors(rooms, between) if not circles else (), circles=circles)


def _floors(rooms: set[str], arrows: frozenset[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Floors from the top: a room stands one floor above the highest room it imports (longest path from below)."""
    height: dict[str, int] = {}

    def of(room: str) -> int:
        if room not in height:
            height[room] = 1 + max((of(b) for a, b in arrows if a == room), default=0)
        return height[room]

    top = max(of(room) for room in rooms)
    return tuple(tuple(sorted(r for r in rooms if height[r] == level)) for level in range(top, 0, -1))


def _circles(rooms: set[str], arrows: frozenset[tuple[str, str]]) -> tuple[frozenset[str], ...]:
    """Sets of rooms that reach one another (strongly connected components of two rooms or more)."""
    reach = {room: {b for a, b in arrows if a == room} for room in rooms}
    for middle in rooms:
        for room in rooms:
            if middle in reach[room]:
                reach[room] |= reach[middle]
    groups = {frozenset(b for b in reach[a] if a in reach[b]) for a in rooms if a in reach[a]}
    return tuple(sorted(groups, key=sorted))


def drawing(plan: House) -> str:
    """The house as text: a line a floor, each room with the rooms one may enter from it."""
    lines = []
    for number, floor in zip(range(len(plan.floors), 0, -1), plan.floors, strict=True):
        for room in floor:
            below = sorted(target for source, target in plan.arrows if source == room)
            lines.append(f"{number}  {room:<11} -> {' '.join(below)}" if below else f"{number}  {room}")
    return "\n".join(lines)


# --- the table -------------------------------------------------------------------------------------------------------


def figures(package: str) -> dict[str, float]:
    """The rows of the table for one of our packages."""
    modules = trees(package)
    lines = [max((getattr(node, "end_lineno", 0) or 0 for node in ast.walk(tree)), default=0) for tree in modules]
    functions = [n for tree in modules for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = sorted(_length(function) for function in functions)
    public = [function for function in functions if not function.name.startswith("_")]
    texts = list(docstrings(modules))
    words = sum(len(text.split()) for text in texts)
    return {
        "lines": sum(lines),
        "modules": len(modules),
        "module, median lines": statistics.median(lines),
        "module, most lines": max(lines),
        "function, median lines": statistics.median(lengths),
        "function, 90th percentile": lengths[int(len(lengths) * 0.9)],
        "function, most lines": lengths[-1],
        "typed functions, %": 100 * sum(map(_is_typed, functions)) / len(functions),
        "public functions with docstring, %": 100 * sum(bool(ast.get_docstring(f)) for f in public) / len(public),
        "voice words of all bindings, %": voice_share(package),
        "docstrings that open with a question, %": riddle_share(package),
        "question words per 1,000 docstring words": 1000 * _count(_QUESTION_WORDS, texts) / words,
        "words per docstring sentence": statistics.mean(sentence_lengths(package)),
        "semicolons per 1,000 docstring words": 1000 * sum(text.count(";") for text in texts) / words,
    }


def _count(pattern: re.Pattern[str], texts: Iterable[str]) -> int:
    return sum(len(pattern.findall(text)) for text in texts)


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = function.body[0]
    documented = ast.get_docstring(function) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def _is_typed(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    arguments = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
    named = [argument for argument in arguments if argument.arg not in {"self", "cls"}]
    return function.returns is not None and all(argument.annotation for argument in named)


def main() -> None:
    """Print the table and the house."""
    ours = {package: figures(package) for package in PACKAGES}
    print(f"{'':42}" + "".join(f"{name:>13}" for name in (*PACKAGES, *ANCHOR_NAMES)))
    for row, others in ANCHORS.items():
        cells = [f"{ours[package][row]:,.1f}".removesuffix(".0") for package in PACKAGES]
        cells += ["-" if value is None else f"{value:,}" for value in others]
        print(f"{row:42}" + "".join(f"{cell:>13}" for cell in cells))
    plan = house()
    print(
        f"\n{len(plan.rooms)} rooms, {len(plan.floors)} floors, {len(plan.arrows)} arrows, {len(plan.circles)} circles"
    )
    print(drawing(plan))
    for circle in plan.circles:
        print("  circle: " + ", ".join(sorted(circle)))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
