"""What is said of finished runs: the report of each run, and how runs differ."""
