"""Average a table larger than memory by condition, straight from a zarr store: how long, and how much memory?

The store is written batch by batch by one process and averaged by a second, whose largest resident memory is what
counts: 5 GB have to be averaged in under 1 GB.

    python bench/zarr_average.py --gigabytes 5
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

N_TIMES, N_UNITS, N_CONDITIONS, BATCH = 100, 2000, 50, 50


def write(path: Path, gigabytes: float) -> None:
    """Write random float32 responses (they do not compress), batch by batch."""
    from tertium.data import ZarrWriter, template

    n_trials = max(N_CONDITIONS, round(gigabytes * 1e9 / (N_TIMES * N_UNITS * 4)))
    labels = template(
        (n_trials, N_TIMES, N_UNITS), dt=0.01, trial={"condition": np.arange(n_trials) % N_CONDITIONS}, quantity="rate"
    )
    generator = np.random.default_rng(0)
    with ZarrWriter(path, labels) as writer:
        for start in range(0, n_trials, BATCH):
            n = min(BATCH, n_trials - start)
            writer.write(start, generator.standard_normal((n, N_TIMES, N_UNITS), dtype=np.float32))


def measure(path: Path) -> dict[str, float]:
    """Average the store; return seconds, peak memory and the error against one unit averaged by itself."""
    import tertium as tt

    responses = tt.data.load(path)
    begin = time.perf_counter()
    averaged = tt.data.average(responses)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    one = responses[:, :, 0].values
    codes = responses["condition"].values
    expected = np.stack([one[codes == c].mean(axis=0, dtype=np.float64) for c in range(N_CONDITIONS)])
    return {
        "array_gb": responses.dtype.itemsize * float(np.prod(responses.shape)) / 1e9,
        "seconds": seconds,
        "peak_mb": peak,
        "error": float(np.abs(averaged.values[:, :, 0] - expected).max()),
    }


def main() -> None:
    """Write, measure in a process of its own, print, clean up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=5.0, help="size of the array, 10^9 bytes")
    parser.add_argument("--folder", default=None, help="where the store is written (default: the temporary folder)")
    parser.add_argument("--measure", default=None, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(Path(arguments.measure))))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        path = Path(folder) / "large.zarr"
        begin = time.perf_counter()
        write(path, arguments.gigabytes)
        seconds = time.perf_counter() - begin
        on_disk = sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e9
        done = subprocess.run(
            [sys.executable, __file__, "--measure", str(path)], stdout=subprocess.PIPE, text=True, check=True
        )
    found = json.loads(done.stdout)
    print(f"written   {found['array_gb']:.2f} GB ({on_disk:.2f} GB on disk) in {seconds:.0f} s, batch by batch")
    print(f"averaged  by {N_CONDITIONS} conditions in {found['seconds']:.0f} s; largest error {found['error']:.1e}")
    print(f"memory    {found['peak_mb']:.0f} MB at most (limit 1000 MB)")
    sys.exit(0 if found["peak_mb"] < 1000 else 1)


if __name__ == "__main__":
    main()
