"""Run an experiment seed by seed, in a folder of its own or for the published pages; a killed run resumes."""

import hashlib
import inspect
import json
import math
import time
from pathlib import Path

from recipes._lib.runs import command_line, machine_facts, results, run_folder, statements
from recipes.faq import _figure, _page, _statistics, _verdict
from recipes.faq._experiment import Experiment

FEWEST = 3
"""Seeds of a run: with fewer, the interval of a mean says nothing."""
FEWEST_PUBLISHED = 5


def command(experiment: Experiment) -> None:
    """Run an experiment as the command of its module."""
    name = Path(inspect.getfile(experiment.measure)).stem

    def main(
        *,
        seeds: tuple[int, ...] = (),
        quick: bool = False,
        out: str | None = None,
        publish: bool = False,
        draw: bool = False,
    ) -> dict:
        """Measure an experiment with several seeds and print the answer; the same command resumes a killed run.

        Args:
            seeds: Seeds to measure with, three or more (to publish: five). None given: the published ones, or three
                with --quick.
            quick: Only try it: small data, short training, three seeds. The numbers say nothing about the question.
            out: Folder for results.json and the figures. None: runs/faq_NAME, or runs/faq_NAME_quick with --quick.
            publish: Replace the published numbers, figures and pages in the project's folder.
            draw: Only draw the published figures and write the pages again, from the published numbers.
        """
        if (publish or draw) and (quick or out is not None):
            raise ValueError(
                "`publish` and `draw` must stand without `quick` and `out`. "
                f"Received: publish={publish!r}, draw={draw!r}, quick={quick!r}, out={out!r}"
            )
        if not draw:
            run(name, experiment, seeds, quick=quick, out=out, is_published=publish)
        if publish or draw:
            publish_pages(name, experiment)
        return {}

    command_line.run_tool(main, f"recipes.faq.{name}")


def run(name: str, experiment: Experiment, seeds=(), *, quick=False, out=None, is_published=False) -> None:
    """Measure, print the answer and, if it is not for the published pages, draw into the folder of the run."""
    fewest = FEWEST_PUBLISHED if is_published else FEWEST
    seeds = tuple(seeds) or experiment.seeds[: FEWEST if quick else None]
    if len(set(seeds)) < fewest:
        raise ValueError(f"`seeds` must be at least {fewest} different ones. Received: seeds={seeds!r}")
    path = results.RESULTS / f"faq_{name}.json" if is_published else _folder(name, out, quick) / "results.json"
    published = _page.published(name)
    print(f"{experiment.question.en}\n{len(seeds)} seeds, {path}", flush=True)
    if quick:  # Whether it agrees with the sources, such numbers cannot say.
        experiment = experiment._replace(claims=tuple(claim._replace(known=None) for claim in experiment.claims))
        print("A try with small data and short training: these are not the published settings.", flush=True)
    elif published:
        print(f"The published run: {_page.command_facts(published, 'en')}", flush=True)
    found = measure(name, experiment, seeds, path, quick=quick)
    paths = [path]
    if not is_published:
        if quick or "0" not in found["seeds"]:  # A figure of one's own shows examples, of seed 0 in full size.
            experiment = experiment._replace(draw=None)
        paths += draw(experiment, found["seeds"], path.with_name("figure.png"))
    print("\n" + answer(experiment, found["seeds"]))
    if quick:
        print("\nThese are not the published settings: the answer above does not answer the question.")
    print("\n" + "\n".join(map(str, paths)))


def _folder(name: str, out: str | None, quick: bool) -> Path:
    """Return the folder of a run, made if need be; one with files of something else is refused."""
    folder = Path(out) if out is not None else run_folder.RUNS / f"faq_{name}{'_quick' if quick else ''}"
    run_folder.make(folder, "out")
    if any(folder.iterdir()) and not _has_run(folder, name):
        raise ValueError(f"`out` must be new, empty or hold a run of this experiment. Received: out={str(folder)!r}")
    return folder


def _has_run(folder: Path, name: str) -> bool:
    """Tell whether a folder has the results of this experiment, or what a killed run of it has left."""
    files = [folder / file for file in ("results.json", "results.part") if (folder / file).exists()]
    try:
        commands = [json.loads(file.read_text(encoding="utf-8"))["command"] for file in files]
    except (ValueError, KeyError, TypeError):  # Somebody else's file.
        return False
    return bool(files) and all(command.split()[2] == f"recipes.faq.{name}" for command in commands)


