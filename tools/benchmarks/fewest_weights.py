"""How few weights are enough for 99.3 % of MNIST's test digits: programs of `programs/`, seed by seed.

A program prints the number of weights of the network that predicts, and its accuracy. Seconds do not count here, so as
many programs run at once as there are cores.
"""

import functools
import os
from concurrent.futures import ThreadPoolExecutor

from tools.benchmarks import processes, tables

PROGRAMS = ("fewest_weights",)
"""The oldest first, the smallest last: modules of `tools.benchmarks.programs`."""
TARGET, SEEDS = 0.993, tuple(range(2060, 2080))
"""With none of the seeds anything was chosen."""


def main(*, seeds: tuple[int, ...] = SEEDS) -> None:
    """Run each program with each seed, and write each result as it comes."""
    rows: dict[str, dict] = {}
    for name in PROGRAMS:
        rows[name] = {"weights": None, "accuracy": []}
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            run = functools.partial(processes.run_program, name, TF_NUM_INTRAOP_THREADS="1")
            for _, (weights, accuracy) in pool.map(run, seeds):
                rows[name]["weights"] = int(weights)
                rows[name]["accuracy"].append(float(accuracy))
                print(name, weights, accuracy, flush=True)
                tables.save("fewest_weights", {"target": TARGET, "seeds": list(seeds), "rows": rows})
