"""Run Keras's own tests with `Model.fit` sent through `training.fit`, beside a plain run of the same tests.

    git clone --depth 1 --branch v3.15.1 https://github.com/keras-team/keras ../keras  # the installed version
    pip install grain orbax-checkpoint tensorboard torch  # some tests need them
    python -m tools.keras_tests ../keras
    KERAS_BACKEND=jax python -m tools.keras_tests ../keras keras/src/callbacks keras/src/trainers keras/src/backend/jax

It takes half an hour on two quiet cores. The tests come from the folder, Keras itself is the installed one. What pytest
prints lies in runs/keras_tests.
"""

import collections
import functools
import inspect
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from recipes._lib.runs import command_line

LOG = "DLGUIDE_KERAS_TESTS"  # Names the file that the plug-in below writes, a line a test.
THROUGH = "DLGUIDE_KERAS_TESTS_THROUGH"  # Set where `fit` goes through dlguide.
PARTS = ("keras/src/callbacks", "keras/src/distillation", "keras/src/metrics", "keras/src/models")
PARTS += ("keras/src/optimizers", "keras/src/saving", "keras/src/trainers", "keras/src/layers/layer_test.py")
PARTS += ("keras/src/ops/core_test.py", "integration_tests")
OUTPUT = pathlib.Path("runs/keras_tests")
calls = collections.Counter()


def main(folder: pathlib.Path, parts: tuple[str, ...] = PARTS) -> None:
    """Run both, and print how many tests pass and which pass plainly alone.

    Args:
        folder: Keras's repository at the installed version.
        parts: Files or folders in it.
    """
    files = [path for part in parts for path in _test_files(folder / part)]
    plain, _ = _outcomes(folder, files, through=False)
    ours, counts = _outcomes(folder, files, through=True)
    passed = [test for test, error in plain.items() if error is None]
    failed = [test for test in passed if ours.get(test, "not run") is not None]
    print(f"{len(passed)} tests of {len(files)} files pass plainly, {len(passed) - len(failed)} of them by dlguide")
    print("calls of fit:", ", ".join(f"{name} {count}" for name, count in collections.Counter(counts).most_common()))
    for test in failed:
        print(f"- {test}: {ours.get(test, 'not run')}")


def _test_files(path: pathlib.Path) -> list[pathlib.Path]:
    """The tests below a path that train something."""
    paths = [path] if path.is_file() else sorted(path.rglob("*_test.py"))
    return [path for path in paths if ".fit(" in path.read_text()]


def _outcomes(folder: pathlib.Path, files: list, through: bool) -> tuple[dict[str, str | None], dict[str, int]]:
    """The error of each test that was not skipped, None if it passed; and the counts of calls."""
    with tempfile.TemporaryDirectory() as scratch:
        log = pathlib.Path(scratch, "log")
        environment = {**os.environ, LOG: str(log), **({THROUGH: "1"} if through else {})}
        command = [sys.executable, "-m", "pytest", "-p", "tools.keras_tests", "-p", "no:cacheprovider", "-n", "0", "-q"]
        command += ["-c", str(folder / "pyproject.toml"), "--import-mode=importlib", "--continue-on-collection-errors"]
        OUTPUT.mkdir(parents=True, exist_ok=True)
        with open(OUTPUT / f"{'dlguide' if through else 'plain'}.txt", "w") as output:
            subprocess.run([*command, *map(str, files)], env=environment, stdout=output, stderr=subprocess.STDOUT)
        *tests, counts = map(json.loads, log.read_text().splitlines())
    return dict(tests), counts


# The plug-in: pytest calls these.


def pytest_configure(config) -> None:
    """Send `fit` through dlguide; this comes after Keras's own conftest, which imports PyTorch first."""
    if THROUGH in os.environ:
        import keras

        owner = next(cls for cls in keras.Model.__mro__ if "fit" in vars(cls))  # The trainer of the backend.
        owner.fit = _through_dlguide(owner.fit)


def pytest_runtest_logreport(report) -> None:
    """Write the outcome of a test."""
    if report.failed or (report.when == "call" and report.passed):
        error = None if report.passed else getattr(report.longrepr, "reprcrash", report.longrepr)
        text = error and " ".join(str(getattr(error, "message", error)).split())[:300]
        _write([report.nodeid, text])


def pytest_sessionfinish() -> None:
    """Write how `fit` was called."""
    _write(calls)


def _write(value) -> None:
    with open(os.environ[LOG], "a") as log:
        log.write(json.dumps(value) + "\n")


def _through_dlguide(plain):
    from dlguide import training

    signature, training_now = inspect.signature(plain), set()

    @functools.wraps(plain)
    def fit(self, *args, **kwargs):
        if id(self) in training_now:  # This is the call that `training.fit` makes.
            return plain(self, *args, **kwargs)
        given = signature.bind(self, *args, **kwargs).arguments
        del given["self"]
        calls.update(["by dlguide"])
        training_now.add(id(self))
        try:
            return training.fit(self, **given)
        finally:
            training_now.discard(id(self))

    return fit


if __name__ == "__main__":
    command_line.run_tool(main)
