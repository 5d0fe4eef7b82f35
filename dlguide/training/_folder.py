"""The folder of a run: a lock, checkpoints, and atomically written files."""

import contextlib
import io
import json
import os
import warnings
from pathlib import Path

import filelock
import keras
import numpy as np

from dlguide.errors import ArgumentError
from dlguide.training import _fingerprint, _processes

CHECKPOINTS = ("checkpoint.npz", "checkpoint.previous.npz")


@contextlib.contextmanager
def open_run(path, config: dict):
    """Lock the folder of a run; yield it (None if this process is not the first), and the arrays of its checkpoint.

    A new run has no arrays. Without a path, there is no folder.
    """
    rank, processes = (0, 1) if path is None else _processes.rank_and_size()
    folder = RunFolder(path, config) if rank == 0 and path is not None else None
    with contextlib.ExitStack() as stack:
        saved = {}
        try:
            if folder is not None:
                stack.callback(folder.close)
                saved = folder.open()
        except ArgumentError:
            if processes > 1:
                _processes.broadcast(None)
            raise
        if processes > 1:
            content = _processes.broadcast(encode(saved) if saved else b"")
            if content is None:
                raise ArgumentError("`run_dir` was refused by process 0, which says why")
            saved = decode(content) if content else {}
        yield folder, saved


class RunFolder:
    """A folder that only this process writes, and that holds one run."""

    def __init__(self, path, config: dict):
        self.path, self._config = Path(path), config
        self._lock = filelock.FileLock(self.path / ".lock")

    def open(self) -> dict[str, np.ndarray]:
        """Lock the folder; return the newest good checkpoint of this run, nothing if the run is new."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
            return self._newest()
        except filelock.Timeout:
            raise self._error("not be in use by another process") from None
        except OSError as error:
            raise self._error("be a folder that can be written", f" ({error.strerror})") from None

    def close(self) -> None:
        """Release the lock, as the death of a process does."""
        self._lock.release()

    def save(self, arrays: dict[str, np.ndarray], history: str) -> None:
        """Write a checkpoint; the one before it is kept beside it."""
        newest, previous = (self.path / name for name in CHECKPOINTS)
        with self._room_for("a checkpoint"):
            _write_beside(newest, encode(arrays))
            if newest.exists():
                os.replace(newest, previous)
            os.replace(_beside(newest), newest)
            with contextlib.suppress(PermissionError):  # On Windows, while a table program has it open.
                _write(self.path / "history.csv", history.encode())

    def save_model(self, model: keras.Model) -> None:
        path = self.path / "model.keras"
        with self._room_for("the model"):
            model.save(path.with_name("model.tmp.keras"))
            os.replace(path.with_name("model.tmp.keras"), path)

    def _newest(self) -> dict[str, np.ndarray]:
        found = [name for name in (*CHECKPOINTS, "history.csv", "model.keras") if (self.path / name).exists()]
        config = self._saved_config()
        if config is None and found:
            raise self._error("be new, empty or hold the same run", f" with {', '.join(found)}")
        saved, damaged = self._good_checkpoint([name for name in CHECKPOINTS if name in found])
        if found and not saved:
            what = ", ".join(damaged) or "no checkpoint"
            raise self._error("have a checkpoint that can be read, or be new", f" with {what}")
        if config != self._config:  # A new run, or one that is extended.
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
            raise self._error("have a config.json that can be read, or be new", " with config.json damaged") from None
        found = _fingerprint.difference(config, self._config)
        if found:
            raise self._error("be new, empty or hold the same run", f" with {found}")
        return config

    def _good_checkpoint(self, names: list[str]) -> tuple[dict[str, np.ndarray], list[str]]:
        """Return the first checkpoint that can be read, and what is wrong with those before it."""
        damaged = []
        for name in names:
            try:
                saved = decode((self.path / name).read_bytes())
                state = json.loads(str(saved["state"]))
            except Exception as error:  # NumPy, zip and JSON raise many kinds of errors for a damaged file.
                damaged.append(f"{name} damaged ({type(error).__name__})")
                continue
            if damaged:
                # Out of the way: the next checkpoint must not push the good one out for it.
                os.replace(self.path / CHECKPOINTS[0], self.path / "checkpoint.damaged.npz")
                where = f"epoch {state['progress']['epoch'] + 1}, step {state['progress']['step']}"
                text = f"{self.path} has {damaged[0]}: the run is resumed from the one before it, {where}."
                warnings.warn(text, UserWarning, stacklevel=8)  # The caller of `Run`.
            return saved, damaged
        return {}, damaged

    def _error(self, must: str, received: str = "") -> ArgumentError:
        return ArgumentError(f"`run_dir` must {must}. Received: run_dir={str(self.path)!r}{received}")

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
    """Return the arrays of a checkpoint; the checksums of the zip format cover every byte."""
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
