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

from dlguide.training import _fingerprint, _processes

CHECKPOINTS = ("checkpoint.npz", "checkpoint.previous.npz")


@contextlib.contextmanager
def opened(path, config: dict):
    """Lock a run's folder; yield it, None in other processes than the first, and its checkpoint, empty if it is new.

    Without a path, do nothing.
    """
    if path is None:
        yield None, {}
        return
    process, processes = _processes.place()
    folder, saved, content = None, {}, b""
    try:
        if process == 0:
            folder = RunFolder(path, config)
            saved = folder.open()
            content = encode(saved) if saved and processes > 1 else b""
    except ValueError:
        if processes > 1:
            _processes.broadcast(None)
        raise
    if processes > 1:
        content = _processes.broadcast(content)
        if content is None:
            raise ValueError("`run_dir` was refused by process 0, which says why")
        saved = decode(content) if content else {}
    try:
        yield folder, saved
    finally:
        if folder is not None:
            folder.close()


class RunFolder:
    """A folder that this process alone writes, and that holds one run."""

    def __init__(self, path, config: dict):
        self.path, self._config = Path(path), config
        self._lock = filelock.FileLock(self.path / ".lock")

    def open(self) -> dict[str, np.ndarray]:
        """Lock the folder; return the newest good checkpoint of this run, nothing where it is a new one."""
        name = f"run_dir={str(self.path)!r}"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
            return self._newest()
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
            _write_beside(newest, encode(arrays))
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

    def _newest(self) -> dict[str, np.ndarray]:
        found = [name for name in (*CHECKPOINTS, "history.csv", "model.keras") if (self.path / name).exists()]
        there = self._saved_config()
        if there is None and found:
            raise self._error("be new, empty or hold the same run", f"with {', '.join(found)}")
        saved, damaged = self._good_checkpoint([name for name in CHECKPOINTS if name in found])
        if found and not saved:
            what = ", ".join(damaged) or "no checkpoint"
            raise self._error("have a checkpoint that can be read, or be new", f"with {what}")
        if there != self._config:  # A new run, or one of more epochs than before.
            versions = {"keras": keras.__version__, "numpy": np.__version__}
            _write(self.path / "config.json", json.dumps({**self._config, "versions": versions}, indent=2).encode())
        return saved

    def _saved_config(self) -> dict | None:
        path = self.path / "config.json"
        if not path.exists():
            return None
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
            config.pop("versions", None)
        except (ValueError, TypeError, AttributeError):  # No JSON, or JSON of something else.
            raise self._error("have a config.json that can be read, or be new", "with config.json damaged") from None
        self._refuse_unless_same(config)
        return config

    def _good_checkpoint(self, names: list[str]) -> tuple[dict[str, np.ndarray], list[str]]:
        """Return the first checkpoint that can be read, and what is wrong with those before it."""
        damaged = []
        for name in names:
            try:
                saved = decode((self.path / name).read_bytes())
                state = json.loads(str(saved["state"]))
            except Exception as error:  # Whatever NumPy, zip or JSON make of a damaged file.
                damaged.append(f"{name} damaged ({type(error).__name__})")
                continue
            self._refuse_unless_same(state["config"])
            if damaged:
                # Out of the way: the next checkpoint must not push the good one out for it.
                os.replace(self.path / CHECKPOINTS[0], self.path / "checkpoint.damaged.npz")
                where = f"epoch {state['progress']['epoch'] + 1}, step {state['progress']['step']}"
                warnings.warn(
                    f"{self.path} has {damaged[0]}: the run is resumed from the one before it, {where}.",
                    UserWarning,
                    stacklevel=7,  # The caller of `fit`.
                )
            return saved, damaged
        return {}, damaged

    def _refuse_unless_same(self, there: dict) -> None:
        found = _fingerprint.difference(there, self._config)
        if found:
            raise self._error("be new, empty or hold the same run", f"with {found}")

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
                "the checkpoint before it is kept, and the same call resumes the run from it"
            ) from None


def encode(arrays: dict[str, np.ndarray]) -> memoryview:
    """Return the content of a checkpoint's file."""
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getbuffer()


def decode(content) -> dict[str, np.ndarray]:
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
