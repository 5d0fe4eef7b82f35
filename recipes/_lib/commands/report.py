"""Write the reports of finished runs again: python -m recipes report runs/mlp_mnist/1 --language zh

Each recipe writes `report.html` at its end. The Chinese report is `report.zh.html` in the same folder. Of several runs,
a table says in which options and metrics they differ.
"""

from typing import Literal

from recipes._lib.reports import finished_runs, run_report
from recipes._lib.runs import arguments


def main(run_dirs: tuple[str, ...], *, language: Literal["en", "zh"] = "en") -> None:
    """Write the report of each finished run into its folder: one page with its result, curves, pictures and options.

    Args:
        run_dirs: Folders of finished runs, such as runs/mlp_mnist/1; of several, a table says how they differ.
        language: Language of the report: en, or zh (Chinese).
    """
    if not run_dirs:
        raise arguments.error("run_dirs", "one or more", run_dirs)
    runs = [finished_runs.read(run_dir) for run_dir in run_dirs]
    if len(runs) > 1:
        print(f"{differences(runs)}\n")
    for run_dir in run_dirs:
        print(f"report: {run_report.write(run_dir, language)}")


def differences(runs: list[finished_runs.FinishedRun]) -> str:
    """Return a table of the options and the metrics that are not the same in all runs."""
    rows = [["", *(str(run.folder) for run in runs)]]
    for contents in ([run.options for run in runs], [run.metrics for run in runs]):
        for name in dict.fromkeys(name for content in contents for name in content):
            values = [content.get(name, "–") for content in contents]
            if values.count(values[0]) < len(values) and not isinstance(values[0], dict | list):
                rows.append([name, *map(run_report.plain, values)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join(lines)
