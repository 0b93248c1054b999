"""Single changes to an archive, each with who finds it, and which command mends it.

``verify --again all`` finds those of the first four tables. docs/proof.md has the same table.
"""

from __future__ import annotations

REEXTRACT, REMATCH = "wirecopy reextract", "wirecopy rematch"

_TEXT = "(SELECT text_id FROM version WHERE superseded_at IS NULL AND number = 2)"
_WORD = "replace(body, '30 inspection', '39 inspection')"
_FORGED_TEXT = f"body = {_WORD}, sha256 = sha256(title || char(10) || char(10) || {_WORD})"
_CURRENT = "superseded_at IS NULL AND number = 2"
_HOUR = 3_600_000_000

VERSIONS = {
    "first seen": f"UPDATE version SET first_seen_at = first_seen_at - {_HOUR} WHERE {_CURRENT}",
    "last seen": f"UPDATE version SET last_seen_at = last_seen_at + {_HOUR} WHERE {_CURRENT}",
    "dated": f"UPDATE version SET dated_at = dated_at - 24 * {_HOUR} WHERE {_CURRENT}",
    "declared date": f"UPDATE version SET published_at = {1_700_000_000_000_000} WHERE {_CURRENT}",
    "title": f"UPDATE version SET title = 'Ministers refuse' WHERE {_CURRENT}",
    "author": f"UPDATE version SET byline = 'A. Forger' WHERE {_CURRENT}",
    "language": f"UPDATE version SET language = 'de' WHERE {_CURRENT}",
    "kinds of edit": f"UPDATE version SET kinds = '[\"typo\"]' WHERE {_CURRENT}",
    "score of an edit": f"UPDATE version SET score = 0.01 WHERE {_CURRENT}",
    "cause": f"UPDATE version SET cause = 'returned' WHERE {_CURRENT}",
    "number of checks": f"UPDATE version SET captures = captures + 5 WHERE {_CURRENT}",
    "first capture": f"UPDATE version SET first_capture_id = 1 WHERE {_CURRENT}",
    "last capture": f"UPDATE version SET last_capture_id = 1 WHERE {_CURRENT}",
    "recipe": f"UPDATE version SET recipe_id = (SELECT min(id) FROM recipe WHERE id <> recipe_id) WHERE {_CURRENT}",
    "text of a version": f"UPDATE version SET text_id = 1 WHERE {_CURRENT}",
    "address of a version": "UPDATE version SET source_id = 4, number = 2 WHERE id = (SELECT id FROM version "
    f"WHERE {_CURRENT})",
    "a version hidden": "UPDATE version SET superseded_at = recorded_at WHERE superseded_at IS NULL AND number = 3",
    "a version deleted": "DELETE FROM version WHERE superseded_at IS NULL AND number = 3",
    "a version brought back": "UPDATE version SET superseded_at = NULL WHERE source_id = 5",
    "two versions exchanged": "UPDATE version SET number = 5 - number WHERE superseded_at IS NULL AND number > 1",
}
TEXTS = {
    "a word of a text": f"UPDATE text SET body = {_WORD} WHERE id = {_TEXT}",
    "a word, with its digest": f"UPDATE text SET {_FORGED_TEXT} WHERE id = {_TEXT}",
    "a headline, with its digest": "UPDATE text SET title = 'Never', sha256 = sha256('Never' || char(10) || char(10) "
    f"|| body) WHERE id = {_TEXT}",
    "digest of a text": f"UPDATE text SET sha256 = randomblob(32) WHERE id = {_TEXT}",
    "a text of no page": "INSERT INTO text (sha256, title, body) VALUES (sha256('A' || char(10) || char(10) || 'b'), "
    "'A', 'b')",
    "a word of the index": "INSERT INTO text_fts (rowid, title, body, title_parts, body_parts) "
    "VALUES (999, 'forged', 'forged', '', '')",
    "text of a page": "UPDATE extraction SET text_id = 1 WHERE id = 2",
    "verdict of an extraction": "UPDATE extraction SET verdict = 'paywall' WHERE id = 2",
    "author of a page": "UPDATE extraction SET byline = 'A. Forger' WHERE id = 2",
    "declared date of a page": "UPDATE extraction SET published_at = 1700000000000000 WHERE id = 2",
    "facts of a page": 'UPDATE extraction SET facts = \'[["byline", "F", "meta", "", false]]\' WHERE id = 2',
    "addresses a page names": 'UPDATE extraction SET claims = \'[["canonical", "https://daily.example/arden"]]\' '
    "WHERE id = 2",
    "removed lines of a page": 'UPDATE extraction SET removed = \'[[0, "Correction", "note"]]\' WHERE id = 2',
    "credit of a page": "UPDATE extraction SET origin = '[\"Reuters\"]' WHERE id = 2",
    "recipe of an extraction": "UPDATE extraction SET recipe_id = (SELECT max(id) FROM recipe WHERE id <> recipe_id) "
    "WHERE id = 2",
    "page of an extraction": "UPDATE extraction SET payload_id = (SELECT max(id) FROM payload), charset = 'x' "
    "WHERE id = 2",
    "charset of an extraction": "UPDATE extraction SET charset = 'windows-1252' WHERE id = 2",
    "core of an extraction": "UPDATE extraction SET core = randomblob(32) WHERE id = 2",
    "an extraction deleted": "DELETE FROM extraction WHERE id = 2",
    "verdict of a capture": "UPDATE derivation SET verdict = 'paywall', detail = '' WHERE capture_id = 3",
    "extraction of a capture": "UPDATE derivation SET extraction_id = 1 WHERE capture_id = 3",
    "text of a capture": "UPDATE derivation SET text_id = 1 WHERE capture_id = 3",
    "length of a text": "UPDATE derivation SET length = 9 WHERE capture_id = 3",
    "a derivation deleted": "DELETE FROM derivation WHERE capture_id = 3",
    "a cleaned text": "UPDATE cleaning SET text_id = 1 WHERE id = 4",
    "lines removed from a text": "UPDATE cleaning SET removed = '[]' WHERE id = 4",
    "recipe of a cleaned text": "UPDATE cleaning SET recipe_id = (SELECT min(id) FROM recipe) WHERE id = 4",
    "parts of a text": "UPDATE cleaning SET parts = 'x' WHERE id = 4",
    "a line of a site template": "UPDATE furniture SET edge = '[\"nobody in arden had expected it\"]'",
    "a site template added": "INSERT INTO furniture (site, revision, edge, anywhere, adopted_at) "
    "SELECT site, 2, '[]', '[]', adopted_at FROM furniture",
    "facts of a recipe": "UPDATE recipe SET facts = '[]'",
    "an address joined": "UPDATE source SET same_as = 4 WHERE id = 3",
    "an address set free": "UPDATE source SET same_as = NULL WHERE same_as IS NOT NULL",
    "history under the other address": "UPDATE source SET same_as = iif(id = 2, 1, NULL) WHERE id IN (1, 2)",
    "an alias claim": "UPDATE claim SET url_key = 'example,daily)/arden', url = 'https://daily.example/arden'",
    "time of an alias claim": f"UPDATE claim SET first_seen_at = first_seen_at - {_HOUR}",
    "an alias claim deleted": "DELETE FROM claim",
}
LINKS = {
    "relation": "UPDATE link SET relation = 'exact' WHERE relation = 'near'",
    "score of a link": "UPDATE link SET score = 0.5 WHERE rowid = 1",
    "coverage": "UPDATE link SET coverage_a = 0.1 WHERE rowid = 1",
    "longest run": "UPDATE link SET longest_run = 1 WHERE rowid = 1",
    "passages": "UPDATE link SET passages = '[[0, 9, 0, 9, 1.0, []]]' WHERE rowid = 1",
    "reason": "UPDATE link SET because = 'said so' WHERE rowid = 1",
    "leftover lines": "UPDATE link SET residue = '[\"a: copyright\"]' WHERE rowid = 1",
    "translated": "UPDATE link SET translated = 1 WHERE rowid = 1",
    "languages": "UPDATE link SET languages = 'de,fr' WHERE rowid = 1",
    "names in another spelling": 'UPDATE link SET broken = \'[["Quist", "Kvist"]]\' WHERE rowid = 1',
    "method of a link": "UPDATE link SET method = 'other' WHERE rowid = 1",
    "direction": "UPDATE link SET a_text_id = b_text_id, b_text_id = a_text_id WHERE rowid = 1",
    "a link deleted": "DELETE FROM link WHERE rowid = 1",
    "a link invented": "INSERT INTO link (a_text_id, b_text_id, relation, score, coverage_a, coverage_b, longest_run, "
    "because, method, judged_at) SELECT 10, 11, relation, score, coverage_a, coverage_b, longest_run, because, method, "
    "judged_at FROM link WHERE rowid = 1",
    "keys of a text": "DELETE FROM near_key WHERE text_id = 5",
    "a key invented": "INSERT INTO near_key (key, day, text_id) VALUES (7, 20458, 5)",
    "never compared": "UPDATE text SET linked_by = NULL WHERE id = 5",
}
FACTS = {
    "instant of a capture": f"UPDATE capture SET captured_at = captured_at - {_HOUR} WHERE id = 3",
    "status of a capture": "UPDATE capture SET status = 404 WHERE id = 3",
    "redirect of a capture": "UPDATE capture SET hops = '[]' WHERE id = 6",
    "charset of a capture": "UPDATE capture SET charset = 'latin-1' WHERE id = 3",
    "reason of a capture": "UPDATE capture SET reason = 'timeout' WHERE id = 3",
    "headers of a capture": 'UPDATE capture SET headers = \'[["Date", "x"]]\' WHERE id = 3',
    "where a capture came from": "UPDATE capture SET provenance = 'import:x' WHERE id = 3",
    "address of a capture": "UPDATE capture SET source_id = 4 WHERE id = 3",
    "page of a capture": "UPDATE capture SET payload_id = 1 WHERE id = 3",
    "bytes of a page": "UPDATE payload SET data = CAST(substr(data, 1, 40) || x'00' || substr(data, 42) AS BLOB) "
    "WHERE id = 2",
    "address of a source": "UPDATE source SET url = 'https://daily.example/else' WHERE id = 3",
    "kind of a source": "UPDATE source SET kind = 'list' WHERE id = 3",
    "a link of the chain": "UPDATE chain SET link = randomblob(32) WHERE capture_id = 4",
    "a link of the chain deleted": "DELETE FROM chain WHERE capture_id = 4",
    "a capture slipped in": "INSERT INTO capture (id, source_id, captured_at, revisit) VALUES (99, 1, 0, 0)",
    "a capture taken out": "DELETE FROM capture WHERE id = 5",
    "a capture marked as forgotten": "UPDATE chain SET facts = randomblob(32) WHERE capture_id = 5",
}
FACTS |= {
    "final address of a capture": "UPDATE capture SET final_url = 'https://other.example/x' WHERE id = 3",
    "number of a part": "UPDATE capture SET part = 2 WHERE id = 3",
    "received digest of a page": "UPDATE capture SET wire_sha256 = randomblob(32) WHERE id = 3",
    "address of a server": "UPDATE capture SET ip = '192.0.2.1' WHERE id = 3",
    "run of a capture": "UPDATE capture SET run_id = NULL WHERE id = 3",
    "salt of a capture": "UPDATE capture SET salt = randomblob(16) WHERE id = 3",
    "capture before a capture": "UPDATE capture SET same_before = 0 WHERE id = 3",
    "digest of a page": "UPDATE payload SET sha256 = randomblob(32) WHERE id = 2",
    "length of a page": "UPDATE payload SET length = length + 1 WHERE id = 2",
    "two addresses exchanged": "UPDATE source SET url = (SELECT other.url FROM source AS other "
    "WHERE other.id = 7 - source.id) WHERE id IN (3, 4)",
    "key of an address": "UPDATE source SET url_key = 'example,daily)/else' WHERE id = 3",
    "an entry invented": "INSERT INTO entry (number, kind, facts) VALUES (4, 'anchor', '{}')",
    "an entry at the end": "INSERT INTO entry (number, kind, facts) SELECT max(capture_id) + 1, 'statement', "
    '\'{"kind":"statement"}\' FROM chain',
    "a link at the end": "INSERT INTO chain (capture_id, link) SELECT max(capture_id) + 1, randomblob(32) FROM chain",
    "a root of the log": "INSERT INTO tile (level, number, root) VALUES (1, 0, randomblob(32))",
    "a root of a level too high": "INSERT INTO tile (level, number, root) VALUES (2, 0, randomblob(32))",
    "an address marked as forgotten": "INSERT INTO tombstone (url, url_key, captures, forgotten_at) "
    "SELECT url, url_key, 0, 0 FROM source WHERE id = 3",
    "an unknown address marked as forgotten": "INSERT INTO tombstone (url, url_key, captures, forgotten_at) "
    "VALUES ('https://daily.example/x', 'example,daily)/x', 2, 0)",
    "a trigger": "CREATE TRIGGER later AFTER INSERT ON capture BEGIN DELETE FROM chain; END",
}
"""Facts, their log, and what would keep or change facts to come."""

DERIVED = {
    **{name: (sql, REEXTRACT) for name, sql in (VERSIONS | TEXTS).items()},
    **{name: (sql, REMATCH) for name, sql in LINKS.items()},
}
