"""The numbers and sentences of a verdict, the tables and the figure of a question."""

import json
import math
import re
import statistics

import numpy as np
import pytest
from scipy import stats

from questions import _examples, _figure, _page, _sentences, _tuning, _verdict
from questions._experiment import ACCURACY, Claim, Panel, Score, Unit
from recipes._lib.runs import seed_intervals
from tests.questions.made_up import LOSS, PANELS, SEEDS, experiment

SHOWN = "[*Shown*](../README.md#how-to-read-the-numbers)."


def answers(question, *claims: Claim, language: str = "en", panels=PANELS, seeds=SEEDS) -> list[str]:
    stated = experiment(claims=claims or question.experiment.claims, panels=panels)
    return _sentences.answers(stated, seeds, question.names(language))


def test_a_claim_is_answered_by_the_interval_of_the_differences_and_the_direction_of_the_score(question):
    assert answers(question) == [
        "**Yes**. B: 72.22 %; A: 52.00 % (test accuracy); higher by 20.22 points (20.00 to 20.44). " + SHOWN,
        "**No**. C: 31.82 %; A: 52.00 % (test accuracy); lower by 20.18 points (20.00 to 20.36). " + SHOWN,
        "**Undecided**. D: 50.00 %; A: 52.00 % (test accuracy); a difference of −7.89 to +3.89 points. "
        + SHOWN.replace("Shown", "Too small to show here"),
        "**No**. test accuracy: 72.22 % (70.04 to 74.40). " + SHOWN,  # Against a number, no difference.
        # A lower loss is better.
        "**Yes**. B: 0.44 nats; A: 1.00 nats (training loss); smaller by 0.56 nats (0.52 to 0.60). " + SHOWN,
    ]
    yes, _, undecided, *_ = answers(question, language="zh")
    assert yes.startswith(
        "**是**。B字：72.22%；A字：52.00%（测试准确率）；高 20.22 个百分点（20.00 至 20.44）。[*差异明确*]("
    )
    start = "**无法判断**。D字：50.00%；A字：52.00%（测试准确率）；差异为 −7.89 至 +3.89 个百分点。"
    assert undecided.startswith(start)


def test_a_difference_within_the_margin_is_the_same_and_one_that_is_given_has_no_verdict(question):
    def answer(row, margin, higher=0):
        panel = PANELS["rows"]._replace(score=ACCURACY._replace(margin=margin))
        seeds = {seed: {"rows": {k: v + higher for k, v in each["rows"].items()}} for seed, each in SEEDS.items()}
        return answers(question, Claim("rows", row, "a", "within"), panels={"rows": panel}, seeds=seeds)[0]

    assert answer("d", 0.1).startswith("**The same within 10 points**. D: 50.00 %; A: 52.00 % (test accuracy)")
    assert answer("d", 0.01).startswith("**Undecided**") and answer("d", None).startswith("**Undecided**")
    start = "**Yes, by less than 30 points**. B: 72.22 %; A: 52.00 % (test accuracy); higher by 20.22 points"
    assert answer("b", 0.3).startswith(start) and answer("c", 0.3).startswith("**No, by less than 30 points**")
    # Above 95 % a point is many of the errors that are left: no margin there.
    assert answer("d", 0.1, 0.46).startswith("**Undecided**") and answer("b", 0.3, 0.46).startswith("**Yes**")
    assert answer("d", 0.1, 0.44).startswith("**The same within 10 points**")
    given = answers(question, Claim("rows", "b", "a", "given"))
    assert given == [
        "B: 72.22 %; A: 52.00 % (test accuracy). " + SHOWN.replace("Shown", "It cannot come out otherwise")
    ]


def test_ratios_are_compared_by_logarithms_and_successes_are_counted(question):
    ratio = PANELS["rows"]._replace(score=Score("training loss", higher_is_better=False, is_ratio=True, margin=0.1))
    factors, panels = (1, 2, 1, 2, 1), {"rows": ratio}
    seeds = {str(i): {"rows": {"a": 8.0 * k, "b": 2.0 * k**2, "c": 8.1 * k, "d": 1}} for i, k in enumerate(factors)}
    claims = Claim("rows", "b", "a", "yes"), Claim("rows", "c", "a", "within"), Claim("rows", "a", "b", "no")
    found = answers(question, *claims, panels=panels, seeds=seeds)
    factor = math.exp(statistics.fmean([math.log(4 / k) for k in factors]))
    starts = (
        f"**Yes**. B: 3.48; A: 10.56 (training loss); a factor of {factor:.3g} (",
        "**The same within 10 %**. C: 10.69; A: 10.56 (training loss); the first is 1.01 times the second (1.01 to",
        f"**No**. A: 10.56; B: 3.48 (training loss); a factor of {factor:.3g} (",
    )
    assert all(map(str.startswith, found, starts)) and "Shown" in found[0]
    counted = Claim("rows", "b", "a", "yes", success=7.9)  # At most 7.9: five of b but two of them at 8; none of a.
    [text] = answers(question, counted, panels=panels, seeds=seeds)
    assert text.startswith("**Undecided**. B: 3 of 5; A: 0 of 5 (successful seeds); Fisher's exact test p = 0.17.")
    [text] = answers(question, counted._replace(success=8.0 - 1e-9, row="d"), panels=panels, seeds=seeds)
    assert text.startswith("**Yes**. D: 5 of 5; A: 0 of 5 (successful seeds); Fisher's exact test p = 0.0079.")


