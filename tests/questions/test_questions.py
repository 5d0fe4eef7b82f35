"""Each question: its folder, its pages in two languages, its numbers, its experiment."""

import csv
import itertools
import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest

import dlguide
from questions import _figure, _index, _names, _page, _questions, _recheck, _run, _tuning, _verdict
from questions._experiment import Experiment
from recipes._lib.runs import recipe_list
from recipes._lib.words import LANGUAGES, read_words
from tests.helpers.two_languages import differences

NAMES = _questions.names()
NEW_SEED = 12345
SLOW = ("clustering", "few_examples", "gan", "gru", "leakage", "lstm", "rare_classes", "recurrence", "self_attention")
SLOW += ("self_supervision", "transfer_learning", "transformer", "uncertainty", "vae")
"""Their part that is repeated trains on all digits, or many times."""
SHARED = read_words(_names.HERE / "words.csv", "en")
CHINESE = "[\u4e00-\u9fff]"


def seconds_a_seed(name: str) -> float:
    published = _questions.question(name).results()
    return published["seconds"] / len(published["seeds"]) if published else math.inf


QUICKEST = sorted(NAMES, key=seconds_a_seed)[:2]
each_question = pytest.mark.parametrize("name", NAMES)


def each_run(names, slow=()):
    """Run a test for each experiment; for time, the test command does so for the quickest one alone."""
    marks = {
        name: [pytest.mark.thorough] * (name != QUICKEST[0]) + [pytest.mark.thorough(seconds=60)] * (name in slow)
        for name in names
    }
    return pytest.mark.parametrize("name", [pytest.param(name, marks=marks[name]) for name in names])


def texts(name: str) -> tuple[str, str]:
    question = _questions.question(name)
    return tuple(question.page(language).read_text(encoding="utf-8") for language in LANGUAGES)


def test_the_questions_are_numbered_and_have_all_their_files():
    pages = [_questions.question(name).page("en") for name in NAMES]
    assert [_questions.number_and_title(page)[0] for page in pages] == list(range(1, len(NAMES) + 1))
    assert NAMES[:2] == ("activations", "gradient_descent") and NAMES[23] == "multilayer"
    files = {"README.md", "README.zh.md", "experiment.py", "names.csv", "results.json", "diagram.svg", "diagram.zh.svg"}
    for page in pages:
        experiment = _questions.question(page.parent.name).experiment
        assert isinstance(experiment, Experiment)
        figures = {f"{name}{suffix}.png" for name in _figure.files(experiment) for suffix in LANGUAGES.values()}
        assert {path.name for path in page.parent.iterdir() if path.is_file()} == files | figures


HEADINGS = {
    "en": ["Why", "Measured here", "Try it", "When to use it, and when not"],
    "zh": ["原因", "实验结果", "动手试一试", "什么时候用，什么时候不用"],
}
FOLDS = {
    "en": ["Exercises", "Read on", "All measurements, the setting, the limits"],
    "zh": ["练习", "延伸阅读", "全部数据、设置与局限"],
}
WORDS = {"en": ("*Hint: ", "Answer", "Without a program"), "zh": ("*提示：", "答案", "不用程序")}
FOLD = re.compile(r"<summary>([^<\n]+)</summary>\n\n(.*)\n", re.S)
FIRST = {"en": "*Read first: ", "zh": "*先读："}
OPEN = {"en": "**What it leaves open.** ", "zh": "**留下的问题。** "}
LINK = re.compile(r"\[([^\]]+)\]\(\.\./(\w+)/README(?:\.zh)?\.md\)")


