"""The numbers behind a verdict: means, differences and their intervals, and the rules by which a claim is answered.

An interval covers the seeds (Student's t) and, where the scores of each test example were kept, the examples: both
variances of the mean are added, as resampling seeds and examples together does (the pigeonhole bootstrap, Owen 2007),
with the degrees of freedom of Welch and Satterthwaite. The claims of a question share an error of 5 % (Holm, 1979).
"""

import math
import statistics
from typing import NamedTuple

import numpy as np

from questions import _examples
from questions._experiment import PERCENT, Claim, Experiment, Panel, Score
from recipes._lib.runs import arguments, seed_intervals
from recipes._lib.runs.seed_intervals import Interval

FEWEST = 3
"""Seeds of an interval: with fewer it says nothing."""
ERROR = 0.05
HIGH = 0.95


class Finding(NamedTuple):
    """What a claim came out as."""

    outcome: str
    """"yes", "no", "within", "undecided" or "given"; "yes within" and "no within" by less than the margin."""
    difference: Interval
    """Row minus reference, between logarithms for a ratio; of counted seeds, the shares."""
    p: float
    """Probability of such a difference by chance, before Holm's correction; NaN where all seeds have the same one."""


def mean(score: Score, values: list[float]) -> Interval:
    """Return the confidence interval of a score's mean (of a ratio, the geometric one), within the score's bounds.

    With fewer than three seeds it has no width.
    """
    return _of_score(score, values, seed_intervals.mean_interval if len(values) >= FEWEST else _no_interval)


def _no_interval(values: list[float]) -> Interval:
    return Interval(*[statistics.fmean(values)] * 3)


def prediction(score: Score, values: list[float], share: float = 0.95) -> Interval:
    """Return the prediction interval of a score with one more seed, within the score's bounds."""
    return _of_score(score, values, lambda numbers: seed_intervals.prediction_interval(numbers, share))


def _of_score(score: Score, values: list[float], interval) -> Interval:
    if score.is_ratio:
        found = Interval(*map(math.exp, interval([math.log(value) for value in values])))
    else:
        found = interval(values)
    return seed_intervals.clipped(found, score.limits())


def column(seeds: dict[str, dict], panel: str, row: str, at: str | None = None) -> list[float]:
    """Return a row's score of each seed; `at` is the place on a curve."""
    rows = [scores[panel][row] for scores in seeds.values()]
    return rows if at is None else [curve[at] for curve in rows]


def places(seeds: dict[str, dict], panel: str, row: str) -> list[str]:
    """Return the places that a row's curve has in every seed, from the lowest to the highest."""
    curves = [scores[panel][row] for scores in seeds.values()]
    return sorted((at for at in curves[0] if all(at in curve for curve in curves)), key=float)


def examples(seeds: dict[str, dict], panel: str, row: str | float, at: str | None = None) -> np.ndarray | float | None:
    """Return a row's score of each test example, its mean over the seeds; None where they were not kept."""
    if not isinstance(row, str):
        return row
    texts = [scores.get("examples", {}).get(_examples.key(panel, row, at)) for scores in seeds.values()]
    return None if None in texts else np.mean([_examples.unpacked(text) for text in texts], axis=0)


