"""Measure what the recipes do not show. `python -m tools.table` makes tables from the results.

    python -m tools.benchmarks speed             # of `training.fit`, 30 minutes on two cores that do nothing else
    python -m tools.benchmarks growth            # time of a step by batch size, width and length, 5 minutes
    python -m tools.benchmarks memory            # of a process after 200 fits, 10 minutes
    python -m tools.benchmarks operations        # where the time of a step goes, by TensorFlow's profiler, 3 minutes
    python -m tools.benchmarks upstream          # patches of Keras, two of them for JAX, 10 minutes
    python -m tools.benchmarks keras_example     # time to 99.22 % on MNIST, 15 to 30 minutes
    python -m tools.benchmarks time_to_accuracy  # 99.0 % and 99.5 % on MNIST, from the start of Python, 35 minutes
    python -m tools.benchmarks fewest_weights    # that reach 99.3 % on MNIST, 20 minutes
    python -m tools.benchmarks export            # every builder in every format on every backend, 25 minutes
    python -m tools.benchmarks photos            # accuracy of `recipes predict` on photos of digits, 3 minutes
    python -m tools.benchmarks search            # automated search, random search and settings by hand, 30 minutes
    python -m tools.benchmarks dqn               # deep Q-learning with two losses, 5 minutes
    python -m tools.benchmarks cartpole          # how soon two agents have learned CartPole, 30 minutes
    python -m tools.benchmarks connect_four      # players of Connect Four before a perfect solver, 5 minutes
    python -m tools.benchmarks diagnosis FOLDER  # how often the fault of a program is named, an hour
    python -m tools.benchmarks rivals            # the strongest cheap rival of each recipe, 25 minutes
    python -m tools.benchmarks peers             # other packages on the same data (extra "peers"), four hours

Each writes tools/benchmarks/results/NAME.json; with --help it names its options.
"""

import importlib
import sys

from recipes._lib.runs import command_line
from tools.benchmarks import tables

if __name__ == "__main__":
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in {path.stem for path in tables.RESULTS.glob("*.json")}:
        sys.exit(__doc__)
    del sys.argv[1]
    command_line.run_tool(importlib.import_module(f"tools.benchmarks.{name}").main, f"tools.benchmarks {name}")
