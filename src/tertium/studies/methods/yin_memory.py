"""Peak memory of learning from one batch of sequences, each in a process of its own that does nothing else.

``python -m tertium.studies.methods.yin_memory STRIDE UNITS BATCH RULE LENGTH RULE LENGTH ...`` prints for each rule and
length by how many kB the peak is above what was there before the batch was learned from. The sequences, which are there
before, are not counted.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STATUS = Path("/proc/self/status")


def memory_of(rules: Sequence[str], lengths: Sequence[int], stride: int, units: int, batch: int) -> dict[str, Floats]:
    """Return the rise of the peak in MB for each rule, (length,); NaN where the system does not tell.

    Parameters
    ----------
    rules : sequence of str
        Of "fptt" and "bptt".
    lengths : sequence of int
        Steps of a sequence.
    stride : int
        Steps of a stretch.
    units, batch : int
        No sequences leave the measurement out, which is not the same to the byte in each run: NaN too.
    """
    if not (batch and STATUS.exists()):
        return {rule: np.full(len(lengths), np.nan) for rule in rules}
    cases = [(rule, str(length)) for rule in rules for length in lengths]
    words = [
        sys.executable,
        "-m",
        __name__,
        *map(str, (stride, units, batch)),
        *(word for case in cases for word in case),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    found = np.array([int(line) for line in done.stdout.split()]).reshape(len(rules), len(lengths)) / 1024
    return dict(zip(rules, found, strict=True))


def _line(field: str) -> int:
    """Return one line of this process's status in kB."""
    return next(int(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith(field))


def _measured(rule: str, length: int, stride: int, units: int, batch: int) -> int:
    """Learn from one batch in a child, whose peak begins at what is there; return its rise in kB."""
    learn = _one_batch(rule, length, stride, units, batch)
    read, write = os.pipe()
    if os.fork() == 0:
        before = _line("VmRSS")
        learn()
        os.write(write, str(_line("VmHWM") - before).encode())
        os._exit(0)
    os.wait()
    return int(os.read(read, 100))


def _one_batch(rule: str, length: int, stride: int, units: int, batch: int) -> Callable[[], None]:
    """Return what learns from a batch that is drawn already."""
    from tertium.learning import Trials
    from tertium.learning.rules import named_rule
    from tertium.models import RecurrentNetwork
    from tertium.models.spiking import LiquidLIF
    from tertium.rng import Seeds
    from tertium.studies.methods.yin_adding import DT, AskedAllAlong, summed_error

    network = RecurrentNetwork(LiquidLIF(2, units, read="voltage", dt=DT), 1, dt=DT)
    trials = Trials.of(AskedAllAlong(length, length // stride).batch(batch, 1))
    made = named_rule("fptt", stride=stride) if rule == "fptt" else named_rule(rule)

    def learn() -> None:
        for _ in made.fills(network, trials, summed_error, seeds=Seeds(1)):
            pass

    return learn


def main(words: Sequence[str]) -> None:
    """Print the measurements that the words of the command ask for."""
    import torch

    torch.set_num_threads(1)
    stride, units, batch = map(int, words[:3])
    for rule in words[3::2]:
        _one_batch(rule, 4, 2, 2, 1)()  # first uses of torch's parts are not what is measured
    for rule, length in zip(words[3::2], words[4::2], strict=True):
        sys.stdout.write(f"{_measured(rule, int(length), stride, units, batch)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
