"""The shapes of the answers, in JSON Schema as OpenAPI 3.1 has it. Keys may be added to an answer, never taken out."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def one_of(name: str) -> Json:
    """A shape by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def of(**members: Json) -> Json:
    """An object that has at least these members, whose names may end in an underscore to be no Python word."""
    named = {name.removesuffix("_"): shape for name, shape in members.items()}
    return {"type": "object", "properties": named, "required": sorted(named)}


def many(shape: Json) -> Json:
    """A list."""
    return {"type": "array", "items": shape}


def maybe(shape: Json) -> Json:
    """A value or null."""
    if "$ref" in shape:
        return {"anyOf": [shape, {"type": "null"}]}
    return shape | {"type": [shape["type"], "null"]}


TEXT: Json = {"type": "string"}
WHEN: Json = {"type": "string", "format": "date-time", "description": "RFC 3339, UTC"}
COUNT: Json = {"type": "integer", "minimum": 0}
SHARE: Json = {"type": "number", "minimum": 0, "maximum": 1}
YES: Json = {"type": "boolean"}
DIGEST: Json = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
NEXT = maybe(TEXT | {"description": "the path of the next page; null on the last"})
_SPAN: Json = {"type": "array", "items": COUNT, "minItems": 2, "maxItems": 2, "description": "offsets in characters"}
_PAIR: Json = {"type": "array", "items": SHARE, "minItems": 2, "maxItems": 2}
_BITS = many(of(mark=TEXT, text=TEXT))

_VERSION = of(
    version=COUNT,
    first_seen_at=WHEN,
    last_seen_at=WHEN,
    captures=COUNT,
    cause=TEXT,
    kinds=many(TEXT),
    score=SHARE,
    title=TEXT,
    text_sha256=DIGEST,
    recorded_at=maybe(WHEN),
    recipe=TEXT,
)
_EDIT = of(op=TEXT, a=_SPAN, b=_SPAN, a_text=TEXT, b_text=TEXT, kinds=many(TEXT)) | {
    "description": "op is equal, insert, delete, replace or move; in order, the edits tile both texts"
}
_REF = of(url=TEXT, version=COUNT, title=TEXT, first_seen_at=maybe(WHEN), published_at=maybe(WHEN), text_sha256=TEXT)
_PASSAGE = of(a=_SPAN, b=_SPAN, similarity=SHARE, anchors=many(TEXT))
_MEMBER = of(
    id=maybe(COUNT),
    path=maybe(TEXT),
    url=TEXT,
    outlet=TEXT,
    title=TEXT,
    version=COUNT,
    at=maybe(WHEN),
    at_by=TEXT,
    original=YES,
    relation=maybe(TEXT),
    shared=maybe(SHARE),
    lag=maybe(of(seconds={"type": "integer"}, by=TEXT, said=TEXT)),
    residue=many(TEXT),
    translated=YES,
)


def schemas() -> Json:
    """Every shape by its name."""
    return _listed() | _single()


def _listed() -> Json:
    """What lists are made of."""
    return {
        "Problem": of(type_=TEXT, title=TEXT, status=COUNT, detail=TEXT, hint=TEXT, instance=TEXT),
        "Version": _VERSION,
        "Edit": _EDIT,
        "Member": _MEMBER,
        "Source": _source(),
        "Article": _article(),
        "Standing": of(
            id=COUNT,
            path=TEXT,
            url=TEXT,
            outlet=TEXT,
            group=TEXT,
            title=TEXT,
            version=COUNT,
            first_seen_at=WHEN,
            last_seen_at=WHEN,
            confirmed=YES,
            text_sha256=DIGEST,
        ),
        "Snapshot": of(
            id=COUNT,
            captured_at=WHEN,
            url=TEXT,
            final_url=TEXT,
            status=maybe(COUNT),
            reason=maybe(TEXT),
            payload_sha256=maybe(DIGEST),
            payload_length=maybe(COUNT),
            content_type=TEXT,
            charset=maybe(TEXT),
            revisit=YES,
            provenance=TEXT,
            memento=maybe(TEXT),
        ),
        "Change": _VERSION | of(**_members(_VERSION), id=COUNT, url=TEXT, outlet=TEXT, path=TEXT, diff=maybe(TEXT)),
    }


