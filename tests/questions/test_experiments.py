"""The command of the experiments: folders, seeds, a kill, publishing."""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from questions import __main__ as command_module
from questions import _examples, _figure, _progress, _questions, _recheck, _retraining, _run
from recipes._lib.runs import machine_facts, seed_intervals
from tests.helpers.commands import ROOT, process
from tests.helpers.switches import quick
from tests.questions.made_up import PANELS, SEEDS, experiment, scores_of

PUBLISHED = {"seeds": SEEDS, "seconds": 50, "cores": 1, "cpu": "a processor", "versions": {"keras": "3"}}
PUBLISHED |= {"command": "python -m questions x", "date": "today"}
FILES = ("results.json", "figure.png", "figure.zh.png", "panels.png", "panels.zh.png")


def files(folder) -> set[str]:
    return {str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file()}


def test_a_killed_run_resumes_after_its_last_seed_and_replaces_the_numbers_at_the_end(question):
    published, part = question.folder / "results.json", question.folder / "results.part"
    published.write_text("before")
    measured, chosen, is_killed = [], [], True

    def measure(seed, choice):
        measured.append(seed)
        if seed == 1 and is_killed:
            raise KeyboardInterrupt
        assert choice == {"a": 0.1}
        return scores_of(seed)

    stated = experiment(measure, choose=lambda: chosen.append(1) or {"a": {"0.1": 0.9}})
    question = question._replace(given_experiment=stated)
    with pytest.raises(KeyboardInterrupt):
        _run.measure(question, range(5), published)
    assert published.read_text() == "before" and list(json.loads(part.read_text())["seeds"]) == ["0"]
    is_killed = False
    _run.measure(question, range(5), published)
    assert measured == [0, 1, 1, 2, 3, 4] and chosen == [1] and not part.exists()
    content = json.loads(published.read_text())
    assert content["seeds"] == SEEDS and content["choice"] == {"a": {"0.1": 0.9}} and content["seconds"] > 0

    # What is left of other code, of a quick run or of another experiment is not used.
    same = {"command": "python -m questions x", "code": machine_facts.code_hash()}
    others = ({"code": "other"}, {"command": "python -m questions x --quick"}, {"command": "python -m questions y"})
    for other in others:
        part.write_text(json.dumps({**same, **other, "seconds": 1, "seeds": {"0": {}}, "choice": {}}))
        measured.clear()
        _run.measure(question, range(5), published)
        assert measured == [0, 1, 2, 3, 4]


@pytest.fixture
def run(question, tmp_path, monkeypatch):
    """Run an experiment that is made up, in an empty folder, and return the files there."""
    cwd = tmp_path / "cwd"
    cwd.mkdir()
    monkeypatch.chdir(cwd)

    def call(stated, *seeds, **options):
        own = question._replace(given_experiment=stated)
        _run.run(own, seeds, **options)
        if options.get("is_published"):
            _run.publish(own)
        return files(cwd)

    return call


def test_an_experiment_writes_into_a_folder_of_its_own_and_prints_the_answer(run, question, capsys):
    before = files(question.folder)
    assert run(experiment()) == {f"runs/question_x/{name}" for name in FILES}
    content = json.loads(Path("runs/question_x/results.json").read_text())
    assert content["command"] == "python -m questions x" and content["seeds"] == SEEDS
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Why x?"
    [of_seed_1] = [line for line in lines if line.startswith("seed 1, ")]
    assert of_seed_1.endswith(" s: test accuracy: A 51.00 %, B 71.11 %, C 30.91 %, D 52.00 %")
    facts = "B: 72.22 %; A: 52.00 % (test accuracy); higher by 20.22 points (20.00 to 20.44)"
    assert f"- b above a? Yes. {facts}. Shown." in lines
    assert lines[-5:] == [f"runs/question_x/{name}" for name in FILES]
    assert run(experiment(), 7, 8, 9, out="mine") >= {f"mine/{name}" for name in FILES}
    assert list(json.loads(Path("mine/results.json").read_text())["seeds"]) == ["7", "8", "9"]
    assert files(question.folder) == before


