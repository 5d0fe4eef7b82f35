"""A Markdown extension: formulas between dollar signs become MathML, which browsers draw without scripts or fonts.

`latex2mathml` translates them; `mathml` then sets what it leaves to the browser: spaces, signs, bars and brackets.
"""

import itertools
import re
import xml.etree.ElementTree as etree

from latex2mathml.converter import convert
from markdown import Extension
from markdown.blockprocessors import BlockProcessor
from markdown.inlinepatterns import InlineProcessor

INLINE = r"(?<![\\$])\$(?![\s$])((?:\\.|[^$\\])+?)(?<!\s)\$(?![\d$])"
BEFORE, AFTER = r"([(（“]?)", r"((?:\u00a0%|[A-Za-z,.;:!?)'”-]|[，。；：、！？）])*)"
"""What no line may part from a formula: a bracket before it, punctuation or the rest of a word behind it."""
DISPLAY = re.compile(r"\$\$(.+)\$\$\s*", re.DOTALL)

SCRIPTS, ROWS = ("msub", "msup", "msubsup"), ("math", "mrow", "mtd", "msqrt")
OPENING, CLOSING, BARS, SIGNS, PRIME = "([{", ")]}", "|‖", "+−±", "′"
BEFORE_SIGN = {*"=≠≈<>≤≥≪≫~→←∈,;·×⊙/∑∏", "\u2223", *SIGNS, *OPENING}
"""A sign behind one of these, or at the start, is that of a number; else it adds or subtracts."""
THIN = {"width": "0.167em"}


def mathml(formula: str, display: str = "inline") -> str:
    """Return a formula in LaTeX as MathML."""
    root = etree.fromstring(re.sub(' xmlns="[^"]*"', "", convert(formula, display=display)))
    for part in [*root.iter()]:
        _correct(part)
    for row in [each for each in root.iter() if each.tag in ROWS]:
        _set_bars(row)
        _set_signs(row)
        _group_tall_brackets(row)
        _space_functions(row)
    return etree.tostring(root, encoding="unicode")


def _correct(part: etree.Element) -> None:
    """Set what needs no look at the neighbours: primes, long bars, the names of functions, the sign ±."""
    if part.tag in ("msup", "msubsup") and part[-1].text == PRIME:  # A prime is high by itself.
        base, prime = [*part][:-1], part[-1]
        part.tag, part[:] = "mrow", [*([_element("msub", *base)] if len(base) == 2 else base), prime]
    elif part.tag == "mover" and part[1].text == "―":  # No common font has a bar that stretches.
        part.tag, part[:] = "mrow", [part[0]]
        part.set("style", "border-top: 0.06em solid; padding-top: 0.1em")
    elif _is_function(part):
        part.tag = "mi"  # The spaces of an operator are too wide.
        part.attrib.clear()
    elif part.tag == "mi" and part.text in tuple(SIGNS):
        part.tag = "mo"


def _set_bars(row: etree.Element) -> None:
    """Make the bars of a norm or an absolute value a pair of equal height; one between spaces is a sign."""
    is_open = set()
    for i, child in enumerate(row):
        bar = _core(child)
        if bar.tag != "mo" or bar.text not in tuple(BARS) or "form" in bar.attrib:
            continue
        if "minsize" not in bar.attrib:
            bar.set("stretchy", "false")
        if 0 < i < len(row) - 1 and row[i - 1].tag == row[i + 1].tag == "mspace":
            bar.attrib.update(form="infix", lspace="0", rspace="0")
        else:
            bar.set("form", "postfix" if bar.text in is_open else "prefix")
            is_open ^= {bar.text}


def _set_signs(row: etree.Element) -> None:
    """Put no space behind the sign of a number."""
    last = None
    for child in row:
        if child.tag == "mo" and child.text in tuple(SIGNS) and (last is None or _precedes_sign(last)):
            child.attrib.update(form="prefix", lspace="0", rspace="0")
        if child.tag != "mspace" or not child.get("width").startswith(("0.", "negative")):
            last = child


def _precedes_sign(part: etree.Element) -> bool:
    core = _core(part)
    return part.tag == "mspace" or (core.tag == "mo" and (core.get("form") == "prefix" or core.text in BEFORE_SIGN))


def _group_tall_brackets(row: etree.Element) -> None:
    """Make a pair of tall brackets with an exponent the base of it: a browser draws the closing one small else."""
    start, opened = 0, []
    while start < len(row):
        child = row[start]
        core = _core(child)
        if core.tag == "mo" and core.text in tuple(OPENING):
            opened.append(start)
        elif core.tag == "mo" and core.text in tuple(CLOSING) and opened:
            first = opened.pop()
            if child.tag in SCRIPTS and "minsize" in core.attrib:
                child[0] = _element("mrow", *row[first:start], core)
                row[first : start + 1] = [child]
                start = first
        start += 1


def _space_functions(row: etree.Element) -> None:
    """Put thin spaces around the name of a function, but not at a bracket or an operator."""
    parts = [*row]
    for i, (left, right) in reversed([*enumerate(itertools.pairwise(parts), 1)]):
        before, after = _core(left), _core(right)
        argument = _is_function(before) and _is_operand(after)
        factor = _is_function(after) and (_is_operand(before) or (before.tag == "mo" and _closes(before)))
        if argument or factor:
            row.insert(i, etree.Element("mspace", THIN))


def _is_operand(part: etree.Element) -> bool:
    is_bracketed = part.tag == "mrow" and len(part) and part[0].get("form") == "prefix" and part[0].get("fence")
    return part.tag not in ("mo", "mspace", "mtext") and not is_bracketed


def _closes(part: etree.Element) -> bool:
    return part.get("form") == "postfix" or part.text in tuple(CLOSING)


def _is_function(part: etree.Element) -> bool:
    text = part.text or ""
    return part.tag in ("mi", "mo") and len(text) > 1 and text.isalpha()


def _core(part: etree.Element) -> etree.Element:
    """Return a part without its exponent and index."""
    return _core(part[0]) if part.tag in SCRIPTS else part


def _element(tag: str, *children: etree.Element) -> etree.Element:
    element = etree.Element(tag)
    element.extend(children)
    return element


class Inline(InlineProcessor):
    """`$…$` in a line."""

    def handleMatch(self, m, data):
        formula = mathml(m[2])
        if m[1] or m[3]:
            formula = f'<span style="white-space: nowrap">{m[1]}{formula}{m[3]}</span>'
        return self.md.htmlStash.store(formula), m.start(0), m.end(0)


class Display(BlockProcessor):
    """`$$…$$` alone in a paragraph."""

    def test(self, parent, block):
        return DISPLAY.fullmatch(block)

    def run(self, parent, blocks):
        formula = mathml(DISPLAY.fullmatch(blocks.pop(0))[1].strip(), display="block")
        etree.SubElement(parent, "div", {"class": "formula"}).text = self.parser.md.htmlStash.store(formula)


class Formulas(Extension):
    def extendMarkdown(self, md):
        md.inlinePatterns.register(Inline(BEFORE + INLINE + AFTER, md), "formula", 189)  # Before backslashes, emphasis.
        md.parser.blockprocessors.register(Display(md.parser), "formula", 185)


def makeExtension(**settings):
    return Formulas(**settings)
