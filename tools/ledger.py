"""Say which published results still hold by all checks of them: python -m tools.ledger

A check is one run of a row with a new seed, a line of JSON in `recipes/results/ledger.jsonl`; `tools.verify` makes it.
Its `z` is the deviation from the published mean in units of the spread of the prediction for one more seed,
s · √(1 + 1/n), turned from Student's t with n − 1 degrees of freedom into the normal number that is equally probable:
the z of a result that still holds are standard normal, however few seeds n are. The state is a two-sided CUSUM of z:
if a result has shifted, to worse or to better, the sum grows with each check, and above 5 there is an alarm: the exit
status is 1.
"""

import json
import math
import re
import statistics
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from recipes._lib.runs import command_line, machine_facts, recipe_list, results

LARGEST_Z = 8.0  # JSON has no infinity.
ALLOWANCE, LIMIT = 0.5, 5.0
"""What a deviation must exceed to count, and the sum of an alarm, in standard deviations."""


class Cusum(NamedTuple):
    """The two sums (Page, 1954) after the last check, and which check raised the alarm, counted from 1."""

    high: float = 0.0
    low: float = 0.0
    alarm: int | None = None

    @property
    def largest(self) -> float:
        """The larger sum, negative if it is that of the lower values."""
        return self.high if self.high >= self.low else -self.low


def main() -> None:
    """Say which published results still hold."""
    alarms = [name for name in recipe_list.rows() if _print_state(name)]
    if alarms:
        print(f"shifted: {', '.join(alarms)}")
        sys.exit(1)


def _print_state(name: str) -> bool:
    """Print the state of a row with checks; return whether there is an alarm."""
    checks = valid(name)
    sums = cusum(check["z"] for check in checks)
    if checks:
        alarm = "" if sums.alarm is None else f"  ALARM at check {sums.alarm}"
        print(f"{name}  {len(checks)} checks, last {checks[-1]['date']}, z {checks[-1]['z']:+.1f}, ", end="")
        print(f"CUSUM +{sums.high:.1f} −{sums.low:.1f}{alarm}")
    return sums.alarm is not None


def path() -> Path:
    return results.RESULTS / "ledger.jsonl"


def read() -> list[dict]:
    """Return all checks, the oldest first."""
    lines = path().read_text(encoding="utf-8").splitlines() if path().exists() else []
    return sorted(map(json.loads, lines), key=lambda check: check["date"])


def valid(name: str) -> list[dict]:
    """Return the checks of a row that were held against the result as it is published now."""
    published = results.result(name)
    mean = published and published["mean"][recipe_list.recipe(name).metric]
    return [check for check in read() if check["row"] == name and check["published_mean"] == mean]


def append(checks: Iterable[dict]) -> None:
    with open(path(), "a", encoding="utf-8") as file:
        file.writelines(f"{to_json_line(check)}\n" for check in checks)


def to_json_line(check: dict) -> str:
    return json.dumps(check, ensure_ascii=False)


def check_of_run(name: str, published: dict, seed: int, metrics: dict[str, float]) -> dict:
    """Return the check that a run of a row with this seed is."""
    metric, machine = recipe_list.recipe(name).metric, machine_facts.machine()
    versions = {package: machine["versions"][package] for package in ("python", "keras", "numpy", machine["backend"])}
    check = {"row": name, "metric": metric, "value": metrics[metric], "seed": seed}
    check |= {"published_mean": published["mean"][metric], "z": z_score(name, published, metrics[metric])}
    return check | {"training_seconds": metrics["training_seconds"]} | machine | {"versions": versions}


def z_score(name: str, published: dict, value: float) -> float:
    """Return `z` of a value; where all seeds gave one value there is no spread: another one counts by its rank."""
    from scipy import stats  # Here, because it takes time.

    values = [metrics[recipe_list.recipe(name).metric] for metrics in published["seeds"].values()]
    distance = value - statistics.fmean(values)
    scale = statistics.stdev(values) * math.sqrt(1 + 1 / len(values))
    if scale > 0:
        probability = stats.t.sf(abs(distance) / scale, len(values) - 1)
    else:  # That of n + 1 seeds just the last is lower, or higher, has a probability of 1 / (n + 1) at most.
        probability = 0.5 if value == values[0] else 1 / (len(values) + 1)
    size = min(float(stats.norm.isf(probability)), LARGEST_Z)
    return math.copysign(size, distance) if size else 0.0


def cusum(z_scores: Iterable[float]) -> Cusum:
    """Return the sums of a row. If its result holds and its mean and spread are known, an alarm comes once in 465."""
    sums = Cusum()
    for number, z in enumerate(z_scores, 1):
        high, low = max(0.0, sums.high + z - ALLOWANCE), max(0.0, sums.low - z - ALLOWANCE)
        sums = Cusum(high, low, number if sums.alarm is None and max(high, low) > LIMIT else sums.alarm)
    return sums


def are_same(one: dict, other: dict) -> bool:
    """Return whether two checks are the same run: of one row, seed, backend and versions, against the same result."""
    return all(one[field] == other[field] for field in ("row", "seed", "backend", "versions", "published_mean"))


def has_lowest_versions(check: dict) -> bool:
    """Return whether a check ran with the lowest versions of Keras and its backend that pyproject.toml allows."""
    lowest, versions = lowest_versions(), check["versions"]
    # 3.15 is 3.15.0, 2.7 is 2.7.0+cpu; 3.15.1 is a later version.
    return all(re.match(rf"{lowest[name]}(\.0)*(\+|$)", versions[name]) for name in ("keras", check["backend"]))


def lowest_versions() -> dict[str, str]:
    """Return the lowest version of each package that pyproject.toml allows, by name, such as "2.20"."""
    text = (recipe_list.FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8")
    return dict(re.findall(r'"([\w-]+)>=([\d.]+)"', text))


if __name__ == "__main__":
    command_line.run_tool(main)
