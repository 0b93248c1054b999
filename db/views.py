"""The stable views, for queries with any SQL tool. Tables may change, these may not.

They are dropped before a migration and created after it from this one definition, because a batch migration fails while
a view uses the table it rebuilds.
"""

from __future__ import annotations

STATED_FACTS = ("number", "date", "money", "name", "quotation", "attribution")
"""Kinds of edit that change a fact. Without a note of correction they are silent corrections."""

_ISO = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%SZ', {0} / 1000000, 'unixepoch')",
    "postgresql": "to_char(to_timestamp({0} / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
}
_REST = "substr({0}, instr({0}, '://') + 3)"
_HOST = {
    # Of an address with a path, as every canonical one has it. A numeric host of IPv6 is without its brackets.
    "sqlite": f"CASE WHEN {_REST} LIKE '[%' THEN substr({_REST}, 2, instr({_REST}, ']') - 2) "
    f"ELSE substr({_REST}, 1, min(instr({_REST} || '/', '/'), instr({_REST} || ':', ':')) - 1) END",
    "postgresql": "trim(both '[]' from substring({0} from '://([[][^]]+[]]|[^/:]+)'))",
}
_HEX = {"sqlite": "lower(hex({0}))", "postgresql": "encode({0}, 'hex')"}

# Two reports of one event are within three days of each other: nearcopy research, section 4.
SAME_EVENT_WINDOW = 72 * 3600 * 1_000_000

_SOURCES = """
    SELECT s.id, s.url AS title, s.kind, d.key AS seed, {iso:s.found_at} AS found_at, {iso:s.retired_at} AS retired_at,
           (SELECT count(*) FROM capture c WHERE c.source_id = s.id AND c.part = 1) AS checks,
           (SELECT count(*) FROM version v WHERE v.source_id = s.id AND v.superseded_at IS NULL) AS versions,
           {iso:l.captured_at} AS last_checked_at,
           coalesce(l.reason, x.verdict, CASE WHEN l.id IS NULL THEN 'unvisited' ELSE 'fetched' END) AS state,
           coalesce(s.same_as, s.id) AS history_of
    FROM source s
    LEFT JOIN seed d ON d.id = s.seed_id
    LEFT JOIN capture l ON l.id = (SELECT c.id FROM capture c WHERE c.source_id = s.id AND c.part = 1
                                   ORDER BY c.captured_at DESC, c.id DESC LIMIT 1)
    LEFT JOIN derivation x ON x.capture_id = l.id
    WHERE s.kind NOT IN ('robots', 'probe')"""

_VERSIONS = """
    SELECT v.id, v.title, s.url, v.number AS version, {iso:v.first_seen_at} AS first_seen_at,
           {iso:v.last_seen_at} AS last_seen_at, v.captures, v.cause, v.kinds, v.score, v.byline,
           {iso:v.published_at} AS published_at, v.language, t.body AS text, v.source_id, v.text_id,
           {hex:t.sha256} AS text_sha256
    FROM version v
    JOIN source s ON s.id = v.source_id
    JOIN text t ON t.id = v.text_id
    WHERE v.superseded_at IS NULL"""

_ARTICLES = """
    SELECT v.source_id AS id, v.title, v.url, v.version AS versions, v.last_seen_at, v.byline, v.published_at,
           v.language, v.text
    FROM v_versions v
    WHERE v.version = (SELECT max(w.number) FROM version w
                       WHERE w.source_id = v.source_id AND w.superseded_at IS NULL)"""

_CHANGES = """
    SELECT v.id, v.title, p.title AS title_before, v.url, v.version, v.first_seen_at AS seen_at, v.cause,
           v.kinds, v.score
    FROM v_versions v
    JOIN v_versions p ON p.source_id = v.source_id AND p.version = v.version - 1"""

# Links are stored between texts and shown between versions, so no pair is compared again because a history shifted. A
# text at two addresses is an exact copy without any comparison. a is the version with the earlier trustworthy date, as
# far as the archive knows. It may be either side of the stored link, so each half selects one direction. For one
# version a half looks its links up, where one condition for both directions reads all links.
_LINK_HALF = """
    SELECT x.id AS a_id, y.id AS b_id, l.relation, l.score, l.coverage_{a} AS coverage_a, l.coverage_{b} AS coverage_b,
           l.longest_run, l.passages, l.residue, l.because, l.method, l.translated, l.languages, l.broken,
           {mirrored} AS mirrored
    FROM link l
    JOIN version x ON x.superseded_at IS NULL AND x.text_id = l.{a}_text_id
    JOIN version y ON y.superseded_at IS NULL AND y.text_id = l.{b}_text_id
    JOIN source s ON s.id = x.source_id
    JOIN source r ON r.id = y.source_id AND r.id <> s.id
    WHERE (x.dated_at, x.first_seen_at, s.url_key) < (y.dated_at, y.first_seen_at, r.url_key)
      AND (l.relation <> 'same_event' OR abs(x.dated_at - y.dated_at) <= {{window}})"""
