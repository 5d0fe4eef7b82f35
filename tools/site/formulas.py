"""A Markdown extension: formulas between dollar signs become MathML, which browsers draw without scripts or fonts."""

import re
import xml.etree.ElementTree as etree

from markdown import Extension
from markdown.blockprocessors import BlockProcessor
from markdown.inlinepatterns import InlineProcessor
from math_core import LatexToMathML

INLINE = r"(?<![\\$])\$(?![\s$])((?:\\.|[^$\\])+?)(?<!\s)\$(?![\d$])"
BEFORE, AFTER = r"([(（“]?)", r"((?:\u00a0%|[A-Za-z,.;:!?)'”-]|[，。；：、！？）])*)"
"""What no line may part from a formula: a bracket before it, punctuation or the rest of a word behind it."""
DISPLAY = re.compile(r"\$\$(.+)\$\$\s*", re.DOTALL)

BAR = re.compile('<mover accent="true">((?:(?!<mover).)*)<mo stretchy="true">\u0332</mo></mover>')
"""A long bar: no common font has one that stretches."""
CONVERTER = LatexToMathML()


def mathml(formula: str, is_display: bool = False) -> str:
    """Return a formula in LaTeX as MathML."""
    found = CONVERTER.convert_with_local_state(formula, displaystyle=is_display)
    return BAR.sub(r'<mrow style="border-top: 0.06em solid; padding-top: 0.1em">\1</mrow>', found)


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
        formula = mathml(DISPLAY.fullmatch(blocks.pop(0))[1].strip(), is_display=True)
        etree.SubElement(parent, "div", {"class": "formula"}).text = self.parser.md.htmlStash.store(formula)


class Formulas(Extension):
    def extendMarkdown(self, md):
        md.inlinePatterns.register(Inline(BEFORE + INLINE + AFTER, md), "formula", 189)  # Before backslashes, emphasis.
        md.parser.blockprocessors.register(Display(md.parser), "formula", 185)


def makeExtension(**settings):
    return Formulas(**settings)
