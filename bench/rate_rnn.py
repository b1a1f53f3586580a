"""B1: a training step of a leaky rate network, ours against the usual loops: python bench/rate_rnn.py [--quick].

One thread, T = 150, 64 trials, 5 inputs, 3 outputs; a step is forward, loss and backward. The ways take turns of three
steps, so that what else the machine does falls on all of them; the first step of a turn is not counted, since it finds
its memory as another way has left it, which no training does. CPU seconds, ratios of the least and of the median.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from peers import print_table
from torch import Tensor
from torch.nn import functional

from tertium.models import RateRNN, kernels
from tertium.rng import Seeds

STEPS, BATCH, INPUTS, OUTPUTS, ALPHA, NOISE = 150, 64, 5, 3, 0.2, 0.1
TIMES, SLOW_TIMES, STEPS_OF_A_TURN = 6, 2, 3
LONG = 1500

Way = Callable[["Setting"], Tensor]


@dataclass(frozen=True)
class Setting:
    """Parameters and one batch: x (time, batch, input), target (time, batch, output)."""

    input_weight: Tensor
    bias: Tensor
    weight: Tensor
    output_weight: Tensor
    output_bias: Tensor
    m: Tensor
    n: Tensor
    initial: Tensor
    x: Tensor
    target: Tensor

    def ends(self) -> dict[str, Tensor]:
        names = ("x", "initial", "input_weight", "output_weight", "bias", "output_bias")
        return {name: getattr(self, name) for name in names}

    def drive(self) -> Tensor:
        return functional.linear(self.x, self.input_weight, self.bias)

    def read(self, rates: Tensor) -> Tensor:
        return functional.linear(rates, self.output_weight, self.output_bias)


def setting(units: int, steps: int = STEPS) -> Setting:
    """Return parameters (which want gradients) and a batch, from one seed."""
    random = Seeds(0).torch(f"rate_rnn {units}")

    def normal(*shape: int, scale: float = 1.0, learned: bool = True) -> Tensor:
        return (scale * torch.randn(shape, generator=random)).requires_grad_(learned)

    return Setting(
        normal(units, INPUTS),
        normal(units),
        normal(units, units, scale=0.9 * units**-0.5),
        normal(OUTPUTS, units, scale=units**-0.5),
        normal(OUTPUTS),
        normal(units, 2),
        normal(units, 2),
        torch.zeros(units),
        normal(steps, BATCH, INPUTS, learned=False),
        normal(steps, BATCH, OUTPUTS, learned=False),
    )


def ours(given: Setting) -> Tensor:
    return kernels.network_unroll(**given.ends(), alpha=ALPHA, weight=given.weight)[0]


def ours_noisy(given: Setting) -> Tensor:
    return kernels.network_unroll(**given.ends(), alpha=ALPHA, weight=given.weight, noise_std=NOISE)[0]


def ours_rate_form(given: Setting) -> Tensor:
    return kernels.network_unroll(**given.ends(), alpha=ALPHA, weight=given.weight, form="rate")[0]


def ours_checkpoint(given: Setting) -> Tensor:
    options = {"checkpoint": True, "all_states": False}
    return kernels.network_unroll(**given.ends(), alpha=ALPHA, weight=given.weight, **options)[0]


def ours_loop_alone(given: Setting) -> Tensor:
    drive = kernels.project(given.x, given.input_weight, given.bias)
    return given.read(torch.relu(kernels.rate_unroll(drive, given.initial, given.weight, ALPHA)))


def ours_low_rank(given: Setting) -> Tensor:
    return kernels.network_unroll(**given.ends(), alpha=ALPHA, factors=(given.m, given.n))[0]


def eager_unbind(given: Setting) -> Tensor:
    return given.read(torch.stack(_eager(given, given.drive().unbind(0))))


def eager_index(given: Setting) -> Tensor:
    drive = given.drive()
    return given.read(torch.stack(_eager(given, (drive[t] for t in range(len(drive))))))


def _eager(given: Setting, drive: Iterable[Tensor]) -> list[Tensor]:
    state = given.initial.expand(BATCH, -1)
    rates, found = torch.relu(state), []
    for now in drive:
        state = (1 - ALPHA) * state + ALPHA * (rates @ given.weight.T + now)
        rates = torch.relu(state)
        found.append(rates)
    return found


def per_step_linear(given: Setting) -> Tensor:
    """The loop of many tutorials: two linear layers, fresh noise and the read-out at every step."""
    state = given.initial.expand(BATCH, -1)
    rates, found = torch.relu(state), []
    for x in given.x.unbind(0):
        drive = functional.linear(x, given.input_weight, given.bias) + functional.linear(rates, given.weight)
        state = (1 - ALPHA) * state + ALPHA * (drive + NOISE * torch.randn_like(state))
        rates = torch.relu(state)
        found.append(given.read(rates))
    return torch.stack(found)


def torch_rnn(units: int) -> Way:
    """torch.nn.RNN with rectified units: no leak, no noise."""
    network = torch.nn.RNN(INPUTS, units, nonlinearity="relu")
    with torch.no_grad():
        network.weight_hh_l0.copy_(setting(units).weight)
    return lambda given: given.read(network(given.x)[0])


def rate_rnn(units: int) -> Way:
    """The network of `tertium.models`, as a user calls it."""
    network = RateRNN(INPUTS, units, OUTPUTS, dt=0.02, tau=0.1, nonlinearity="relu")
    return lambda given: network(given.x)[0]


def seconds(way: Way, given: Setting) -> float:
    """Return the CPU seconds of one training step."""
    for tensor in vars(given).values():
        tensor.grad = None
    start = time.process_time()
    functional.mse_loss(way(given), given.target).backward()
    return time.process_time() - start


def take_turns(ways: dict[str, tuple[Way, Setting, int]]) -> dict[str, list[float]]:
    """Time every way in so many turns; neither the first turn is counted nor the first step of each."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(1 + max(times for _, _, times in ways.values())):
        for name, (way, given, times) in ways.items():
            if turn <= times:
                taken = [seconds(way, given) for _ in range(STEPS_OF_A_TURN)]
                found[name] += taken[1:] if turn else []
    return found