@pytest.mark.parametrize(("is_higher", "best"), [(False, "A 1.00 nats, B 0.40"), (True, "A 2.00 nats, B 3.00")])
def test_a_seed_s_line_has_the_best_place_of_a_curve(question, is_higher, best, capsys):
    panel = PANELS["curves"]
    panel = panel._replace(score=panel.score._replace(higher_is_better=is_higher))
    question = question._replace(given_experiment=experiment(panels={"curves": panel}))
    _run.measure(question, [0], question.folder / "results.json")
    assert f" s: training loss, best over rate: {best}" in capsys.readouterr().out


@pytest.mark.thorough
def test_a_quick_look_has_its_options_and_three_seeds_and_answers_nothing(run, question, capsys):
    given = []

    def measure(seed, best, limit=None):
        given.append((seed, best, limit))
        return {**scores_of(seed), "curves": {"a": {"1": 1.0}, "b": {"1": 1.0}}}  # Not at 0.1, where a claim is.

    def choose(limit=None):
        return {"a": {"0.1": float(limit), "1": 0.5}}

    stated = experiment(measure, quick={"limit": 20}, choose=choose)
    assert run(stated, kind="quick") == {f"runs/question_x_quick/{name}" for name in FILES}
    assert given == [(seed, {"a": 0.1}, 20) for seed in (0, 1, 2)]
    printed = capsys.readouterr().out
    assert "small data and short training show only that the program runs" in printed
    assert "It answers nothing here" in printed and "above a?" not in printed and "learning rate out of" not in printed
    seeds = json.loads(Path("runs/question_x_quick/results.json").read_text())["seeds"]
    titles = {"en": "Quick look (20 examples): it shows only that the program runs", "zh": "试运行（20 个样本）"}
    for language, title in titles.items():
        figure = _figure.draw(question._replace(given_experiment=stated), seeds, language, is_whole=True, kind="quick")
        assert figure.get_suptitle().startswith(title)
        assert {axes.get_title() for axes in figure.axes} == {""}  # "After 8 epochs" would be untrue.


@pytest.mark.thorough
def test_seeds_of_ones_own_are_measured_with_the_published_settings(run, question, capsys):
    """Choosing takes longer than a class has."""
    given, choice = [], {"a": {"0.1": 0.2, "1": 0.9}}
    (question.folder / "results.json").write_text(json.dumps({**PUBLISHED, "choice": choice}))
    chosen = {"a": {"0.1": 0.9, "1": 0.2}}
    stated = experiment(lambda seed, best: given.append(best) or scores_of(seed), choose=lambda: chosen)
    run(stated, 0, 1, 2)
    content = json.loads(Path("runs/question_x/results.json").read_text())
    assert given == 3 * [{"a": 1.0}] and content["choice"] == choice
    assert content["command"] == "python -m questions x --seeds 0 1 2"
    assert "b above a? Yes" in capsys.readouterr().out
    run(stated)  # Without seeds, all is done again.
    assert given[3:] == 5 * [{"a": 0.1}]
    run(stated, kind="quick")
    effect = "To see the effect: python -m questions x --class, 5 of 5 seeds, at most 50 s on 1 core of a processor."
    assert effect in capsys.readouterr().out


