"""Run an experiment seed by seed, in a folder of its own or for the published page; a killed run resumes."""

import json
import math
import re
import time
from pathlib import Path

from questions import _examples, _figure, _page, _questions, _sentences, _tuning
from questions._experiment import Experiment
from questions._questions import Question
from recipes._lib.runs import arguments, machine_facts, results, run_folder
from recipes._lib.words import LANGUAGES

FEWEST = 3
"""Seeds of a run: with fewer, the interval of a mean says nothing."""
FEWEST_PUBLISHED = 5


def run(question: Question, seeds=(), *, quick=False, out=None, is_published=False) -> None:
    """Measure, print the answer and, if it is not for the published page, draw into the folder of the run.

    With seeds of one's own, settings are those that were chosen for the published numbers: choosing takes longer than
    some seeds do. A quick look has no answer.
    """
    experiment, published, choice = question.experiment, question.results(), None
    fewest = FEWEST_PUBLISHED if is_published else FEWEST
    if seeds and published and not (quick or is_published):
        choice = published.get("choice")
    seeds = tuple(seeds) or experiment.seeds[: FEWEST if quick else None]
    if len(set(seeds)) < fewest:
        raise arguments.error("seeds", f"at least {fewest} different ones", seeds)
    _page.check(question)
    path = (question.folder if is_published else _folder(question, out, quick)) / "results.json"
    title = _questions.number_and_title(question.page("en"))[1]
    print(f"{title}\n{len(seeds)} seeds, {path}", flush=True)
    if quick:
        print("A quick look: small data and short training show only that the program runs.", flush=True)
    elif published:
        facts = question.names("en")("sentence", "command").format(**_page.command_facts(published))
        print(f"The published run. {facts}", flush=True)
    found = measure(question, seeds, path, quick=quick, choice=choice)
    paths = [path]
    if not is_published:
        is_usual = "0" not in found["seeds"]  # A figure of one's own shows examples, of seed 0.
        paths += draw(question, found["seeds"], path.parent, is_usual=is_usual, is_quick=quick)
    print("\n" + (_ways_to_an_answer(question) if quick else answer(question, found["seeds"])))
    print("\n" + "\n".join(map(str, paths)))


def _ways_to_an_answer(question: Question) -> str:
    """Return what a quick look leaves open."""
    name, published = question.name, question.results()
    lines = ["The program runs. It answers nothing here: these are not the published settings."]
    if published:
        seconds = FEWEST * published["seconds"] / len(published["seeds"])
        lines.append(f"The published answer: questions/{name}/README.md")
        machine = "{cores} {core} of {cpu}".format(**_page.command_facts(published))
        command = f"python -m questions {name} --seeds 0 1 2"
        lines.append(f"To see the effect: {command} (at most {seconds:.0f} s on {machine})")
    return "\n".join(lines)


def _folder(question: Question, out: str | None, quick: bool) -> Path:
    """Return the folder of a run, made if need be; one with files of something else is refused."""
    name = f"question_{question.name}{'_quick' if quick else ''}"
    folder = Path(out) if out is not None else run_folder.RUNS / name
    run_folder.make(folder, "out")
    if any(folder.iterdir()) and not _has_run(folder, question.name):
        raise arguments.error("out", "new, empty or hold a run of this experiment", str(folder))
    return folder


def _has_run(folder: Path, name: str) -> bool:
    """Tell whether a folder has the results of this experiment, or what a killed run of it has left."""
    files = [folder / file for file in ("results.json", "results.part") if (folder / file).exists()]
    try:
        commands = [json.loads(file.read_text(encoding="utf-8"))["command"].split() for file in files]
    except (ValueError, KeyError, TypeError):  # Somebody else's file.
        return False
    return bool(files) and all(command[2:4] == ["questions", name] for command in commands)


