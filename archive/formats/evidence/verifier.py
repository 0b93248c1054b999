"""The verifier of evidence files: one line a claim.

::

    wirecopy-verify FILE.wacz --key daily.example/archive+0f1e2d3c+AZ...

A claim is ``proven``, ``not proven``, ``false``, or ``repeatable``: a computation that anybody can do again from the
file. The key has to come from elsewhere than the file. Exit codes: 0 nothing is false and the log is proven, 1
something is false, 2 the file is refused, 3 nothing is false, but the log is not proven.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from datetime import datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .canonical_zip import Package, Refused, parse_json
from .claims import ENTRIES, FALSE, NOT_PROVEN, PROVEN, REPEATABLE, Claim, Evidence
from .completeness import completeness
from .corrections import CORRECTIONS, read_corrections
from .cosigned_checkpoints import COSIGNED, check_cosignatures, parse_witness
from .member_list import LIST_DIGEST, check_members, check_package_signature
from .note_signature import FORMAT, LIST, decode_base64, signature_of, split_key
from .recorded_pages import EPOCH, WARC, check_pages, micros
from .second_answers import MEMENTOS, check_second_answers
from .tree_proof import is_in_tree
from .windows import ANCHORS, read_windows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CLAIMS, CHECKPOINT = "evidence/claims.json", "evidence/checkpoint.txt"
DIFF = "evidence/diff.txt"

MOST_ENTRIES, MOST_DIFF_LINES, MOST_CLAIMS, MOST_TEXTS = 20_000, 2_000, 1_000, 2
"""Limits of counts: captures, lines that are compared, lines of the answer, and texts."""

_MOST_SEARCHED = 1 << 30  # letters: quoted passages times the length of the texts


# --- the log ---------------------------------------------------------------------------------------------------------


def check_log(evidence: Evidence, key: str | None) -> Iterator[Claim]:
    """Check the checkpoint's signature, and that every entry is in its tree."""
    note = evidence.package.read(CHECKPOINT).decode("utf-8", "replace")
    text = note.rpartition("\n\n")[0] or note
    origin, size_text, root_text, *_ = [*text.split("\n"), "", "", ""]
    size = int(size_text) if size_text.isascii() and size_text.isdecimal() and len(size_text) < 19 else 0  # noqa: PLR2004
    is_signed, why = signature_of(note, key)
    if is_signed is False:
        yield Claim(FALSE, f"the checkpoint of the log {origin} is signed: {why}")
    elif is_signed and key is not None and split_key(key)[0] != origin:
        is_signed, why = None, f"the key is not that of the log {origin}"
    evidence.log_problem = "" if is_signed else why
    evidence.origin, evidence.size, evidence.root = origin, size, decode_base64(root_text)
    lines = evidence.package.read(ENTRIES).splitlines()
    if len(lines) > MOST_ENTRIES or not lines:
        raise Refused(f"{ENTRIES} has {len(lines)} entries: at least 1 and at most {MOST_ENTRIES} are read")
    for line in lines:
        entry = parse_json(line, ENTRIES)
        number = entry.get("number") if isinstance(entry, dict) else None
        if not isinstance(number, int) or number in evidence.entries:
            raise Refused(f"{ENTRIES} has an entry without a number of its own")
        if not is_in_tree(entry, evidence.size, evidence.root):
            evidence.log_problem = evidence.log_problem or "an entry is not in the log"
            yield Claim(FALSE, f"number {number} is in the log {origin} as this file has it")
        evidence.entries[number] = entry
    numbers = sorted(evidence.entries)
    span = f"numbers {numbers[0]} to {numbers[-1]} of its {size} entries"
    yield evidence.say(f"these {len(numbers)} captures are in the log {origin} as they are here, {span}")


# --- texts and verdicts ----------------------------------------------------------------------------------------------


