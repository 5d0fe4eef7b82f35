"""The FAQ: what an experiment states, its numbers, its verdict, a run that is killed, its pages."""

import ast
import functools
import io
import json
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path

import keras
import numpy as np
import pytest
from commands import command

import dlguide
from dlguide import data
from recipes._lib.runs import results, statements
from recipes.faq import (
    _figure,
    _page,
    _questions,
    _recheck,
    _retraining,
    _run,
    _statistics,
    _tuning,
    _verdict,
    transformer,
)
from recipes.faq.__main__ import first_sentence
from recipes.faq._experiment import NATS, PERCENT, Claim, Curve, Experiment, Panel, Score, Words

ANSWERED = [question.module for question in _questions.QUESTIONS if _page.published(question.module)]
NEW_SEED = 12345
PAGES = [_page.HERE / f"README{suffix}.md" for suffix in _page.LANGUAGES.values()]


def seconds_a_seed(name: str) -> float:
    published = _page.published(name)
    return published["seconds"] / len(published["seeds"])


QUICKEST = sorted(ANSWERED, key=seconds_a_seed)[:2]
each_experiment = pytest.mark.parametrize("name", ANSWERED)


def each_run(names: list[str]):
    """Run a test for each experiment; for time, the test command does so for the quickest one alone."""
    marks = [[pytest.mark.thorough] * (name != QUICKEST[0]) for name in names]
    return pytest.mark.parametrize(
        "name", [pytest.param(name, marks=mark) for name, mark in zip(names, marks, strict=True)]
    )


def word(text: str) -> Words:
    return Words(text, f"{text}字")


ACCURACY = Score(word("accuracy"), PERCENT, higher_is_better=True)
LOSS = Score(word("loss"), NATS, higher_is_better=False)
ROWS = {name: word(name.upper()) for name in "abcd"}
RATES = Curve(word("rate"), logarithmic=True)


def scores_of(seed: int) -> dict:
    """Return scores with B above A by 20 points, C below it by 20, D on both sides of it, and two curves."""
    rows = {"a": 0.5 + seed / 100, "b": 0.7 + seed / 90, "c": 0.3 + seed / 110, "d": 0.5 + (2 - seed) / 50}
    loss = {"a": {"0.1": 1.0, "1": 2.0 + seed / 10}, "b": {"0.01": 3.0, "0.1": 0.4 + seed / 50, "1": 2.9}}
    return {"rows": rows, "curves": loss, "extra": [seed]}


def experiment(measure=scores_of, **changes) -> Experiment:
    panels = {
        "rows": Panel(ACCURACY, ROWS, reference="a"),
        "curves": Panel(LOSS, {row: ROWS[row] for row in "ab"}, reference="a", curve=RATES, title=word("losses")),
    }
    claims = (
        Claim(word("b above a?"), "rows", "b", "a"),
        Claim(word("c above a?"), "rows", "c", "a"),
        Claim(word("d above a?"), "rows", "d", "a"),
        Claim(word("b worse than chance?"), "rows", "b", 0.1, better=False),
        Claim(word("b better at 0.1?"), "curves", "b", "a", at="0.1"),
    )
    words = {name: word(name) for name in ("question", "explanation", "setting", "limits")}
    stated = Experiment(
        measure=measure,
        panels=panels,
        claims=claims,
        keras_lines=Words("1", "1"),
        sources=(),
        quick={},
        check={},
        **words,
    )
    return stated._replace(**changes)


SEEDS = {str(seed): json.loads(json.dumps(scores_of(seed))) for seed in range(5)}


def test_a_claim_is_answered_by_the_interval_of_the_differences_and_the_direction_of_the_score():
    answers = _verdict.answers(experiment(), SEEDS, "en")
    assert answers[0] == "- b above a? **Yes: accuracy higher by 20.22 points (20.00 to 20.44).**"
    assert answers[1].startswith("- c above a? **No: accuracy lower by 20.18 points (")
    assert answers[2] == "- d above a? **No difference seen: accuracy -7.89 to +3.89 points.**"
    # Against a number, the value itself.
    assert answers[3].startswith("- b worse than chance? **No: accuracy 72.22 % (")
    assert answers[4].startswith("- b better at 0.1? **Yes: loss lower by 0.56 nats (")  # A lower loss is better.
    answers = _verdict.answers(experiment(), SEEDS, "zh")
    assert answers[0] == "- b above a?字**是，accuracy字高 20.22 个百分点（20.00 至 20.44）**。"
    assert answers[1].startswith("- c above a?字**否，accuracy字反而低 20.18 个百分点（")
    assert answers[2] == "- d above a?字**未见差异，accuracy字之差为 -7.89 至 +3.89 个百分点**。"
    assert answers[3].startswith("- b worse than chance?字**否，accuracy字为 72.22%（")
    assert answers[4].startswith("- b better at 0.1?字**是，loss字低 0.56 奈特（")


