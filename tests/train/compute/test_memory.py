"""Peak memory of a block."""

from __future__ import annotations

import numpy as np

from tlgan_train.compute.memory import PeakMemory

MIB = 200


def test_a_later_block_does_not_report_the_peak_of_an_earlier_one() -> None:
    with PeakMemory() as before:
        pass
    with PeakMemory() as large:
        held = np.ones(MIB * 2**20, dtype=np.uint8)
    del held
    with PeakMemory() as small:
        pass
    assert before.mib > 0
    assert large.mib >= before.mib + 0.9 * MIB
    assert small.mib <= large.mib - 0.9 * MIB


def test_what_is_freed_before_the_block_ends_counts() -> None:
    with PeakMemory() as peak:
        before = peak.mib
        held = np.ones(MIB * 2**20, dtype=np.uint8)
        while peak.mib < before + 0.9 * MIB:  # until it has been sampled
            held += 1
        del held
