"""How often `dlguide.diagnosis` names the fault of a program: of a folder with programs whose faults are known.

    python -m tools.benchmarks diagnosis FOLDER             # an hour on two cores; adds the backend's rows to the file
    python -m tools.benchmarks diagnosis FOLDER --share 3   # every third program

`FOLDER/cases/NAME.py` has `FAULTS`, the names of its faults, `buggy(seed)` and `fixed(seed)`, each of which returns a
compiled model, x, y and the options of `fit`; `FOLDER/healthy/NAME.py` has `healthy(seed)`. They import what they share
from `FOLDER/cases`. Each is diagnosed in a process of its own.
"""

import importlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras

from recipes._lib.search import trial_process
from tools.benchmarks import tables

SEEDS = (0, 1, 2)
TOOLS = ("DeepLocalize", "DeepFD", "DEFault", "NeuraLint", "UMLAUT", "AUTOTRAINER", "Humbatova")
"""Those whose lists the programs come from, as their docstrings say."""


def main(folder: Path, *, seeds: tuple[int, ...] = SEEDS, share: int = 1, at_once: int = 2, save: bool = True) -> None:
    """Diagnose each program with each seed, print a row of each, and write all.

    Args:
        folder: The programs.
        seeds: Those of the programs.
        share: Of how many programs one is taken.
        at_once: How many are diagnosed at the same time.
        save: Whether the file of the results is written.
    """
    cases = [(path, kind) for path in _programs(folder / "cases")[::share] for kind in ("buggy", "fixed")]
    cases += [(path, "healthy") for path in _programs(folder / "healthy")[::share]]
    backend = keras.config.backend()

    def judged(path: Path, kind: str, seed: int) -> dict:
        with trial_process.opened(KERAS_BACKEND=backend, TF_CPP_MIN_LOG_LEVEL="3") as call:
            found = call(judge, str(folder), path.stem, kind, seed)
        print(found, flush=True)
        return found

    with ThreadPoolExecutor(at_once) as threads:
        rows = list(threads.map(lambda each: judged(*each), [(*case, seed) for case in cases for seed in seeds]))
    for name, value in summary(rows).items():
        print(f"{name}: {value}")
    if save:
        kept = tables.read("diagnosis")["rows"] if (tables.RESULTS / "diagnosis.json").exists() else {}
        options = (
            f" --share {share}" if share > 1 else "" if seeds == SEEDS else f" --seeds {' '.join(map(str, seeds))}"
        )
        command = f"python -m tools.benchmarks diagnosis FOLDER{options}"
        tables.save("diagnosis", {"command": command, "rows": {**kept, backend: rows}})


def _programs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))


def judge(folder: str, name: str, kind: str, seed: int) -> dict:
    """Return what a diagnosis says of a program, and whether that is right."""
    from dlguide import diagnosis

    sys.path[:0] = [str(Path(folder, part)) for part in ("cases", "healthy")]
    program = importlib.import_module(name)
    model, x, y, options = getattr(program, kind)(seed)
    start = time.perf_counter()
    report = diagnosis.check(model, x, y, verbose=0, **options)
    found = [{"fault": each.fault, "before": each.before, "after": each.after, "is_clear": each.is_clear}
             for each in report.findings]  # fmt: skip
    sources = [tool for tool in TOOLS if tool in (program.__doc__ or "")]
    row = {"name": name, "kind": kind, "seed": seed, "faults": list(program.FAULTS), "sources": sources}
    return {**row, "found": found, "skill": report.skill, "seconds": round(time.perf_counter() - start, 1)}


def summary(rows: list[dict]) -> dict[str, float]:
    """Return the shares that the page shows: each of the diagnoses of its kind."""
    kinds = {kind: [row for row in rows if row["kind"] == kind] for kind in ("buggy", "fixed", "healthy")}
    first = [row["found"][0] if row["found"] else None for row in kinds["buggy"]]
    pairs = list(zip(kinds["buggy"], first, strict=True))
    return {
        "detected": _share([each is not None for each in first]),
        "named_first": _share([each is not None and each["fault"] in row["faults"] for row, each in pairs]),
        "named": _share([any(each["fault"] in row["faults"] for each in row["found"]) for row in kinds["buggy"]]),
        "proved": _share([each is not None and each["is_clear"] for each in first]),
        "alarms_fixed": _share([bool(row["found"]) for row in kinds["fixed"]]),
        "alarms_healthy": _share([bool(row["found"]) for row in kinds["healthy"]]),
        "longest": max(row["seconds"] for row in rows),
    }


def agreement(rows: list[dict], others: list[dict]) -> float:
    """Return for which share of the same programs and seeds the first finding is the same one, or both have none."""

    def first(found: list[dict]) -> dict:
        key = ("name", "kind", "seed")
        return {tuple(row[part] for part in key): row["found"][0]["fault"] if row["found"] else None for row in found}

    ours, theirs = first(rows), first(others)
    return _share([theirs[key] == fault for key, fault in ours.items() if key in theirs])


def _share(values: list[bool]) -> float:
    return sum(values) / max(len(values), 1)
