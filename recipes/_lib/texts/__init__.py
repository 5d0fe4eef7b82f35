"""What recipes on texts share: n-grams, batches of similar length, names of countries."""
