"""Helpers of recipes on texts: n-grams, batches of similar length, token ids as texts, names of countries."""