@pytest.mark.parametrize(("seconds", "count"), quick([(5 * 50, 3), (5 * 170, 1)], (5 * 50, 3)))
def test_a_class_run_has_as_many_published_seeds_as_fit_and_gives_no_verdict(seconds, count, run, question, capsys):
    given = []

    def measure(seed, best):
        given.append((seed, best))
        _progress.training("a", "network", (3,))
        _progress.training("b")  # Sooner than every five seconds: not shown.
        return scores_of(seed)

    published = {**PUBLISHED, "seconds": seconds + 40, "choosing_seconds": 40, "choice": {"a": {"1": 0.9}}}
    (question.folder / "results.json").write_text(json.dumps(published))
    stated = experiment(measure, choose=lambda: {})
    assert run(stated, kind="class") == {f"runs/question_x_class/{name}" for name in FILES}
    assert given == [(seed, {"a": 1.0}) for seed in range(count)]
    content = json.loads(Path("runs/question_x_class/results.json").read_text())
    assert content["command"] == "python -m questions x --class"
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith(f"A class run with the published settings: {count} of 5 published") for line in lines)
    assert f"measuring seed 1 of {count}, about {count * seconds / 5:.0f} s left" in lines
    asked = lines.index("- b above a?")
    levels = {3: "B: 71.11 %; A: 51.00 %", 1: "B: 70.00 %; A: 50.00 %"}[count]
    here = f"  Here: {levels} (test accuracy); the first is larger in {count} of {count} seeds."
    assert lines[asked + 1] == here and lines[asked + 2].startswith("  Published (5 seeds): Yes. B: 72.22 %; ")
    [chance] = [line for line in lines if "smaller than 10.00 %" in line]  # b worse than chance?
    assert chance.endswith(f"; smaller than 10.00 % in 0 of {count} seeds.")

    # The picture says what it is, also a figure of the experiment's own, and shows no interval of one seed.
    own = question._replace(given_experiment=stated._replace(draw=lambda seeds, names: _figure.of_size(3, 2)(print)()))
    titles = {
        "en": f"A class run: {count} of the 5 published seeds",
        "zh": f"课堂演示：已公布的 5 个种子中的 {count} 个",
    }
    for language, title in titles.items():
        for asked in (own, question._replace(given_experiment=stated)):
            figure = _figure.draw(asked, content["seeds"], language, kind="class")
            assert figure.get_suptitle().startswith(title)
        [text] = [text.get_text() for text in figure.texts if text.get_fontsize() == 8]
        assert ("95" in text) == (count == 3)
    (left, _), (right, _) = figure.axes[0].collections[0].get_segments()[0]
    assert (left < right) == (count == 3)


def test_a_line_says_what_is_trained_and_how_long_it_still_takes(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(_progress.time, "perf_counter", lambda: now[0])
    progress = _progress.Progress(2, 50.0, {"relu": "ReLU"}.get)
    for begin in (0, 30):
        with _progress.shown(progress):
            now[0] = begin + 10
            _progress.training("relu", (28, 28))
            now[0] = begin + 12
            _progress.training("relu")  # Too soon.
            now[0] = begin + 30
    _progress.training("relu")  # No progress is shown.
    assert capsys.readouterr().out.splitlines() == [
        "measuring seed 1 of 2, about 100 s left",
        "measuring seed 1 of 2, about 90 s left: ReLU",
        "measuring seed 2 of 2, about 30 s left",  # The first took 30 s, not 50.
        "measuring seed 2 of 2, about 20 s left: ReLU",
    ]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    with _progress.shown(_progress.Progress(1, None, str)):
        _progress.training("none")
    assert capsys.readouterr().out == ("\r\x1b[Kmeasuring seed 1 of 1\r\x1b[Kmeasuring seed 1 of 1: none\r\x1b[K")


@pytest.mark.parametrize("name", _questions.names())
def test_each_question_has_a_class_size_of_three_minutes(name):
    published = _questions.question(name).results()
    seeds = _run.class_seeds(published)
    assert [str(seed) for seed in seeds] == list(published["seeds"])[: len(seeds)] and seeds
    assert len(seeds) * _run.seconds_a_seed(published) <= 180


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["linear_model", "gan", "uncertainty", "momentum"])
def test_a_class_run_of_each_kind_can_be_drawn_and_told(name):
    question = _questions.question(name)
    published = question.results()
    few = {str(seed): published["seeds"][str(seed)] for seed in _run.class_seeds(published)}
    told = _run.class_answer(question, few).splitlines()
    assert len(told) == 3 * len(question.experiment.claims) and "nan" not in " ".join(told)
    for is_whole in _figure.files(question.experiment).values():
        figure = _figure.draw(question, few, "en", is_whole=is_whole, kind="class")
        assert figure.get_suptitle().startswith("A class run: ")


