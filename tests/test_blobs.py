"""Payload bytes go in and come out the same; anything else is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import blobs
from db.errors import Corrupt


@given(st.one_of(st.binary(), st.binary(min_size=1, max_size=40).map(lambda piece: piece * 100)))
def test_every_payload_comes_back(data: bytes) -> None:
    assert blobs.unpack(*blobs.pack(data)) == data


def test_repetition_is_packed_small() -> None:
    codec, packed = blobs.pack(b"the harbour " * 10_000)
    assert codec == "zstd"
    assert len(packed) < 1000


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256))])
def test_what_does_not_shrink_is_kept_as_it_is(data: bytes) -> None:
    assert blobs.pack(data) == ("raw", data)


def test_a_payload_is_known_by_its_sha256() -> None:
    assert blobs.digest(b"").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_damaged_bytes_are_corrupt() -> None:
    codec, packed = blobs.pack(b"the harbour " * 1000)
    with pytest.raises(Corrupt, match="wirecopy verify --deep"):
        blobs.unpack(codec, packed[:-7])


def test_a_codec_from_the_future_is_named() -> None:
    with pytest.raises(Corrupt, match=r"'zstd-delta'.*newer wirecopy"):
        blobs.unpack("zstd-delta", b"")