def check_texts(evidence: Evidence) -> Iterator[Claim]:
    """Check the texts, what is said to be common or different in them, and say what follows for their order."""
    texts: dict[str, str] = {}
    for version in evidence.claims["versions"]:
        name, number, digest = (version.get(field_name) for field_name in ("name", "capture", "text_sha256"))
        member = f"evidence/texts/{name}.txt"
        row = evidence.facts(number) if number in evidence.entries else {}
        stated = micros(str(version.get("captured_at")).encode("ascii", "replace"))
        is_right = evidence.package.digest(member) == digest and stated == row.get("corrected_at", 0)
        if not is_right or name in texts:
            yield Claim(FALSE, f"text {name} of number {number} is the one that the claims name")
            continue
        texts[name] = evidence.package.read(member).decode("utf-8", "replace")
        page = f"the page of number {number}, {row.get('source')}"
        recipe = f"recipe {version.get('recipe')} of {evidence.claims.get('made_with')}"
        yield Claim(REPEATABLE, f"text {name} was read from {page}, with {recipe}")
        yield _say_when(evidence, number, row)
    if len(texts) > 1:
        yield from _check_pair(evidence, texts)


def check_corrections(evidence: Evidence) -> Iterator[Claim]:
    """Check the entries of the log that correct dates, and name what they correct."""
    evidence.corrections = read_corrections(evidence.package, evidence.size, evidence.root)
    yield from (Claim(FALSE, sentence) for sentence in evidence.corrections.false)
    facts = {number: evidence.facts(number) for number in evidence.entries}
    for entry, run, offset in evidence.corrections.rows:
        moved = sum(entry in dict(evidence.corrections.of(number, row)) for number, row in facts.items())
        by = f"{offset / 1_000_000:+,.0f} s, which changes the times of {moved} captures here"
        yield evidence.say(f"number {entry} of the log corrects the clock of run {run} by {by}")


def check_windows(evidence: Evidence, roots: Path | None) -> Iterator[Claim]:
    """Check the time stamps from outside. ``roots``: the certificates that are trusted."""
    evidence.windows = read_windows(evidence.package, evidence.size, evidence.root, roots)
    yield from (Claim(FALSE, sentence) for sentence in evidence.windows.false)
    yield from (Claim(NOT_PROVEN, sentence) for sentence in evidence.windows.unknown)


def check_witnesses(evidence: Evidence, keys: Sequence[str]) -> Iterator[Claim]:
    """Check the cosignatures of witnesses. ``keys``: the public keys of those that are trusted."""
    witnesses = [parse_witness(key) for key in keys]
    log = evidence.origin, evidence.size, evidence.root
    for is_proven, sentence in check_cosignatures(evidence.package, *log, witnesses):
        yield Claim({True: PROVEN, False: FALSE, None: NOT_PROVEN}[is_proven], sentence)


def _say_when(evidence: Evidence, number: int, row: dict[str, Any]) -> Claim:
    until, since = evidence.windows.until(number), evidence.windows.since(number)
    stated = f"the archive's own clock says {_written(row.get('captured_at'))}"
    if row.get("corrected_at") != row.get("captured_at"):
        stated += f", which the archive corrected later to {_written(row['corrected_at'])}"
    if until is None:
        why = f"{stated}, and no time stamp from outside in this file shows it"
        return Claim(NOT_PROVEN, f"by when number {number} was recorded: {why}")
    after = "; nothing in this file shows after when" if since is None else f", and came into it after {_format(since)}"
    return evidence.say(f"number {number} was in the log by {_format(until)}{after} ({stated})")


