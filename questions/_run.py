"""Run an experiment seed by seed, in a folder of its own or for the published page; a killed run resumes."""

import json
import math
import re
import time
from pathlib import Path

from questions import _examples, _figure, _page, _progress, _questions, _sentences, _tuning, _verdict
from questions._experiment import Claim, Experiment
from questions._questions import Question
from recipes._lib.runs import arguments, machine_facts, results, run_folder
from recipes._lib.words import LANGUAGES

FEWEST_PUBLISHED = 5
CLASS_SECONDS = 165
"""Of the seeds of a class run, on the machine of the published run; the rest of three minutes is for starting."""


def run(question: Question, seeds=(), *, kind: str = "", out: str | None = None, is_published: bool = False) -> None:
    """Measure, print the answer and, if it is not for the published page, draw into the folder of the run.

    `kind` is "quick", "class" or empty. With seeds of one's own or for a class, settings are those that were chosen for
    the published numbers: choosing takes longer than some seeds do. A quick look has no answer, a class run no verdict.
    """
    experiment, published, choice = question.experiment, question.results(), None
    option = kind and f" --{kind}"
    if kind == "class":
        if not published:
            raise arguments.error("name", "a question with published numbers", question.name)
        seeds = class_seeds(published)
    if seeds and published and not (kind == "quick" or is_published):
        choice = published.get("choice")
        option = option or f" --seeds {' '.join(map(str, seeds))}"
    seeds = tuple(seeds) or experiment.seeds[: _verdict.FEWEST if kind == "quick" else None]
    fewest = FEWEST_PUBLISHED if is_published else _verdict.FEWEST
    if len(set(seeds)) < fewest and kind != "class":
        raise arguments.error("seeds", f"at least {fewest} different ones", seeds)
    _page.check(question)
    path = (question.folder if is_published else _folder(question, out, kind)) / "results.json"
    title = _questions.number_and_title(question.page("en"))[1]
    print(f"{title}\n{len(seeds)} seeds, {path}", flush=True)
    if kind == "quick":
        print("A quick look: small data and short training show only that the program runs.", flush=True)
    elif kind == "class":
        print(_expected("A class run with the published settings: {} of {} published seeds", published), flush=True)
    elif published:
        facts = question.names("en")("sentence", "command").format(**_page.command_facts(published))
        print(f"The published run. {facts}", flush=True)
    expected = seconds_a_seed(published) if published and kind != "quick" else None
    found = measure(question, seeds, path, option=option, choice=choice, expected=expected)["seeds"]
    paths = [path]
    if not is_published:
        paths += draw(question, found, path.parent, is_usual="0" not in found, kind=kind)  # Own figures show seed 0.
    if kind == "quick":
        print("\n" + _ways_to_an_answer(question))
    else:
        print("\n" + (class_answer if kind == "class" else answer)(question, found))
    print("\n" + "\n".join(map(str, paths)))


def _ways_to_an_answer(question: Question) -> str:
    """Return what a quick look leaves open."""
    name, published = question.name, question.results()
    lines = ["The program runs. It answers nothing here: these are not the published settings."]
    if published:
        lines.append(f"The published answer: questions/{name}/README.md")
        lines.append(_expected(f"To see the effect: python -m questions {name} --class, {{}} of {{}} seeds", published))
    return "\n".join(lines)


def class_seeds(published: dict) -> list[int]:
    """Return the first seeds of a published run, as many as take less than three minutes; one at least."""
    return [int(seed) for seed in published["seeds"]][: max(1, int(CLASS_SECONDS / seconds_a_seed(published)))]


def seconds_a_seed(published: dict) -> float:
    """Return what a seed took at most: some results do not say which of their seconds the choice of settings took."""
    return (published["seconds"] - published.get("choosing_seconds", 0)) / len(published["seeds"])


def _expected(text: str, published: dict) -> str:
    """Return a text about a class run with its numbers of seeds, and how long it takes."""
    count, facts = len(class_seeds(published)), _page.command_facts(published)
    machine = "{cores} {core} of {cpu}".format(**facts)
    return f"{text.format(count, facts['count'])}, at most {count * seconds_a_seed(published):.0f} s on {machine}."


def _folder(question: Question, out: str | None, kind: str) -> Path:
    """Return the folder of a run, made if need be; one with files of something else is refused."""
    name = f"question_{question.name}{kind and '_' + kind}"
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