def test_the_rows_and_the_curves_are_compared_with_the_reference():
    panels = experiment().panels
    assert _verdict.comparison("rows", panels["rows"], SEEDS, "en").splitlines() == [
        "Compared with “A” (52.00 %):",
        "",
        "- “B” is higher by 20.22 points (20.00 to 20.44);",
        "- “C” is lower by 20.18 points (20.00 to 20.36);",
        "- “D” shows no difference (-7.89 to +3.89 points).",
    ]
    assert _verdict.comparison("rows", panels["rows"], SEEDS, "zh").splitlines() == [
        "与“A字”（52.00%）相比：",
        "",
        "- “B字”高 20.22 个百分点（20.00 至 20.44）；",
        "- “C字”低 20.18 个百分点（20.00 至 20.36）；",
        "- “D字”未见差异（-7.89 至 +3.89 个百分点）。",
    ]
    said = _verdict.comparison("curves", panels["curves"], SEEDS, "en")
    assert said == "Compared with “A”, by rate:\n\n- “B” is higher at 1, is lower at 0.1."
    assert _verdict.comparison("rows", panels["rows"]._replace(reference=None), SEEDS, "en") == ""


def test_intervals_are_students():
    values = [1.0, 2.0, 3.0, 4.0, 5.0]  # Standard deviation √2.5, t(0.975, 4) = 2.776, t(0.9995, 4) = 8.610.
    assert _statistics.mean_interval(values) == pytest.approx((3, 3 - 1.963, 3 + 1.963), abs=1e-3)
    assert _statistics.new_seed_range(values) == pytest.approx((3, 3 - 4.809, 3 + 4.809), abs=1e-3)
    assert _statistics.new_seed_range(values, 0.999) == pytest.approx((3, 3 - 14.913, 3 + 14.913), abs=2e-3)
    assert _statistics.mean_interval([0.5] * 5) == (0.5, 0.5, 0.5)


def test_the_table_of_a_panel_has_a_line_a_row_or_a_line_a_place_on_the_curves():
    panels = experiment().panels
    lines = _page.table("rows", panels["rows"], SEEDS, "en").splitlines()
    assert lines[0] == "| | accuracy (%, higher is better) | 95 % interval of the mean | one more seed |"
    assert lines[2] == "| A | 52.00 % | 50.04 to 53.96 | 47.19 to 56.81 |" and len(lines) == 6
    lines = _page.table("curves", panels["curves"], SEEDS, "zh").splitlines()
    assert lines[0] == "**losses字**" and lines[2] == "loss字（奈特，越低越好）"
    assert lines[4] == "| rate字 | A字 | B字 |"
    assert [line.split(" | ")[0] for line in lines[6:]] == ["| 0.01", "| 0.1", "| 1"]
    assert lines[6] == "| 0.01 |  | 3.00（3.00 至 3.00） |"


def test_the_figure_has_a_panel_for_each_score_in_the_language_of_the_page():
    first, second = _figure.draw(experiment(), SEEDS, "en").axes
    assert [tick.get_text() for tick in first.get_yticklabels()] == list("ABCD")
    assert first.get_xlabel() == "accuracy (%)\nblue: mean, 95 % interval; grey: each seed"
    assert first.get_ylim() == (3.5, -0.5)
    assert first.lines[0].get_xdata() == pytest.approx([50, 51, 52, 53, 54])
    assert second.get_xscale() == "log" and second.get_title() == "losses"
    assert [line.get_label() for line in second.lines] == ["A", "B"]
    assert second.lines[1].get_xdata() == pytest.approx([0.01, 0.1, 1])
    shares = {"curves": experiment().panels["curves"]._replace(score=ACCURACY)}
    [axes] = _figure.draw(experiment(panels=shares), SEEDS, "en").axes
    assert axes.lines[0].get_ydata() == pytest.approx([100, 220])
    steep = LOSS._replace(logarithmic=True, format=".1e")
    panels = {"rows": Panel(steep, ROWS), "curves": shares["curves"]._replace(score=steep)}
    first, second = _figure.draw(experiment(panels=panels), SEEDS, "en").axes
    assert first.get_xscale() == second.get_yscale() == "log" and first.get_yscale() == "linear"
    assert steep.number(0.000123) == "1.2e-04" and LOSS.number(0.5, "+") == "+0.50"
    own = experiment(draw=lambda seeds, language: (len(seeds), language))
    assert _figure.draw(own, SEEDS, "zh") == (5, "zh")


