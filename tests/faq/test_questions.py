"""Each question: its folder, its pages in two languages, its numbers, its experiment."""

import csv
import functools
import json
import math
import re
import sys

import pytest
from two_languages import differences

import dlguide
from dlguide import data
from recipes._lib.runs import recipe_list
from recipes.faq import _index, _names, _page, _questions, _recheck, _retraining, _run, _tuning, _verdict
from recipes.faq._experiment import Experiment

NAMES = _questions.names()
NEW_SEED = 12345
SHARED = _names._table(_names.HERE / "words.csv")
CHINESE = "[\u4e00-\u9fff]"


def seconds_a_seed(name: str) -> float:
    published = _questions.question(name).results()
    return published["seconds"] / len(published["seeds"]) if published else math.inf


QUICKEST = sorted(NAMES, key=seconds_a_seed)[:2]
each_question = pytest.mark.parametrize("name", NAMES)


def each_run(names):
    """Run a test for each experiment; for time, the test command does so for the quickest one alone."""
    return pytest.mark.parametrize(
        "name", [pytest.param(name, marks=[pytest.mark.thorough] * (name != QUICKEST[0])) for name in names]
    )


def texts(name: str) -> tuple[str, str]:
    question = _questions.question(name)
    return tuple(question.page(language).read_text(encoding="utf-8") for language in _names.LANGUAGES)


def test_the_questions_are_numbered_and_have_all_their_files():
    pages = [_questions.question(name).page("en") for name in NAMES]
    assert [_questions.number_and_title(page)[0] for page in pages] == list(range(1, len(NAMES) + 1))
    assert NAMES[:2] == ("activations", "gradient_descent") and NAMES[23] == "multilayer"
    files = {"README.md", "README.zh.md", "experiment.py", "names.csv", "results.json", "figure.png", "figure.zh.png"}
    for page in pages:
        assert {path.name for path in page.parent.iterdir() if path.is_file()} == files
        assert isinstance(_questions.question(page.parent.name).experiment, Experiment)


def test_every_recipe_is_named_by_a_question_and_every_builder_and_recipe_named_is_there():
    named = set()
    for name in NAMES:
        [line] = [line for line in texts(name)[0].splitlines() if line.startswith("Builders: ")]
        builders, _, recipes = line.partition(". Recipes: ")
        assert set(re.findall(r"`(\w+)`", builders)) <= set(dlguide.__all__) and recipes
        named |= set(re.findall(r"`(\w+)`", recipes))
    trends = {"automl_mnist1d", "dqn_cartpole"}  # The article speaks of them, but asks nothing.
    assert named | trends == set(recipe_list.names())


def test_the_computed_blocks_are_those_of_the_results():
    """`python -m recipes.table` renews them."""
    for path, text in _index.pages().items():
        assert path.read_text(encoding="utf-8") == text, path


@pytest.mark.parametrize("name", [*NAMES, "", "article", "listings", "glossary"])
def test_a_page_says_the_same_in_both_languages(name):
    if name in NAMES:
        english, chinese = texts(name)
    else:
        paths = [_names.HERE / f"{name or 'README'}{suffix}.md" for suffix in _names.LANGUAGES.values()]
        english, chinese = (path.read_text(encoding="utf-8") for path in paths)
    assert differences(english, chinese) == []
    assert re.search(CHINESE, chinese)
    if name in NAMES:
        assert not re.search(CHINESE, english.replace("[中文]", ""))
        assert all(len(text.encode()) <= 20_000 for text in (english, chinese))


NUMBER = re.compile(r"(?<![\w.,$\\])\d[\d,]*(?:\.\d+)?(?![\w])")


