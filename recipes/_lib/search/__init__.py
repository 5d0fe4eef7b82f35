"""A search by Optuna that survives being killed: its study, its trials, its pictures."""
