"""The folder of a run: a lock, two generations of checkpoints, and atomically written files."""

import contextlib
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import filelock
import keras
import numpy as np

from dlguide.training import _config, _state

CHECKPOINTS = ("checkpoint.npz", "checkpoint.previous.npz")


def checked_path(run_dir) -> Path:
    """Return the path of a folder on this machine, or raise."""
    if "://" in str(run_dir) or not str(run_dir):
        must = "be a folder on this machine, or None (copy it to other storage after the run)"
        raise ValueError(f"`run_dir` must {must}. Received: run_dir={str(run_dir)!r}")
    return Path(run_dir).expanduser()


class RunFolder:
    """A folder that only this process writes, and that holds one run; `config` says which."""

    def __init__(self, path: Path, config: dict[str, str]):
        self.path, self._config = path, config
        self._lock = filelock.FileLock(path / ".lock")

    def open(self) -> dict:
        """Lock the folder; return the state in the newest good checkpoint of this run, nothing if the run is new."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
            return self._opened()
        except filelock.Timeout:
            raise self._error("not be in use by another process, or another run of this one") from None
        except OSError as error:
            self.close()
            raise self._error("be a folder that can be written", f" ({error.strerror})") from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Release the lock, as the death of a process does."""
        self._lock.release()

    def read(self) -> dict:
        """Return the state in the newest good checkpoint; nothing if there is none."""
        damaged = []
        for name in CHECKPOINTS:
            if not (self.path / name).exists():
                continue
            try:
                # The checksums of the zip format cover every byte. Of a damaged file NumPy closes nothing.
                with open(self.path / name, "rb") as file, np.load(file) as arrays:
                    state = _state.from_arrays(dict(arrays))
            except MemoryError:
                raise
            except Exception as error:  # NumPy, zip and JSON raise many kinds of errors for a damaged file.
                damaged.append(f"{name} damaged ({type(error).__name__})")
                continue
            if damaged:
                # Out of the way: the next checkpoint must not push the good one out for it.
                os.replace(self.path / CHECKPOINTS[0], self.path / "checkpoint.damaged.npz")
                done = state["progress"]["epoch"]
                self._warn(f"has {damaged[0]}: the run is resumed from the one before it, after epoch {done}")
            return state
        if damaged:
            raise self._error("have a checkpoint that can be read, or be new", f" with {', '.join(damaged)}")
        return {}

    def save(self, state: dict, history: str) -> None:
        """Write a checkpoint; the one before it is kept beside it."""
        newest, previous = (self.path / name for name in CHECKPOINTS)
        arrays = _state.to_arrays(state)
        temporary = _write_beside(newest, lambda file: np.savez(file, **arrays))
        if newest.exists():
            os.replace(newest, previous)
        os.replace(temporary, newest)
        path = self.path / "history.csv"
        with contextlib.suppress(PermissionError):  # On Windows, while a table program has it open.
            os.replace(_write_beside(path, lambda file: file.write(history.encode())), path)

    def save_model(self, model: keras.Model) -> None:
        """Write `model.keras`, whole or not at all; of a model without a `get_config` its weights."""
        temporary = self.path / "model.tmp.keras"
        try:
            model.save(temporary)
            os.replace(temporary, self.path / "model.keras")
        except Exception as error:  # No `get_config`, or a `functools.partial`, or a lambda without its source.
            temporary.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno:
                raise
            built, model.built = model.built, True  # One without a `call` is never built, but its parts are.
            model.save_weights(self.path / "model.weights.h5")
            model.built = built

    def _opened(self) -> dict:
        """Return the state of the run in the folder, which must be this one, and write what it is."""
        path, facts, saved = self.path / "config.json", _facts(), None
        names = (*CHECKPOINTS, "history.csv", "model.keras")
        files = [name for name in names if (self.path / name).exists()]
        if path.exists():
            try:
                saved = json.loads(path.read_text(encoding="utf-8"))
                there, past = dict(saved["run"]), dict(saved["facts"])
            except (ValueError, TypeError, KeyError):  # No JSON, or JSON of something else.
                must = "have a config.json that can be read, or be new"
                raise self._error(must, " with config.json damaged") from None
        elif files:
            raise self._error("be new, empty or hold the same run", f" with {', '.join(files)}")
        state = self.read()
        if files and not state:
            raise self._error("have a checkpoint that can be read, or be new", " with no checkpoint")
        run = self._config
        if saved:
            # Of the call that wrote it: a longer one may have been killed before it wrote any.
            there |= {"epochs": json.dumps(state["progress"]["epochs"])} if state else {}
            text = _config.difference(there, run)
            if text and (state["progress"]["epoch"] if state else there.get("epochs") == "null"):
                raise self._error("be new, empty or hold the same run", f" with {text}")
            state, run = ({}, run) if text else (state, there | run)  # Of another run, nothing was trained.
        if state:
            names = [name for name in facts if name != "git" and past.get(name) != facts[name]]
            if changed := ", ".join(f"{name} {past.get(name)} there, {facts[name]} here" for name in names):
                self._warn(f"was written by other versions ({changed}): the bits may differ from now on")
        if saved != {"run": run, "facts": facts}:
            content = json.dumps({"run": run, "facts": facts}, indent=1).encode()
            os.replace(_write_beside(path, lambda file: file.write(content)), path)
        return state

    def _warn(self, text: str) -> None:
        warnings.warn(f"run {str(self.path)!r} {text}.", UserWarning, stacklevel=6)  # The caller of `Run`.

    def _error(self, must: str, received: str = "") -> ValueError:
        return ValueError(f"`run_dir` must {must}. Received: run_dir={str(self.path)!r}{received}")


def _facts() -> dict[str, str]:
    """Return what a run's bits depend on beside its options, and the revision of the code around it, "git"."""
    backend = keras.backend.backend()
    found = {"python": ".".join(map(str, sys.version_info[:2])), "dlguide": sys.modules["dlguide"].__version__}
    found |= {"speed": os.environ.get("DLGUIDE_TENSORFLOW_SPEED", "1")} if backend == "tensorflow" else {}
    found |= {"keras": keras.__version__, backend: sys.modules[backend].__version__, "numpy": np.__version__}
    with contextlib.suppress(OSError):  # There is no git.
        command = ["git", "describe", "--always", "--dirty"]
        found["git"] = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    return found


def _write_beside(path: Path, write: Callable) -> Path:
    """Write a file beside `path`, whole or not at all, and return its path."""
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        with open(temporary, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
    except OSError:  # The disk is full.
        temporary.unlink(missing_ok=True)
        raise
    return temporary
