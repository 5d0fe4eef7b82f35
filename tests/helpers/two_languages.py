"""Compare the English and the Chinese version of a page: what must be the same whatever the language."""

import re
from collections import Counter

WORDS = {
    "en": ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
    "zh": ["零", "一", "[二两]", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"],
}
FACTORS = {"thousand": 10**3, "million": 10**6, "千": 10**3, "万": 10**4, "亿": 10**8}
NUMBER = re.compile(rf"(?<![A-Za-z_.\d])(\d{{1,3}}(?:,\d{{3}})+|\d+)(\.\d+)?(?:\s?({'|'.join(FACTORS)}))?")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


def differences(english: str, chinese: str) -> list[str]:
    """Return what differs between two versions of a page, in a sentence each; nothing where they agree.

    Compared in order: headings by level, code blocks without their comments, pictures, tables by rows and columns,
    display formulas, folded parts, markers. Compared in each section, in any order: the numbers in the text. A small
    number may be a digit in one language and a word in the other.
    """
    found = []
    for what, parts in PARTS.items():
        ours, theirs = parts(english), parts(chinese)
        if ours != theirs:
            more = [list((Counter(a) - Counter(b)).elements()) for a, b in ((ours, theirs), (theirs, ours))]
            found.append(f"{what}: only in English {more[0]}, only in Chinese {more[1]}, or in another order")
    for one, other in zip(sections(english), sections(chinese), strict=False):  # Of as many headings, else see above.
        more = lacking(one, other, "zh"), lacking(other, one, "en")
        if any(more):
            title = one.partition("\n")[0]
            found.append(f"numbers under {title!r}: only in English {more[0]}, only in Chinese {more[1]}")
    return found


def sections(text: str) -> list[str]:
    """Return the text of each heading, without code blocks; first that before the first heading."""
    return re.split(r"^(?=#+ )", FENCE.sub("", text), flags=re.M)


def blocks(text: str) -> list[str]:
    """Return the code blocks with their language, without comments and empty lines."""
    found = []
    for language, code in FENCE.findall(text):
        lines = [re.sub(r"(^|\s+)#\s.*", "", line).rstrip() for line in code.splitlines()]
        found.append("\n".join([language, *filter(None, lines)]))
    return found


def tables(text: str) -> list[str]:
    found = [table.splitlines() for table in re.findall(r"(?:^\|.*\n?)+", FENCE.sub("", text), re.M)]
    return [f"{len(rows)} rows of {rows[1].count('|') - 1} columns" for rows in found]


PARTS = {
    "headings": lambda text: re.findall(r"^#+(?= )", FENCE.sub("", text), re.M),
    "code blocks": blocks,
    "pictures": lambda text: [path.replace(".zh.", ".") for path in re.findall(r"!\[[^]]*\]\(([^)]+)\)", text)],
    "tables": tables,
    "formulas": lambda text: ["$$"] * text.count("$$"),
    "folded parts": lambda text: re.findall(r"</?details>", text),
    "markers": lambda text: re.findall(r"<!-- [^>]*-->", text),
}


def numbers(text: str) -> set[float]:
    """Return the numbers of a text, without those in comments, tags and the targets of links."""
    text = re.sub(r"<!--.*?-->|</?\w[^>]*>|\]\([^)]*\)", " ", text, flags=re.S)
    text = re.sub(r"(?<=\d)[x×](?=\d)", " ", text)
    text = re.sub(r"20 世纪 (\d0) 年代", r"19\1", text)  # The 1960s; months are words in English.
    text = re.sub(r"\d+ ?月", " ", text)
    return {
        round(float(whole.replace(",", "") + fraction) * FACTORS.get(factor, 1), 12)
        for whole, fraction, factor in NUMBER.findall(text)
    }


def lacking(text: str, other: str, language: str) -> list[float]:
    """Return the numbers of a text that the other one, in `language`, has neither as digits nor as a word."""
    edge = r"\b" if language == "en" else ""
    spelled = {n for n, word in enumerate(WORDS[language]) if re.search(edge + word + edge, other, re.I)}
    return sorted(numbers(text) - numbers(other) - spelled)
