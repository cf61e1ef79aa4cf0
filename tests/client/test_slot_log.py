"""The memory in which a slot notes what became of its runs."""

from __future__ import annotations

import mmap
import random
import struct

import pytest
from blazy_jobs.worker.pulse import _RUNNING, Page
from blazy_jobs.worker.slot_log import COMPLETED, WORDS, Record, SlotLog

START, SIZE = 4096, 1024


def both_sides() -> tuple[SlotLog, SlotLog]:
    memory = mmap.mmap(-1, START + SIZE)
    return SlotLog(memory, START, SIZE), SlotLog(memory, START, SIZE)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_noted_is_read_once_in_its_order_round_and_round(seed: int) -> None:
    chance = random.Random(seed)
    slot, control = both_sides()
    noted, read = [], []
    for number in range(1, 3000):
        record = Record(
            number, chance.random(), chance.choice((COMPLETED, WORDS)), chance.randbytes(chance.randrange(300))
        )
        while not slot.append(*record):
            read += control.take(slot.written)
            slot.read = control.read
        noted.append(record)
        if chance.random() < 0.2:
            read += control.take(slot.written)
        if chance.random() < 0.2:
            slot.read = control.read
    read += control.take_all()
    assert read == noted


def test_what_was_not_read_is_never_written_over() -> None:
    slot, control = both_sides()
    noted = 0
    while slot.append(noted + 1, 0.0, COMPLETED, b"null"):
        noted += 1
    assert not slot.append(noted + 1, 0.0, COMPLETED, b"null")
    assert [record.number for record in control.take_all()] == list(range(1, noted + 1))
    assert not slot.append(noted + 1, 0.0, COMPLETED, b"null"), "nobody has said that it was read"
    slot.read = control.read
    assert slot.append(noted + 1, 0.0, COMPLETED, b"null")


def test_what_does_not_fit_at_all_is_refused() -> None:
    slot, _ = both_sides()
    assert not slot.append(1, 0.0, COMPLETED, bytes(SIZE))
    assert slot.append(1, 0.0, COMPLETED, b"1")


def test_a_run_that_is_just_being_noted_is_not_taken_for_another() -> None:
    page, _ = Page.create()
    assert page.running == (0, 0.0)
    page.set_running(7, 2_000_000_000)
    assert page.running == (7, 2.0)
    struct.pack_into("<q", page._memory, _RUNNING, 8)
    assert page.running == (0, 0.0)
    page.set_running(8, 3_000_000_000)
    assert page.running == (8, 3.0)
