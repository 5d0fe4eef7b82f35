"""How much memory a training step takes at its peak: measured in a process of its own, on Linux.

    python -m questions._memory transformer 16 512

That process has no oneDNN: with it, TensorFlow keeps freed memory in a pool, and the system sees nothing.
"""

import ctypes
import gc
import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

FORGET_PEAK = Path("/proc/self/clear_refs")


def in_new_process(question: str, *arguments: int):
    """Return what the function `peaks` of an experiment returns there; None where the system is not Linux."""
    if not FORGET_PEAK.exists():
        return None
    command = [sys.executable, "-m", "questions._memory", question, *map(str, arguments)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(printed.splitlines()[-1])


def peak(function: Callable) -> int:
    """Return by how many bytes the memory of this process rises at most while a function runs."""

    def resident(key: str) -> int:
        return 1024 * int(re.search(rf"{key}:\s*(\d+)", Path("/proc/self/status").read_text(encoding="utf-8"))[1])

    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # Freed memory goes back to the system, and counts when it is used again.
    FORGET_PEAK.write_text("5", encoding="utf-8")
    before = resident("VmRSS")
    function()
    return resident("VmHWM") - before


if __name__ == "__main__":
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
    name, *given = sys.argv[1:]
    print(json.dumps(importlib.import_module(f"questions.{name}.experiment").peaks(*map(int, given))))
