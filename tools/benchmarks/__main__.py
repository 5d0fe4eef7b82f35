"""Measure what the recipes do not show. `python -m tools.table` makes tables from the results.

python -m tools.benchmarks fit        # speed of `training.fit`, 30 minutes on two cores that do nothing else
python -m tools.benchmarks growth     # time of a training step by batch size, width and length, 5 minutes
python -m tools.benchmarks fits       # memory of a process after 200 fits, 10 minutes
python -m tools.benchmarks cnn        # time to 99.22 % on MNIST, 15 to 30 minutes
python -m tools.benchmarks export     # every builder in every format on every backend, 25 minutes
python -m tools.benchmarks photos     # accuracy of `recipes predict` on photos of digits, 3 minutes
python -m tools.benchmarks search     # automated search, random search and settings by hand, 30 minutes
python -m tools.benchmarks dqn        # deep Q-learning with the squared error and the Huber loss, 5 minutes
python -m tools.benchmarks peers      # what other packages make of the same data (extra "peers"), four hours
python -m tools.benchmarks cartpole   # steps and seconds until two agents have learned CartPole, 30 minutes
python -m tools.benchmarks record     # time to 99.0 % and 99.5 % on MNIST, from the start of Python, 35 minutes
python -m tools.benchmarks weights    # the fewest weights that reach 99.3 % on MNIST, 20 minutes
python -m tools.benchmarks operations # where the time of a step goes, by TensorFlow's profiler, 3 minutes
python -m tools.benchmarks upstream   # patches of Keras, two of them for JAX, 10 minutes
"""

import importlib
import inspect
from typing import Literal

from recipes._lib.runs import arguments, command_line

NAMES = Literal[
    "fit",
    "growth",
    "fits",
    "cnn",
    "export",
    "photos",
    "search",
    "dqn",
    "peers",
    "cartpole",
    "record",
    "weights",
    "upstream",
    "operations",
]


def main(name: NAMES, *, rounds: int | None = None, rows: tuple[str, ...] = ()) -> None:
    """Run a benchmark and write tools/benchmarks/results/NAME.json.

    Args:
        name: Speed: fit, growth, cnn, record (time to 99.0 % and 99.5 % on MNIST), operations (of a step, by kind),
            upstream (patches of Keras). Memory: fits. Others: export, photos, search, dqn (two losses), peers (other
            packages), cartpole (how soon two agents learn it), weights (the fewest that reach 99.3 % on MNIST).
        rounds: Of fit (below 5 it only prints), peers and upstream: each round times everything once.
        rows: Models of fit, recipes of peers; all if not given. With some of them, fit only prints.
    """
    benchmark = importlib.import_module(f"tools.benchmarks.{name}").main
    options = {"rounds": rounds, "rows": rows or None}
    options = {option: value for option, value in options.items() if value is not None}
    for option in options.keys() - inspect.signature(benchmark).parameters.keys():
        raise arguments.error(option, f"left out: the benchmark {name} has no {option}", options[option])
    benchmark(**options)


if __name__ == "__main__":
    command_line.run_tool(main, "tools.benchmarks")