def _single() -> Json:
    """What is asked for by itself, and what stands in it."""
    return {
        "Text": of(text_sha256=DIGEST, title=TEXT, text=TEXT, language=maybe(TEXT), byline=maybe(TEXT)),
        "Diff": of(
            a=DIGEST, b=DIGEST, kinds=many(TEXT), score=SHARE, coarse=YES, headline=many(_EDIT), edits=many(_EDIT)
        ),
        "Passages": of(
            a=DIGEST,
            b=DIGEST,
            relation=maybe(TEXT),
            score=SHARE,
            coverage=_PAIR,
            because=TEXT,
            longest_run=COUNT,
            passages=many(_PASSAGE),
            residue=many(TEXT),
            method=TEXT,
        ),
        "Cluster": _cluster(),
        "Run": of(
            id=COUNT,
            kind=TEXT,
            owner=TEXT,
            started_at=WHEN,
            finished_at=maybe(WHEN),
            counts={"type": "object"},
            prefect=maybe(TEXT),
        ),
        "Hit": of(
            id=maybe(COUNT),
            path=TEXT,
            url=TEXT,
            outlet=TEXT,
            title=TEXT,
            version=COUNT,
            snippet=_BITS,
            present_from=WHEN,
            present_to=WHEN,
            absent_since=maybe(COUNT),
            newest=YES,
            diff=maybe(TEXT),
        ),
    }


def _members(shape: Json) -> Json:
    return dict(shape["properties"])


def _source() -> Json:
    return of(
        id=COUNT,
        path=TEXT,
        url=TEXT,
        outlet=TEXT,
        kind=TEXT,
        group=TEXT,
        seed=maybe(TEXT),
        state=TEXT,
        said=TEXT,
        health=TEXT,
        last_checked_at=maybe(WHEN),
        last_fine_at=maybe(WHEN),
        checks=COUNT,
        versions=COUNT,
        changed_at=maybe(WHEN),
        every=maybe(TEXT),
        waits_until=maybe(WHEN),
        same_as=maybe(COUNT),
        retired_at=maybe(WHEN),
        last_checks=many(of(at=WHEN, state=TEXT, health=TEXT, length=COUNT)),
    )


def _article() -> Json:
    run = of(state=TEXT, first_seen_at=WHEN, last_seen_at=WHEN, seen=COUNT, confirmed=YES, unchanged=COUNT, said=TEXT)
    return of(
        id=COUNT,
        path=TEXT,
        url=TEXT,
        outlet=TEXT,
        title=TEXT,
        byline=maybe(TEXT),
        language=maybe(TEXT),
        published_at=maybe(WHEN),
        version=maybe(COUNT),
        standing=TEXT,
        gone_at=maybe(WHEN),
        paragraphs=many(TEXT),
        text_sha256=maybe(DIGEST),
        versions=many(one_of("Version")),
        states=many(run),
        copies=of(path=TEXT, count=COUNT, related=COUNT, members=many(one_of("Member"))),
        facts=many(of(name=TEXT, value=TEXT, raw=TEXT, source=TEXT, guess=YES)),
        checks=COUNT,
        timeline=of(summary=TEXT, checks=many(of(at=WHEN, state=TEXT, health=TEXT))),
    )


def _cluster() -> Json:
    row = of(n=maybe(COUNT), moved=YES, a=maybe(_BITS), b=maybe(_BITS), similarity=maybe(SHARE))
    return of(
        id=COUNT,
        path=TEXT,
        url=TEXT,
        title=TEXT,
        members=many(one_of("Member")),
        original=maybe(one_of("Member")),
        credited=maybe(TEXT),
        reasons=many(TEXT),
        labels=many(of(a=_REF, b=_REF, label=TEXT, note=TEXT, labelled_at=WHEN)),
        pair=maybe(of(relation=TEXT, score=SHARE, coverage=_PAIR, because=TEXT, rows=many(row))),
        related=many(of(url=TEXT, relation=TEXT, score=SHARE, because=TEXT)),
        whole=YES,
    )
