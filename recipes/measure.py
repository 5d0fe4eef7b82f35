"""Run recipes with several seeds and write their published results.

    python -m recipes.measure mlp_mnist                      # five seeds
    python -m recipes.measure perceptron_mnist --seeds 0 1 2
    KERAS_BACKEND=jax python -m recipes.measure gan_mnist --seeds 0

Each seed is one run of the recipe's own command in a new process; its result is written as it comes, to NAME.part,
which takes the place of the published NAME.json after the last one.
Run it on a quiet machine: seconds are part of the result. `python -m recipes.table` then renews the tables.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import tyro

from recipes._lib.runs import command_line, machine_facts, results, statements


def main(names: Annotated[list[str], tyro.conf.Positional], *, seeds: list[int] = [10, 11, 12, 13, 14]) -> dict:  # noqa: B006
    """Measure recipes.

    Args:
        names: Names of recipes, such as mlp_mnist.
        seeds: Seeds to run each with: five or more, none of them used in choosing the settings.
    """
    known = statements.recipe_names()
    for name in names:
        if name not in known:
            raise ValueError(f"`names` must be recipes out of {', '.join(known)}. Received: {name!r}")
    if not names or not seeds:
        raise ValueError(f"`names` and `seeds` must not be empty. Received: names={names!r}, seeds={seeds!r}")
    for name in names:
        _measure(name, seeds)
    return {}


def run(name: str, seed: int, **options) -> dict[str, float]:
    """Run a recipe's command in a new process, and return its metrics that are numbers."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "run"
        command = [sys.executable, "-m", f"recipes.{name}", "--seed", str(seed), "--run-dir", str(folder)]
        subprocess.run(command, check=True, **options)
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return {key: value for key, value in metrics.items() if isinstance(value, float)}


def _measure(name: str, seeds: list[int]) -> None:
    per_seed: dict[str, dict[str, float]] = {}
    for seed in seeds:
        per_seed[str(seed)] = run(name, seed)
        content = {
            "recipe": name,
            "command": f"python -m recipes.{name} --seed SEED",
            "seeds": per_seed,
            **results.summarised(per_seed),
            **machine_facts.machine(),
        }
        path = results.path(name, content["backend"])
        part = path.with_suffix(".part")
        results.write_json(part, content)
    part.replace(path)
    print(f"{name}: {results.headline(name, content['backend'])}\n{path}", flush=True)


if __name__ == "__main__":
    command_line.run_tool(main)