@pytest.mark.thorough
def test_answers_stand_beside_their_questions_whatever_the_order_on_the_page(run, question, capsys):
    page = question.page("en")
    *before, last = page.read_text().strip().split("\n- ")
    page.write_text("\n- ".join([before[0], last, *before[1:]]) + "\n")
    run(experiment())
    printed = capsys.readouterr().out
    assert "- b better at 0.1? Yes. B: 0.44 nats; " in printed and "- b above a? Yes. B: 72.22 %; " in printed


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("README.zh.md", "<!-- claim 5 -->", "", r"`claims` must be asked on .*claim 5 .*claims=\[1, 2, 3, 4\], of 5"),
        ("README.md", "- c above", "- d above a? <!-- claim 6 --><!-- end -->\n- c above", r"claim 6 .*\[1, .*, 6\]"),
        ("names.csv", "row: d,D,D字", "", "names.csv must have a row `row: d`"),
        ("names.csv", "curve: rate,rate,速率", "", "names.csv must have a row `curve: rate`"),
    ],
)
def test_a_page_or_a_table_that_lacks_something_is_refused_before_anything_is_measured(
    file, old, new, message, run, question
):
    path = question.folder / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        run(experiment(measure=None))
    assert not Path("runs").exists()


@pytest.mark.thorough
def test_a_figure_of_ones_own_is_drawn_where_its_seed_was_measured_at_full_size(run, question):
    drawn = []

    def draw(seeds, names):
        drawn.append((list(seeds), names.language))
        return _figure.draw(question, seeds, names.language)

    own = experiment(draw=draw, draw_panels=draw)
    run(own)
    assert drawn == 2 * [(list("01234"), "en"), (list("01234"), "zh")]
    assert run(own, kind="quick") >= {f"runs/question_x_quick/{name}" for name in FILES}
    run(own, 1, 2, 3, out="other")
    assert len(drawn) == 4  # The examples that it shows are of seed 0.


@pytest.mark.thorough
def test_publishing_and_drawing_replace_the_question_s_files_alone(run, question):
    before = files(question.folder)
    assert run(experiment(), is_published=True) == set()
    assert files(question.folder) == before | set(FILES)
    results, page = question.folder / "results.json", question.page("en")
    assert "20.22<!-- end -->" in page.read_text() and json.loads(results.read_text())["seeds"] == SEEDS
    numbers, text = results.read_bytes(), page.read_bytes()
    for name in FILES[1:]:
        (question.folder / name).unlink()
    _run.publish(question)
    assert files(question.folder) == before | set(FILES)
    assert (results.read_bytes(), page.read_bytes()) == (numbers, text)
    english, chinese = ((question.folder / name).read_bytes() for name in FILES[1:3])
    assert english != chinese


@pytest.mark.parametrize(
    ("seeds", "options", "message"),
    [
        ((1, 2, 2), {}, r"`seeds` must be at least 3 different ones. Received: seeds=\(1, 2, 2\)"),
        ((1, 2, 3), {"is_published": True}, "`seeds` must be at least 5 different ones"),
        ((), {"kind": "class"}, "`name` must be a question with published numbers. Received: name='x'"),
        ((), {"out": "others"}, "`out` must be new, empty or hold a run of this experiment. Received: out='others'"),
        ((), {"out": "others/file/x"}, r"`out` must be a folder that can be written. .*='others/file/x' \(Not"),
    ],
)
def test_a_run_that_cannot_be_is_refused_and_writes_nothing(seeds, options, message, run):
    Path("others").mkdir()
    Path("others/file").write_text("mine")
    with pytest.raises(ValueError, match=message):
        run(experiment(), *seeds, **options)
    assert files(".") == {"others/file"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "activations", "publish": True, "quick": True}, "`publish` and `draw` must stand without `quick`"),
        (
            {"name": "1", "draw": True, "out": "x"},
            "`publish` and `draw` must stand without `quick`, `class` and `out`. Rec",
        ),
        (
            {"name": "1", "publish": True, "class_size": True},
            "`publish` and `draw` must stand without `quick`, `class`",
        ),
        (
            {"name": "1", "class_size": True, "seeds": (1,)},
            "`class` must stand without `quick` and `seeds`. Received: q",
        ),
        (
            {"name": "1", "class_size": True, "quick": True},
            "`class` must stand without `quick` and `seeds`. Received: q",
        ),
        ({"name": "99"}, "`name` must be a question out of activations, gradient_descent"),
    ],
)
def test_a_command_that_cannot_be_ends_with_status_2(options, message, capsys):
    with pytest.raises(SystemExit) as stop:
        command_module.main(**options)
    assert stop.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(message)


