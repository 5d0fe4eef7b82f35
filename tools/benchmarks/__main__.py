"""Measure what the recipes do not show.

    python -m tools.benchmarks speed             # `training.fit` beside plain `model.fit`, 20 minutes on quiet cores
    python -m tools.benchmarks diagnosis FOLDER  # how often the fault of a program is named, an hour

With --help each names its options. The other files of tools/benchmarks/results were measured once: each has its
command, and the commit that has the code.
"""

import sys

from recipes._lib.runs import command_line
from tools.benchmarks import diagnosis, speed

COMMANDS = {"speed": speed.main, "diagnosis": diagnosis.main}

if __name__ == "__main__":
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in COMMANDS:
        sys.exit(__doc__)
    del sys.argv[1]
    command_line.run_tool(COMMANDS[name], f"tools.benchmarks {name}")
