"""The data from which a script draws a page, as front-end frameworks write it into the page.

Forms: a script of a JSON type (Next, Nuxt 3, SvelteKit, Remix, islands, Ember), an attribute with the properties of a
component (Inertia, Astro, Rails), a variable that a script sets to an object
or to JSON in a string (Nuxt 2, Redux, Apollo, Remix), and the stream of React's server components (`component_stream`).
JSON in strings of the data is read too.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lxml import etree

from archive.extract import component_stream
from archive.extract.recipe import MAX_STATE, STATE_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

    from archive.extract.parse import XPathQuery

STATE_VARIABLE = re.compile(
    rb"(?:__(?:NEXT_DATA|NUXT|INITIAL_STATE|INITIAL_DATA|INITIAL_PROPS|APOLLO_STATE|PRELOADED_STATE|PRELOADED_DATA|"
    rb"REDUX_STATE|REACT_QUERY_STATE|SERVER_DATA|PAGE_DATA|APP_DATA|APP_STATE|remixContext|"
    rb"staticRouterHydrationData|next_f)|Fusion\.globalContent)"
)
"""Variables of Next, Nuxt, Redux, Apollo, Remix, Arc and others with the state from which a script draws the page."""

_ASSIGNED = re.compile(
    r"(?:window|self|globalThis)?\s{0,9}(?:\.|\[\s{0,9}[\"'])?("
    + STATE_VARIABLE.pattern.decode()
    + r"\w{0,30})(?:[\"']\s{0,9}\])?"
    r"\s{0,9}=\s{0,9}"
)
_NAME = re.compile(STATE_VARIABLE.pattern.decode())
_PARSED = re.compile(r"JSON\.parse\(\s{0,9}(?:decodeURIComponent\(\s{0,9})?([\"'])")
_RETURNED = re.compile(r"return\s{0,9}(?=[{\[])")
_LITERAL = re.compile(
    r'"(?:[^"\\]|\\.)*+"|(?P<key>[A-Za-z_$][\w$]{0,100})(?P<colon>\s{0,9}:)|'
    r"(?P<word>![01]|void 0|[A-Za-z_$][\w$.]*+(?:\([^()\"]{0,200}\))?|(?<=[:,\[])-?\.\d+)",
    re.DOTALL,
)
_PROPERTIES: XPathQuery = etree.XPath(
    "//body//@*[starts-with(., '{') or starts-with(., '[')]"
    "[name() = 'data-page' or name() = 'props' or name() = 'data-props' or name() = 'data-react-props'"
    " or name() = 'data-component-props' or name() = 'data-state' or name() = 'data-initial-state'"
    " or name() = 'data-initial-props' or name() = 'data-article']"
)
_PAIR = 2  # members of a value as Astro writes it: its type and itself
_FUNCTION_HEAD = 200_000  # characters; the names of Nuxt's arguments stand before its return
_PARAMETERS = re.compile(r"\(?\(?function\s{0,9}\w{0,40}\(([\w$,\s]*)\)|\(\(([\w$,\s]*)\)\s{0,9}=>")
_ESCAPED_BY_ANGULAR = (("&q;", '"'), ("&s;", "'"), ("&l;", "<"), ("&g;", ">"), ("&a;", "&"))
_MAX_STATES = 40


@dataclass(frozen=True, slots=True)
class PageState:
    """Data of a page and the name of its place: ``__NEXT_DATA__``, ``script application/json``."""

    source: str
    value: Any


@dataclass(frozen=True, slots=True)
class StateScript:
    """A script that may hold data of the page, not yet parsed. ``is_json`` is true for a script of a JSON type."""

    source: str
    text: str
    is_json: bool


def state_scripts(root: HtmlElement) -> list[StateScript]:
    """Return the scripts with data, within limits. Must be called before the scripts of the tree are emptied."""
    scripts: list[StateScript] = []
    stream: list[str] = []
    remaining = MAX_STATE
    for script in root.iter("script"):
        text, kind = script.text or "", (script.get("type") or "").lower()
        if "__next_f" in text and len(text) <= remaining:
            stream.append(text)
            remaining -= len(text)
            continue
        is_json = ("json" in kind and "ld+json" not in kind) or kind == "fastboot/shoebox"
        if len(scripts) >= _MAX_STATES or not text or len(text) > remaining or kind.startswith("speculationrules"):
            continue
        name = "" if is_json else _assigned_name(text)
        if is_json or name:
            scripts.append(StateScript(name or script.get("id") or f"script {kind[:40]}", text, is_json))
            remaining -= len(text)
    for properties in _PROPERTIES(root)[: _MAX_STATES - len(scripts)]:
        if STATE_WORDS < len(properties) <= remaining:
            scripts.append(StateScript(properties.attrname, str(properties), is_json=True))
            remaining -= len(properties)
    return [*scripts, *([StateScript(component_stream.SOURCE, "\n".join(stream), is_json=False)] if stream else [])]


def _assigned_name(text: str) -> str:
    """Return the first state variable that a script sets, or an empty text."""
    if not _NAME.search(text):  # most scripts, which the longer pattern takes ten times as long to read
        return ""
    match = _ASSIGNED.search(text)
    return match[1] if match else ""


def read_states(scripts: list[StateScript]) -> Iterator[PageState]:
    """Yield the data of each script that can be parsed."""
    for script in scripts:
        if script.source == component_stream.SOURCE:
            yield PageState(script.source, component_stream.read_stream(script.text))
            continue
        if script.is_json:
            value = parse_json(script.text)
            if value is not None:
                yield PageState(script.source, _unpaired(value) if script.source == "props" else revived(value))
            continue
        for match in _ASSIGNED.finditer(script.text):
            value = _assigned_value(script.text, match.end())
            if value is not None:
                yield PageState(match[1], value)


def _unpaired(value: Any) -> Any:
    """Return the properties of an Astro island, in which each value is a pair of its type and itself."""
    if isinstance(value, dict):
        return {key: _unpaired(part) for key, part in value.items()}
    if isinstance(value, list):
        is_pair = len(value) == _PAIR and type(value[0]) is int
        return _unpaired(value[1]) if is_pair else [_unpaired(part) for part in value]
    return value


def parse_json(text: str) -> Any:
    """Return the value of a JSON text, or None. Deep nesting is refused."""
    if "&q;" in text and '"' not in text:
        for escape, character in _ESCAPED_BY_ANGULAR:
            text = text.replace(escape, character)
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _assigned_value(text: str, start: int) -> Any:
    """Return the object that a script assigns at a position, or None."""
    if parsed := _PARSED.match(text, start):
        literal = _string_literal(text, parsed.end(), parsed[1])
        return None if literal is None else parse_json(literal)
    arguments: dict[str, str] = {}
    if text.startswith(("(function", "function", "(("), start):  # Nuxt 2 puts repeated values into arguments
        returned = _RETURNED.search(text, start, start + _FUNCTION_HEAD)
        if returned is None:
            return None
        arguments = _arguments(text, start)
        start = returned.end()
    if text[start : start + 1] not in {"{", "["}:
        return None
    for literal in (text[start:], _as_json(text[start:], arguments)):
        try:
            return json.JSONDecoder(strict=False).raw_decode(literal)[0]
        except (ValueError, RecursionError):
            continue
    return None


def _arguments(text: str, start: int) -> dict[str, str]:
    """Return the arguments of a function that is called where it stands, as JSON, by the names of its parameters."""
    head, end = _PARAMETERS.match(text, start), text.rfind("))")
    names = [name.strip() for name in (head[1] or head[2] or "").split(",")] if head else []
    try:
        values = json.loads(f"[{_as_json(text[text.rfind('}(') + 2 : end], {})}]", strict=False)
    except (ValueError, RecursionError):
        return {}
    return {name: json.dumps(value) for name, value in zip(names, values, strict=False)}


def _as_json(literal: str, arguments: dict[str, str]) -> str:
    """Return a value of JavaScript as JSON. Names of variables become their ``arguments``, or null if not known."""
    return _LITERAL.sub(lambda token: _token_as_json(token, arguments), literal)


def _token_as_json(token: re.Match[str], arguments: dict[str, str]) -> str:
    if token["key"]:
        return f'"{token["key"]}"{token["colon"]}'
    word = token["word"]
    if word is None:
        return token[0]
    if word in {"true", "false", "null"}:
        return word
    return arguments.get(word) or {"!0": "true", "!1": "false"}.get(word, "null")


def _string_literal(text: str, start: int, quote: str) -> str | None:
    """Return the value of a string of JavaScript that begins behind its opening quote."""
    end = start
    while (end := text.find(quote, end)) >= 0:
        backslashes = len(text[start:end]) - len(text[start:end].rstrip("\\")) if text[end - 1] == "\\" else 0
        if backslashes % 2 == 0:
            break
        end += 1
    if end < 0:
        return None
    body = text[start:end]
    if quote == "'":
        body = body.replace("\\'", "'").replace('"', '\\"').replace('\\\\"', '\\"')
    value = parse_json(f'"{body}"')
    return value if isinstance(value, str) else None


def revived(value: Any) -> Any:
    """Return data that Nuxt 3 wrote as one flat list, in its own shape. Other data is returned as it is.

    In that form ("devalue") objects and lists name their members by their positions in the flat list.
    """
    if not _is_flat(value):
        return value
    objects: dict[int, Any] = {}
    pending = [0]
    while pending:
        at = pending.pop()
        if at in objects:
            continue
        item = value[at]
        if isinstance(item, dict):
            objects[at] = {}
        elif isinstance(item, list):
            objects[at] = []
        else:
            objects[at] = item
            continue
        pending += [member for member in _members(item) if 0 <= member < len(value) and member not in objects]
    for at, whole in objects.items():
        item = value[at]
        if isinstance(item, dict):
            whole.update((key, objects.get(member)) for key, member in item.items() if isinstance(member, int))
        elif isinstance(item, list):
            whole.extend(objects.get(member) for member in _members(item))
    return objects[0]


def _is_flat(value: Any) -> bool:
    if not isinstance(value, list) or len(value) < 2 or not isinstance(value[0], (dict, list)):  # noqa: PLR2004  # root
        return False
    members = list(value[0].values()) if isinstance(value[0], dict) else value[0][1:] or value[0]
    return bool(members) and all(type(member) is int for member in members)


def _members(item: dict[str, Any] | list[Any]) -> list[int]:
    members = item.values() if isinstance(item, dict) else item
    return [member for member in members if type(member) is int]