def test_a_question_is_known_by_its_number_and_a_near_name_gets_a_hint():
    assert _questions.folder_name("10") == _questions.folder_name("batch_normalisation") == "batch_normalisation"
    with pytest.raises(LookupError, match=r"number from 1 to 37\. .*Did you mean 'batch_normalisation'\?$"):
        _questions.folder_name("Batch_Normalization")


@pytest.mark.thorough
def test_a_folder_is_used_again_by_the_same_experiment_alone(run):
    for file, content in (
        ("results.json", "[1]"),
        ("results.json", '{"command": "python -m questions another --quick"}'),
        ("results.part", '{"command": "python -m questions another"}'),
    ):
        Path("out").mkdir()
        Path("out", file).write_text(content)
        with pytest.raises(ValueError, match="hold a run of this experiment"):
            run(experiment(), out="out")
        assert Path("out", file).read_text() == content
        Path("out", file).unlink()
        Path("out").rmdir()
    for kind in ("quick", "", "quick"):
        assert run(experiment(), out="out", kind=kind) == {f"out/{name}" for name in FILES}


def test_the_code_the_backend_and_the_versions_enter_the_hash(monkeypatch, tmp_path):
    before, machine = machine_facts.code_hash(), machine_facts.machine()
    assert before == machine_facts.code_hash()
    monkeypatch.setattr(machine_facts, "machine", lambda: {**machine, "backend": "another"})
    assert machine_facts.code_hash() != before
    monkeypatch.setattr(machine_facts, "machine", lambda: {**machine, "date": "another", "cpu": "another"})
    assert machine_facts.code_hash() == before
    monkeypatch.setattr(machine_facts, "ROOT", tmp_path)
    without = machine_facts.code_hash()
    for package in ("dlguide", "recipes"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "new.py").write_text("pass")
        assert without != machine_facts.code_hash()
        without = machine_facts.code_hash()


def test_scores_of_test_examples_are_replaced_by_their_mean_and_kept_where_a_claim_compares_them():
    hits, errors = np.array([True, False, True]), np.array([0.5, 0.25])
    scores = scores_of(0)
    scores["rows"] |= {"a": hits, "d": errors}
    scores["curves"] = {"a": {"0.1": errors, "1": errors}, "b": {"0.1": 0.3}}
    found = _examples.split(experiment(claims=experiment().claims[1:2]), scores)
    assert found["rows"] == {**scores_of(0)["rows"], "a": pytest.approx(2 / 3), "d": 0.375}
    assert found["curves"] == {"a": {"0.1": 0.375, "1": 0.375}, "b": {"0.1": 0.3}} and found["extra"] == [0]
    assert list(found["examples"]) == ["rows: a"]  # The claim compares c and a; c was measured as a number.
    assert _examples.unpacked(found["examples"]["rows: a"]).tolist() == [1, 0, 1]
    found = _examples.split(experiment(), scores)
    assert list(found["examples"]) == ["rows: a", "rows: d", "curves: a @ 0.1"]
    assert _examples.unpacked(found["examples"]["rows: d"]).tolist() == [0.5, 0.25]
    assert json.loads(json.dumps(found)) == found and "examples" not in _examples.split(experiment(), scores_of(0))


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({"rows": {"a": 1.0}}, r"`measure` must give the rows \['a', 'b', 'c', 'd'\] for 'rows'"),
        ({"curves": {}}, r"`measure` must give the rows \['a', 'b'\] for 'curves'. Received: \[\]"),
        ({"curves": {"a": {"1": float("nan")}, "b": {}}}, "`measure` must give finite numbers. Received"),
    ],
)
def test_scores_that_the_panels_do_not_state_are_refused(scores, message):
    with pytest.raises(ValueError, match=message):
        _run.check(experiment(), {**scores_of(0), **scores})
    _run.check(experiment(), scores_of(0))