def test_the_words_of_a_difference_are_those_of_its_unit(question):
    units = {"steps": "1 steps (1 to 1) fewer", "seconds": "shorter by 1 s (1 to 1)", "number": "smaller by 1 (1 to 1)"}
    for unit, words in units.items():
        score = Score("test accuracy", Unit(unit), False, format=".0f")
        seeds = {str(i): {"rows": {"a": 3.0 + 1.01 * i, "b": 2.02 + i, "c": 0, "d": 0}} for i in range(5)}
        panels = {"rows": PANELS["rows"]._replace(score=score)}
        assert words in answers(question, Claim("rows", "b", "a", "yes"), panels=panels, seeds=seeds)[0]
    assert ACCURACY.number(-0.00001) == "0.00" and ACCURACY.number(-0.1, "+") == "−10.00"
    assert Score("loss", format=".1e").number(5.7e-6) == "5.7×10⁻⁶" and Score("loss").bounds is None


def test_an_interval_covers_the_seeds_and_the_test_examples():
    """Both variances of the mean are added, with the degrees of freedom of Welch and Satterthwaite."""
    rng, seeds = np.random.default_rng(0), {}
    for seed in range(5):
        a, b = rng.random(400) < 0.6, rng.random(400) < 0.7
        seeds[str(seed)] = _examples.split(experiment(), {"rows": {"a": a, "b": b, "c": 0.1, "d": 0.1}, "curves": {}})
    found, p = _verdict.difference(seeds, "rows", ACCURACY, "b", "a")
    gaps = [scores["rows"]["b"] - scores["rows"]["a"] for scores in seeds.values()]
    hits = {row: [_examples.unpacked(s["examples"][f"rows: {row}"]) for s in seeds.values()] for row in "ab"}
    by_example = np.mean(hits["b"], axis=0) - np.mean(hits["a"], axis=0)
    parts = (np.var(gaps, ddof=1) / 5, np.var(by_example, ddof=1) / 400)
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / 4 + parts[1] ** 2 / 399)
    size = stats.t.ppf(0.975, freedom) * sum(parts) ** 0.5
    assert found == pytest.approx((np.mean(gaps), np.mean(gaps) - size, np.mean(gaps) + size))
    assert p == pytest.approx(2 * stats.t.sf(np.mean(gaps) / sum(parts) ** 0.5, freedom))
    for scores in seeds.values():
        del scores["examples"]
    alone, _ = _verdict.difference(seeds, "rows", ACCURACY, "b", "a")
    assert alone == pytest.approx(seed_intervals.mean_interval(gaps))


def test_the_claims_of_a_question_share_an_error_by_holm_and_given_ones_do_not_count():
    assert _verdict.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert _verdict.holm([0.9, 0.6]) == [1, 1] and _verdict.holm([]) == []
    gaps = {"b": [0.02, 0.01, 0.03, 0.00, 0.03], "c": [0.02, 0.00, 0.04, 0.01, 0.05], "d": [0.3] * 4 + [0.31]}
    seeds = {str(i): {"rows": {"a": i / 10, **{row: i / 10 + gap[i] for row, gap in gaps.items()}}} for i in range(5)}
    score = ACCURACY._replace(margin=None)
    panels = {"rows": Panel(score, tuple("abcd"))}
    b, c, d = (Claim("rows", row, "a", "yes") for row in "bcd")

    def outcomes(*claims):
        return [found.outcome for found in _verdict.findings(experiment(claims=claims, panels=panels), seeds)]

    p = [_verdict.difference(seeds, "rows", score, row, "a")[1] for row in "bc"]
    assert p == pytest.approx([stats.ttest_1samp(gaps[row], 0).pvalue for row in "bc"]) and 0.025 < p[0] < p[1] < 0.07
    assert outcomes(b) == ["yes"] and outcomes(b, d) == ["yes", "yes"] and outcomes(b, c, d)[0] == "undecided"
    assert outcomes(b, c._replace(outcome="given"), d._replace(outcome="given")) == ["yes", "given", "given"]


