"""The numbers and sentences of a verdict, the tables and the figure of a question."""

import json

import pytest
from made_up import LOSS, PANELS, SEEDS, experiment

from recipes._lib.runs import seed_intervals
from recipes.faq import _figure, _page, _sentences, _tuning
from recipes.faq._experiment import ACCURACY, Panel


def test_a_claim_is_answered_by_the_interval_of_the_differences_and_the_direction_of_the_score(question):
    stated = question.experiment
    found = [_sentences.answer(c, stated.panels[c.panel], SEEDS, question.names("en")) for c in stated.claims]
    assert found[0] == "**Yes: test accuracy higher by 20.22 points (20.00 to 20.44).**"
    assert found[1].startswith("**No: test accuracy lower by 20.18 points (")
    assert found[2] == "**No difference seen: test accuracy -7.89 to +3.89 points.**"
    assert found[3].startswith("**No: test accuracy 72.22 % (")  # Against a number, the value itself.
    assert found[4].startswith("**Yes: training loss lower by 0.56 nats (")  # A lower loss is better.


def test_intervals_are_students():
    values = [1.0, 2.0, 3.0, 4.0, 5.0]  # Standard deviation √2.5, t(0.975, 4) = 2.776, t(0.9995, 4) = 8.610.
    assert seed_intervals.mean_interval(values) == pytest.approx((3, 3 - 1.963, 3 + 1.963), abs=1e-3)
    assert seed_intervals.new_seed_range(values) == pytest.approx((3, 3 - 4.809, 3 + 4.809), abs=1e-3)
    assert seed_intervals.new_seed_range(values, 0.999) == pytest.approx((3, 3 - 14.913, 3 + 14.913), abs=2e-3)
    assert seed_intervals.mean_interval([0.5] * 5) == (0.5, 0.5, 0.5)


def test_the_figure_has_a_panel_for_each_score_in_the_language_of_the_page(question):
    first, second = _figure.draw(question, SEEDS, "en").axes
    assert [tick.get_text() for tick in first.get_yticklabels()] == list("ABCD")
    assert first.get_xlabel() == "test accuracy (%)\nblue: mean, 95 % interval; grey: each seed"
    assert first.get_ylim() == (3.5, -0.5)
    assert first.lines[0].get_xdata() == pytest.approx([50, 51, 52, 53, 54])
    assert second.get_xscale() == "log" and second.get_title() == "losses"
    assert [line.get_label() for line in second.lines] == ["A", "B"]
    assert second.lines[1].get_xdata() == pytest.approx([0.01, 0.1, 1])
    assert _figure.draw(question, SEEDS, "zh").axes[1].get_title() == "损失"
    steep = LOSS._replace(logarithmic=True, format=".1e")
    panels = {"rows": Panel(steep, tuple("abcd")), "curves": PANELS["curves"]._replace(score=ACCURACY)}
    first, second = _figure.draw(question._replace(experiment=experiment(panels=panels)), SEEDS, "en").axes
    assert first.get_xscale() == "log" and first.get_yscale() == second.get_yscale() == "linear"
    assert second.lines[0].get_ydata() == pytest.approx([100, 220])  # In percent.
    assert steep.number(0.000123) == "1.2e-04" and LOSS.number(0.5, "+") == "+0.50"
    own = experiment(draw=lambda seeds, names: (len(seeds), names.language))
    assert _figure.draw(question._replace(experiment=own), SEEDS, "zh") == (5, "zh")


def test_settings_are_searched_for_every_row_and_an_end_of_the_grid_is_seen():
    choice = _tuning.search("ab", (0.01, 0.1, 1), lambda row, value: {"a": value, "b": -abs(value - 0.5)}[row])
    assert choice == {"a": {"0.01": 0.01, "0.1": 0.1, "1": 1}, "b": {"0.01": -0.49, "0.1": -0.4, "1": -0.5}}
    assert _tuning.best(choice["a"]) == 1 and _tuning.best(choice["a"], lower=True) == 0.01
    assert _tuning.is_at_an_end(choice["a"]) and not _tuning.is_at_an_end(choice["b"])


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
