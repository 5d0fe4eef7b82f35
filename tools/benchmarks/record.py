"""How long it takes to 99.0 % and to 99.5 % of MNIST's test digits: programs of `records/`, seed by seed.

The seconds begin with the start of the process, and end when it prints its accuracy. The programs take turns. A record
counts if its mean is above the target with p < 0.01 by a one-sided t test.
"""

import subprocess
import sys
import tempfile
import time

from tools.benchmarks import tables

RECORDS = {0.990: ("recipe --epochs 1", "fewer_operations"), 0.995: ("recipe --epochs 8", "more_filters")}
"""The programs of each target, the oldest first: modules of `tools.benchmarks.records`, and their options."""
SEEDS = {0.990: tuple(range(2000, 2020)), 0.995: tuple(range(2020, 2040))}
"""With none of them anything was chosen."""


def main(targets: tuple[float, ...] = tuple(RECORDS), count: int = 20) -> None:
    """Run the programs of each target with the first `count` of its seeds, and write each result as it comes."""
    goals = {}
    for target in targets:
        names, seeds = RECORDS[target], SEEDS[target][:count]
        rows: dict[str, dict[str, list[float]]] = {name: {"seconds": [], "accuracy": []} for name in names}
        for number, seed in enumerate(seeds):
            for name in names[:: -1 if number % 2 else 1]:
                module, *options = f"tools.benchmarks.records.{name}".split()
                seconds, accuracy = timed([sys.executable, "-m", module, str(seed), *options])
                rows[name]["seconds"].append(seconds)
                rows[name]["accuracy"].append(accuracy)
                print(target, seed, name, seconds, accuracy, flush=True)
        goals[str(target)] = {"seeds": list(seeds), "rows": rows}
        tables.save("record", {"targets": goals})


def timed(command: list[str]) -> tuple[float, float]:
    """Run a program that prints its accuracy at its end; return the seconds until then, and the accuracy."""
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as log:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process:
            accuracy = process.stdout.readline()  # Python's own end, after the last line, does not count.
            seconds = time.perf_counter() - start
        if process.returncode:
            log.seek(0)
            print(log.read(), file=sys.stderr)
            raise subprocess.CalledProcessError(process.returncode, command)
    return seconds, float(accuracy)
