"""How long it takes to a mean accuracy of 99.0 % of MNIST's test digits: every program of `records/`, seed by seed.

The seconds are those of the whole process, from its start to its last prediction. The programs take turns. A record
counts if its mean is above the target with p < 0.01 by a one-sided t test.
"""

import subprocess
import sys
import time

from recipes.benchmark import tables

RECORDS = ("recipe_one_epoch", "valid_padding")
"""The programs, the oldest first: modules of `recipes.benchmark.records`."""
TARGET = 0.990
SEEDS = tuple(range(1000, 1020))
"""With none of them anything was chosen."""


def main(seeds: tuple[int, ...] = SEEDS, records: tuple[str, ...] = RECORDS) -> None:
    """Run each program with each seed, and write the result."""
    rows: dict[str, dict[str, list[float]]] = {name: {"seconds": [], "accuracy": []} for name in records}
    for number, seed in enumerate(seeds):
        for name in records[:: -1 if number % 2 else 1]:
            command = [sys.executable, "-m", f"recipes.benchmark.records.{name}", str(seed)]
            start = time.perf_counter()
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            rows[name]["seconds"].append(time.perf_counter() - start)
            rows[name]["accuracy"].append(float(output.stdout))
            print(seed, name, *(values[-1] for values in rows[name].values()), flush=True)
    tables.save("record", {"target": TARGET, "seeds": list(seeds), "rows": rows})
