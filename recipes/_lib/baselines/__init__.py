"""Simple or usual models that a recipe is compared with, on the same split."""