def measure(question: Question, seeds, path: Path, *, quick: bool = False, choice: dict | None = None) -> dict:
    """Measure each seed and return what is written: `.part` has the seeds that are done, `.json` replaces it.

    With a `choice`, settings are not chosen again.
    """
    experiment, part = question.experiment, path.with_suffix(".part")
    options = experiment.quick if quick else {}
    command = f"python -m questions {question.name}{' --quick' if quick else ''}"
    if choice:
        command += " --seeds " + " ".join(map(str, seeds))
    state = _resumed(part, {"command": command, "code": machine_facts.code_hash()})
    if experiment.choose and "choice" not in state:
        start = time.perf_counter()
        state["choice"] = choice or experiment.choose(**options)
        state["seconds"] += time.perf_counter() - start
        results.write_json(part, state)
    if experiment.choose and not quick:
        print(_page.chosen(question, state["choice"], question.names("en")).replace("**", ""), flush=True)
    for seed in seeds:
        if str(seed) not in state["seeds"]:
            start = time.perf_counter()
            scores = seed_scores(experiment, seed, state.get("choice"), options)
            check(experiment, scores)
            state["seeds"][str(seed)] = scores
            state["seconds"] += time.perf_counter() - start
            results.write_json(part, state)
            print(f"seed {seed}, {time.perf_counter() - start:.1f} s: {_line(question, scores)}", flush=True)
    finished = {
        "command": command,
        "seeds": {str(seed): state["seeds"][str(seed)] for seed in seeds},
        **({"choice": state["choice"]} if experiment.choose else {}),
        "seconds": state["seconds"],
        **machine_facts.machine(),
    }
    results.write_json(path, finished)
    part.unlink()
    return finished


def seed_scores(experiment: Experiment, seed: int, choice: dict | None, options: dict) -> dict:
    """Return the scores of a seed as they are written, with the settings of a choice."""
    best = (_tuning.all_best(choice, experiment.lower_is_chosen),) if experiment.choose else ()
    return _examples.split(experiment, experiment.measure(seed, *best, **options))


def _line(question: Question, scores: dict) -> str:
    """Return the scores of the first panel in a line; of a curve, its best one."""
    names, (name, panel) = question.names("en"), next(iter(question.experiment.panels.items()))
    best = max if panel.score.higher_is_better else min
    texts = []
    for row, value in scores[name].items():
        number = best(value.values()) if panel.x_axis else value
        texts.append(f"{names('row', name, row)} {_sentences.value(number, panel.score, names)}")
    over = f", best over {names('curve', panel.x_axis)}" if panel.x_axis else ""
    return f"{names('score', panel.score.name)}{over}: {', '.join(texts)}"


def answer(question: Question, seeds: dict) -> str:
    """Return the answer that the page computes from these numbers, as plain English text."""
    experiment, names = question.experiment, question.names("en")
    answers = _sentences.answers(experiment, seeds, names)
    asked = _page.claims_asked(question, "en")
    lines = [f"- {asked[number]} {text}" for number, text in enumerate(answers, 1)]
    return re.sub(r"\*+|\[|\]\([^)]*\)", "", "\n".join(lines))


def draw(question: Question, seeds: dict, folder: Path, **kind: bool) -> list[Path]:
    """Draw the figures in each language; return the paths, such as `figure.png` and `figure.zh.png`.

    `kind` is that of `_figure.draw`.
    """
    paths = []
    for name, is_whole in _figure.files(question.experiment).items():
        for language, suffix in LANGUAGES.items():
            paths.append(folder / f"{name}{suffix}.png")
            _figure.draw(question, seeds, language, is_whole=is_whole, **kind).savefig(paths[-1])
    return paths


def publish(question: Question) -> None:
    """Draw the figures from the published numbers, and renew the pages."""
    draw(question, question.results()["seeds"], question.folder)
    for page, text in _page.pages(question).items():
        page.write_text(text, encoding="utf-8")


def check(experiment: Experiment, scores: dict, part: bool = False) -> None:
    """Refuse scores that are not those that the panels state, or not finite; a part may lack some."""
    for name, panel in experiment.panels.items():
        rows = scores.get(name, {})
        if list(rows) != [row for row in panel.rows if row in rows or not part]:
            raise ValueError(f"`measure` must give the rows {list(panel.rows)} for {name!r}. Received: {list(rows)}")
        for row, value in rows.items():
            numbers = value.values() if panel.x_axis else [value]
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