def ratio_row(what: str, slow: list[float], fast: list[float], asked: str) -> dict[str, object]:
    return {
        "what": what,
        "CPU ms": 1e3 * min(slow),
        "tertium CPU ms": 1e3 * min(fast),
        "ratio of least": min(slow) / min(fast),
        "ratio of medians": statistics.median(slow) / statistics.median(fast),
        "asked": asked,
    }


def against_others(units: int, times: int) -> list[dict[str, object]]:
    """Return rows of the usual loops against ours."""
    given, slow = setting(units), SLOW_TIMES if units > 128 else times
    found = take_turns(
        {
            "ours": (ours, given, times),
            "unbind": (eager_unbind, given, times),
            "index": (eager_index, given, slow),
            "torch": (torch_rnn(units), given, times),
            "noisy": (ours_noisy, given, times),
            "per step": (per_step_linear, given, times),
            "rate form": (ours_rate_form, given, times),
            "checkpoint": (ours_checkpoint, given, times),
            "RateRNN": (rate_rnn(units), given, times),
            "loop alone": (ours_loop_alone, given, times),
        }
    )
    fast, n = found["ours"], f"N = {units}"
    return [
        ratio_row(f"{n}: eager loop, unbind", found["unbind"], fast, ">= 1.7" if units == 128 else ">= 1.3"),
        ratio_row(f"{n}: the same, against models.RateRNN", found["unbind"], found["RateRNN"], ""),
        ratio_row(f"{n}: the same, against our loop without the ends", found["unbind"], found["loop alone"], ""),
        ratio_row(f"{n}: eager loop, drive[t]", found["index"], fast, ""),
        ratio_row(f"{n}: nn.Linear and noise at every step", found["per step"], found["noisy"], ""),
        ratio_row(f"{n}: torch.nn.RNN (no leak)", found["torch"], fast, ">= 1"),
        ratio_row(f"{n}: rate form against membrane form", found["rate form"], fast, ""),
        ratio_row(f"{n}: with checkpoints against without", found["checkpoint"], fast, ""),
    ]


def low_rank_and_length(times: int) -> list[dict[str, object]]:
    """Return rows of rank 2 against full rank, and of twice the time against once."""
    small, large, longer = setting(128), setting(512), setting(128, 2 * STEPS)
    found = take_turns(
        {
            "full": (ours, large, times),
            "rank 2": (ours_low_rank, large, times),
            "T": (ours, small, times),
            "2T": (ours, longer, times),
            "checkpoint T": (ours_checkpoint, small, times),
            "checkpoint 2T": (ours_checkpoint, longer, times),
        }
    )
    return [
        ratio_row("N = 512: full rank against rank 2", found["full"], found["rank 2"], ">= 3"),
        ratio_row("N = 128: 2T against T", found["2T"], found["T"], "< 2.3"),
        ratio_row("N = 128: 2T against T, checkpoints", found["checkpoint 2T"], found["checkpoint T"], "< 2.3"),
    ]


MEMORY_WAYS: dict[str, Way] = {"plain": eager_unbind, "ours": ours, "checkpoint": ours_checkpoint}


def memory(name: str) -> None:
    """Print, as JSON, by how many MB one training step of ``LONG`` steps raises the peak of this process."""
    torch.set_num_threads(1)
    seconds(MEMORY_WAYS[name], setting(512, 4))
    given = setting(512, LONG)
    before = peak()
    seconds(MEMORY_WAYS[name], given)
    print(json.dumps({"rise": peak() - before, "peak": peak()}))


def peak() -> float:
    """Return the largest resident set of this process so far, in MB."""
    # ru_maxrss of a new process begins at its parent's on Linux; VmHWM does not
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    for line in lines:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory_rows() -> list[dict[str, object]]:
    """Return the peaks of the plain loop and of ours, each in a process of its own."""
    found = {}
    for name in MEMORY_WAYS:
        command = [sys.executable, __file__, "--memory", name]
        found[name] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return [
        {
            "what": f"N = 512, T = {LONG}: {name}",
            "rise of the peak (MB)": one["rise"],
            "peak of the process (MB)": one["peak"],
            "part of plain": one["rise"] / found["plain"]["rise"],
            "asked": "< 0.25" if name == "checkpoint" else "",
        }
        for name, one in found.items()
    ]


def main(quick: bool = False) -> list[dict[str, object]]:
    """Measure, print two tables and return their rows."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    times = 5 if quick else TIMES
    try:
        speed = against_others(128, times) + against_others(512, times) + low_rank_and_length(times)
    finally:
        torch.set_num_threads(threads)
    print_table(speed)
    print()
    peaks = memory_rows()
    print_table(peaks)
    return speed + peaks


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="five turns in place of eleven")
    options.add_argument("--memory", choices=MEMORY_WAYS, help="one training step, and the peak it leaves")
    chosen = options.parse_args()
    if chosen.memory:
        memory(chosen.memory)
    else:
        main(chosen.quick)
