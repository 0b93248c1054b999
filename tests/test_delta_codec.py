"""Tests of db.delta_codec: payloads survive packing, whole or as a difference, and damage raises Corrupt."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import delta_codec
from db.delta_codec import MAX_DEPTH, Trial, choose_base
from db.errors import Corrupt

some_bytes = st.one_of(st.binary(), st.binary(min_size=1, max_size=40).map(lambda piece: piece * 100))


def prose(words: int, seed: int = 0) -> bytes:
    dice = random.Random(seed)
    return " ".join("".join(dice.choices("abcdefghij", k=6)) for _ in range(words)).encode()


# --- whole -----------------------------------------------------------------------------------------------------------


@given(some_bytes)
def test_every_payload_comes_back(data: bytes) -> None:
    assert delta_codec.unpack(*delta_codec.pack(data), length=len(data)) == data


def test_repetition_is_packed_small() -> None:
    codec, packed = delta_codec.pack(b"the harbour " * 10_000)
    assert codec == "zstd"
    assert len(packed) < 1000


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256))])
def test_what_does_not_shrink_is_kept_as_it_is(data: bytes) -> None:
    assert delta_codec.pack(data) == ("raw", data)


def test_taking_more_time_makes_a_whole_payload_smaller() -> None:
    page = prose(20_000)
    assert len(delta_codec.pack(page, thorough=True)[1]) < len(delta_codec.pack(page)[1])


def test_a_payload_is_known_by_its_sha256() -> None:
    assert delta_codec.digest(b"").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


# --- as a difference -------------------------------------------------------------------------------------------------


@given(some_bytes, st.binary(min_size=delta_codec.LEAST_BASE, max_size=4000))
def test_every_difference_comes_back(data: bytes, base: bytes) -> None:
    codec, packed = delta_codec.pack(data, base)
    assert codec == "delta"
    assert delta_codec.unpack(codec, packed, base, length=len(data)) == data


def test_an_edited_page_packs_to_what_was_edited() -> None:
    base = prose(30_000)
    page = base.replace(base[100_000:100_040], b"forty bytes that were never there before", 1)
    assert len(delta_codec.pack(page, base)[1]) < 200 < len(delta_codec.pack(page)[1])


@pytest.mark.slow
def test_a_base_of_twenty_megabytes_is_reached_from_end_to_end() -> None:
    base = prose(3_000_000)
    page = base[:-1000] + b"another end"
    assert len(base) > 20 * 10**6
    assert len(delta_codec.pack(page, base)[1]) < 10_000


# --- choosing --------------------------------------------------------------------------------------------------------


def test_a_trial_tells_the_better_base() -> None:
    page, near, far = prose(20_000), prose(20_000)[:90_000] + prose(5000, seed=1), prose(20_000, seed=2)
    assert delta_codec.trial_size(page, near) < delta_codec.trial_size(page, far)
    assert delta_codec.trial_size(page, near) < delta_codec.trial_size(page)


def test_the_smallest_difference_wins() -> None:
    assert choose_base({b"a": Trial(size=90, depth=0), b"b": Trial(size=50, depth=0)}, 1000) == b"b"


def test_a_shallow_base_wins_where_a_deeper_one_saves_little() -> None:
    deep = Trial(size=90, depth=1)
    assert choose_base({b"deep": deep, b"shallow": Trial(size=100, depth=0)}, 1000) == b"shallow"
    assert choose_base({b"deep": deep, b"shallow": Trial(size=200, depth=0)}, 1000) == b"deep"


def test_nothing_is_packed_against_what_is_as_deep_as_allowed() -> None:
    assert choose_base({b"a": Trial(size=1, depth=MAX_DEPTH)}, 1000) is None


def test_a_difference_nearly_as_large_as_the_whole_is_not_worth_it() -> None:
    assert choose_base({b"a": Trial(size=900, depth=0)}, 1000) is None


@given(st.dictionaries(st.binary(), st.builds(Trial, size=st.integers(0, 99), depth=st.integers(0, 5)), max_size=6))
def test_the_order_of_trials_does_not_matter(trials: dict[bytes, Trial]) -> None:
    assert choose_base(trials, 50) == choose_base(dict(reversed(trials.items())), 50)


# --- damage ----------------------------------------------------------------------------------------------------------


def test_damaged_bytes_are_corrupt() -> None:
    codec, packed = delta_codec.pack(b"the harbour " * 1000)
    with pytest.raises(Corrupt, match="wirecopy verify --deep"):
        delta_codec.unpack(codec, packed[:-7], length=12_000)


@pytest.mark.parametrize("length", [0, 11_999, 12_001])
def test_a_payload_of_another_length_is_corrupt_and_fills_no_memory(length: int) -> None:
    codec, packed = delta_codec.pack(b"the harbour " * 1000)
    with pytest.raises(Corrupt):
        delta_codec.unpack(codec, packed, length=length)


def test_a_difference_without_its_base_is_corrupt() -> None:
    _, packed = delta_codec.pack(prose(1000), prose(1000))
    with pytest.raises(Corrupt, match="is missing"):
        delta_codec.unpack("delta", packed, length=len(prose(1000)))


def test_a_codec_from_the_future_is_named() -> None:
    with pytest.raises(Corrupt, match=r"'brick'.*newer wirecopy"):
        delta_codec.unpack("brick", b"", length=0)