def measure(name: str, experiment: Experiment, seeds, path: Path, *, quick: bool = False) -> dict:
    """Measure each seed and return what is written: `.part` has the seeds that are done, `.json` replaces it."""
    part = path.with_suffix(".part")
    options = experiment.quick if quick else {}
    state = _resumed(part, {"command": f"python -m recipes.faq.{name}", "quick": quick, "code": code_hash()})
    if experiment.choose and "choice" not in state:
        start = time.perf_counter()
        state["choice"] = experiment.choose(**options)
        state["seconds"] += time.perf_counter() - start
        results.write_json(part, state)
    for text in _page.chosen(experiment, state.get("choice"), "en"):
        print(_plain(text), flush=True)
    for seed in seeds:
        if str(seed) not in state["seeds"]:
            start = time.perf_counter()
            chosen = (state["choice"],) if experiment.choose else ()
            scores = experiment.measure(seed, *chosen, **options)
            check(experiment, scores)
            state["seeds"][str(seed)] = scores
            state["seconds"] += time.perf_counter() - start
            results.write_json(part, state)
            print(f"seed {seed}, {time.perf_counter() - start:.1f} s: {_line(experiment, scores)}", flush=True)
    finished = {
        "command": f"python -m recipes.faq.{name}{' --quick' if quick else ''}",
        "seeds": {str(seed): state["seeds"][str(seed)] for seed in seeds},
        **({"choice": state["choice"]} if experiment.choose else {}),
        "seconds": state["seconds"],
        **machine_facts.machine(),
    }
    results.write_json(path, finished)
    part.unlink()
    return finished


def _line(experiment: Experiment, scores: dict) -> str:
    """Return the scores of the first panel in a line; of a curve, its best one."""
    name, panel = next(iter(experiment.panels.items()))
    best = max if panel.score.higher_is_better else min
    texts = []
    for row, value in scores[name].items():
        number = panel.score.number(best(value.values()) if panel.curve else value)
        texts.append(f"{panel.rows[row].en} {panel.score.unit.value.en.format(number)}")
    over = f", best over {panel.curve.name.en}" if panel.curve else ""
    return f"{panel.score.name.en}{over}: {', '.join(texts)}"


def answer(experiment: Experiment, seeds: dict) -> str:
    """Return the answer that the page computes from these numbers, as plain English text."""

    def is_measured(claim) -> bool:
        rows = [row for row in (claim.row, claim.reference) if isinstance(row, str)]
        return claim.at is None or all(claim.at in _statistics.places(seeds, claim.panel, row) for row in rows)

    claims = tuple(claim for claim in experiment.claims if is_measured(claim))
    answers = _verdict.answers(experiment._replace(claims=claims), seeds, "en")
    compared = [_page.compared(name, panel, seeds, "en") for name, panel in experiment.panels.items()]
    return _plain("\n\n".join(["\n".join(answers), *filter(None, compared)]))


def _plain(markdown: str) -> str:
    return markdown.replace("**", "")


def draw(experiment: Experiment, seeds: dict, path: Path) -> list[Path]:
    """Draw the figure in each language; return the paths, `path` and the same with `.zh`."""
    paths = []
    for language, suffix in _page.LANGUAGES.items():
        paths.append(path.with_name(f"{path.stem}{suffix}.png"))
        _figure.draw(experiment, seeds, language).savefig(paths[-1])
    return paths


def publish_pages(name: str, experiment: Experiment) -> None:
    """Draw the figures from the published numbers, and write the pages."""
    draw(experiment, _page.published(name)["seeds"], results.RESULTS / f"faq_{name}.png")
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


def _resumed(part: Path, identity: dict) -> dict:
    """Return what a killed run has left, if it was of the same experiment, code and settings; else a new beginning."""
    if part.exists():
        state = json.loads(part.read_text(encoding="utf-8"))
        if all(state.get(key) == value for key, value in identity.items()):
            print(f"resumed: {len(state['seeds'])} seeds are done", flush=True)
            return state
        print(f"{part.name} is of other code or settings, and is not used", flush=True)
    return {**identity, "seconds": 0.0, "seeds": {}}


def code_hash() -> str:
    """Return a hash of all that a score can depend on: the code of both packages, the backend and the versions."""
    machine = machine_facts.machine()
    total = hashlib.sha256(json.dumps([machine["backend"], machine["versions"]]).encode())
    root = statements.HERE.parent
    for file in sorted([*root.glob("dlguide/**/*.py"), *root.glob("recipes/**/*.py")]):
        total.update(file.read_bytes())
    return total.hexdigest()