@pytest.fixture
def results_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    return tmp_path


def test_a_killed_run_resumes_after_its_last_seed_and_replaces_the_numbers_at_the_end(results_folder, monkeypatch):
    published, part = results_folder / "faq_x.json", results_folder / "faq_x.part"
    published.write_text("before")
    measured, is_killed = [], True

    def measure(seed, choice):
        measured.append(seed)
        if seed == 1 and is_killed:
            raise KeyboardInterrupt
        assert choice == {"a": {"0.1": 0.9}}
        return scores_of(seed)

    chosen = []
    stated = experiment(measure, choose=lambda: chosen.append(1) or {"a": {"0.1": 0.9}})
    with pytest.raises(KeyboardInterrupt):
        _run.measure("x", stated, range(5), published)
    assert published.read_text() == "before" and list(json.loads(part.read_text())["seeds"]) == ["0"]
    is_killed = False
    _run.measure("x", stated, range(5), published)
    assert measured == [0, 1, 1, 2, 3, 4] and chosen == [1] and not part.exists()
    content = json.loads(published.read_text())
    assert content["seeds"] == SEEDS and content["choice"] == {"a": {"0.1": 0.9}} and content["seconds"] > 0

    # What is left of other code, of a quick run or of another experiment is not used.
    same = {"command": "python -m recipes.faq.x", "quick": False, "code": _run.code_hash()}
    for other in ({"code": "other"}, {"quick": True}, {"command": "python -m recipes.faq.y"}):
        part.write_text(json.dumps({**same, **other, "seconds": 1, "seeds": {"0": {}}, "choice": {}}))
        measured.clear()
        _run.measure("x", stated, range(5), published)
        assert measured == [0, 1, 2, 3, 4]


@pytest.fixture
def own_command(results_folder, monkeypatch):
    """Run `python -m recipes.faq.test_faq OPTIONS` in an empty folder; nothing may be written to the published ones."""
    cwd = results_folder / "cwd"
    cwd.mkdir()
    monkeypatch.chdir(cwd)
    monkeypatch.setattr(_page, "pages", lambda: {results_folder / "page.md": "text"})

    def call(stated, *options):
        monkeypatch.setattr(sys, "argv", ["command", *options])
        _run.command(stated)
        return {str(path.relative_to(cwd)) for path in cwd.rglob("*") if path.is_file()}

    return call


FILES = ("results.json", "figure.png", "figure.zh.png")


def test_an_experiment_writes_into_a_folder_of_its_own_and_prints_the_answer(own_command, results_folder, capsys):
    stated = experiment()
    written = own_command(stated)
    assert written == {f"runs/faq_test_faq/{name}" for name in FILES}
    assert [path.name for path in results_folder.iterdir()] == ["cwd"]
    content = json.loads(Path("runs/faq_test_faq/results.json").read_text())
    assert content["command"] == "python -m recipes.faq.test_faq" and content["seeds"] == SEEDS
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "question"
    [of_seed_1] = [line for line in lines if line.startswith("seed 1, ")]
    assert of_seed_1.endswith(" s: accuracy: A 51.00 %, B 71.11 %, C 30.91 %, D 52.00 %")
    for answer in _verdict.answers(stated, SEEDS, "en"):
        assert answer.replace("**", "") in lines
    assert "- “B” is higher by 20.22 points (20.00 to 20.44);" in lines
    assert lines[-3:] == [f"runs/faq_test_faq/{name}" for name in FILES]
    assert own_command(stated, "--out", "mine", "--seeds", "7", "8", "9") >= {f"mine/{name}" for name in FILES}
    assert list(json.loads(Path("mine/results.json").read_text())["seeds"]) == ["7", "8", "9"]
    assert [path.name for path in results_folder.iterdir()] == ["cwd"]


def test_a_curve_is_told_by_its_best_place():
    curves = {"curves": experiment().panels["curves"]}
    assert _run._line(experiment(panels=curves), scores_of(0)) == "loss, best over rate: A 1.00 nats, B 0.40 nats"
    curves["curves"] = curves["curves"]._replace(score=LOSS._replace(higher_is_better=True))
    assert _run._line(experiment(panels=curves), scores_of(0)).endswith(": A 2.00 nats, B 3.00 nats")


