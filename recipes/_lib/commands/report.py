"""Write the report of a finished run again: python -m recipes report runs/mlp_mnist/1 --language zh

Each recipe writes `report.html` at its end. The Chinese report is `report.zh.html` in the same folder.
"""

from typing import Literal

from recipes._lib.reports import run_report


def main(folder: str, *, language: Literal["en", "zh"] = "en") -> None:
    """Write the report of a finished run into its folder: one page with its result, curves, pictures and options.

    Args:
        folder: Folder of a finished run, such as runs/mlp_mnist/1.
        language: Language of the report: en, or zh (Chinese).
    """
    print(f"report: {run_report.write(folder, language)}")
