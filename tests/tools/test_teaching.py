"""The page for teachers: aims, plans, commands, and the worked example."""

import re
from pathlib import Path

import pytest

from questions import __main__ as command_module
from questions import _path, _questions, _run, _tuning
from questions._names import HERE
from recipes._lib.words import LANGUAGES, read_words

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/teaching.md").read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_question_has_an_aim_in_the_order_of_the_path(language):
    aims = read_words(HERE / "aims.csv", language)
    assert tuple(aims) == _path.path() and len(set(aims.values())) == len(aims)


def test_the_long_plan_is_the_path_and_the_short_one_has_what_to_read_first():
    tables = re.findall(r"^\| week \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.M)
    weeks = [re.findall(r"^\| \d+ \| ([\d, ]+) \|", table, re.M) for table in tables]
    long, short = ([_questions.folder_name(number) for row in rows for number in row.split(", ")] for rows in weeks)
    assert tuple(long) == _path.path() and len(short) == 12
    for place, name in enumerate(short):
        assert set(_path.read_first(name)) <= set(short[:place]), name


def test_each_command_names_a_question_and_an_option_that_exist():
    commands = re.findall(r"python -m questions ?([^`\n]*)", PAGE)
    options = {"--class" if name == "class_size" else f"--{name}" for name in command_module.main.__annotations__}
    assert len(commands) >= 5
    for command in commands:
        for word in command.split()[:2]:
            assert word in options if word.startswith("--") else _questions.folder_name(word), command


def test_what_the_page_says_to_look_for_stands_in_the_experiment():
    [table] = re.findall(r"^\| to change .*\n\|.*\n((?:\|.*\n)+)", PAGE, re.M)
    source = (HERE / "batch_normalisation/experiment.py").read_text("utf-8")
    assert [part for part in re.findall(r"`([^`]+)`", table) if part not in source] == []
    assert f"\n{re.search('It was `(.+?)`', PAGE)[1]}\n" in (HERE / "polynomial/experiment.py").read_text("utf-8")


@pytest.mark.thorough
def test_the_worked_example_prints_what_the_page_says(monkeypatch):
    question = _questions.question("polynomial")
    published = question.results()
    from questions.polynomial import experiment

    monkeypatch.setattr(experiment, "NOISE", float(re.search(r"```\nNOISE = (.+)\n```", PAGE)[1]))
    penalty = _tuning.best(published["choice"]["total_penalty"], lower=True)
    seeds = published["seeds"]
    for seed in _run.class_seeds(published):
        seeds[str(seed)]["tradeoff"] = experiment.bias_and_variance(experiment.DEGREES, penalty, 200, seed)
    printed = _run.class_answer(question, seeds)
    [shown] = re.findall(r"```text\n(- Made data.*?)```", PAGE, re.S)
    assert shown in printed + "\n"


def test_a_claim_at_a_place_that_a_learner_has_taken_away_is_told_as_not_measured():
    question = _questions.question("batch_normalisation")
    seeds = {key: question.results()["seeds"][key] for key in "01"}
    for scores in seeds.values():
        scores["eight"] = {row: {"0.3": curve["0.3"]} for row, curve in scores["eight"].items()}
    told = _run.class_answer(question, seeds)
    assert told.count("Here: not measured at 0.1.") == 1 < told.count("Here: ")