def test_a_quick_run_has_its_options_and_three_seeds_and_says_that_it_does_not_answer(own_command, capsys):
    given = []

    def measure(seed, choice, small=False):
        given.append((seed, choice, small))
        return {**scores_of(seed), "curves": {"a": {"1": 1.0}, "b": {"1": 1.0}}}  # Not at 0.1, where a claim is.

    def choose(small=False):
        return {"a": {"0.1": float(small), "1": 0.5}}

    stated = experiment(measure, quick={"small": True}, choose=choose)
    stated = stated._replace(claims=tuple(claim._replace(known="yes") for claim in stated.claims))
    assert own_command(stated, "--quick") == {f"runs/faq_test_faq_quick/{name}" for name in FILES}
    assert given == [(seed, {"a": {"0.1": 1.0, "1": 0.5}}, True) for seed in (0, 1, 2)]
    printed = capsys.readouterr().out
    assert printed.count("these are not the published settings") == printed.count("These are not the published") == 1
    assert "b above a?" in printed and "b better at 0.1?" not in printed and "the sources" not in printed
    assert "Chosen on validation data, learning rate out of 0.1, 1: 0.1 for “A”." in printed


def test_a_figure_of_ones_own_is_drawn_where_its_seed_was_measured_at_full_size(own_command):
    drawn = []

    def draw(seeds, language):
        drawn.append((list(seeds), language))
        return _figure.draw(experiment(), seeds, language)

    own_command(experiment(draw=draw))
    assert drawn == [(list("01234"), "en"), (list("01234"), "zh")]
    assert own_command(experiment(draw=draw), "--quick") >= {f"runs/faq_test_faq_quick/{name}" for name in FILES}
    own_command(experiment(draw=draw), "--seeds", "1", "2", "3", "--out", "other")
    assert len(drawn) == 2  # The examples that it shows are of seed 0.


def test_publishing_and_drawing_replace_the_published_files_alone(own_command, results_folder):
    assert own_command(experiment(), "--publish") == set()
    names = {"faq_test_faq.json", "faq_test_faq.png", "faq_test_faq.zh.png", "page.md", "cwd"}
    assert {path.name for path in results_folder.iterdir()} == names
    published = results_folder / "faq_test_faq.json"
    assert json.loads(published.read_text())["command"] == "python -m recipes.faq.test_faq"
    before = published.read_bytes()
    for name in names - {"cwd", published.name}:
        (results_folder / name).unlink()
    assert own_command(experiment(), "--draw") == set()
    assert {path.name for path in results_folder.iterdir()} == names and published.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seeds", "1", "2", "2"], "`seeds` must be at least 3 different ones. Received: seeds=(1, 2, 2)"),
        (["--publish", "--seeds", "1", "2", "3"], "`seeds` must be at least 5 different ones. Received: seeds=(1, 2"),
        (["--publish", "--quick"], "`publish` and `draw` must stand without `quick` and `out`. Received: publish=True"),
        (
            ["--draw", "--out", "x"],
            "`publish` and `draw` must stand without `quick` and `out`. Received: publish=False",
        ),
        (["--out", "others"], "`out` must be new, empty or hold a run of this experiment. Received: out='others'"),
        (["--out", "others/file/x"], "`out` must be a folder that can be written. Received: out='others/file/x' (Not"),
    ],
)
def test_a_command_that_cannot_be_is_refused_in_one_line_and_writes_nothing(options, message, own_command, capsys):
    Path("others").mkdir()
    Path("others/file").write_text("mine")
    with pytest.raises(SystemExit) as stop:
        own_command(experiment(), *options)
    assert stop.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(message)
    assert [str(path) for path in Path().rglob("*")] == ["others", "others/file"]


def test_a_folder_is_used_again_by_the_same_experiment_alone(own_command, capsys):
    for file, content in (
        ("results.json", "[1]"),
        ("results.json", '{"command": "python -m recipes.faq.another --quick"}'),
        ("results.part", '{"command": "python -m recipes.faq.another"}'),
    ):
        Path("out").mkdir()
        Path("out", file).write_text(content)
        with pytest.raises(SystemExit):
            own_command(experiment(), "--out", "out")
        assert "hold a run of this experiment" in capsys.readouterr().err and Path("out", file).read_text() == content
        Path("out", file).unlink()
        Path("out").rmdir()
    for options in (["--quick"], [], ["--quick"]):
        assert own_command(experiment(), "--out", "out", *options) == {f"out/{name}" for name in FILES}


