"""How long it takes to a mean accuracy of 99.0 % of MNIST's test digits: every program of `records/`, seed by seed.

The seconds begin with the start of the process, and end when it prints its accuracy. The programs take turns. A record
counts if its mean is above the target with p < 0.01 by a one-sided t test.
"""

import subprocess
import sys
import time

from recipes.benchmark import tables

RECORDS = ("recipe", "fewer_operations")
"""The programs, the oldest first: modules of `recipes.benchmark.records`."""
TARGET = 0.990
SEEDS = tuple(range(2000, 2020))
"""With none of them anything was chosen."""


def main(seeds: tuple[int, ...] = SEEDS) -> None:
    """Run each program with each seed, and write the result."""
    rows: dict[str, dict[str, list[float]]] = {name: {"seconds": [], "accuracy": []} for name in RECORDS}
    for number, seed in enumerate(seeds):
        for name in RECORDS[:: -1 if number % 2 else 1]:
            seconds, accuracy = timed([sys.executable, "-m", f"recipes.benchmark.records.{name}", str(seed)])
            rows[name]["seconds"].append(seconds)
            rows[name]["accuracy"].append(accuracy)
            print(seed, name, *(values[-1] for values in rows[name].values()), flush=True)
    tables.save("record", {"target": TARGET, "seeds": list(seeds), "rows": rows})


def timed(command: list[str]) -> tuple[float, float]:
    """Run a program that prints its accuracy at its end; return the seconds until then, and the accuracy."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        accuracy = process.stdout.readline()  # Python's own end, after the last line, does not count.
        seconds = time.perf_counter() - start
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return seconds, float(accuracy)
