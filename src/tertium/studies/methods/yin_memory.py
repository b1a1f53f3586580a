"""Peak memory of learning from one batch of sequences, in a process of its own that does nothing else.

``python -m tertium.studies.methods.yin_memory RULE LENGTH STRIDE UNITS BATCH`` prints by how many kB the peak is above
what was there before the batch was learned from. The sequences, which are there before, are not counted.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

STATUS = Path("/proc/self/status")


def memory_of(rule: str, length: int, stride: int, units: int, batch: int) -> float:
    """Return the rise of the peak in MB, or NaN where the system does not tell.

    Parameters
    ----------
    rule : str
        "fptt" or "bptt".
    length, stride : int
        Steps of a sequence and of a stretch.
    units, batch : int
    """
    if not STATUS.exists():
        return float("nan")
    words = [sys.executable, "-m", __name__, rule, *map(str, (length, stride, units, batch))]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024


def _line(field: str) -> int:
    """Return one line of this process's status in kB."""
    return next(int(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith(field))


def _learn(rule: str, length: int, stride: int, units: int, batch: int) -> None:
    """Learn from one batch in a child, whose peak begins at what is there."""
    import torch

    torch.set_num_threads(1)
    _one_batch(rule, 4, 2, 2, 1)()  # first uses of torch's parts are not what is measured
    learn = _one_batch(rule, length, stride, units, batch)
    read, write = os.pipe()
    if os.fork() == 0:
        before = _line("VmRSS")
        learn()
        os.write(write, str(_line("VmHWM") - before).encode())
        os._exit(0)
    os.wait()
    sys.stdout.write(os.read(read, 100).decode())


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


if __name__ == "__main__":
    _learn(sys.argv[1], *map(int, sys.argv[2:]))