def test_the_list_of_experiments_has_each_with_its_command_time_and_answer():
    done = command("recipes.faq", cwd=statements.HERE.parent)
    assert done.returncode == 0
    for name in ANSWERED:
        asked = _questions.experiment(name).question.en
        own = rf"    python -m recipes.faq.{name}\n    Time: \d+ s on \d+ cores?\n    Answer: .+[.]\n"
        assert re.search(rf"\d+\. {re.escape(asked)}\n{own}", done.stdout)
    assert first_sentence("It takes 0.5 s, e.g. here. It is fast.") == "It takes 0.5 s, e.g. here."


def test_shown_ranges_end_at_the_bounds_of_a_score_but_differences_do_not(tmp_path):
    seeds = {str(seed): {"rows": {"a": value, "b": 1.0}} for seed, value in enumerate([0.9, 1.0, 1.0, 1.0, 1.0])}
    panel = Panel(ACCURACY, {row: ROWS[row] for row in "ab"}, reference="b")
    assert _statistics.mean_interval([0.9, 1, 1, 1, 1]).high > 1
    rows = _page.table("rows", panel, seeds, "en").splitlines()
    assert rows[2] == "| A | 98.00 % | 92.45 to 100.00 | 84.40 to 100.00 |"
    assert rows[3] == "| B | 100.00 % | 100.00 to 100.00 | 100.00 to 100.00 |"
    assert _verdict.comparison("rows", panel, seeds, "en").endswith("“A” shows no difference (-7.55 to +3.55 points).")
    [claim] = [Claim(word("a above 0.5?"), "rows", "a", 0.5)]
    [answer] = _verdict.answers(experiment(panels={"rows": panel}, claims=(claim,)), seeds, "en")
    assert answer == "- a above 0.5? **Yes: accuracy 98.00 % (92.45 to 100.00).**"
    curve = panel._replace(curve=RATES, reference=None)
    at = {
        seed: {"rows": {row: {"1": value, "2": value} for row, value in scores["rows"].items()}}
        for seed, scores in seeds.items()
    }
    assert "98.00 (92.45 to 100.00)" in _page.table("rows", curve, at, "en")
    ends = []
    for shown, numbers in ((panel, seeds), (curve, at)):
        [axes] = _figure.draw(experiment(panels={"rows": shown}), numbers, "en").axes
        paths = [path for collection in axes.collections for path in collection.get_paths()]
        ends.append(max(path.vertices[:, 1 if shown.curve else 0].max() for path in paths))
    assert ends == pytest.approx([100, 100])
    # A score says so where its unit does not.
    assert ACCURACY.limits() == (0, 1) and LOSS.limits() == (-np.inf, np.inf)
    assert LOSS._replace(bounds=(0, 3)).limits() == (0, 3)
    assert _statistics.new_seed_of(LOSS._replace(bounds=(0, 3)), [0.0, 1.0, 3.0])[1:] == (0, 3)


@each_experiment
def test_no_published_score_lies_beyond_its_bounds(name):
    seeds = _page.published(name)["seeds"]
    for key, panel in _questions.experiment(name).panels.items():
        low, high = panel.score.limits()
        for row in panel.rows:
            for at in _statistics.places(seeds, key, row) if panel.curve else [None]:
                assert all(low <= value <= high for value in _statistics.column(seeds, key, row, at)), (key, row, at)


def test_the_code_of_both_packages_the_backend_and_the_versions_enter_the_hash(monkeypatch, tmp_path):
    before = _run.code_hash()
    assert before == _run.code_hash()
    machine = _run.machine_facts.machine()
    monkeypatch.setattr(_run.machine_facts, "machine", lambda: {**machine, "backend": "another"})
    assert _run.code_hash() != before
    monkeypatch.setattr(_run.machine_facts, "machine", lambda: {**machine, "date": "another", "cpu": "another"})
    assert _run.code_hash() == before
    monkeypatch.setattr(statements, "HERE", tmp_path / "recipes")
    (tmp_path / "dlguide").mkdir()
    without = _run.code_hash()
    (tmp_path / "dlguide" / "new.py").write_text("pass")
    assert without != _run.code_hash()


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({**scores_of(0), "rows": {"a": 1.0}}, r"`measure` must give the rows \['a', 'b', 'c', 'd'\] for 'rows'"),
        ({"rows": scores_of(0)["rows"]}, r"`measure` must give the rows \['a', 'b'\] for 'curves'. Received: \[\]"),
        (
            {**scores_of(0), "curves": {"a": {"1": float("nan")}, "b": {}}},
            "`measure` must give finite numbers. Received",
        ),
    ],
)
def test_scores_that_the_panels_do_not_state_are_refused(scores, message):
    with pytest.raises(ValueError, match=message):
        _run.check(experiment(), scores)
    _run.check(experiment(), scores_of(0))