def _format(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _say_order(evidence: Evidence, first: str, second: str) -> Claim:
    """Return the claim about the order of A and B, which needs a time stamp between the two."""
    a, b = (version["capture"] for version in evidence.claims["versions"][:2])
    windows = evidence.windows
    for name, other, x, y in ((first, second, a, b), (second, first, b, a)):
        until, since = windows.until(x), windows.since(y)
        if until is not None and since is not None and until <= since:
            reason = f"{name} was in the log by {_format(until)}, {other} came into it after {_format(since)}"
            return evidence.say(f"{name} was recorded before {other}: {reason}")
    listed = f"the log lists {first} as number {a}, {second} as {b}"
    return Claim(NOT_PROVEN, f"that {first} was recorded before {second}: no time stamp lies between the two; {listed}")


def _check_pair(evidence: Evidence, texts: dict[str, str]) -> Iterator[Claim]:
    (first, a), (second, b) = [*texts.items()][:2]
    verdict = evidence.claims.get("verdict")
    verdict = verdict if isinstance(verdict, dict) else {}
    lines = a.count("\n") + b.count("\n")
    if DIFF in evidence.package.members and lines > MOST_DIFF_LINES:
        yield Claim(NOT_PROVEN, f"{DIFF}: the texts are too long to compare here")
    elif DIFF in evidence.package.members:
        is_same = difference(a, b).encode("utf-8", "replace") == evidence.package.read(DIFF)
        yield Claim(PROVEN if is_same else FALSE, f"{DIFF} has the difference between the texts {first} and {second}")
    passages = verdict.get("passages")
    if isinstance(passages, list) and len(passages) * (len(a) + len(b)) > _MOST_SEARCHED:
        yield Claim(NOT_PROVEN, f"the {len(passages)} quoted passages: they are too many to look for here")
    elif isinstance(passages, list) and passages:
        pairs = [(quote.get("a"), quote.get("b")) for quote in passages if isinstance(quote, dict)]
        is_there = all(isinstance(x, str) and isinstance(y, str) and x in a and y in b for x, y in pairs)
        is_there = is_there and len(pairs) == len(passages)
        yield Claim(PROVEN if is_there else FALSE, f"the {len(passages)} quoted passages are in both texts as quoted")
    if verdict:
        words = f"{verdict.get('says')} ({verdict.get('method')})"
        yield Claim(REPEATABLE, f"the verdict on {first} and {second} is a computation from the two texts: {words}")
    yield _say_order(evidence, first, second)
    yield Claim(NOT_PROVEN, "who wrote first: the order of recording is not the order of writing")


def difference(a: str, b: str) -> str:
    """Return the lines of two texts that differ, as a unified diff."""
    return "".join(difflib.unified_diff(_lines(a), _lines(b), "A", "B", n=1))


def _lines(text: str) -> list[str]:
    return [f"{line}\n" for line in text.split("\n")]


def _written(micros: Any) -> str:
    try:
        return _format(EPOCH + timedelta(microseconds=micros))
    except (TypeError, OverflowError):
        return "an unknown time"


def check_gaps(evidence: Evidence) -> Iterator[Claim]:
    """Check that no capture of an address is left out between the first and the last of it in the file."""
    for sentence, problem in completeness({number: evidence.facts(number) for number in evidence.entries}):
        yield Claim(NOT_PROVEN, f"that {sentence}: {problem}") if problem else evidence.say(sentence)


def check_rest(evidence: Evidence) -> Iterator[Claim]:
    """Say what this file does not prove, whatever it claims, and name the members that nothing reads."""
    counts = evidence.claims.get("captures")
    here, left_out = (counts.get("here"), counts.get("left_out")) if isinstance(counts, dict) else (None, None)
    if not (isinstance(here, int) and isinstance(left_out, int)) or here != len(evidence.entries):
        yield Claim(FALSE, f"the file has {here} captures: it has {len(evidence.entries)}")
    yield Claim(NOT_PROVEN, f"that the log has {left_out} other captures of these addresses: only the archive says so")
    yield Claim(NOT_PROVEN, "that the publisher sent these bytes: nobody outside the archive confirms it in this file")
    checked = {WARC, ENTRIES, CLAIMS, CHECKPOINT, DIFF, ANCHORS, COSIGNED, CORRECTIONS, MEMENTOS, LIST, LIST_DIGEST}
    checked |= {f"evidence/texts/{version['name']}.txt" for version in evidence.claims["versions"]}
    rest = [name for name in evidence.package.members if name not in checked and not name.endswith(".tsr")]
    yield Claim(NOT_PROVEN, f"what these members say, which nothing here reads: {', '.join(rest)}")


# --- the whole -------------------------------------------------------------------------------------------------------


def verify(path: Path, key: str | None = None, roots: Path | None = None, witnesses: Sequence[str] = ()) -> list[Claim]:
    """Return every claim about an evidence file. Raises Refused.

    ``key``: the archive's public key. ``roots``: trusted certificates of authorities (PEM). ``witnesses``: public keys
    of witnesses. All come from elsewhere than the file.
    """
    if key is not None:
        split_key(key)
    with path.open("rb") as stream:
        package = Package(stream)
        if [*package.members][-2:] != [LIST, LIST_DIGEST]:
            raise Refused("it is a zip, but no evidence file")
        try:
            evidence = Evidence(package, _claims(package))
            outside = [check_windows(evidence, roots), check_witnesses(evidence, witnesses)]
            read = check_corrections, check_pages, check_texts, check_gaps, check_second_answers, check_rest
            checks = [check_members(package, key), check_log(evidence, key), check_package_signature(package, key)]
            checks += [*outside, *(check(evidence) for check in read)]
            claims = [*islice(chain.from_iterable(checks), MOST_CLAIMS + 1)]
        except (TypeError, ValueError, LookupError, AttributeError, OverflowError, RecursionError) as error:
            raise Refused(f"a value in it is not of the kind that is expected ({type(error).__name__})") from error
    if len(claims) > MOST_CLAIMS:
        raise Refused(f"it takes more than {MOST_CLAIMS} lines to say what is in it")
    return claims


def _claims(package: Package) -> dict[str, Any]:
    claims = package.json(CLAIMS)
    if not isinstance(claims, dict) or claims.get("format") != FORMAT:
        raise Refused(f"{CLAIMS} is not of the format {FORMAT}")
    versions, addresses = claims.get("versions"), claims.get("addresses")
    if not (isinstance(versions, list) and isinstance(addresses, list) and all(isinstance(v, dict) for v in versions)):
        raise Refused(f"{CLAIMS} has no versions and addresses")
    if len(versions) > MOST_TEXTS:
        raise Refused(f"{CLAIMS} has more than {MOST_TEXTS} texts")
    if not all(isinstance(v.get("name"), str) and isinstance(v.get("capture"), int) for v in versions):
        raise Refused(f"{CLAIMS} has a version without a name and a number")
    return claims


def exit_code(claims: Sequence[Claim]) -> int:
    """Return 1 if something is false, 3 if the log or the file's signature is not proven, else 0."""
    if any(claim.status == FALSE for claim in claims):
        return 1
    return 0 if [claim.status for claim in claims[:2]] == [PROVEN, PROVEN] else 3


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the verifier on the command line and exit."""
    parser = argparse.ArgumentParser(prog="wirecopy-verify", description="Verify an evidence file of wirecopy.")
    parser.add_argument("file", type=Path, metavar="FILE.wacz")
    parser.add_argument("--key", help="the archive's public key (name+id+key), from elsewhere than the file")
    parser.add_argument("--root", type=Path, metavar="PEM", help="certificates of time-stamping authorities to trust")
    parser.add_argument("--witness", action="append", default=[], metavar="KEY", help="a witness to trust; repeatable")
    options = parser.parse_args(arguments)
    try:
        claims = verify(options.file, options.key, options.root, options.witness)
    except (Refused, OSError) as error:
        sys.stderr.write(f"{Claim('refused', str(error))}\n")
        sys.exit(2)
    for claim in claims:
        sys.stdout.write(f"{claim}\n")
    sys.exit(exit_code(claims))
