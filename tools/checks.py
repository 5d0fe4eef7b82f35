"""The ledger: checks of the published results, one line of JSON each. A check is one run of a row with a new seed.

A check states how far its value is from the published mean, as `z`: the deviation in units of the spread of the
prediction for one more seed, s · √(1 + 1/n), then turned from Student's t with n − 1 degrees of freedom into the normal
number that is equally probable. So the z of a result that still holds are standard normal, however few seeds n are.
Where all seeds gave one value, as an agent that reaches the highest return, there is no spread: another value counts by
its rank alone.
"""

import datetime
import itertools
import json
import math
import re
import statistics
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from recipes._lib.runs import arguments, machine_facts, recipe_list, results

FIELDS = {"row": str, "metric": str, "value": float, "seed": int, "published_mean": float, "z": float}
FIELDS |= {"training_seconds": float, "backend": str, "versions": dict, "cpu": str, "cores": int, "date": str}
LARGEST_Z = 8.0  # JSON has no infinity.
ALLOWANCE, LIMIT = 0.5, 5.0
"""Of the two-sided CUSUM, in standard deviations: what a deviation must exceed to count, and the sum of an alarm."""


class Chart(NamedTuple):
    """The two sums of a CUSUM (Page, 1954) after its last check, and which check raised the alarm, counted from 1."""

    high: float = 0.0
    low: float = 0.0
    alarm: int | None = None

    @property
    def largest(self) -> float:
        """The larger sum, negative if it is that of the lower values."""
        return self.high if self.high >= self.low else -self.low


def path() -> Path:
    return results.RESULTS / "checks.jsonl"


def new(name: str, published: dict, seed: int, metrics: dict[str, float]) -> dict:
    """Return the check that a run of a row with this seed is."""
    recipe, machine = recipe_list.recipe(name), machine_facts.machine()
    used = ("python", "keras", "numpy", machine["backend"])
    machine["versions"] = {package: machine["versions"][package] for package in used}
    check = {"row": name, "metric": recipe.metric, "value": metrics[recipe.metric], "seed": seed}
    check |= {"published_mean": published["mean"][recipe.metric], "z": z_score(name, published, check["value"])}
    return check | {"training_seconds": metrics["training_seconds"]} | machine


def z_score(name: str, published: dict, value: float) -> float:
    from scipy import stats  # Here, because it takes time.

    metric = recipe_list.recipe(name).metric
    values = [metrics[metric] for metrics in published["seeds"].values()]
    distance = value - statistics.fmean(values)
    scale = statistics.stdev(values) * math.sqrt(1 + 1 / len(values))
    if scale > 0:
        probability = stats.t.sf(abs(distance) / scale, len(values) - 1)
    else:  # That of n + 1 seeds just the last is lower, or higher, has a probability of 1 / (n + 1) at most.
        probability = 0.5 if value == values[0] else 1 / (len(values) + 1)
    size = min(float(stats.norm.isf(probability)), LARGEST_Z)
    return math.copysign(size, distance) if size else 0.0


def read() -> list[dict]:
    """Return all checks, the oldest first."""
    file = path()
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return sorted(map(json.loads, lines), key=lambda check: check["date"])


def valid(name: str) -> list[dict]:
    """Return the checks of a row that were held against the result as it is published now."""
    published = results.result(name)
    mean = published and published["mean"][recipe_list.recipe(name).metric]
    return [check for check in read() if check["row"] == name and check["published_mean"] == mean]


def line(check: dict) -> str:
    return json.dumps(check, ensure_ascii=False)


def append(checks: Iterable[dict]) -> None:
    with open(path(), "a", encoding="utf-8") as file:
        file.writelines(f"{line(check)}\n" for check in checks)


def are_same(one: dict, other: dict) -> bool:
    """Return whether two checks are the same run: of one row, seed, backend and versions, against the same result."""
    return all(one[field] == other[field] for field in ("row", "seed", "backend", "versions", "published_mean"))


def chart(z_scores: Iterable[float]) -> Chart:
    """Return the CUSUM of a row. If its result holds, it raises an alarm once in 465 checks."""
    found = Chart()
    for number, z in enumerate(z_scores, 1):
        high, low = max(0.0, found.high + z - ALLOWANCE), max(0.0, found.low - z - ALLOWANCE)
        alarm = number if found.alarm is None and max(high, low) > LIMIT else found.alarm
        found = Chart(high, low, alarm)
    return found


def has_lowest_versions(check: dict) -> bool:
    """Return whether a check ran with the lowest versions of Keras and its backend that pyproject.toml allows."""
    lowest, versions = lowest_versions(), check["versions"]
    return all(f"{versions[name]}.".startswith(f"{lowest[name]}.") for name in ("keras", check["backend"]))


def lowest_versions() -> dict[str, str]:
    """Return the lowest version of each package that pyproject.toml allows, by name, such as "2.20"."""
    project = tomllib.loads((recipe_list.FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = itertools.chain(project["dependencies"], *project["optional-dependencies"].values())
    return dict(found.groups() for found in map(re.compile(r"([\w-]+)>=([\d.]+)").fullmatch, needed) if found)


def received(text: str, known: list[dict]) -> dict:
    """Return the check that a line of JSON holds, or refuse it; `known` are the checks that there are."""

    def error(must_be):
        return arguments.error("check", must_be, text)

    try:
        check = json.loads(text)
    except json.JSONDecodeError:
        raise error("a line of JSON as tools.verify prints it") from None
    if set(check) != set(FIELDS):
        raise error(f"an object with the fields {', '.join(FIELDS)}")
    for field, kind in FIELDS.items():
        if type(check[field]) is not kind:
            raise error(f"a check whose {field} is of type {kind.__name__}")
    name, backend, versions = check["row"], check["backend"], check["versions"]
    if name not in recipe_list.rows() or results.result(name) is None:
        raise error("a check of a published row")
    recipe, published = recipe_list.recipe(name), results.result(name)
    if check["metric"] != recipe.metric or check["published_mean"] != published["mean"][recipe.metric]:
        raise error(f"a check of the {recipe.metric} that is published now, {published['mean'][recipe.metric]!r}")
    low, high = recipe.limits()
    if not (math.isfinite(check["value"]) and low <= check["value"] <= high and check["training_seconds"] > 0):
        raise error(f"a check with a finite value from {low} to {high} and training_seconds above 0")
    if not abs(check["z"] - z_score(name, published, check["value"])) <= 1e-6:  # NaN is not.
        raise error("a check whose z follows from its value")
    if check["seed"] < 0 or str(check["seed"]) in published["seeds"]:
        raise error("a check with a seed that is not a published one")
    if backend not in results.BACKENDS or not {"python", "keras", "numpy", backend} == set(versions):
        raise error("a check with the versions of python, keras, numpy and its backend")
    if not all(isinstance(version, str) and re.match(r"\d+\.\d+", version) for version in versions.values()):
        raise error('a check whose versions are texts such as "3.15.1"')
    try:
        date = datetime.date.fromisoformat(check["date"])
    except ValueError:
        raise error("a check whose date is written as 2026-01-31") from None
    if not datetime.date.fromisoformat(published["date"]) <= date <= datetime.date.today():
        raise error(f"a check made between {published['date']}, when the result was published, and today")
    if any(are_same(check, other) for other in known):
        raise error("a new check: the ledger has one of this row, seed, backend and versions")
    return check
