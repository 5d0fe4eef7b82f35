"""Formulas as MathML: what `tools.site.formulas` corrects, and what stays together at the end of a line."""

import re

import pytest

pytest.importorskip("latex2mathml")
pytest.importorskip("markdown")
import markdown

from tools.site.formulas import mathml

THIN = '<mspace width="0.167em" />'
PREFIX = '<mo form="prefix" lspace="0" rspace="0">−</mo>'


def inside(formula):
    return re.fullmatch("<math[^>]*><mrow>(.*)</mrow></math>", mathml(formula))[1]


@pytest.mark.parametrize("formula", [r"\overline{(w \cdot x - y)^2}", r"\overline{x x^\top}"])
def test_a_long_bar_is_the_upper_edge_of_what_it_covers(formula):
    found = inside(formula)
    assert found.startswith('<mrow style="border-top: ') and "mover" not in found and "―" not in found
    assert inside(r"\bar x") == '<mover><mi>x</mi><mo stretchy="true">¯</mo></mover>'


@pytest.mark.parametrize(
    ("formula", "spaced"),
    [
        (r"\log p", f"<mi>log</mi>{THIN}<mi>p</mi>"),
        (r"\ln 1000", f"<mi>ln</mi>{THIN}<mn>1000</mn>"),
        (r"\log_2 x", f"<msub><mi>log</mi><mn>2</mn></msub>{THIN}<mi>x</mi>"),
        (r"\log \sigma^2", f"<mi>log</mi>{THIN}<msup><mi>σ</mi><mn>2</mn></msup>"),
        (r"a \log p", f"<mi>a</mi>{THIN}<mi>log</mi>{THIN}<mi>p</mi>"),
        (r"\min_G \max_D", f"<msub><mi>min</mi><mi>G</mi></msub>{THIN}<msub><mi>max</mi><mi>D</mi></msub>"),
        (r"x, \sin t", f"<mi>x</mi><mo>,</mo><mi>sin</mi>{THIN}<mi>t</mi>"),
        (r"\operatorname{Var}(w", '<mi>Var</mi><mo stretchy="false">(</mo><mi>w</mi>'),
    ],
)
def test_a_function_has_a_thin_space_at_its_argument_and_at_a_factor_but_not_at_a_bracket(formula, spaced):
    assert inside(formula) == spaced


def test_both_bars_of_a_norm_have_the_same_height_and_a_bar_between_spaces_is_no_bracket():
    for formula, bar in ((r"|x|^2", "|"), (r"\lVert x \rVert^2", "‖"), (r"\|x\|^2", "‖")):
        assert re.findall(f"<mo ([^>]*)>[{bar}]", re.sub(' fence="false"', "", inside(formula))) == [
            'stretchy="false" form="prefix"',
            'stretchy="false" form="postfix"',
        ]
    assert inside(r"|a| + |b|").count('form="prefix"') == inside(r"|a| + |b|").count('form="postfix"') == 2
    assert 'form="infix" lspace="0" rspace="0">‖' in inside(r"p \,\|\, q")
    stretched = inside(r"\left|x\right|")
    assert stretched.count('stretchy="true"') == 2 and 'stretchy="false"' not in stretched


def test_tall_brackets_are_together_the_base_of_their_exponent():
    found = inside(r"1 - \Big(\sum_k p_k\Big)^2")
    brackets = r'<msup><mrow><mo minsize="(.*?)" maxsize="\1">\(</mo>.*<mo minsize="\1" maxsize="\1">\)</mo></mrow>'
    assert re.search(brackets + r"<mn>2</mn></msup>$", found)
    inner = inside(r"\big(1 - (r s)^k\big)^2")
    assert inner.startswith("<msup><mrow>") and inner.endswith("</mrow><mn>2</mn></msup>")
    assert inside(r"(x)^2").startswith("<mo")


@pytest.mark.parametrize(
    ("formula", "sign"),
    [
        ("-x", True), ("x = -1", True), ("(-1)", True), ("10^{-6}", True), (r"a, \quad -b", True), ("|-x|", True),
        ("a - b", False), ("(a) - b", False), ("a^2 - b", False), ("|a| - b", False), (r"a \, - b", False),
    ],
)  # fmt: skip
def test_only_the_sign_of_a_number_has_no_spaces(formula, sign):
    assert (PREFIX in mathml(formula)) is sign


def test_plus_or_minus_is_an_operator_and_a_prime_stands_behind_its_letter():
    assert inside(r"1 \pm 2") == "<mn>1</mn><mo>±</mo><mn>2</mn>"
    assert inside("f'").removeprefix("<mrow>") == "<mi>f</mi><mi>′</mi></mrow>"
    assert "<msub><mi>f</mi><mi>l</mi></msub><mi>′</mi>" in inside("f_l'")


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


@pytest.mark.thorough
@pytest.mark.parametrize("formula", [r"\lVert \frac{x}{2} \rVert^2", r"\Big(\sum_k p_k\Big)^2"])
def test_a_browser_draws_a_pair_of_brackets_in_equal_height(browser, formula):
    page = browser.new_page()
    page.set_content(mathml(formula))
    edges = """all => all.filter(e => '()‖'.includes(e.textContent)).map(e => e.getBoundingClientRect())
        .map(box => [box.top, box.bottom])"""
    left, right = page.locator("mo").evaluate_all(edges)
    assert left == right
    page.close()
