"""Helpers of recipes on texts: n-grams, batches of similar length, pronunciations, token ids as texts, countries."""
