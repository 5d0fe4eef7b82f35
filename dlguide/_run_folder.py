"""The folder of a run: a lock, and files that are written whole or not at all."""

import contextlib
import io
import json
import os
import warnings
from pathlib import Path

import filelock
import keras
import numpy as np

from dlguide import _fingerprint

CHECKPOINTS = ("checkpoint.npz", "checkpoint.previous.npz")


class RunFolder:
    """A folder that this process alone writes, and that holds one run."""

    def __init__(self, path, config: dict):
        self.path, self._config = Path(path), config
        self._lock = filelock.FileLock(self.path / ".lock")

    def open(self) -> bytes:
        """Lock the folder; return the newest good checkpoint of this run, nothing where it is a new one."""
        name = f"run_dir={str(self.path)!r}"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
            return self._checkpoint()
        except filelock.Timeout:
            raise ValueError(f"`run_dir` must not be in use by another process. Received: {name}") from None
        except OSError as error:
            self.close()
            raise ValueError(
                f"`run_dir` must be a folder that can be written. Received: {name} ({error.strerror})"
            ) from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let another process have the folder. A process that is killed does so too."""
        self._lock.release()

    def save(self, arrays: dict[str, np.ndarray], history: str) -> None:
        """Write a checkpoint beside the one before it, which stays."""
        newest, previous = (self.path / name for name in CHECKPOINTS)
        with self._room_for("a checkpoint"):
            content = io.BytesIO()
            np.savez(content, **arrays)
            _write_beside(newest, content.getbuffer())
            if newest.exists():
                os.replace(newest, previous)
            os.replace(_beside(newest), newest)
            _write(self.path / "history.csv", history.encode())

    def save_model(self, model: keras.Model) -> None:
        """Write `model.keras`."""
        path = self.path / "model.keras"
        with self._room_for("the model"):
            model.save(path.with_name("model.tmp.keras"))
            os.replace(path.with_name("model.tmp.keras"), path)

    def _checkpoint(self) -> bytes:
        config_file = self.path / "config.json"
        found = [name for name in (*CHECKPOINTS, "history.csv", "model.keras") if (self.path / name).exists()]
        if config_file.exists():
            self._refuse_unless_same(json.loads(config_file.read_text(encoding="utf-8")))
        elif found:
            raise self._error("be new, empty or hold the same run", f"with {', '.join(found)}")
        else:
            versions = {"keras": keras.__version__, "numpy": np.__version__}
            _write(config_file, json.dumps({**self._config, "versions": versions}, indent=2).encode())
        damaged = []
        for name in CHECKPOINTS:
            if name not in found:
                continue
            content = (self.path / name).read_bytes()
            try:
                state = json.loads(str(read(content)["state"]))
            except Exception as error:  # Whatever NumPy, zip or JSON make of a damaged file.
                damaged.append(f"{name} damaged ({type(error).__name__})")
                continue
            self._refuse_unless_same(state["config"])
            if damaged:
                # Out of the way: the next checkpoint must not push the good one out for it.
                os.replace(self.path / CHECKPOINTS[0], self.path / "checkpoint.damaged.npz")
                warnings.warn(
                    f"{self.path} has {damaged[0]}: the run goes on from the one before it, "
                    f"epoch {state['epoch'] + 1}, step {state['step']}.",
                    UserWarning,
                    stacklevel=5,
                )
            return content
        if found:
            what = ", ".join(damaged) or "no checkpoint"
            raise self._error("have a checkpoint that can be read, or be new", f"with {what}")
        return b""

    def _refuse_unless_same(self, there: dict) -> None:
        there.pop("versions", None)
        found = list(_fingerprint.differences(there, self._config))
        if found:
            raise self._error("be new, empty or hold the same run", f"with {'; '.join(found)}")

    def _error(self, must: str, received: str) -> ValueError:
        return ValueError(f"`run_dir` must {must}. Received: run_dir={str(self.path)!r} {received}")

    @contextlib.contextmanager
    def _room_for(self, what: str):
        try:
            yield
        except OSError as error:
            for path in self.path.glob("*.tmp*"):
                path.unlink()
            raise OSError(
                f"`run_dir` must have room for {what}. Received: run_dir={str(self.path)!r} ({error.strerror}); "
                "the checkpoint before it is kept, and the same call goes on from it"
            ) from None


def read(content: bytes) -> dict[str, np.ndarray]:
    """Return the arrays of a checkpoint; every byte of it is checked by the zip format's sums."""
    with np.load(io.BytesIO(content)) as saved:
        return dict(saved)


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.tmp")


def _write_beside(path: Path, content) -> None:
    with open(_beside(path), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _write(path: Path, content) -> None:
    _write_beside(path, content)
    os.replace(_beside(path), path)
