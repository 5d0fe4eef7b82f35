"""How long it takes to 99.0 % and to 99.5 % of MNIST's test digits: programs of `programs/`, seed by seed.

The seconds begin with the start of the process, and end when it prints its accuracy. The programs take turns. A record
counts if its mean is above the target with p < 0.01 by a one-sided t test.
"""

from tools.benchmarks import processes, tables

PROGRAMS = {0.990: ("recipe --epochs 1", "fewer_operations"), 0.995: ("recipe --epochs 8", "more_filters")}
"""The programs of each target, the oldest first: modules of `tools.benchmarks.programs`, and their options."""
SEEDS = {0.990: tuple(range(2000, 2020)), 0.995: tuple(range(2020, 2040))}
"""With none of them anything was chosen."""


def main(*, targets: tuple[float, ...] = (0.990, 0.995), count: int = 20) -> None:
    """Run the programs of each target with its seeds.

    Args:
        targets: Accuracies, 0.99 or 0.995.
        count: How many of the seeds.
    """
    goals = {}
    for target in targets:
        names, seeds = PROGRAMS[target], SEEDS[target][:count]
        rows: dict[str, dict[str, list[float]]] = {name: {"seconds": [], "accuracy": []} for name in names}
        for number, seed in enumerate(seeds):
            for name in names[:: -1 if number % 2 else 1]:
                program, *options = name.split()
                seconds, [accuracy] = processes.run_program(program, seed, *options)
                rows[name]["seconds"].append(seconds)
                rows[name]["accuracy"].append(float(accuracy))
                print(target, seed, name, seconds, accuracy, flush=True)
        goals[str(target)] = {"seeds": list(seeds), "rows": rows}
        tables.save("time_to_accuracy", {"targets": goals})