_SAME_TEXT = """
    SELECT x.id, y.id, 'exact', 1.0, 1.0, 1.0, 0, '[]', '[]', 'the same text, letter for letter', 'digest', FALSE, '',
           '[]', FALSE
    FROM version x
    JOIN version y ON y.superseded_at IS NULL AND y.text_id = x.text_id
    JOIN source s ON s.id = x.source_id
    JOIN source r ON r.id = y.source_id AND r.id <> s.id
    WHERE x.superseded_at IS NULL
      AND (x.dated_at, x.first_seen_at, s.url_key) < (y.dated_at, y.first_seen_at, r.url_key)"""
_LINKS = " UNION ALL ".join(
    (
        _LINK_HALF.format(a="a", b="b", mirrored="FALSE"),
        _LINK_HALF.format(a="b", b="a", mirrored="TRUE"),
        _SAME_TEXT,
    )
)

# The earliest link between two articles decides which one is the copy. A later link in the other direction (the
# original, edited again, still resembles its copy) does not make the original a copy. Links that are no copies do not
# count.
_COPIES = """
    SELECT l.a_id AS id, b.title, b.url AS copy_url, b.version AS copy_version, l.relation, l.score,
           a.title AS of_title, a.url AS of_url, a.version AS of_version, l.coverage_a AS of_coverage,
           l.coverage_b AS copy_coverage, l.because, l.method, l.a_id AS of_id, l.b_id AS copy_id
    FROM v_links l
    JOIN v_versions a ON a.id = l.a_id
    JOIN v_versions b ON b.id = l.b_id
    WHERE NOT EXISTS (
        SELECT 1 FROM version n
        JOIN source s ON s.id = n.source_id
        JOIN source r ON r.id = b.source_id
        JOIN version p ON p.source_id = r.id AND p.superseded_at IS NULL
        JOIN version q ON q.source_id = s.id AND q.superseded_at IS NULL
        WHERE n.id = l.a_id
          AND (p.dated_at, p.first_seen_at, r.url_key) < (n.dated_at, n.first_seen_at, s.url_key)
          AND (p.dated_at, p.first_seen_at, r.url_key) < (q.dated_at, q.first_seen_at, s.url_key)
          AND (p.text_id = q.text_id OR EXISTS (
              SELECT 1 FROM link m
              WHERE m.relation IN ('exact', 'near', 'partial', 'reworded')
                AND ((m.a_text_id = p.text_id AND m.b_text_id = q.text_id)
                     OR (m.a_text_id = q.text_id AND m.b_text_id = p.text_id)))))"""

# The inbox of the reader without a name: articles that changed since they were read, from the version seen last (the
# first, if never read) to today's. A version that exists only because of a newer recipe is no change.
_INBOX = """
    SELECT s.id, n.title, b.title AS title_before, s.url, b.number AS version_seen, n.number AS version,
           {iso:max(e.first_seen_at)} AS seen_at, count(*) AS changes, max(e.score) AS score
    FROM source s
    JOIN version n ON n.id = (SELECT w.id FROM version w WHERE w.source_id = s.id AND w.superseded_at IS NULL
                              ORDER BY w.first_seen_at DESC, w.number DESC LIMIT 1)
    LEFT JOIN seen m ON m.source_id = s.id AND m.reader = ''
    JOIN version b ON b.id = coalesce(
        (SELECT w.id FROM version w WHERE w.source_id = s.id AND w.superseded_at IS NULL
           AND w.first_seen_at <= coalesce(m.until_at, (SELECT c.until_at FROM caught_up c
                                                       WHERE c.reader = '' ORDER BY c.id DESC LIMIT 1))
         ORDER BY w.first_seen_at DESC, w.number DESC LIMIT 1),
        (SELECT w.id FROM version w WHERE w.source_id = s.id AND w.superseded_at IS NULL
         ORDER BY w.first_seen_at, w.number LIMIT 1))
    JOIN version e ON e.source_id = s.id AND e.superseded_at IS NULL AND e.number > b.number AND e.cause <> 'recipe'
    WHERE n.number > 1
    GROUP BY s.id, n.title, b.title, s.url, b.number, n.number"""

