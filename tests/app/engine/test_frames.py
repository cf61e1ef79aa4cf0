"""Blocks of several frames, which readers share."""

from __future__ import annotations

from blazy_jobs_server.engine.frames import SHARED_BYTES, Joined


def test_the_same_frames_are_one_block_and_others_are_others() -> None:
    joined = Joined()
    frames = [(1, b"a"), (2, b"b")]
    block = joined.block(frames)
    assert block == b"ab"
    assert joined.block(list(frames)) is block
    assert joined.block([(1, b"a"), (2, b"c")]) == b"ac"
    assert joined.block([(1, b"a"), (2, b"b"), (3, b"c")]) == b"abc"
    assert joined.block([(7, b"alone")]) == b"alone"
    assert joined.block(frames) == b"ab"


def test_a_long_block_is_not_kept() -> None:
    joined = Joined()
    frames = [(1, b"x" * SHARED_BYTES), (2, b"y")]
    assert joined.block(frames) is not joined.block(frames)
