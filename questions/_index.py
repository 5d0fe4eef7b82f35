"""The index of the questions: its table on `questions/README.md` and on the project's own, and the glossary."""

import csv
import re
import unicodedata
from pathlib import Path

from questions import _page, _path, _questions, _run, _sentences
from questions._names import HERE, Names
from questions._questions import Question
from recipes._lib.words import LANGUAGES, read_words


def pages() -> dict[Path, str]:
    """Return every page of this folder with its computed blocks renewed."""
    texts = {}
    for language, suffix in LANGUAGES.items():
        index, words = HERE / f"README{suffix}.md", HERE / f"glossary{suffix}.md"
        texts[index] = _with_blocks(
            index, topics=_path.topics(language), path=_path.table(language), questions=table(language)
        )
        texts[words] = _with_blocks(words, glossary=glossary(language))
        texts[HERE / f"path{suffix}.svg"] = _path.picture(language)
    for name in _questions.names():
        texts |= _page.pages(_questions.question(name))
    return texts


def _with_blocks(file: Path, **contents: str) -> str:
    text = file.read_text(encoding="utf-8")
    for marker, content in contents.items():
        block = f"<!-- {marker} -->\n{content}\n<!-- end -->"
        text = re.sub(rf"<!-- {marker} -->.*?<!-- end -->", lambda _, block=block: block, text, flags=re.DOTALL)
    return text


def table(language: str, folder: str = "", *, columns: int = 3) -> str:
    """Return the table of all questions: title with a link, answer in a sentence, the number that was measured.

    `columns` says how many of these three. `folder` is the path to `questions/` from the page that shows the table.
    """
    head = Names(HERE, language)("sentence", "index").split(" | ")[:columns]
    lines = [f"| | {' | '.join(head)} |", "|---" * (columns + 1) + "|"]
    for number, name in enumerate(_questions.names(), 1):
        question = _questions.question(name)
        _, title = _questions.number_and_title(question.page(language))
        link = f"[{title}]({folder}{name}/README{LANGUAGES[language]}.md)"
        cells = [link, first_sentence(question, language), headline(question, language)][:columns]
        lines.append(f"| {number} | {' | '.join(cells)} |")
    return "\n".join(lines)


def first_sentence(question: Question, language: str) -> str:
    """Return the answer in a sentence: the first one of the page below what to read first, without its markers."""
    _, _, *parts = question.page(language).read_text(encoding="utf-8").split("\n\n")
    text = next(part for part in parts if not part.startswith("*"))
    text = re.sub(r"<!-- .*? -->", "", text)
    end = r"(?<=[.!?])\s+(?=[A-Z“|])" if language == "en" else r"(?<=[。！？])"
    return re.split(end, text)[0].replace("|", "\\|")


def headline(question: Question, language: str) -> str:
    """Return the scores of the first claim's rows, an empty string where nothing was measured yet."""
    published = question.results()
    if published is None:
        return ""
    claim, names = question.experiment.claims[0], question.names(language)
    score = question.experiment.panels[claim.panel].score
    text = _sentences.levels(claim, score, published["seeds"], names)
    name = _sentences.measured(claim, score, names)
    return names("sentence", "headline").format(name, text).replace("|", "\\|")


def aims(language: str) -> str:
    """Return what a learner can do after each page, and the size of its class run, for a page at the project's root."""
    lines = [f"| {Names(HERE, language)('sentence', 'aims')} |", "|---" * 3 + "|"]
    for name, aim in read_words(HERE / "aims.csv", language).items():
        question = _questions.question(name)
        number, title = _questions.number_and_title(question.page(language))
        published = question.results()
        count, all_seeds = len(_run.class_seeds(published)), len(published["seeds"])
        link = f"[{number}. {title}](questions/{name}/README{LANGUAGES[language]}.md)"
        lines.append(f"| {link} | {aim} | {count}/{all_seeds}, {count * _run.seconds_a_seed(published):.0f} s |")
    return "\n".join(lines)


def glossary(language: str) -> str:
    """Return the table of the glossary: by the English term, or in pinyin order.

    Both languages have a column for other Chinese terms (those of d2l's book among them) and one for the pages that
    explain the term; only the English one shows how a Chinese term is read.
    """
    terms, names = glossary_terms(), Names(HERE, language)
    rows = []
    for term in sorted(terms, key=pinyin_order if language == "zh" else lambda term: term["en"].lower()):
        links = [_link(name, language, names) for name in term["questions"].split()]
        own, other = (term["zh"], term["en"]) if language == "zh" else (term["en"], term["zh"])
        if language == "en" and term["pinyin"]:
            other += f" ({term['pinyin']})"
        questions = names("sentence", "comma" if language == "en" else "places").join(links)
        rows.append([own, other, term["also"], questions, term[f"meaning_{language}"]])
    head = names("sentence", "glossary")
    return "\n".join([f"| {head} |", "|---" * 5 + "|", *(f"| {' | '.join(row)} |" for row in rows)])


def _link(name: str, language: str, names: Names) -> str:
    """Return a link to a question by its number, or to another page of this folder by its title in `words.csv`."""
    if name not in _questions.names():
        return names("page", name)
    page = f"{name}/README{LANGUAGES[language]}.md"
    return f"[{_questions.number_and_title(HERE / page)[0]}]({page})"


def glossary_terms() -> list[dict[str, str]]:
    """Return the rows of `glossary.csv`."""
    with (HERE / "glossary.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pinyin_order(term: dict[str, str]) -> list[tuple[str, int, str]]:
    """Return the key of a dictionary's order: character by character, by syllable, tone and character.

    A word in Latin letters, such as ReLU, stands at its letters, before the Chinese syllable of the same letters.
    """
    parts = spoken_parts(term["zh"])
    read = term["pinyin"].split() or parts
    return [
        (*(_syllable(syllable) if is_chinese(part) else (syllable.lower(), 0)), part)
        for syllable, part in zip(read, parts, strict=True)
    ]


def spoken_parts(chinese: str) -> list[str]:
    """Return the parts of a term that are read one by one: Chinese characters, and words in other letters."""
    return re.findall(r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+", chinese)


def is_chinese(part: str) -> bool:
    """Tell whether a part of a term is a Chinese character."""
    return "\u4e00" <= part[0] <= "\u9fff"


def _syllable(part: str) -> tuple[str, int]:
    """Return the letters of a syllable and its tone, 5 for none; ü stays, and follows u."""
    tones = "\u0304\u0301\u030c\u0300"  # ¯ ´ ˇ `
    letters = unicodedata.normalize("NFD", part)
    tone = next((tones.index(mark) + 1 for mark in letters if mark in tones), 5)
    return unicodedata.normalize("NFC", "".join(mark for mark in letters if mark not in tones)), tone