# The outlet of an article is its host without www. An edit is a version after the first with kinds of edit, unless only
# a newer recipe made it: the same that ``archive.api.events`` calls an edit. A headline test is a headline that came
# back after another one.
_EDIT = "v.number > 1 AND v.cause <> 'recipe' AND v.kinds <> '[]'"
_FACTS = " OR ".join(f"v.kinds LIKE '%\"{kind}\"%'" for kind in STATED_FACTS)
_ARTICLE_EDITS_PATTERN = """
    SELECT f.source_id AS id, (SELECT w.title FROM version w WHERE w.source_id = f.source_id AND w.superseded_at IS NULL
                               ORDER BY w.first_seen_at DESC, w.number DESC LIMIT 1) AS title,
           h.url, CASE WHEN h.host LIKE 'www.%' THEN substr(h.host, 5) ELSE h.host END AS outlet,
           substr({{iso:f.first_seen_at}}, 1, 7) AS month, {{iso:f.first_seen_at}} AS first_seen_at, f.edits,
           {{iso:f.first_edit_at}} AS first_edit_at,
           (f.first_edit_at - f.first_seen_at) / 1000000 AS seconds_to_first_edit,
           f.declared, f.facts * (1 - f.declared) AS silent, f.headlines,
           CASE WHEN f.headlines > 1 AND EXISTS (
               SELECT 1 FROM version x
               JOIN version y ON y.source_id = x.source_id AND y.superseded_at IS NULL AND y.number > x.number
               JOIN version z ON z.source_id = x.source_id AND z.superseded_at IS NULL AND z.number > y.number
               WHERE x.source_id = f.source_id AND x.superseded_at IS NULL AND x.title <> y.title
                 AND x.title = z.title AND y.cause <> 'recipe' AND z.cause <> 'recipe') THEN 1 ELSE 0
           END AS headline_test
    FROM (SELECT v.source_id, min(v.first_seen_at) AS first_seen_at,
                 min(CASE WHEN {edit} THEN v.first_seen_at END) AS first_edit_at,
                 sum(CASE WHEN {edit} THEN 1 ELSE 0 END) AS edits,
                 max(CASE WHEN {edit} AND v.kinds LIKE '%"correction"%' THEN 1 ELSE 0 END) AS declared,
                 max(CASE WHEN {edit} AND ({facts}) THEN 1 ELSE 0 END) AS facts,
                 sum(CASE WHEN {edit} AND v.kinds LIKE '%"headline"%' THEN 1 ELSE 0 END) AS headlines
          FROM version v WHERE v.superseded_at IS NULL GROUP BY v.source_id) f
    JOIN (SELECT s.id, s.url, {{host:s.url}} AS host FROM source s WHERE s.kind = 'article') h ON h.id = f.source_id"""
_ARTICLE_EDITS = _ARTICLE_EDITS_PATTERN.format(edit=_EDIT, facts=_FACTS)
_OUTLETS = """
    SELECT e.outlet, e.month, count(*) AS articles, sum(CASE WHEN e.edits > 0 THEN 1 ELSE 0 END) AS edited,
           sum(e.edits) AS edits,
           avg(CASE WHEN e.n IN ((e.total + 1) / 2, (e.total + 2) / 2) THEN e.seconds_to_first_edit END)
               AS median_seconds_to_first_edit,
           sum(e.declared) AS declared, sum(e.silent) AS silent,
           sum(CASE WHEN e.headlines > 0 THEN 1 ELSE 0 END) AS headlines, sum(e.headline_test) AS headline_tests
    FROM (SELECT d.*, count(d.seconds_to_first_edit) OVER (PARTITION BY d.outlet, d.month) AS total,
                 row_number() OVER (PARTITION BY d.outlet, d.month
                                    ORDER BY d.seconds_to_first_edit IS NULL, d.seconds_to_first_edit) AS n
          FROM v_article_edits d) e
    GROUP BY e.outlet, e.month"""

_VIEWS = {
    "v_sources": _SOURCES,
    "v_versions": _VERSIONS,
    "v_articles": _ARTICLES,
    "v_changes": _CHANGES,
    "v_links": _LINKS,
    "v_copies": _COPIES,
    "v_inbox": _INBOX,
    "v_article_edits": _ARTICLE_EDITS,
    "v_outlets": _OUTLETS,
}


def drop_views() -> list[str]:
    """Return the statements that drop every view, dependants first."""
    return [f"DROP VIEW IF EXISTS {name}" for name in reversed(_VIEWS)]


def create_views(dialect: str) -> list[str]:
    """Return the statements that create every view, in order, for ``sqlite`` or ``postgresql``."""
    return list(view_definitions(dialect).values())


def view_definitions(dialect: str) -> dict[str, str]:
    """Map each view, in order, to the statement that creates it, as SQLite stores it."""
    return {name: f"CREATE VIEW {name} AS {_fill(sql, dialect)}" for name, sql in _VIEWS.items()}


def article_edits() -> str:
    """Return the statement of ``v_article_edits`` for SQLite, which uses tables only."""
    return _fill(_ARTICLE_EDITS, "sqlite")


def _fill(sql: str, dialect: str) -> str:
    return sql.format(
        iso=_Wrap(_ISO[dialect]), host=_Wrap(_HOST[dialect]), hex=_Wrap(_HEX[dialect]), window=SAME_EVENT_WINDOW
    )


class _Wrap:
    """Format spec that turns ``{iso:column}`` in a view into the dialect's expression for the column."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern

    def __format__(self, column: str) -> str:
        return self._pattern.format(column)
