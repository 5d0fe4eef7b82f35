"""What users do with a saved run: `python -m recipes predict|export RUN`."""
