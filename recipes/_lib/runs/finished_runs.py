"""A finished run as its folder has it: options, metrics, machine."""

import ast
import json
from pathlib import Path
from typing import NamedTuple

from recipes._lib.runs import arguments, recipe_list, run_folder


class FinishedRun(NamedTuple):
    """What the files of a run folder state."""

    folder: Path
    recipe: str
    command: str
    options: dict
    """Without `run_dir`."""
    metrics: dict
    machine: dict
    """As `machine_facts.machine()`; of a folder from before `machine.json`, what `config.json` has of it."""


def read(folder: str | Path) -> FinishedRun:
    """Read a run folder, or refuse it."""
    folder = Path(folder)
    run_folder.require_files(folder, "options.json", "metrics.json")
    try:
        saved, metrics = ({**_json(folder / name)} for name in ("options.json", "metrics.json"))
        recipe, command = saved["recipe"].removeprefix("recipes."), saved["command"]
        options = {name: value for name, value in saved["options"].items() if name != "run_dir"}
        return FinishedRun(folder, recipe, command, options, metrics, _machine(folder))
    except (ValueError, KeyError, TypeError, AttributeError):  # No JSON, or somebody else's.
        must_be = "the folder of a run, with options.json, metrics.json and machine.json as a recipe writes them"
        raise arguments.error("run_dir", must_be, str(folder)) from None


def default_options(recipe: str) -> dict:
    """Return the options of the published runs: the defaults of `main`, without `run_dir`."""
    tree = ast.parse((recipe_list.FOLDER / f"{recipe}.py").read_text(encoding="utf-8"))
    [main] = [node.args for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main"]
    pairs = zip(main.kwonlyargs, main.kw_defaults, strict=True)
    return {name.arg: ast.literal_eval(value) for name, value in pairs if name.arg != "run_dir"}


def _machine(folder: Path) -> dict:
    if (folder / "machine.json").exists():
        return _json(folder / "machine.json")
    config = _json(folder / "config.json") if (folder / "config.json").exists() else {}
    return {key: config[key] for key in ("backend", "versions") if key in config}


def _json(file: Path) -> dict:
    return json.loads(file.read_text(encoding="utf-8"))
