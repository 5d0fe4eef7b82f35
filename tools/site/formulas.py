"""A Markdown extension: formulas between dollar signs become MathML, which browsers draw without scripts or fonts."""

import re
import xml.etree.ElementTree as etree

from latex2mathml.converter import convert
from markdown import Extension
from markdown.blockprocessors import BlockProcessor
from markdown.inlinepatterns import InlineProcessor

INLINE = r"(?<![\\$])\$(?![\s$])((?:\\.|[^$\\])+?)(?<!\s)\$(?![\d$])"
DISPLAY = re.compile(r"\$\$(.+)\$\$\s*", re.DOTALL)


class Inline(InlineProcessor):
    """`$…$` in a line."""

    def handleMatch(self, m, data):
        return self.md.htmlStash.store(convert(m[1])), m.start(0), m.end(0)


class Display(BlockProcessor):
    """`$$…$$` alone in a paragraph."""

    def test(self, parent, block):
        return DISPLAY.fullmatch(block)

    def run(self, parent, blocks):
        formula = convert(DISPLAY.fullmatch(blocks.pop(0))[1].strip(), display="block")
        etree.SubElement(parent, "div", {"class": "formula"}).text = self.parser.md.htmlStash.store(formula)


class Formulas(Extension):
    def extendMarkdown(self, md):
        md.inlinePatterns.register(Inline(INLINE, md), "formula", 189)  # Before backslashes and emphasis.
        md.parser.blockprocessors.register(Display(md.parser), "formula", 185)


def makeExtension(**settings):
    return Formulas(**settings)
