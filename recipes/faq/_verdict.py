"""The numbers behind a verdict: means, differences and their intervals over the seeds (Student's t)."""

from recipes._lib.runs import seed_intervals
from recipes._lib.runs.seed_intervals import Interval
from recipes.faq._experiment import Claim, Panel, Score


def mean(score: Score, values: list[float]) -> Interval:
    """Return the confidence interval of a score's mean, within the score's bounds."""
    return seed_intervals.clipped(seed_intervals.mean_interval(values), score.limits())


def prediction(score: Score, values: list[float], share: float = 0.95) -> Interval:
    """Return the prediction interval of a score with one more seed, within the score's bounds."""
    return seed_intervals.clipped(seed_intervals.new_seed_range(values, share), score.limits())


def column(seeds: dict[str, dict], panel: str, row: str, at: str | None = None) -> list[float]:
    """Return a row's score of each seed; `at` is the place on a curve."""
    rows = [scores[panel][row] for scores in seeds.values()]
    return rows if at is None else [curve[at] for curve in rows]


def places(seeds: dict[str, dict], panel: str, row: str) -> list[str]:
    """Return the places that a row's curve has in every seed, from the lowest to the highest."""
    curves = [scores[panel][row] for scores in seeds.values()]
    return sorted((at for at in curves[0] if all(at in curve for curve in curves)), key=float)


def difference(seeds: dict, panel: str, row: str, reference: str | float, at: str | None = None) -> Interval:
    """Return the difference of a row from another one on the same seeds, or from a number."""
    values = column(seeds, panel, row, at)
    others = column(seeds, panel, reference, at) if isinstance(reference, str) else [reference] * len(values)
    return seed_intervals.mean_interval([a - b for a, b in zip(values, others, strict=True)])


def answer(claim: Claim, panel: Panel, seeds: dict) -> tuple[str, Interval]:
    """Return "yes", "no" or "same" for a claim, and the difference that says so."""
    found = difference(seeds, claim.panel, claim.row, claim.reference, claim.at)
    if found.low <= 0 <= found.high:
        return "same", found
    is_better = (found.mean > 0) == panel.score.higher_is_better
    return ("yes" if is_better == claim.better else "no"), found
