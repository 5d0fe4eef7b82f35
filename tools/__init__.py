"""What authors use, `python -m tools.NAME`: measure, verify, ledger, table, publish, site, benchmarks."""
