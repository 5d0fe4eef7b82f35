"""What a result depends on beside the code: backend, versions, processor, date."""

import importlib.metadata
import os
import platform
import re
from datetime import date
from pathlib import Path

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "jax", "torch")


def machine() -> dict:
    import keras

    installed = {package.name: package.version for package in importlib.metadata.distributions()}
    versions = {package: installed[package] for package in PACKAGES if package in installed}
    return {
        "backend": keras.config.backend(),
        "versions": {"python": platform.python_version(), **versions},
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "date": date.today().isoformat(),
    }


def _cpu() -> str:
    file = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.*)", file.read_text(), re.MULTILINE) if file.exists() else None
    return found[1].strip() if found else platform.processor() or platform.machine()
