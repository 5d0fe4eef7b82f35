"""Say which published results still hold by all checks of them, and add checks that were made elsewhere.

    python -m tools.ledger               # the state of each result
    python -m tools.ledger ledger.jsonl  # add checks first: lines that `tools.verify` printed on another machine

A check is one run of a row with a new seed, a line of JSON in `recipes/results/ledger.jsonl`; `tools.verify` makes it.
Its `z` is the deviation from the published mean in units of the spread of the prediction for one more seed,
s · √(1 + 1/n), turned from Student's t with n − 1 degrees of freedom into the normal number that is equally probable:
the z of a result that still holds are standard normal, however few seeds n are. The state is a two-sided CUSUM of z:
if a result has shifted, to worse or to better, the sum grows with each check, and above 5 there is an alarm: the exit
status is 1.
"""

import datetime
import itertools
import json
import math
import re
import statistics
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import Specifier

from recipes._lib.runs import arguments, command_line, machine_facts, recipe_list, results

FIELDS = {"row": str, "metric": str, "value": float, "seed": int, "published_mean": float, "z": float}
FIELDS |= {"training_seconds": float, "backend": str, "versions": dict, "cpu": str, "cores": int, "date": str}
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


def main(files: tuple[str, ...] = ()) -> None:
    """Say which published results still hold.

    Args:
        files: Files with checks to add: what `tools.verify` printed, or the ledger of another machine. Checks that
            this ledger has are left out. If a new one does not fit, none is added.
    """
    known, added = read(), []
    for text in itertools.chain.from_iterable(map(_lines, files)):
        if text not in map(to_json_line, known + added):
            added.append(parse(text, known + added))
    if added:
        append(added)
        print(f"{len(added)} checks added to {path()}")
    alarms = [name for name in recipe_list.rows() if _print_state(name)]
    if alarms:
        print(f"shifted: {', '.join(alarms)}")
        sys.exit(1)


def _lines(file: str) -> list[str]:
    """Return the lines of a file that hold a check."""
    try:
        lines = Path(file).read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise arguments.error("files", "files that exist", file) from None
    except UnicodeDecodeError:
        raise arguments.error("files", "text files in UTF-8", file) from None
    checks = [line for line in lines if line.startswith("{")]  # `tools.verify` prints sentences too.
    if not checks:
        raise arguments.error("files", "files with checks, a line of JSON each", file)
    return checks


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
    """Return the sums of a row. If its result holds, there is an alarm once in 465 checks."""
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
    # 3.15 is 3.15.0; 3.15.1 is a later version.
    return all(versions[name] in Specifier(f"=={lowest[name]}") for name in ("keras", check["backend"]))


def lowest_versions() -> dict[str, str]:
    """Return the lowest version of each package that pyproject.toml allows, by name, such as "2.20"."""
    project = tomllib.loads((recipe_list.FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = map(Requirement, itertools.chain(project["dependencies"], *project["optional-dependencies"].values()))
    return {each.name: bound.version for each in needed for bound in each.specifier if bound.operator == ">="}


def parse(text: str, known: list[dict]) -> dict:
    """Return the check that a line of JSON holds, or refuse it; `known` are the checks that there are."""
    try:
        check = json.loads(text)
    except json.JSONDecodeError:
        raise arguments.error("check", "a line of JSON as tools.verify prints it", text) from None
    for must_be, is_met in _conditions(check, known):
        if not is_met:
            raise arguments.error("check", must_be, text)
    return check


def _conditions(check: dict, known: list[dict]):
    """Yield what a check must be, and whether it is; each condition relies on those before it."""
    yield f"an object with the fields {', '.join(FIELDS)}", set(check) == set(FIELDS)
    for field, kind in FIELDS.items():
        yield f"a check whose {field} is of type {kind.__name__}", type(check[field]) is kind
    name, value, backend, versions = (check[field] for field in ("row", "value", "backend", "versions"))
    published = results.result(name) if name in recipe_list.rows() else None
    yield "a check of a published row", published is not None
    recipe, today = recipe_list.recipe(name), datetime.date.today().isoformat()
    mean, (low, high) = published["mean"][recipe.metric], recipe.limits()
    is_published = (check["metric"], check["published_mean"]) == (recipe.metric, mean)
    yield f"a check of the {recipe.metric} that is published now, {mean!r}", is_published
    is_finite = low <= value <= high and math.isfinite(value) and check["training_seconds"] > 0
    yield f"a check with a finite value from {low} to {high} and training_seconds above 0", is_finite
    yield "a check whose z follows from its value", abs(check["z"] - z_score(name, published, value)) <= 1e-6
    is_new = check["seed"] >= 0 and str(check["seed"]) not in published["seeds"]
    yield "a check with a seed that is not a published one", is_new
    is_complete = backend in results.BACKENDS and set(versions) == {"python", "keras", "numpy", backend}
    yield "a check with the versions of python, keras, numpy and its backend", is_complete
    are_texts = all(isinstance(version, str) and re.match(r"\d+\.\d+", version) for version in versions.values())
    yield 'a check whose versions are texts such as "3.15.1"', are_texts
    is_date = re.fullmatch(r"\d{4}-\d\d-\d\d", check["date"]) and published["date"] <= check["date"] <= today
    yield f"a check whose date is between {published['date']}, when the result was published, and today", is_date
    is_first = not any(are_same(check, other) for other in known)
    yield "a new check: the ledger has one of this row, seed, backend and versions", is_first


if __name__ == "__main__":
    command_line.run_tool(main)