def opened(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return a text without its folds, and the summary and content of each; a fold in a fold is content."""
    rest, folds, depth = [], [], 0
    for part in re.split(r"^(</?details>)\n", text + "\n", flags=re.M):
        is_end = part == "</details>"
        depth -= is_end
        if part == "<details>" and not depth:
            folds.append("")
        elif depth:
            folds[-1] += f"{part}\n" if "details>" in part else part
        elif not is_end:
            rest.append(part)
        depth += part == "<details>"
    return "".join(rest), [FOLD.fullmatch(fold.rstrip("\n") + "\n").groups() for fold in folds]


@each_question
def test_a_page_has_its_parts_in_order_and_folds_all_but_the_answer(name):
    figures = _figure.files(_questions.question(name).experiment)
    for text, (language, suffix) in zip(texts(name), LANGUAGES.items(), strict=True):
        assert re.findall(r"^## (.+)$", text, re.M) == HEADINGS[language]
        open_part, folds = opened(text)
        assert [summary for summary, _ in folds][-3:] == FOLDS[language] and text.endswith("</details>\n")
        exercises, reading, folded = [content for _, content in folds][-3:]
        assert text.count("<details>") == text.count("</details>") == len(folds) + exercises.count("<details>")
        asked, answers = opened(exercises)
        hint, answer, no_program = WORDS[language]
        questions = re.findall(r"^\*\*\d\.\*\* .+", asked, re.M)
        assert len(questions) == len(answers) in (2, 3) and all(question.count(hint) == 1 for question in questions)
        assert any(question.startswith(no_program, 7) for question in questions)
        assert {summary for summary, _ in answers} == {answer}
        assert len(re.findall(r"^- .+https://", reading, re.M)) >= 3
        measured = open_part.partition(f"## {HEADINGS[language][1]}\n")[2].partition("\n## ")[0].strip()
        picture, caption, *rest = measured.split("\n\n")
        assert re.fullmatch(rf"!\[.+\]\(figure{re.escape(suffix)}\.png\)", picture), picture
        assert re.fullmatch(r"\*[^*\n].*[^*\n]\*", caption), caption
        assert f"](diagram{suffix}.svg)" in open_part and rest
        assert 1 <= open_part.count("<!-- claim ") <= 3 and "<!-- tables -->" not in open_part
        assert (f"](panels{suffix}.png)" in folded) == ("panels" in figures)
        for marker in ("tables", "command"):
            assert folded.count(f"<!-- {marker} -->") == 1, marker
        limits = folded.partition("**Limits.**" if language == "en" else "**局限。**")[2]
        assert 1 <= len(re.findall(r"^\d\. ", limits, re.M)) <= 3
        sentence = _index.first_sentence(_questions.question(name), language)
        assert len(sentence) <= (220 if language == "en" else 120), sentence


def chain(language: str) -> tuple[dict, dict]:
    """Return what each page says to read first, and which question it leads to at its end."""
    pages = {name: _questions.question(name).page(language) for name in NAMES}
    titles = {
        name: page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ") for name, page in pages.items()
    }
    first, after = {}, {}
    for name, page in pages.items():
        parts = opened(page.read_text(encoding="utf-8"))[0].split("\n\n")
        before = LINK.findall(parts[2]) if parts[2].startswith(FIRST[language]) else []
        [line] = [part for part in parts if part.startswith(OPEN[language])]
        following = LINK.findall(line.rpartition("→")[2]) if "→" in line else []
        assert all(titles[to] == title for title, to in before + following), (name, before, following)
        first[name], after[name] = [to for _, to in before], [to for _, to in following]
    return first, after


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_questions_are_one_path_without_a_circle(language):
    """A page names what to read first, which comes earlier, and ends with what it leaves open: the next question."""
    first, after = chain(language)
    path = [name for name in NAMES if not first[name]]
    while after[path[-1]]:
        path += after[path[-1]]
        assert len(path) <= len(NAMES), path
    assert sorted(path) == sorted(NAMES)
    assert all(path.index(one) < path.index(name) for name in NAMES for one in first[name])
    index = (_names.HERE / f"README{LANGUAGES[language]}.md").read_text(encoding="utf-8")
    rows = index.partition("<!-- path -->\n")[2].partition("<!-- end -->")[0].splitlines()[2:-1]
    listed = [re.findall(r"\]\((\w+)/", row) for row in rows]
    assert listed == [[name, *first[name]] for name in path]
    topics = index.partition("<!-- topics -->\n")[2].partition("<!-- end -->")[0]
    assert re.findall(r"\]\((\w+)/", topics) == path and topics.count("\n- **") == 6
    minutes = [int(row.split(" | ")[-1].strip(" |")) for row in rows]
    assert all(2 <= one <= 9 for one in minutes) and f" | {sum(minutes)} |\n<!-- end -->" in index


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_arrows_of_the_map_are_what_to_read_first_and_run_from_box_to_box(language):
    first, root = chain(language)[0], ElementTree.parse(_names.HERE / f"path{LANGUAGES[language]}.svg").getroot()
    parts, boxes = list(root), {}
    for part, number in itertools.pairwise(parts):
        if part.tag.endswith("rect") and "rx" in part.attrib:
            left, top, width, height = (int(part.get(key)) for key in ("x", "y", "width", "height"))
            boxes[NAMES[int(number.text) - 1]] = (left, top, left + width, top + height)
    assert set(boxes) == set(NAMES) and len(set(boxes.values())) == len(NAMES)
    arrows = {name: set() for name in NAMES}
    for line in root.findall("{*}line"):
        start, end = ([int(line.get(f"{axis}{number}")) for axis in "xy"] for number in (1, 2))
        [one] = [name for name, box in boxes.items() if start == [(box[0] + box[2]) // 2, box[3]]]
        [name] = [name for name, box in boxes.items() if end == [(box[0] + box[2]) // 2, box[1]]]
        arrows[name].add(one)
        for place in np.linspace(start, end, 100)[1:-1]:
            assert not any(a < place[0] < c and b < place[1] < d for a, b, c, d in boxes.values()), (one, name)

    def all_before(name: str, links: dict) -> set[str]:
        return set(links[name]).union(*(all_before(one, links) for one in links[name]))

    for name in NAMES:  # An arrow is left out where others lead there, too.
        assert arrows[name] <= set(first[name]) and all_before(name, arrows) == all_before(name, first), name
        assert not any(one in all_before(other, first) for one in arrows[name] for other in arrows[name]), name


@each_question
def test_the_diagrams_of_a_page_differ_in_their_words_alone(name):
    shapes = []
    for language, suffix in LANGUAGES.items():
        path = _questions.question(name).folder / f"diagram{suffix}.svg"
        root = ElementTree.parse(path).getroot()
        # Without its language, a Chinese drawing may be set in a Japanese font.
        assert root.attrib.pop("{http://www.w3.org/XML/1998/namespace}lang", "en") == language
        assert "viewBox" in root.attrib and root.find("{*}title") is not None and path.stat().st_size <= 15_000
        parts = [(part.tag, dict(part.attrib)) for part in root.iter()]
        assert not {tag.rpartition("}")[2] for tag, _ in parts} & {"script", "image", "foreignObject", "style"}
        shapes.append(parts)
    assert shapes[0] == shapes[1]


DATA = {
    "MNIST-1D": "mnist-1d",
    "adding problem": "the-adding-problem",
    "Japanese vowels": "vowels",
    "hires": "bicycles",
    "Auto MPG": "cars",
}


@each_question
def test_a_page_links_the_data_that_it_uses_once_to_where_they_are_shown(name):
    english, chinese = texts(name)
    used = [anchor for word, anchor in DATA.items() if word.lower() in english.lower()]
    assert sorted(re.findall(r"\]\(\.\./data\.md#([\w-]+)\)", english)) == sorted(used)
    assert chinese.count("](../data.zh.md#") == len(used)


def test_every_builder_and_recipe_that_a_question_names_is_there():
    for name in NAMES:
        [line] = [line for line in texts(name)[0].splitlines() if line.startswith("Builders: ")]
        builders, _, recipes = line.partition(". Recipes: ")
        assert set(re.findall(r"`(\w+)`", builders)) <= set(dlguide.__all__) and recipes
        assert set(re.findall(r"`(\w+)`", recipes)) <= set(recipe_list.names())


def test_the_computed_blocks_are_those_of_the_results():
    """`python -m tools.table` renews them."""
    for path, text in _index.pages().items():
        assert path.read_text(encoding="utf-8") == text, path


@pytest.mark.parametrize("name", [*NAMES, "", "training", "data", "article", "listings", "glossary"])
def test_a_page_says_the_same_in_both_languages(name):
    if name in NAMES:
        english, chinese = texts(name)
    else:
        paths = [_names.HERE / f"{name or 'README'}{suffix}.md" for suffix in LANGUAGES.values()]
        english, chinese = (path.read_text(encoding="utf-8") for path in paths)
    assert differences(english, chinese) == []
    assert re.search(CHINESE, chinese)
    if name in NAMES:
        assert not re.search(CHINESE, english.replace("[中文]", ""))
        read = [re.sub(r"<!-- (end )?figure.*-->\n", "", text) for text in (english, chinese)]
        assert all(len(text.encode()) <= 20_000 for text in read)


NUMBER = re.compile(r"(?<![\w.,$\\])\d[\d,]*(?:\.\d+)?(?![\w])")


@each_question
def test_each_number_of_the_answer_and_the_reason_is_computed_or_in_the_setting(name):
    """Formulas, programs and the experiment's own constants count as the setting; years and small counts are free.

    So are the exercises, and what to read.
    """
    text = texts(name)[0]
    aside = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$|```.*?```|`[^`]*`", re.DOTALL)
    computed = [found[2] for found in _page.BLOCK.finditer(text)]
    prose = aside.sub("", _page.BLOCK.sub("", text))
    prose = "\n".join([(parts := opened(prose))[0], *(fold for name, fold in parts[1] if name not in FOLDS["en"][:2])])
    prose = re.sub(r"\]\([^)]*\)|^#[^\n]*|\[question \d+|\[\d+\. ", "", prose, flags=re.M)
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
        assert row["en"] and row["zh"] and None not in row and not re.search(CHINESE, row["en"]), row
        assert row["key"] not in SHARED
    assert len({row["key"] for row in rows}) == len(rows)


HITS_OF_ONE_ROW = {("transformer", "transformer")}
"""Question and row whose test examples are kept without those of the row that it is compared with: its page says so."""


@each_question
def test_the_claims_still_come_out_as_when_the_page_was_written(name):
    question = _questions.question(name)
    experiment, seeds = question.experiment, question.results()["seeds"]
    found = [finding.outcome for finding in _verdict.findings(experiment, seeds)]
    assert found == [claim.outcome for claim in experiment.claims]
    for text in texts(name):
        asked = re.findall(r"^- .+? <!-- claim (\d+) -->", text, re.MULTILINE)
        assert asked == [str(number) for number in range(1, len(experiment.claims) + 1)]
    for claim in experiment.claims:  # Intervals cover the test examples of both rows or of none.
        is_compared = isinstance(claim.reference, str) and not experiment.panels[claim.panel].score.is_ratio
        if is_compared and claim.outcome != "given" and (name, claim.row) not in HITS_OF_ONE_ROW:
            rows = (claim.row, claim.reference)
            assert len({_verdict.examples(seeds, claim.panel, row, claim.at) is None for row in rows}) == 1, claim
    for key, panel in experiment.panels.items():  # No score lies beyond its bounds.
        low, high = panel.score.limits()
        for row in panel.rows:
            for at in _verdict.places(seeds, key, row) if panel.x_axis else [None]:
                assert all(low <= value <= high for value in _verdict.column(seeds, key, row, at)), (key, row, at)


@each_question
def test_each_row_has_the_same_number_of_tries_and_a_best_setting_at_an_end_is_listed(name):
    question = _questions.question(name)
    experiment, choice = question.experiment, question.results().get("choice", {})
    assert bool(choice) == bool(experiment.choose)
    assert len({len(tries) for tries in choice.values()}) <= 1
    ends = {row for row, tries in choice.items() if _tuning.is_at_an_end(tries, experiment.lower_is_chosen)}
    assert ends == set(experiment.rows_allowed_at_grid_edge)


@pytest.mark.parametrize("path", sorted(_names.HERE.rglob("*.md")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_each_link_of_a_page_leads_somewhere_and_its_bold_text_is_shown_as_bold(path):
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        file, _, anchor = target.partition("#")
        assert target.startswith("https://") or (path.parent / file).exists(), target
        if file.endswith(".md") and anchor:
            headings = re.findall(r"^#+ (.+)$", (path.parent / file).read_text(encoding="utf-8"), re.M)
            assert anchor in [heading.lower().replace(" ", "-") for heading in headings], target
    for line in re.sub("```.*?```|`[^`]*`", "", text, flags=re.S).splitlines():
        parts = line.split("**")  # Every second one is bold.
        for bold, after in zip(parts[1::2], parts[2::2], strict=False):
            # Behind punctuation and `**`, Markdown wants a space or punctuation, else it shows the asterisks.
            assert not (re.search("[。，：；！？）”.)]$", bold) and re.match("[^\\s。，；：、）|<]", after)), bold


@each_question
def test_the_published_numbers_have_the_rows_of_the_experiment_and_at_least_five_seeds(name):
    question = _questions.question(name)
    published, seeds = question.results()["seeds"], question.experiment.seeds
    for scores in published.values():
        _run.check(question.experiment, scores)
    assert list(published) == [str(seed) for seed in seeds] and len(seeds) >= 5


@each_run(NAMES, slow=SLOW)
def test_the_quickest_part_of_an_experiment_or_a_quick_one_with_a_new_seed_lies_where_the_published_seeds_say(name):
    question, is_whole = _questions.question(name), name in QUICKEST[1:]
    found = _recheck.new_seed(question, NEW_SEED, is_whole=is_whole, share=0.999)
    # Seconds are those of the machine; of hundreds of scores some may be outside by chance.
    outside = [one for one in found if one.panel != "seconds" and not one.low <= one.value <= one.high]
    assert found and len(outside) <= is_whole * (1 + len(found) // 100), outside
    claim = question.experiment.claims[0]
    assert claim.row in [one.row for one in found], f"`recheck_options` lack what the answer is about: {claim}"