def difference(
    seeds: dict, name: str, score: Score, row: str, reference: str | float, at: str | None = None
) -> tuple[Interval, float]:
    """Return the difference of a row from another one on the same seeds, or from a number, and its p-value.

    Without a spread there is no p, and it is NaN.
    """
    from scipy import stats

    values = column(seeds, name, row, at)
    others = column(seeds, name, reference, at) if isinstance(reference, str) else [reference] * len(values)
    if score.is_ratio:
        values, others = ([math.log(value) for value in numbers] for numbers in (values, others))
    gaps = [a - b for a, b in zip(values, others, strict=True)]
    parts = [(statistics.variance(gaps) / len(gaps), len(gaps) - 1)]
    of_row, of_other = examples(seeds, name, row, at), examples(seeds, name, reference, at)
    if of_row is not None and of_other is not None and not score.is_ratio:
        by_example = of_row - of_other
        parts.append((float(by_example.var(ddof=1)) / len(by_example), len(by_example) - 1))
    center, variance = statistics.fmean(gaps), sum(part for part, _ in parts)
    if variance < 1e-24:
        return Interval(center, center, center), math.nan
    freedom = variance**2 / sum(part**2 / count for part, count in parts)
    size = float(stats.t.ppf(1 - ERROR / 2, freedom)) * variance**0.5
    p = 2 * float(stats.t.sf(abs(center) / variance**0.5, freedom))
    return Interval(center, center - size, center + size), p


def successes(claim: Claim, score: Score, seeds: dict) -> tuple[int, int]:
    """Return how many seeds of the row and of the reference have a score at least as good as the claim's success."""

    def count(row):
        numbers = column(seeds, claim.panel, row, claim.at)
        sign = 1 if score.higher_is_better else -1
        return sum(sign * number >= sign * claim.success for number in numbers)

    return count(claim.row), count(claim.reference)


def findings(experiment: Experiment, seeds: dict) -> list[Finding]:
    """Answer every claim of a question."""
    from scipy import stats

    compared = []
    for claim in experiment.claims:
        score = experiment.panels[claim.panel].score
        if claim.success is not None:
            row, other = successes(claim, score, seeds)
            p = float(stats.fisher_exact([[row, len(seeds) - row], [other, len(seeds) - other]]).pvalue)
            compared.append((Interval((row - other) / len(seeds), -math.inf, math.inf), p))
        else:
            compared.append(difference(seeds, claim.panel, score, claim.row, claim.reference, claim.at))
    open_claims = [i for i, claim in enumerate(experiment.claims) if claim.outcome != "given"]
    p_values = [1.0 if math.isnan(compared[i][1]) else compared[i][1] for i in open_claims]
    corrected = dict(zip(open_claims, holm(p_values), strict=True))
    return [
        Finding(_outcome(claim, experiment.panels[claim.panel], found, corrected.get(i), seeds), found, p)
        for i, (claim, (found, p)) in enumerate(zip(experiment.claims, compared, strict=True))
    ]


def holm(p_values: list[float]) -> list[float]:
    """Return p-values corrected for their number (Holm, 1979): all are compared with the same 5 % afterwards."""
    corrected, largest = [0.0] * len(p_values), 0.0
    for done, i in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - done) * p_values[i]))
        corrected[i] = largest
    return corrected


def _outcome(claim: Claim, panel: Panel, found: Interval, corrected: float | None, seeds: dict) -> str:
    if corrected is None:
        return "given"
    size = _margin(claim, panel.score, seeds)
    is_within = size is not None and -size < found.low and found.high < size
    if found.low == found.high != 0 and not is_within:
        raise arguments.error("outcome", "'given' where every seed has the same difference", claim.outcome)
    if corrected >= ERROR or found.mean == 0:
        return "within" if is_within else "undecided"
    # More successes are better, whatever the score.
    is_better = (found.mean > 0) == (panel.score.higher_is_better or claim.success is not None)
    return ("yes" if is_better == claim.better else "no") + " within" * is_within


def _margin(claim: Claim, score: Score, seeds: dict) -> float | None:
    """Return the largest difference that counts as none, of a ratio as a logarithm; None where there is none.

    Where both rows are right on more than 95 %, a point is a fifth of all errors or more: it is no small difference.
    """
    if score.margin is None or claim.success is not None:
        return None
    if score.is_ratio:
        return math.log(1 + score.margin)
    rows = [row for row in (claim.row, claim.reference) if isinstance(row, str)]
    means = [statistics.fmean(column(seeds, claim.panel, row, claim.at)) for row in rows]
    return None if score.unit is PERCENT and min(means) > HIGH else score.margin
