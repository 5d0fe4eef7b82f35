"""Import TensorFlow without its lines of information; warnings and errors are shown.

TensorFlow writes some lines before it reads TF_CPP_MIN_LOG_LEVEL. A process of its own filters what is written to
standard error during the import, so that the last words of an import that crashes are shown too.
"""

import contextlib
import importlib.abc
import importlib.machinery
import os
import subprocess
import sys

FILTER = r"""
import re, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the import, and so the input.
information = re.compile(
    rb"I0000 |WARNING: All log messages before absl|To enable the following instructions: "
    rb"|E0000 .*failed call to cuInit: .*\(303\)"  # There is no CUDA driver, and so no GPU.
)
for line in sys.stdin.buffer:
    if not information.match(line):
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
"""


class QuietImport(importlib.abc.MetaPathFinder):
    """A finder that gives TensorFlow another loader, once."""

    def find_spec(self, name, path=None, target=None):
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and type(spec.loader) is importlib.machinery.SourceFileLoader:
            spec.loader = _QuietLoader(spec.loader.name, spec.loader.path)
        return spec


class _QuietLoader(importlib.machinery.SourceFileLoader):
    def exec_module(self, module):
        with _filtered_stderr():
            super().exec_module(module)
            module.config.list_physical_devices()  # Else the line about a missing driver comes later.


@contextlib.contextmanager
def _filtered_stderr():
    if sys.stderr is None:  # It is closed.
        yield
        return
    sys.stderr.flush()
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", FILTER], stdin=subprocess.PIPE) as process:
        stderr = os.dup(2)
        os.dup2(process.stdin.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
