"""Show how finished runs differ: python -m recipes.compare runs/mlp_mnist/1 runs/mlp_mnist/2

Options, versions, machine, metrics and epochs are compared; a row is printed only where the runs differ.
"""

import hashlib

from recipes._lib.reports import finished_runs
from recipes._lib.runs import arguments, command_line

PARTS = ("options", "versions", "machine", "metrics", "epochs")
NOT_COMPARED = ("seconds", "date")
"""How names end of what differs in each run: shown beside other differences, but no difference by themselves."""
MISSING = "–"


def main(folders: tuple[str, ...]) -> None:
    """Print a table of what differs between finished runs, with a column for each run.

    Args:
        folders: Folders of two or more finished runs, such as runs/mlp_mnist/1 runs/mlp_mnist/2.
    """
    if len(folders) < 2:
        raise arguments.error("folders", "two or more run folders", folders)
    print(comparison([finished_runs.read(folder) for folder in folders]))


def comparison(runs: list[finished_runs.FinishedRun]) -> str:
    """Return a table of what differs between runs, or one sentence if nothing does."""
    all_facts = [facts(run) for run in runs]
    parts = {part: differing([each[part] for each in all_facts]) for part in PARTS}
    recipes = [run.recipe for run in runs]
    if len(set(recipes)) == 1:
        parts["epochs"] |= first_different_epochs(runs)
        if all(name.endswith(NOT_COMPARED) for rows in parts.values() for name in rows):
            return "The runs agree in options, versions, machine, metrics and epochs; seconds and dates do not count."
    table = [["", *(str(run.folder) for run in runs)]]
    for part, rows in parts.items():
        if rows:
            table += [[part], *([f"  {name}", *cells] for name, cells in rows.items())]
    widths = [max(len(row[i]) for row in table if i < len(row)) for i in range(len(table[0]))]
    lines = ["  ".join(cell.ljust(widths[i]) for i, cell in enumerate(row)).rstrip() for row in table]
    if len(set(recipes)) > 1:
        lines.insert(0, f"The runs are of different recipes: {', '.join(recipes)}.")
    return "\n".join(lines)


def facts(run: finished_runs.FinishedRun) -> dict[str, dict]:
    """Return what a run is compared by: for each part, values by name."""
    machine = {key: value for key, value in run.machine.items() if key != "versions"}
    metrics = {}
    for name, value in run.metrics.items():
        if isinstance(value, dict) and not any(isinstance(each, dict | list) for each in value.values()):
            metrics |= {f"{name}.{key}": each for key, each in value.items()}
        elif isinstance(value, dict | list):  # Too much for a cell, such as a confusion matrix.
            metrics[f"{name} (fingerprint)"] = hashlib.sha256(repr(value).encode()).hexdigest()[:8]
        else:
            metrics[name] = value
    columns = {name: values for name, values in run.history.items() if name not in ("epoch", "seconds")}
    epochs = {"epochs": len(run.history["epoch"])} if run.history else {}
    epochs |= {f"last {name}": values[-1] for name, values in columns.items()}
    versions = run.machine.get("versions", {})
    return {"options": run.options, "versions": versions, "machine": machine, "metrics": metrics, "epochs": epochs}


def differing(facts: list[dict]) -> dict[str, list[str]]:
    """Return a row of cells for each name whose values differ."""
    rows = {}
    for name in dict.fromkeys(name for each in facts for name in each):
        values = [each.get(name, MISSING) for each in facts]
        if len(set(map(repr, values))) > 1:
            rows[name] = written(values)
    return rows


def written(values: list) -> list[str]:
    """Return values as texts, with so many digits that different values look different."""
    for digits in range(4, 17):
        texts = [f"{value:.{digits}g}" if isinstance(value, float) else str(value) for value in values]
        if len(set(texts)) == len(set(map(repr, values))):
            return texts
    return [str(value) for value in values]


def first_different_epochs(runs: list[finished_runs.FinishedRun]) -> dict[str, list[str]]:
    """Return a row with the first epoch in which each run differs from the first run, nothing if none does."""
    cells = [MISSING]
    for run in runs[1:]:
        columns = [name for name in run.history if name != "seconds" and name in runs[0].history]
        epochs = zip(*(zip(runs[0].history[name], run.history[name], strict=False) for name in columns), strict=True)
        differ = (number for number, pairs in enumerate(epochs, 1) if any(repr(a) != repr(b) for a, b in pairs))
        cells.append(str(next(differ, MISSING)))
    return {"first different epoch": cells} if set(cells) != {MISSING} else {}


if __name__ == "__main__":
    command_line.run_tool(main)
