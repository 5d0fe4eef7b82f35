"""How few weights are enough for 99.3 % of MNIST's test digits: `programs/fewest_weights.py`, seed by seed.

It prints the number of weights of the network that predicts, and its accuracy. Seconds do not count here, so it runs
as often at once as there are cores.
"""

import functools
import os
from concurrent.futures import ThreadPoolExecutor

from tools.benchmarks import processes, tables

TARGET, SEEDS = 0.993, tuple(range(2060, 2080))
"""With none of the seeds anything was chosen."""


def main(*, seeds: tuple[int, ...] = SEEDS) -> None:
    """Run the program with each seed, and write each result as it comes."""
    accuracies: list[float] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        run = functools.partial(processes.run_program, "fewest_weights", TF_NUM_INTRAOP_THREADS="1")
        for _, (weights, accuracy) in pool.map(run, seeds):
            accuracies.append(float(accuracy))
            print("fewest_weights", weights, accuracy, flush=True)
            rows = {"fewest_weights": {"weights": int(weights), "accuracy": accuracies}}
            tables.save("fewest_weights", {"target": TARGET, "seeds": list(seeds), "rows": rows})