@pytest.fixture
def run_eagerly(monkeypatch):
    """Run networks of a few steps without tracing, and of a search the first row with one setting; then forget all.

    `measure` trains the other rows. Of a test set the first 500 examples are read.
    """

    def forget():
        for name, module in list(sys.modules.items()):
            for function in vars(module).values() if name.startswith("recipes.faq.") else ():
                if hasattr(function, "cache_clear"):
                    function.cache_clear()

    forget()
    monkeypatch.setattr(_retraining, "trainer", functools.partial(_retraining.trainer, run_eagerly=True))
    whole = _tuning.search

    def search(rows, grid, score):
        rows, settings = tuple(rows), tuple(grid)[:2]
        once = score(rows[0], settings[0])
        return whole(rows, settings, lambda row, setting: once)

    monkeypatch.setattr(_tuning, "search", search)
    load = data.load

    def load_less(name, **options):
        splits = load(name, **options)
        info = splits.info._replace(test_dates=splits.info.test_dates[:500])
        return splits._replace(test=data.Part(*(array[:500] for array in splits.test)), info=info)

    monkeypatch.setattr(data, "load", load_less)
    yield
    forget()


@each_run(ANSWERED)
def test_an_experiment_runs_and_its_published_numbers_have_its_rows(name, run_eagerly):
    stated, published = _questions.experiment(name), _page.published(name)
    choice = (stated.choose(**stated.quick),) if stated.choose else ()
    scores = stated.measure(0, *choice, **stated.quick)
    for seed in (scores, *published["seeds"].values()):
        _run.check(stated, seed)
    assert list(published["seeds"]) == [str(seed) for seed in stated.seeds] and len(stated.seeds) >= 5
    for suffix in _page.LANGUAGES.values():
        assert (results.RESULTS / f"faq_{name}{suffix}.png").exists()


@each_run([name for name in ANSWERED if name not in QUICKEST[1:]])  # Those are made again as a whole.
def test_the_quickest_part_of_an_experiment_with_a_new_seed_lies_where_the_published_seeds_say(name):
    found = _recheck.new_seed(name, NEW_SEED, is_whole=False, share=0.999)
    assert found and all(one.low <= one.value <= one.high for one in found), found


def test_the_learning_rates_for_names_are_chosen_on_the_validation_set_and_the_scores_are_of_the_test_set(monkeypatch):
    seen = []
    monkeypatch.setattr(transformer, "trained", lambda *_: None)
    monkeypatch.setattr(transformer, "right_answers", lambda *_: 0.5)
    monkeypatch.setattr(transformer, "right_names", lambda *given: seen.append((given[0], *given[2:5])) or 0.5)
    choice = transformer.choose()
    tries = len(transformer.GRID)
    assert seen == [(row, 100, 8000, "valid") for row in ("names_lstm", "names_transformer") for _ in range(tries)]
    seen.clear()
    transformer.measure(3, choice)
    sizes = (1000, 8000, 64000)
    assert seen == [(row, 3, size, "test") for row in transformer.NAME_ROWS for size in sizes]


@pytest.mark.thorough
@pytest.mark.parametrize("name", QUICKEST)
def test_the_quickest_experiments_with_a_new_seed_give_what_the_published_seeds_say(name):
    found = _recheck.new_seed(name, NEW_SEED, is_whole=True, share=0.999)
    # Seconds are those of the machine.
    outside = [one for one in found if one.panel != "seconds" and not one.low <= one.value <= one.high]
    assert len(outside) <= 1 + len(found) // 100, outside  # Of hundreds of scores one may be outside by chance.


@each_experiment
def test_each_row_has_the_same_number_of_tries_and_a_best_setting_at_an_end_has_its_reason(name):
    stated, choice = _questions.experiment(name), _page.published(name).get("choice", {})
    assert bool(choice) == bool(stated.choose)
    assert len({len(tries) for tries in choice.values()}) <= 1
    ends = {row for row, tries in choice.items() if _tuning.is_at_an_end(tries, stated.lower_is_chosen)}
    assert ends == set(stated.edge_reasons)


