"""How few weights are enough for 99.3 % of MNIST's test digits: programs of `records/`, seed by seed.

A program prints the number of weights of the network that predicts, and its accuracy. Seconds do not count here, so as
many programs run at once as there are cores.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tools.benchmarks import tables

PROGRAMS = ("fewest_weights",)
"""The oldest first, the smallest last: modules of `tools.benchmarks.records`."""
TARGET, SEEDS = 0.993, tuple(range(2060, 2080))
"""With none of the seeds anything was chosen."""


def main(seeds: tuple[int, ...] = SEEDS) -> None:
    """Run each program with each seed, and write each result as it comes."""
    rows: dict[str, dict] = {}
    for name in PROGRAMS:
        rows[name] = {"weights": None, "accuracy": []}
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for weights, accuracy in pool.map(lambda seed, name=name: weights_and_accuracy(name, seed), seeds):
                rows[name]["weights"] = weights
                rows[name]["accuracy"].append(accuracy)
                print(name, weights, accuracy, flush=True)
                tables.save("weights", {"target": TARGET, "seeds": list(seeds), "rows": rows})


def weights_and_accuracy(name: str, seed: int) -> tuple[int, float]:
    """Run a program on one core; return the number of weights and the accuracy that it prints at its end."""
    environment = {**os.environ, "TF_NUM_INTRAOP_THREADS": "1"}
    command = [sys.executable, "-m", f"tools.benchmarks.records.{name}", str(seed)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        done.check_returncode()
    weights, accuracy = done.stdout.split()[-2:]
    return int(weights), float(accuracy)
