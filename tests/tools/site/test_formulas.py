"""Formulas as MathML: the sign of a number, a bar, and what stays together at the end of a line."""

import re

import pytest

pytest.importorskip("math_core")
pytest.importorskip("markdown")
import markdown

from tools.site.formulas import mathml


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("so $x$, then", "<math/>,"), ("设 $x$，则", "<math/>，"), ("for ($x$).", "(<math/>)."),
        ("（$x$）", "（<math/>）"),
        ("$k$-means", "<math/>-means"), ("$5$\u00a0% of", "<math/>\u00a0%"), ("*so $x$.*", "<math/>."),
    ],
)  # fmt: skip
def test_a_formula_stays_with_its_bracket_and_its_full_stop(text, kept):
    found = re.sub("<math.*?</math>", "<math/>", markdown.markdown(text, extensions=["tools.site.formulas"]))
    assert f'<span style="white-space: nowrap">{kept}</span>' in found
    plain = markdown.markdown("a $x$ and [the $y$](z.md) 的 $z$", extensions=["tools.site.formulas"])
    assert "nowrap" not in plain and 'href="z.md"' in plain and plain.count("<math") == 3


def test_a_sign_of_a_number_has_no_spaces_and_a_bar_is_as_long_as_what_it_covers():
    sign = '<mo lspace="0" rspace="0">−</mo>'
    assert sign in mathml("x = -1") and sign not in mathml("a - b")
    assert 'border-top: 0.06em solid; padding-top: 0.1em"><mrow><mi>x</mi>' in mathml(r"\hat y \overline{x y}")
