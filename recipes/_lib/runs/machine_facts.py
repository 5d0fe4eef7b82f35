"""What a result depends on beside the code: backend, versions, processor, date."""

import importlib.metadata
import os
import platform
from datetime import date
from pathlib import Path

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "jax", "torch")


def machine() -> dict:
    """Return backend, versions, processor, cores and date."""
    import keras

    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "backend": keras.config.backend(),  # From KERAS_BACKEND or from Keras's own file of settings.
        "versions": versions,
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "date": date.today().isoformat(),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
