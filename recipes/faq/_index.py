"""The index of the questions: its table on `recipes/faq/README.md` and on the project's own, and the glossary."""

import csv
import re
import unicodedata
from pathlib import Path

from recipes.faq import _page, _questions, _sentences, _verdict
from recipes.faq._names import HERE, LANGUAGES, Names
from recipes.faq._questions import Question


def pages() -> dict[Path, str]:
    """Return every page of this folder with its computed blocks renewed."""
    texts = {}
    for language, suffix in LANGUAGES.items():
        index, words = HERE / f"README{suffix}.md", HERE / f"glossary{suffix}.md"
        texts[index] = _with_block(index, "questions", table(language))
        texts[words] = _with_block(words, "glossary", glossary(language))
    for name in _questions.names():
        texts |= _page.pages(_questions.question(name))
    return texts


def _with_block(path: Path, marker: str, content: str) -> str:
    text, block = path.read_text(encoding="utf-8"), f"<!-- {marker} -->\n{content}\n<!-- end -->"
    return re.sub(rf"<!-- {marker} -->.*?<!-- end -->", lambda _: block, text, flags=re.DOTALL)


def table(language: str, folder: str = "", *, with_numbers: bool = True) -> str:
    """Return the table of all questions: title with a link, answer in a sentence, the number that was measured.

    Args:
        language: "en" or "zh".
        folder: Path to `recipes/faq/` from the page that shows the table.
        with_numbers: Whether the table has the column of numbers.
    """
    count = 3 if with_numbers else 2
    head = Names(HERE, language)("sentence", "index").split(" | ")[:count]
    lines = [f"| | {' | '.join(head)} |", "|---" * (count + 1) + "|"]
    for number, name in enumerate(_questions.names(), 1):
        question = _questions.question(name)
        _, title = _questions.number_and_title(question.page(language))
        link = f"[{title}]({folder}{name}/README{LANGUAGES[language]}.md)"
        cells = [link, first_sentence(question, language), headline(question, language)][:count]
        lines.append(f"| {number} | {' | '.join(cells)} |")
    return "\n".join(lines)


def first_sentence(question: Question, language: str) -> str:
    """Return the answer in a sentence: the first one of the page below its links, without its markers."""
    text = question.page(language).read_text(encoding="utf-8").split("\n\n")[2]
    text = re.sub(r"<!-- .*? -->", "", text)
    end = r"(?<=[.!?])\s+(?=[A-Z“|])" if language == "en" else r"(?<=[。！？])"
    return re.split(end, text)[0].replace("|", "\\|")


def headline(question: Question, language: str) -> str:
    """Return the scores of the first claim's rows, an empty string where nothing was measured yet."""
    published = question.results()
    if published is None:
        return ""
    claim, names = question.experiment.claims[0], question.names(language)
    panel, seeds = question.experiment.panels[claim.panel], published["seeds"]

    def measured(row: str) -> str:
        mean = _verdict.mean(panel.score, _verdict.column(seeds, claim.panel, row, claim.at)).mean
        return _sentences.value(mean, panel.score, names)

    facts = {"score": names("score", panel.score.name), "row": names("row", claim.panel, claim.row)}
    facts["value"] = measured(claim.row)
    if isinstance(claim.reference, str):
        facts |= {"reference": names("row", claim.panel, claim.reference), "other": measured(claim.reference)}
        text = names("sentence", "from to").format(**facts)
    else:
        text = names("sentence", "one value").format(**facts)
    return text.replace("|", "\\|")


def glossary(language: str) -> str:
    """Return the table of the glossary, in English or in pinyin order."""
    with (HERE / "glossary.csv").open(encoding="utf-8", newline="") as file:
        terms = list(csv.DictReader(file))
    head = Names(HERE, language)("sentence", "glossary")
    if language == "zh":
        rows = [[term[key] for key in ("zh", "pinyin", "en", "meaning_zh")] for term in sorted(terms, key=pinyin_order)]
    else:
        order = sorted(terms, key=lambda term: term["en"].lower())
        rows = [[term[key] for key in ("en", "zh", "pinyin", "meaning_en")] for term in order]
    return "\n".join([f"| {head} |", "|---|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)])


def pinyin_order(term: dict[str, str]) -> list[tuple[str, int, str]]:
    """Return the key of a dictionary's order: character by character, by syllable, tone and character."""
    characters = term["zh"].replace(" ", "")
    return [(*_syllable(part), character) for part, character in zip(term["pinyin"].split(), characters, strict=True)]


def _syllable(part: str) -> tuple[str, int]:
    """Return the letters of a syllable and its tone, 5 for none; ü stays, and follows u."""
    tones = "\u0304\u0301\u030c\u0300"  # ¯ ´ ˇ `
    letters = unicodedata.normalize("NFD", part)
    tone = next((tones.index(mark) + 1 for mark in letters if mark in tones), 5)
    return unicodedata.normalize("NFC", "".join(mark for mark in letters if mark not in tones)), tone