def test_settings_are_searched_for_every_row_and_an_end_of_the_grid_is_seen():
    choice = _tuning.search("ab", (0.01, 0.1, 1), lambda row, value: {"a": value, "b": -abs(value - 0.5)}[row])
    assert choice == {"a": {"0.01": 0.01, "0.1": 0.1, "1": 1}, "b": {"0.01": -0.49, "0.1": -0.4, "1": -0.5}}
    assert _tuning.best(choice["a"]) == 1 and _tuning.best(choice["a"], lower=True) == 0.01
    assert _tuning.best(choice["b"]) == 0.1
    assert _tuning.is_at_an_end(choice["a"]) and not _tuning.is_at_an_end(choice["b"])
    stated = experiment()
    assert _page.chosen(stated, choice, "en") == [
        "**Chosen on validation data**, learning rate out of 0.01, 0.1, 1: 1 for “A”, 0.1 for “B”."
    ]
    assert _page.chosen(stated, {"a@2": choice["a"]}, "zh") == [
        "**在验证集上选择**学习率，候选值为 0.01，0.1，1：“A字”（2）取 1。"
    ]
    places = {"a@curves, 0.1": choice["a"], "a@curves, 1": choice["a"], "b@3": choice["b"]}
    [said] = _page.chosen(stated, places, "en")
    assert said.endswith(": 1 for “A” (rate 0.1, 1), 0.1 for “B” (3).")
    assert _page.chosen(stated, None, "en") == []


def test_a_claim_says_whether_it_agrees_with_the_sources():
    claims = experiment().claims
    known = (claims[0]._replace(known="yes"), claims[1]._replace(known="yes"), claims[2]._replace(known="same"))
    answers = _verdict.answers(experiment(claims=known), SEEDS, "en")
    assert answers[0].endswith("20.44).** This agrees with the sources.")
    assert answers[1].endswith("** The sources report otherwise; see the limits.")
    assert answers[2].endswith("** This agrees with the sources.")
    known = (claims[2]._replace(known="no same"), claims[0]._replace(known="no same"))
    answers = _verdict.answers(experiment(claims=known), SEEDS, "en")
    assert answers[0].endswith("** This agrees with the sources.")
    assert answers[1].endswith("** The sources report otherwise; see the limits.")


def test_a_new_seed_is_held_against_the_range_of_the_published_ones(results_folder, monkeypatch):
    (results_folder / "faq_x.json").write_text(json.dumps({"seeds": SEEDS}))
    stated = experiment(lambda seed, rows="ab": {"rows": {row: scores_of(seed)["rows"][row] for row in rows}})
    monkeypatch.setattr(_questions, "experiment", lambda name: stated._replace(check={"rows": "a"}))
    [found] = _recheck.new_seed("x", 2, is_whole=False)
    assert (found.panel, found.row, found.at, found.value) == ("rows", "a", None, 0.52)
    assert (found.low, found.high) == _statistics.new_seed_range([0.5, 0.51, 0.52, 0.53, 0.54])[1:]
    assert len(_recheck.new_seed("x", 2, is_whole=True)) == 2
    seeds = {str(seed): {"rows": {"a": value}} for seed, value in enumerate([0.9, 1.0, 1.0, 1.0, 1.0])}
    (results_folder / "faq_x.json").write_text(json.dumps({"seeds": seeds}))
    [found] = _recheck.new_seed("x", 2, is_whole=False)
    assert found.low < 0.9 and found.high == 1  # An accuracy ends there.


@each_experiment
def test_an_experiment_is_said_in_both_languages(name):
    def texts(value):
        if isinstance(value, Words):
            yield value
        elif isinstance(value, tuple | dict):
            for part in value.values() if isinstance(value, dict) else value:
                yield from texts(part)

    stated = _questions.experiment(name)
    for text in texts(stated):
        assert bool(text.en) == bool(text.zh)
        assert not re.search("[\u4e00-\u9fff]", text.en)
    for field in ("question", "explanation", "setting", "limits"):
        assert re.search("[\u4e00-\u9fff]", getattr(stated, field).zh)
    formulas = [re.findall(r"\$\$.*?\$\$", text, re.S) for text in stated.explanation]
    assert formulas[0] and formulas[0] == formulas[1]
    assert stated.claims and stated.sources


@each_experiment
def test_the_summary_still_holds_for_what_the_claims_come_out_as(name):
    stated, seeds = _questions.experiment(name), _page.published(name)["seeds"]
    outcomes = [_statistics.answer(claim, stated.panels[claim.panel], seeds)[0] for claim in stated.claims]
    assert stated.summary and tuple(outcomes) == stated.outcomes