def test_a_new_seed_is_held_against_the_prediction_interval_of_the_published_ones(question):
    (question.folder / "results.json").write_text(json.dumps({"seeds": SEEDS}))

    def measure(seed, rows="ab"):
        return {"rows": {row: scores_of(seed)["rows"][row] for row in rows}}

    question = question._replace(given_experiment=experiment(measure, recheck_options={"rows": "a"}))
    [found] = _recheck.new_seed(question, 2, is_whole=False)
    assert (found.panel, found.row, found.at, found.value) == ("rows", "a", None, 0.52)
    expected = seed_intervals.prediction_interval([0.5, 0.51, 0.52, 0.53, 0.54])[1:]
    assert (found.low, found.high) == pytest.approx(expected)
    assert len(_recheck.new_seed(question, 2, is_whole=True)) == 2
    curve = {"curves": {"b": {"0.1": 0.5, "1": 2.9}}}  # Two places: each has an interval of 97.5 %.
    found = _recheck.new_seed(question._replace(given_experiment=experiment(lambda seed: curve)), 2, is_whole=True)
    expected = seed_intervals.prediction_interval([0.4 + seed / 50 for seed in range(5)], 0.975)[1:]
    assert [(one.at, one.value) for one in found] == [("0.1", 0.5), ("1", 2.9)]
    assert (found[0].low, found[0].high) == pytest.approx(expected)


def test_the_list_has_each_experiment_with_its_command_time_and_answer():
    listed = command_module.listing()
    for number, name in enumerate(_questions.names(), 1):
        _, title = _questions.number_and_title(_questions.question(name).page("en"))
        assert f"{number}. {title}\n    python -m questions {name}\n    Time: " in listed
    assert listed.count("\n    Answer: ") == len(_questions.names())


def test_the_list_and_a_wrong_name_need_no_keras(tmp_path):
    """Importing it takes seconds."""
    program = "import sys, questions.__main__ as command; print(command.listing()); assert 'keras' not in sys.modules\n"
    program += "try: command.main('nothing')\nfinally: assert 'keras' not in sys.modules"
    done = process("-c", program, cwd=ROOT)
    assert done.returncode == 2 and "Answer: " in done.stdout
    assert done.stderr.startswith("`name` must be a question out of activations, gradient_descent")


def test_an_experiment_reads_a_file_of_ones_own(tmp_path):
    path = str(tmp_path / "mine.npz")
    np.savez(path, x=np.arange(100), y=np.arange(100) % 7)
    train, valid, test, _ = _retraining.loaded(path, 30, 1)
    assert [len(part.y) for part in (train, valid, test)] == [30, 20, 20]
    assert all((part.x % 7 == part.y).all() for part in (train, valid, test))
    assert (test.x % 5 == 4).all() and len({*train.x, *valid.x, *test.x}) == 70
    other = _retraining.loaded(path, 30, 2)
    assert (other.test.x == test.x).all() and {*other.valid.x} != {*valid.x}


@pytest.mark.thorough
def test_an_lstm_that_diverges_is_one_that_did_not_learn():
    experiment = _questions.question("lstm").experiment
    scores = experiment.measure(0, {"lstm@4": math.inf}, lengths=(4,), rows=("lstm",), steps=20, is_quick=True)
    assert scores["steps"] == {"lstm": {"4": 20.0}}
    assert scores["influence"]["trained"] == scores["influence"]["lstm"]