@each_question
def test_each_number_of_the_answer_and_the_reason_is_computed_or_in_the_setting(name):
    """Formulas, programs and the experiment's own constants count as the setting; years and small counts are free."""
    text = texts(name)[0]
    aside = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$|```.*?```|`[^`]*`", re.DOTALL)
    computed = [found[2] for found in _page.BLOCK.finditer(text)]
    prose = re.sub(r"\]\([^)]*\)|^#[^\n]*|\[question \d+", "", aside.sub("", _page.BLOCK.sub("", text)), flags=re.M)
    answer, setting = prose.split("**Setting.**")
    source = (_questions.question(name).folder / "experiment.py").read_text(encoding="utf-8")
    allowed = " ".join([source, setting, *aside.findall(text), *computed])
    known = {number.replace(",", "") for number in NUMBER.findall(allowed)} | {str(n) for n in range(11)}
    numbers = {number.replace(",", "") for number in NUMBER.findall(answer)}
    assert {n for n in numbers - known if not re.fullmatch(r"(1[6-9]|20)\d\d", n)} == set()


@each_question
def test_the_names_of_a_question_are_all_used_and_none_stands_in_the_shared_table(name):
    question = _questions.question(name)
    with (question.folder / "names.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        assert row["en"] and row["zh"] and not re.search(CHINESE, row["en"]), row
        assert row["key"] not in SHARED
    assert len({row["key"] for row in rows}) == len(rows)


@each_question
def test_the_claims_still_come_out_as_when_the_page_was_written(name):
    question = _questions.question(name)
    experiment, seeds = question.experiment, question.results()["seeds"]
    for claim in experiment.claims:
        assert _verdict.answer(claim, experiment.panels[claim.panel], seeds)[0] == claim.outcome, claim
    for text in texts(name):
        asked = re.findall(r"^- .+? <!-- claim (\d+) -->", text, re.MULTILINE)
        assert asked == [str(number) for number in range(1, len(experiment.claims) + 1)]
    for key, panel in experiment.panels.items():  # No score lies beyond its bounds.
        low, high = panel.score.limits()
        for row in panel.rows:
            for at in _verdict.places(seeds, key, row) if panel.curve else [None]:
                assert all(low <= value <= high for value in _verdict.column(seeds, key, row, at)), (key, row, at)


@each_question
def test_each_row_has_the_same_number_of_tries_and_a_best_setting_at_an_end_is_listed(name):
    question = _questions.question(name)
    experiment, choice = question.experiment, question.results().get("choice", {})
    assert bool(choice) == bool(experiment.choose)
    assert len({len(tries) for tries in choice.values()}) <= 1
    ends = {row for row, tries in choice.items() if _tuning.is_at_an_end(tries, experiment.lower_is_chosen)}
    assert ends == set(experiment.edges)


@each_run(NAMES)
def test_the_programs_of_a_page_run(name):
    [program] = re.findall(r"^```python\n(.*?)^```$", texts(name)[0], re.MULTILINE | re.DOTALL)
    exec(program, {"__name__": "page"})


@pytest.mark.parametrize("path", sorted(_names.HERE.rglob("*.md")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_each_link_of_a_page_leads_somewhere_and_its_bold_text_is_shown_as_bold(path):
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert target.startswith("https://") or (path.parent / target).exists(), target
    for line in re.sub("```.*?```|`[^`]*`", "", text, flags=re.S).splitlines():
        parts = line.split("**")  # Every second one is bold.
        for bold, after in zip(parts[1::2], parts[2::2], strict=False):
            # Behind punctuation and `**`, Markdown wants a space or punctuation, else it shows the asterisks.
            assert not (re.search("[。，：；！？）”.)]$", bold) and re.match("[^\\s。，；：、）|<]", after)), bold


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
    whole, load = _tuning.search, data.load

    def search(rows, grid, score):
        rows, settings = tuple(rows), tuple(grid)[:2]
        once = score(rows[0], settings[0])
        return whole(rows, settings, lambda row, setting: once)

    def load_less(name, **options):
        splits = load(name, **options)
        info = splits.info._replace(test_dates=splits.info.test_dates[:500])
        return splits._replace(test=data.Part(*(array[:500] for array in splits.test)), info=info)

    monkeypatch.setattr(_tuning, "search", search)
    monkeypatch.setattr(data, "load", load_less)
    yield
    forget()


@each_run(NAMES)
def test_an_experiment_runs_and_its_published_numbers_have_its_rows(name, run_eagerly):
    question = _questions.question(name)
    experiment, published = question.experiment, question.results()
    choice = (experiment.choose(**experiment.quick),) if experiment.choose else ()
    scores = experiment.measure(0, *choice, **experiment.quick)
    for seed in (scores, *published["seeds"].values()):
        _run.check(experiment, seed)
    assert json.loads(json.dumps(scores)) == scores
    assert list(published["seeds"]) == [str(seed) for seed in experiment.seeds] and len(experiment.seeds) >= 5


@each_run(NAMES)
def test_the_quickest_part_of_an_experiment_or_a_quick_one_with_a_new_seed_lies_where_the_published_seeds_say(name):
    is_whole = name in QUICKEST[1:]
    found = _recheck.new_seed(_questions.question(name), NEW_SEED, is_whole=is_whole, share=0.999)
    # Seconds are those of the machine; of hundreds of scores some may be outside by chance.
    outside = [one for one in found if one.panel != "seconds" and not one.low <= one.value <= one.high]
    assert found and len(outside) <= is_whole * (1 + len(found) // 100), outside


def test_the_learning_rates_for_names_are_chosen_on_the_validation_set_and_the_scores_are_of_the_test_set(monkeypatch):
    from recipes.faq.transformer import experiment as transformer

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
