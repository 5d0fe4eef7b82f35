"""The switches of the tests, environment variables: tests/README.md has a table of them."""

import os

SECONDS = float(os.environ.get("DLGUIDE_TESTS", 0))
"""How much runs: thorough tests that take up to so many seconds; 0 leaves all of them out."""
KILLS = os.environ.get("DLGUIDE_KILLS", "")
"""How often a run of each model is killed: a number, or NUMBER:SEED to repeat the moments of a seed; "" is twice."""
SNAPSHOT = os.environ.get("DLGUIDE_SNAPSHOT", "")
"""`write` writes the sentences of refused calls into `dlguide/sentences.txt` instead of comparing them."""
