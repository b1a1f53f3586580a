"""B4: trials per CPU second, context decision at dt 20 ms in batches of 64: python bench/trials.py [--quick].

neurogym's ContextDecisionMaking has the same epochs (300, 750, 300 + truncated exponential, 100 ms) and noise in the
same one. Its `Dataset` fills a cache, cuts off the last trials, and refills before the last sequence was handed out. So
two rates are given: trials made, and what arrives (steps that arrive, divided by the mean length of a trial), which B4
asks about. PsychRNN has no such task; its two-channel discrimination, 2 s long, stands in. Peers and tertium take
turns; each round gives a ratio, the table their median.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
os.environ.update(THREADS)

import numpy as np  # noqa: E402
from peers import peer_python, print_table, run_peer  # noqa: E402

#: Environment variable with the path of a Python that has these peers, and their place under .venv-bench.
VARIABLE, FOLDER = "TERTIUM_PEERS_TASKS", "tasks"

BATCH, DT, WANTED = 64, 0.02, 25.0

NEUROGYM = """
import time
import neurogym as ngym
batch, dt, least = int(given["batch"]), float(given["dt"]) * 1000, float(given["seconds"])
made = ngym.Dataset("ContextDecisionMaking-v0", env_kwargs={"dt": dt}, batch_size=batch, seq_len=100)
made.seed(int(given["seed"]))
count, steps = [0], [0]
for env in made.envs:
    inner = env.unwrapped
    def counted(*args, _new=inner._new_trial, _env=inner, **kwargs):
        trial = _new(*args, **kwargs)
        count[0] += 1
        steps[0] += _env.ob.shape[0]
        return trial
    inner._new_trial = counted
arrived, start = 0, time.process_time()
while time.process_time() - start < least:
    arrived += next(made)[0].shape[0] * batch
seconds = time.process_time() - start
found["made"] = np.array(count[0] / seconds)
found["rate"] = np.array(arrived * count[0] / steps[0] / seconds)
"""

PSYCHRNN = """
import time
from psychrnn.tasks.perceptual_discrimination import PerceptualDiscrimination
batch, least = int(given["batch"]), float(given["seconds"])
np.random.seed(int(given["seed"]))
task = PerceptualDiscrimination(dt=float(given["dt"]) * 1000, tau=100, T=2000, N_batch=batch)
made, start = 0, time.process_time()
while time.process_time() - start < least:
    task.get_trial_batch()
    made += batch
found["rate"] = found["made"] = np.array(made / (time.process_time() - start))
"""

PEERS = {"neurogym": NEUROGYM, "psychrnn": PSYCHRNN}


def ours(seconds: float, round_: int) -> float:
    """Return our trials per CPU second, measured for at least so many of them."""
    from tertium.tasks import make

    task = make("context_decision", dt=DT)
    task.batch(BATCH)  # imports
    made, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        task.batch(BATCH, seed=1000 * round_ + made // BATCH)
        made += BATCH
    return made / (time.process_time() - start)


def main(quick: bool = False) -> list[dict[str, object]]:
    """Measure all sides in turn and return one row for each peer."""
    seconds, rounds = (0.3, 2) if quick else (1.0, 5)
    pythons = {name: peer_python(name, VARIABLE, FOLDER) for name in PEERS}
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in PEERS}
    own: list[float] = []
    for round_ in range(rounds):
        own.append(ours(seconds, round_))
        for name, script in PEERS.items():
            if pythons[name][0]:
                given = {"batch": BATCH, "dt": DT, "seconds": seconds, "seed": round_}
                found = run_peer(pythons[name][0], script, **given)
                rates[name].append((float(found["rate"]), float(found["made"])))
    rows: list[dict[str, object]] = []
    for name in PEERS:
        row: dict[str, object] = {"trials per CPU s": name, "tertium": float(np.max(own))}
        if rates[name]:
            for i, what in enumerate(("arrive", "made")):
                row[f"peer, {what}"] = max(rate[i] for rate in rates[name])
                pairs = zip(own, rates[name], strict=True)
                row[f"times faster ({what})"] = statistics.median(a / b[i] for a, b in pairs)
            row["asked"] = WANTED if name == "neurogym" else ""
        else:
            row["peer, arrive"] = pythons[name][1]
        rows.append(row)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few tenths of a second each")
    print_table(main(parser.parse_args().quick))
