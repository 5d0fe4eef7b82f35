"""The folder of a run: a lock, two generations of checkpoints, and atomically written files."""

import contextlib
import io
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import filelock
import keras
import numpy as np

from dlguide.training import _config, _state

CHECKPOINTS = ("checkpoint.npz", "checkpoint.previous.npz")
TEMPORARY_MODELS = ("model.tmp.keras", "model.tmp.weights.h5")


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
            return self._newest()
        except filelock.Timeout:
            raise self._error("not be in use by another process, or another run of this one") from None
        except OSError as error:
            raise self._error("be a folder that can be written", f" ({error.strerror})") from None

    def read(self) -> dict:
        """Return the state in the newest good checkpoint; of a folder that another process holds."""
        return self._good_checkpoint([name for name in CHECKPOINTS if (self.path / name).exists()])[0]

    def close(self) -> None:
        """Release the lock, as the death of a process does."""
        self._lock.release()

    def save(self, state: dict, history: str) -> None:
        """Write a checkpoint; the one before it is kept beside it."""
        newest, previous = (self.path / name for name in CHECKPOINTS)
        with self._room_for("a checkpoint"):
            content = io.BytesIO()
            np.savez(content, **_state.to_arrays(state))
            _write_beside(newest, content.getvalue())
            if newest.exists():
                os.replace(newest, previous)
            os.replace(_beside(newest), newest)
            with contextlib.suppress(PermissionError):  # On Windows, while a table program has it open.
                _write(self.path / "history.csv", history.encode())

    def save_model(self, model: keras.Model) -> None:
        """Write `model.keras`, whole or not at all; of a model without a `get_config` its weights."""
        temporary, weights = (self.path / name for name in TEMPORARY_MODELS)
        with self._room_for("the model"):
            try:
                model.save(temporary)
            except Exception as error:  # No `get_config`, or a `functools.partial`, or a lambda without its source.
                if isinstance(error, OSError) and error.errno:
                    raise
                temporary.unlink(missing_ok=True)
                built, model.built = model.built, True  # One without a `call` is never built, but its parts are.
                model.save_weights(weights)
                model.built = built
                os.replace(weights, self.path / "model.weights.h5")
            else:
                os.replace(temporary, self.path / "model.keras")

    def _newest(self) -> dict:
        files = [name for name in (*CHECKPOINTS, "history.csv", "model.keras") if (self.path / name).exists()]
        path, facts = self.path / "config.json", _facts()
        if not path.exists():
            if files:
                raise self._error("be new, empty or hold the same run", f" with {', '.join(files)}")
            saved, state = None, {}
        else:
            try:
                saved = json.loads(path.read_text(encoding="utf-8"))
                there, past = dict(saved["run"]), saved["facts"]
            except (ValueError, TypeError, KeyError):  # No JSON, or JSON of something else.
                raise self._error(
                    "have a config.json that can be read, or be new", " with config.json damaged"
                ) from None
            state, damaged = self._good_checkpoint([name for name in CHECKPOINTS if name in files])
            if files and not state:
                what = ", ".join(damaged) or "no checkpoint"
                raise self._error("have a checkpoint that can be read, or be new", f" with {what}")
            if state:  # Of the call that wrote it: a longer one may have been killed before it wrote any.
                there |= {"epochs": json.dumps(state["progress"]["epochs"])}
            text = _config.difference(there, self._config, state.get("left", {}))
            if text:
                raise self._error("be new, empty or hold the same run", f" with {text}")
            changed = [
                f"{name} {past.get(name)} there, {now} here" for name, now in facts.items() if past.get(name) != now
            ]
            changed = [text for text in changed if state and not text.startswith("git ")]
            if changed:
                self._warn(f"was written by other versions ({', '.join(changed)}): the bits may differ from now on")
        if saved != {"run": self._config, "facts": facts}:
            _write(path, json.dumps({"run": self._config, "facts": facts}, indent=1).encode())
        return state

    def _good_checkpoint(self, names: list[str]) -> tuple[dict, list[str]]:
        """Return the state in the first checkpoint that can be read, and what is wrong with those before it."""
        damaged = []
        for name in names:
            try:
                # The checksums of the zip format cover every byte. Of a damaged file NumPy closes nothing.
                with open(self.path / name, "rb") as file, np.load(file) as arrays:
                    state = _state.from_arrays(dict(arrays))
            except Exception as error:  # NumPy, zip and JSON raise many kinds of errors for a damaged file.
                damaged.append(f"{name} damaged ({type(error).__name__})")
                continue
            if damaged:
                # Out of the way: the next checkpoint must not push the good one out for it.
                os.replace(self.path / CHECKPOINTS[0], self.path / "checkpoint.damaged.npz")
                where = "epoch {}, step {}".format(state["progress"]["epoch"] + 1, state["progress"]["step"])
                self._warn(f"has {damaged[0]}: the run is resumed from the one before it, {where}")
            return state, damaged
        return {}, damaged

    def _warn(self, text: str) -> None:
        warnings.warn(f"run {str(self.path)!r} {text}.", UserWarning, stacklevel=6)  # The caller of `Run`.

    def _error(self, must: str, received: str = "") -> ValueError:
        return ValueError(f"`run_dir` must {must}. Received: run_dir={str(self.path)!r}{received}")

    @contextlib.contextmanager
    def _room_for(self, what: str):
        try:
            yield
        except OSError as error:
            temporary = [_beside(self.path / name).name for name in (*CHECKPOINTS, "history.csv")]
            for name in (*temporary, *TEMPORARY_MODELS):
                (self.path / name).unlink(missing_ok=True)
            raise OSError(
                f"`run_dir` must have room for {what}. Received: run_dir={str(self.path)!r} ({error.strerror}); "
                "the checkpoint before it is kept, and the same call resumes the run from it"
            ) from None


def _facts() -> dict[str, str]:
    """Return what a run's bits depend on beside its options, and the revision of the code around it, "git"."""
    backend = keras.backend.backend()
    found = {"python": ".".join(map(str, sys.version_info[:2])), "dlguide": sys.modules["dlguide"].__version__}
    found |= {"keras": keras.__version__, backend: sys.modules[backend].__version__, "numpy": np.__version__}
    with contextlib.suppress(OSError):  # There is no git.
        command = ["git", "describe", "--always", "--dirty"]
        found["git"] = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    return found


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.tmp")


def _write_beside(path: Path, content: bytes) -> None:
    with open(_beside(path), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _write(path: Path, content: bytes) -> None:
    _write_beside(path, content)
    os.replace(_beside(path), path)