def test_a_difference_without_spread_has_no_p_and_must_be_given():
    seeds = {str(i): {"rows": {"a": i, "b": i + 1, "c": i}} for i in range(5)}
    score = Score("training loss", higher_is_better=False)
    found, p = _verdict.difference(seeds, "rows", score, "b", "a")
    assert found == (1, 1, 1) and math.isnan(p)
    claims = Claim("rows", "b", "a", "given"), Claim("rows", "c", "a", "yes")
    stated = experiment(claims=claims, panels={"rows": Panel(score, tuple("abc"))})
    assert [one.outcome for one in _verdict.findings(stated, seeds)] == ["given", "undecided"]
    stated = stated._replace(claims=(claims[0]._replace(outcome="no"),))
    message = "`outcome` must be 'given' where every seed has the same difference. Received: outcome='no'"
    with pytest.raises(ValueError, match=re.escape(message)):
        _verdict.findings(stated, seeds)


def test_intervals_are_students():
    values = [1.0, 2.0, 3.0, 4.0, 5.0]  # Standard deviation √2.5, t(0.975, 4) = 2.776, t(0.9995, 4) = 8.610.
    assert seed_intervals.mean_interval(values) == pytest.approx((3, 3 - 1.963, 3 + 1.963), abs=1e-3)
    assert seed_intervals.prediction_interval(values) == pytest.approx((3, 3 - 4.809, 3 + 4.809), abs=1e-3)
    assert seed_intervals.prediction_interval(values, 0.999) == pytest.approx((3, 3 - 14.913, 3 + 14.913), abs=2e-3)
    assert seed_intervals.mean_interval([0.5] * 5) == (0.5, 0.5, 0.5)


def test_the_page_s_figure_has_the_panel_of_the_first_claim_and_another_has_all_in_the_language_of_the_page(question):
    [axes] = _figure.draw(question, SEEDS, "en").axes
    assert axes.get_xlabel() == "test accuracy (%)" and axes.get_title() == ""
    assert axes.get_ylim() == (3.5, -0.5)
    whole = _figure.draw(question, SEEDS, "en", is_whole=True)
    assert whole.get_supxlabel() == "mean and 95 % interval over the seeds; grey: each seed"
    first, second = whole.axes
    assert [axes.get_title() for axes in (first, second)] == ["(a) ", "(b) losses"]
    assert _figure.draw(question, SEEDS, "zh", is_whole=True).axes[1].get_title() == "(b) 损失"
    steep = LOSS._replace(logarithmic=True, format=".1e")
    panels = {"rows": Panel(steep, tuple("abcd")), "curves": PANELS["curves"]._replace(score=ACCURACY)}
    both = experiment(panels=panels, main_panels=("rows", "curves"))
    first, second = _figure.draw(question._replace(given_experiment=both), SEEDS, "en").axes
    assert first.get_xscale() == "log" and first.get_yscale() == second.get_yscale() == "linear"
    assert _figure.files(both) == {"figure": False} and _figure.files(experiment()) == {"figure": False, "panels": True}
    assert len(_figure.files(experiment(draw=print, main_panels=("rows", "curves")))) == 2
    own = experiment(draw_panels=lambda seeds, names: (len(seeds), names.language))
    assert _figure.draw(question._replace(given_experiment=own), SEEDS, "zh", is_whole=True) == (5, "zh")
    assert len(_figure.draw(question._replace(given_experiment=own), SEEDS, "zh").axes) == 1


def test_settings_are_searched_with_three_seeds_for_every_row_and_an_end_of_the_grid_is_seen():
    def score(row, value, seed):
        return {"a": value, "b": -abs(value - 0.5)}[row] + (seed - 101) / 10 + (row == "b" and seed == 102) * 0.3

    choice = _tuning.search("ab", (0.01, 0.1, 1), score)
    assert choice["a"] == pytest.approx({"0.01": 0.01, "0.1": 0.1, "1": 1})
    assert choice["b"] == pytest.approx({"0.01": -0.39, "0.1": -0.3, "1": -0.4})
    assert _tuning.best(choice["a"]) == 1 and _tuning.best(choice["a"], lower=True) == 0.01
    assert _tuning.is_at_an_end(choice["a"]) and not _tuning.is_at_an_end(choice["b"])
    equal = {"10": 0.5, "0.1": 0.9, "1": 0.9, "0.01": 0.9, "0.001": 0.9}
    assert _tuning.best(equal) == 0.01  # Of equal ones the middle, the smaller of two.


@pytest.mark.parametrize("marker", ["rows: e", "rows: b - e", "curves: b @ 5", "claim 6", "nothing"])
def test_a_marker_that_the_results_do_not_know_is_refused_by_name(question, marker):
    (question.folder / "results.json").write_text(json.dumps({"seeds": SEEDS}))
    question.page("en").write_text(f"# 1. Why x?\n\n<!-- {marker} --><!-- end -->\n", encoding="utf-8")
    with pytest.raises(ValueError, match=f"must have markers that the results know. Received: '{marker}'"):
        _page.page(question, "en")


def test_a_name_that_the_tables_lack_is_asked_for(question):
    assert question.names("en")("row", "rows", "a") == "A" and question.names("zh").title("rows") == ""
    with pytest.raises(ValueError, match="must have a row `row: z`"):
        question.names("en")("row", "rows", "z")