def measure(question: Question, seeds, path: Path, *, option="", choice: dict | None = None, expected=None) -> dict:
    """Measure each seed and return what is written: `.part` has the seeds that are done, `.json` replaces it.

    With a `choice`, settings are not chosen again. `option` is that of the command, such as " --quick",
    `expected` the seconds of a seed.
    """
    experiment, part, quick = question.experiment, path.with_suffix(".part"), option == " --quick"
    options = experiment.quick if quick else {}
    command = f"python -m questions {question.name}{option}"
    state = _resumed(part, {"command": command, "code": machine_facts.code_hash()})
    if experiment.choose and "choice" not in state:
        start = time.perf_counter()
        state["choice"] = choice or experiment.choose(**options)
        state["choosing_seconds"] = time.perf_counter() - start
        state["seconds"] += state["choosing_seconds"]
        results.write_json(part, state)
    if experiment.choose and not quick:
        print(_page.chosen(question, state["choice"], question.names("en")).replace("**", ""), flush=True)
    left = [seed for seed in seeds if str(seed) not in state["seeds"]]
    progress = _progress.Progress(len(left), expected, lambda row: question.names("en").own("row", row) or row)
    for seed in left:
        start = time.perf_counter()
        with _progress.shown(progress):
            scores = seed_scores(experiment, seed, state.get("choice"), options)
        check(experiment, scores)
        state["seeds"][str(seed)] = scores
        state["seconds"] += time.perf_counter() - start
        results.write_json(part, state)
        print(f"seed {seed}, {time.perf_counter() - start:.1f} s: {_line(question, scores)}", flush=True)
    finished = {
        "command": command,
        "seeds": {str(seed): state["seeds"][str(seed)] for seed in seeds},
        **({"choice": state["choice"], "choosing_seconds": state["choosing_seconds"]} if experiment.choose else {}),
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
    return "\n".join(f"- {asked} {told}" for asked, told in _answers(question, seeds))


def class_answer(question: Question, seeds: dict) -> str:
    """Return for each claim the numbers of a class run and the published answer: few seeds give no verdict."""
    published, lines = question.results()["seeds"], []
    found = zip(question.experiment.claims, _answers(question, published), strict=True)
    for claim, (asked, told) in found:
        lines += [f"- {asked}", f"  Here: {_counted(question, claim, seeds)}."]
        lines.append(f"  Published ({len(published)} seeds): {told}")
    return "\n".join(lines)


def _answers(question: Question, seeds: dict) -> list[tuple[str, str]]:
    """Return each claim as the page asks it, and its answer without links and bold type."""
    answers = _sentences.answers(question.experiment, seeds, question.names("en"))
    asked = _page.claims_asked(question, "en")
    return [
        tuple(re.sub(r"\*+|\[|\]\([^)]*\)", "", text) for text in (asked[number], told))
        for number, told in enumerate(answers, 1)
    ]


def _counted(question: Question, claim: Claim, seeds: dict) -> str:
    """Return the numbers of a claim, and in how many seeds the first one lies on the side that is asked about."""
    names, score = question.names("en"), question.experiment.panels[claim.panel].score
    if claim.at is not None and claim.at not in _verdict.places(seeds, claim.panel, claim.row):
        return f"not measured at {claim.at}"  # A learner has changed the curve.
    text = f"{_sentences.levels(claim, score, seeds, names)} ({_sentences.measured(claim, score, names)})"
    if claim.success is not None:
        return text
    is_larger, others = score.higher_is_better == claim.better, claim.reference
    what, word = "the first is ", "larger" if is_larger else "smaller"
    first = _verdict.column(seeds, claim.panel, claim.row, claim.at)
    if isinstance(others, str):
        others = _verdict.column(seeds, claim.panel, others, claim.at)
    else:
        what, word, others = "", f"{word} than {_sentences.value(others, score, names)}", [others] * len(first)
    count = sum((one > other) == is_larger and one != other for one, other in zip(first, others, strict=True))
    return f"{text}; {what}{word} in {count} of {len(first)} seeds"


def draw(question: Question, seeds: dict, folder: Path, **how) -> list[Path]:
    """Draw the figures in each language; return the paths, such as `figure.png` and `figure.zh.png`.

    `how` are options of `_figure.draw`.
    """
    paths = []
    for name, is_whole in _figure.files(question.experiment).items():
        for language, suffix in LANGUAGES.items():
            paths.append(folder / f"{name}{suffix}.png")
            figure = _figure.draw(question, seeds, language, is_whole=is_whole, **how)
            figure.savefig(paths[-1])
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
