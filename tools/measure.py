"""Run recipes with several seeds and write their published results.

    python -m tools.measure mlp_mnist                      # five seeds
    python -m tools.measure perceptron_mnist --seeds 0 1 2
    python -m tools.measure dqn_acrobot                    # a further row in recipes.toml: dqn_cartpole on Acrobot-v1
    KERAS_BACKEND=jax python -m tools.measure gan_mnist --seeds 0

Each seed is one run of the recipe's command in a new process. NAME.part has the results of the finished seeds, so that
the same command resumes; after the last one it replaces NAME.json. Seconds are measured too: the machine must
be quiet. Then run `tools.table`.
"""

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from recipes._lib.runs import arguments, command_line, machine_facts, recipe_list, results


def main(recipes: tuple[str, ...], *, seeds: tuple[int, ...] = (10, 11, 12, 13, 14)) -> None:
    """Measure recipes.

    Args:
        recipes: Names of recipes, such as mlp_mnist, or of further rows in recipes.toml, such as dqn_acrobot.
        seeds: Seeds to run each with: five or more, none of them used in choosing the settings.
    """
    known = recipe_list.rows()
    if not recipes or not seeds or not set(recipes) <= set(known):
        raise arguments.error("recipes", f"out of {', '.join(known)}, with `seeds`", recipes, f", seeds={seeds!r}")
    machine = machine_facts.machine()
    for name in recipes:
        path = results.path(name, machine["backend"])
        part = path.with_suffix(".part")
        command = f"{recipe_list.command(name)} --seed SEED"
        settings = {"command": command, "code": machine_facts.code_hash()}
        settings |= {key: machine[key] for key in ("cpu", "cores")}
        per_seed = _finished_seeds(part, settings)
        for seed in seeds:
            if str(seed) not in per_seed:
                per_seed[str(seed)] = run(name, seed)
                results.write_json(part, {**settings, "seeds": per_seed})
        per_seed = {str(seed): per_seed[str(seed)] for seed in seeds}
        content = {"recipe": recipe_list.recipe(name).recipe, "command": command, "seeds": per_seed}
        results.write_json(path, {**content, **results.summarised(per_seed), **machine})
        part.unlink()
        print(f"{name}: {results.headline(name, machine['backend'])}\n{path}", flush=True)


def _finished_seeds(part: Path, settings: dict) -> dict[str, dict[str, float]]:
    """Return the metrics of the seeds that a stopped command has measured in the same way."""
    content = json.loads(part.read_text(encoding="utf-8")) if part.exists() else {"seeds": {}, **settings}
    if all(content.get(key) == settings[key] for key in settings):
        return content["seeds"]
    print(f"{part.name} is of other code or settings or of another machine, and is not used", flush=True)
    return {}


def run(name: str, seed: int, **options) -> dict[str, float]:
    """Run the command of a row in a new process, and return its metrics that are numbers."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "run"
        command = shlex.split(f"{recipe_list.command(name)} --seed {seed}")[1:]
        subprocess.run([sys.executable, *command, "--run-dir", str(folder)], check=True, **options)
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return {key: value for key, value in metrics.items() if isinstance(value, float)}


if __name__ == "__main__":
    command_line.run_tool(main)
