"""B4: trials per CPU second, context decision at dt 20 ms in batches of 64: python bench/trials.py [--quick].

neurogym's ContextDecisionMaking has the same epochs (300, 750, 300 + truncated exponential, 100 ms) and noise in the
same one. Of its `Dataset` all trials count that it makes, also those that it cuts off at the end of its cache. PsychRNN
has no such task; its two-channel discrimination, 2 s long, stands in. Peers and tertium take turns; each round gives a
ratio, the table their median.
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
count = [0]
for env in made.envs:
    inner = env.unwrapped
    def counted(*args, _new=inner._new_trial, **kwargs):
        count[0] += 1
        return _new(*args, **kwargs)
    inner._new_trial = counted
start = time.process_time()
while time.process_time() - start < least:
    next(made)
found["rate"] = np.array(count[0] / (time.process_time() - start))
found["version"] = np.array([int(x) for x in ngym.__version__.split(".")])
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
found["rate"] = np.array(made / (time.process_time() - start))
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
    seconds, rounds = (0.3, 2) if quick else (2.0, 7)
    pythons = {name: peer_python(name, VARIABLE, FOLDER) for name in PEERS}
    rates: dict[str, list[float]] = {name: [] for name in ("tertium", *PEERS)}
    for round_ in range(rounds):
        rates["tertium"].append(ours(seconds, round_))
        for name, script in PEERS.items():
            if pythons[name][0]:
                given = {"batch": BATCH, "dt": DT, "seconds": seconds, "seed": round_}
                rates[name].append(float(run_peer(pythons[name][0], script, **given)["rate"]))
    rows: list[dict[str, object]] = []
    for name in PEERS:
        row: dict[str, object] = {"peer": name, "tertium (trials per CPU s)": float(np.max(rates["tertium"]))}
        if rates[name]:
            row["peer (trials per CPU s)"] = float(np.max(rates[name]))
            pairs = zip(rates["tertium"], rates[name], strict=True)
            row["times faster"] = statistics.median(a / b for a, b in pairs)
            row["asked"] = WANTED if name == "neurogym" else ""
        else:
            row["peer (trials per CPU s)"] = pythons[name][1]
        rows.append(row)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few tenths of a second each")
    print_table(main(parser.parse_args().quick))
