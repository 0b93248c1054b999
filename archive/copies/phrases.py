"""Words for the evidence of a judgement: each share of ``pair_evidence`` as a sentence with its figure."""

from __future__ import annotations

from typing import Final

_SIDES: Final = {"shorter": "longer", "longer": "shorter"}

_SHARES: Final = {
    "aligned": "{share} of the {side} text says the same in the same order",
    "anchor_order": "{share} of the {side} text's names and numbers come in the same order in the other",
    "best_match": "the {side} text's sentences are {share} alike to their nearest in the other",
    "cover": "{share} of the {side} text's sentences is in two neighbouring sentences of the other",
    "details": "{share} of the details that the {side} text tells outside quotation marks is in the other",
    "information": "{share} of the information in the {side} text is in the other",
    "joint_anchors": "{share} of what the {side} text names in one sentence stands together in the other",
    "lead": "the first sentences of the {side} text are {share} alike to their nearest in the other",
    "lead_anchors": "{share} of what the first sentences of the {side} text name is in the other",
    "lead_meaning": "the first sentences of the {side} text are {share} alike in meaning to their nearest in the other",
    "meaning": "the {side} text's sentences are {share} alike in meaning to their nearest in the other",
    "mutual": "{share} of the {side} text is nearest in meaning to a sentence that has it as its nearest",
    "novelty": "{share} of the names and numbers of the {side} text are not in the other",
    "numbers": "{share} of the {side} text's numbers are in the other",
    "plain_cover": "{share} of the {side} text outside quotations is in neighbouring sentences of the other",
    "retained": "{share} of the {side} text's names and numbers are kept sentence by sentence",
    "retold": "{share} of what the other text quotes is told without quotation marks in the {side} text",
    "similar_sentences": "{share} of the {side} text's sentences have a similar one in the other",
    "specific_meaning": "apart from the common subject, the {side} text's sentences are {share} alike in meaning",
    "topic": "{share} of the other words of the {side} text are in the other text",
    "trigrams": "{share} of the {side} text's runs of three words are in the other, outside quotation marks",
    "word_order": "{share} of the {side} text's words come in the same order in the other",
}

_PAIR_SHARES: Final = {
    "anchor_share": "{share} of the information in the names and numbers of the text with fewer is in both",
    "flow": "{share} of what both name goes the same way, without breaks",
    "match_order": "{share} of the matched sentences come in the same order",
    "mean_similarity": "the aligned sentences are {share} alike",
    "meaning_order": "{share} of the sentences matched by meaning come in the same order",
    "paired": "{share} of the sentences of the text with fewer pair up",
    "quoted_runs": "{share} of the runs of three words that both have are in quotation marks",
}


def phrase(name: str, share: float) -> str:
    """Return a share in words: ``73 % of the shorter text says the same in the same order``.

    Raises KeyError for a name that ``pair_evidence`` does not have.
    """
    percent = f"{share:.0%}".replace("%", " %")
    if name in _PAIR_SHARES:
        return _PAIR_SHARES[name].format(share=percent)
    base, _, side = name.rpartition("_")
    if base == "new_names":
        count = round(3 * share / (1 - share)) if share < 1 else 0
        return f"the {side} text has {_count(count, 'name')} that the {_SIDES[side]} one lacks"
    if base == "own_quotations":
        count = round(share / (1 - share)) if share < 1 else 0
        return f"the {side} text has {_count(count, 'quotation')} that the {_SIDES[side]} one lacks"
    return _SHARES[base].format(share=percent, side=side)


def _count(number: int, noun: str) -> str:
    if number == 0:
        return f"no {noun}"
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
