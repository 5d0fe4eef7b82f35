"""What authors use, `python -m tools.NAME`: measure, verify, ledger, table, publish, site, benchmarks."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
"""The checkout."""
