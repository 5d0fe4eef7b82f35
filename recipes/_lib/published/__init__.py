"""Published runs: their pictures, and models small enough to lie in the repository and to run in a page."""
