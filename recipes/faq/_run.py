"""Run an experiment seed by seed: a run that was killed resumes, and the published numbers are replaced at the end."""

import hashlib
import inspect
import json
import math
import time
from pathlib import Path

from recipes._lib import command_line, machine_facts, results, statements
from recipes.faq import _figure, _page
from recipes.faq._experiment import Experiment


def command(experiment: Experiment) -> None:
    """Run an experiment as the command of its module."""
    name, published_seeds = Path(inspect.getfile(experiment.measure)).stem, list(experiment.seeds)

    def main(*, seeds: list[int] = published_seeds, draw: bool = False) -> dict:
        """Measure with several seeds, then write the figures and the pages; the same command resumes a killed run.

        Args:
            seeds: Seeds to measure with, at least five.
            draw: Only draw the figures and write the pages again, from the published numbers.
        """
        if not draw:
            measure(name, experiment, seeds)
        publish(name, experiment)
        return {}

    command_line.run_tool(main, f"recipes.faq.{name}")


def measure(name: str, experiment: Experiment, seeds: list[int]) -> None:
    """Measure each seed; `faq_NAME.part` has those that are done, and becomes `faq_NAME.json` after the last."""
    if len(set(seeds)) < 5:
        raise ValueError(f"`seeds` must be at least five different ones. Received: seeds={seeds!r}")
    path = results.RESULTS / f"faq_{name}.json"
    part = path.with_suffix(".part")
    state = _resumed(part)
    if experiment.choose and "choice" not in state:
        start = time.perf_counter()
        state["choice"] = experiment.choose()
        state["seconds"] += time.perf_counter() - start
        results.write_json(part, state)
    for seed in seeds:
        if str(seed) not in state["seeds"]:
            start = time.perf_counter()
            scores = experiment.measure(seed, state["choice"]) if experiment.choose else experiment.measure(seed)
            check(experiment, scores)
            state["seeds"][str(seed)] = scores
            state["seconds"] += time.perf_counter() - start
            results.write_json(part, state)
            print(f"seed {seed}", json.dumps({panel: scores[panel] for panel in experiment.panels}), flush=True)
    finished = {
        "command": f"python -m recipes.faq.{name}",
        "seeds": {str(seed): state["seeds"][str(seed)] for seed in seeds},
        **({"choice": state["choice"]} if experiment.choose else {}),
        "seconds": state["seconds"],
        **machine_facts.machine(),
    }
    results.write_json(path, finished)
    part.unlink()


def publish(name: str, experiment: Experiment) -> None:
    """Draw the figures from the published numbers, and write the pages."""
    published = _page.published(name)
    for language, suffix in _page.LANGUAGES.items():
        figure = _figure.draw(experiment, published["seeds"], language)
        figure.savefig(results.RESULTS / f"faq_{name}{suffix}.png")
    for page, text in _page.pages().items():
        page.write_text(text, encoding="utf-8")


def check(experiment: Experiment, scores: dict, part: bool = False) -> None:
    """Refuse scores that are not those that the panels state, or not finite; a part may lack some."""
    for name, panel in experiment.panels.items():
        rows = scores.get(name, {})
        if list(rows) != [row for row in panel.rows if row in rows or not part]:
            raise ValueError(f"`measure` must give the rows {list(panel.rows)} for {name!r}. Received: {list(rows)}")
        for row, value in rows.items():
            numbers = value.values() if panel.curve else [value]
            if not all(math.isfinite(number) for number in numbers):
                raise ValueError(f"`measure` must give finite numbers. Received: {name}[{row!r}]={value!r}")


def _resumed(part: Path) -> dict:
    """Return what a killed run has left, if it was of the same code and settings; else a new beginning."""
    code = code_hash()
    if part.exists():
        state = json.loads(part.read_text(encoding="utf-8"))
        if state["code"] == code:
            print(f"resumed: {len(state['seeds'])} seeds are done", flush=True)
            return state
        print(f"{part.name} is of other code or settings, and is not used", flush=True)
    return {"code": code, "seconds": 0.0, "seeds": {}}


def code_hash() -> str:
    """Return a hash of all that a score can depend on: the code of both packages, the backend and the versions."""
    machine = machine_facts.machine()
    total = hashlib.sha256(json.dumps([machine["backend"], machine["versions"]]).encode())
    root = statements.HERE.parent
    for file in sorted([*root.glob("dlguide/**/*.py"), *root.glob("recipes/**/*.py")]):
        total.update(file.read_bytes())
    return total.hexdigest()
