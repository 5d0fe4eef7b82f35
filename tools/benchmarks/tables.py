"""The published benchmarks: their files, their texts, and Markdown tables."""

import json
import statistics
from collections.abc import Callable
from pathlib import Path

import numpy as np

from recipes._lib.runs import machine_facts, results
from recipes._lib.words import LANGUAGES, read_words

RESULTS, WORDS = (Path(__file__).with_name(name) for name in ("results", "words.csv"))
TARGET, EXAMPLE_EPOCHS = 0.9922, 15
"""The accuracy that keras.io's example states, and its epochs."""


def read(name: str) -> dict:
    """Return what a benchmark has measured."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def save(name: str, content: dict) -> None:
    """Write what a benchmark has measured, with its command and the machine."""
    content = {"command": f"python -m tools.benchmarks {name}", **content, **machine_facts.machine()}
    results.write_json(RESULTS / f"{name}.json", content)


def save_figures(name: str, draw: Callable, **options) -> None:
    """Draw the figure of a JSON file, `draw(content, words)`, in each language."""
    for language, suffix in LANGUAGES.items():
        figure = draw(read(name), read_words(WORDS, language))
        figure.savefig(RESULTS / f"{name}{suffix}.png", **options)


def table(name: str, phrases: dict[str, str], rows: list[dict | str]) -> str:
    """Return a Markdown table; its head and its rows are texts of words.csv with " | " between the cells."""
    head, row_text = phrases[f"{name}_head"], phrases.get(f"{name}_row", "")
    lines = [row if isinstance(row, str) else row_text.format(**row) for row in rows]
    return "\n".join([f"| {head} |", "|" + "---|" * len(head.split(" | ")), *(f"| {line} |" for line in lines)])


def ratios(others: list[float], ours: list[float]) -> np.ndarray:
    """Return the lower quartile, the median and the upper quartile of the paired ratios."""
    return np.quantile(np.divide(others, ours), (0.25, 0.5, 0.75))


def fastest_product(content: dict) -> dict:
    """Return the library with the fastest matrix product, its GFLOP/s in the rounds, and their median, the peak."""
    library, speeds = max(content["sgemm_gflops"].items(), key=lambda pair: statistics.median(pair[1]))
    return {"library": library, "peak": statistics.median(speeds), "lowest": min(speeds), "highest": max(speeds)}