@each_experiment
def test_the_keras_lines_are_the_same_on_both_pages(name):
    lines = _questions.experiment(name).keras_lines
    for code, page in zip(lines, PAGES, strict=True):
        assert f"```python\n{code.strip()}\n```" in page.read_text(encoding="utf-8")
    assert ast.dump(ast.parse(lines.en)) == ast.dump(ast.parse(lines.zh))


@each_run(ANSWERED)
def test_the_keras_lines_run(name):
    exec(_questions.experiment(name).keras_lines.en, {"__name__": "faq"})


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_each_link_of_a_page_leads_somewhere(page):
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert len(targets) > 4
    for target in targets:
        if not target.startswith("https://"):
            path, _, anchor = target.partition("#")
            there = page if not path else page.parent / path
            assert there.exists(), target
            assert not anchor or there.read_text(encoding="utf-8").count(f'<a id="{anchor}"></a>') == 1, target


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_bold_text_that_ends_in_punctuation_has_a_space_or_punctuation_behind_it(page):
    """Else Markdown shows the asterisks (CommonMark's rule of right-flanking runs)."""
    text = re.sub("```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.S)
    shown = []
    for line in text.splitlines():
        parts = line.split("**")  # Every second one is bold.
        shown += [
            bold for bold, after in zip(parts[1::2], parts[2::2], strict=False)
            if re.search("[。，：；！？）”.)]$", bold) and re.match("[^\\s。，；：、）|]", after)
        ]  # fmt: skip
    assert shown == []


def test_every_question_of_the_article_names_builders_recipes_and_a_module_of_its_own():
    questions = _questions.QUESTIONS
    assert len(questions) == len({q.module for q in questions}) == 24
    for question in questions:
        assert set(question.builders) <= set(dlguide.__all__) and question.recipes
    trends = {"automl_mnist1d", "dqn_cartpole"}  # The article speaks of them, but asks nothing.
    assert set(statements.recipe_names()) == trends | {name for question in questions for name in question.recipes}
    folder = Path(_questions.__file__).parent
    modules = {path.stem for path in folder.glob("[a-z]*.py")}
    assert modules <= {question.module for question in questions}
    for name in modules:
        assert isinstance(_questions.experiment(name), Experiment)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_of_questions_links_to_the_answer(language):
    table = _questions.table(language)
    suffix = _page.LANGUAGES[language]
    assert f"[`activations`](recipes/faq/README{suffix}.md#activations)" in table
    assert table.count("#") == len(ANSWERED)


def test_the_command_refuses_bad_seeds_in_one_line(tmp_path):
    done = command("recipes.faq.activations", "--seeds", "1", "2", cwd=tmp_path)
    assert done.returncode == 2 and list(tmp_path.iterdir()) == []
    assert done.stderr.splitlines()[-1] == "`seeds` must be at least 3 different ones. Received: seeds=(1, 2)"


def test_publishing_writes_a_figure_for_each_language_and_the_pages(results_folder, monkeypatch):
    (results_folder / "faq_x.json").write_text(json.dumps({"seeds": SEEDS}))
    monkeypatch.setattr(_page, "pages", lambda: {results_folder / "page.md": "text"})
    with redirect_stdout(io.StringIO()):
        _run.publish_pages("x", experiment())
    assert {path.name for path in results_folder.iterdir()} == {"faq_x.json", "faq_x.png", "faq_x.zh.png", "page.md"}
    assert (results_folder / "page.md").read_text() == "text"
    assert (results_folder / "faq_x.png").read_bytes() != (results_folder / "faq_x.zh.png").read_bytes()


def test_a_model_that_is_trained_again_is_as_good_as_new():
    from dlguide import mlp
    from recipes.faq import _retraining

    def build():
        return mlp((4,), 3, hidden_units=(8,), batch_norm=True, dropout=0.5)

    x, y = np.random.default_rng(0).normal(size=(40, 4)).astype("float32"), np.arange(40) % 3
    options = {"learning_rate": 0.01, "epochs": 3, "batch_size": 8, "seed": 1}
    train = _retraining.trainer(build, keras.optimizers.SGD(momentum=0.9))
    first = train(x, y, **options).get_weights()
    assert not np.array_equal(train(x, y, **{**options, "seed": 2}).get_weights()[0], first[0])
    model = train(x, y, **options)
    assert all(map(np.array_equal, model.get_weights(), first))
    new = _retraining.trainer(build, keras.optimizers.SGD(momentum=0.9))(x, y, **options)
    assert all(map(np.array_equal, new.get_weights(), first))
    right = model.predict(x, verbose=0).argmax(axis=1) == y
    assert _retraining.accuracy(model, x, y) == pytest.approx(right.mean())
