"""The published benchmarks: their files, their texts, and Markdown tables."""

import json
from pathlib import Path

from recipes._lib.runs import machine_facts, results

RESULTS, WORDS = (Path(__file__).with_name(name) for name in ("results", "words.csv"))


def read(name: str) -> dict:
    """Return what a benchmark has measured."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def save(name: str, content: dict) -> None:
    """Write what a benchmark has measured, with the machine."""
    results.write_json(RESULTS / f"{name}.json", {**content, **machine_facts.machine()})


def table(name: str, phrases: dict[str, str], rows: list[dict]) -> str:
    """Return a Markdown table; its head and its rows are texts of words.csv with " | " between the cells."""
    head, row_text = phrases[f"{name}_head"], phrases[f"{name}_row"]
    lines = [f"| {row_text.format(**row)} |" for row in rows]
    return "\n".join([f"| {head} |", "|" + "---|" * len(head.split(" | ")), *lines])
