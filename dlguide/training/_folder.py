"""The folder of a run: a lock, checkpoints, and atomically written files."""

import contextlib
import io
import json
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import filelock
import keras
import numpy as np

from dlguide.training import _processes
from dlguide.training._differences import difference

CHECKPOINTS = ("checkpoint.npz", "checkpoint.previous.npz")
TEMPORARY_MODELS = ("model.tmp.keras", "model.tmp.weights.h5")


@contextlib.contextmanager
def open_run(path, config: dict, first_weights: str | None, check: Callable[[dict, str | None], str]):
    """Lock the folder of a run; yield it (None if this process is not the first), and the arrays of its checkpoint.

    A new run has no arrays. Without a path, there is no folder. `check` is given a checkpoint and the hash of the
    weights that its run began with, and says why it is another run's.
    """
    rank, processes = (0, 1) if path is None else _processes.rank_and_size()
    folder = RunFolder(path, config, first_weights, check) if rank == 0 and path is not None else None
    with contextlib.ExitStack() as stack:
        saved = {}
        try:
            if folder is not None:
                stack.callback(folder.close)
                saved = folder.open()
        except ValueError:
            if processes > 1:
                _processes.broadcast(None)
            raise
        if processes > 1:
            content = _processes.broadcast(encode(saved) if saved else b"")
            if content is None:
                raise ValueError("`run_dir` was refused by process 0, which says why")
            saved = decode(content) if content else {}
        yield folder, saved


class RunFolder:
    """A folder that only this process writes, and that holds one run."""

    def __init__(self, path, config: dict, first_weights: str | None, check: Callable[[dict, str | None], str]):
        self.path, self._config, self._check = Path(path).expanduser(), config, check
        self._facts = {"versions": versions(), "first_weights": first_weights}
        self._lock = filelock.FileLock(self.path / ".lock")

    def open(self) -> dict[str, np.ndarray]:
        """Lock the folder; return the newest good checkpoint of this run, nothing if the run is new."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
            return self._newest()
        except filelock.Timeout:
            raise self._error("not be in use by another process, or another run of this one") from None
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
        temporary, weights = (self.path / name for name in TEMPORARY_MODELS)
        with self._room_for("the model"):
            try:
                model.save(temporary)
            except NotImplementedError:  # Without a `get_config`, a model has nothing but its weights in a file.
                built, model.built = model.built, True  # One without a `call` is never built, but its parts are.
                model.save_weights(weights)
                model.built = built
                os.replace(weights, self.path / "model.weights.h5")
            else:
                os.replace(temporary, self.path / "model.keras")

    def _newest(self) -> dict[str, np.ndarray]:
        files = [name for name in (*CHECKPOINTS, "history.csv", "model.keras") if (self.path / name).exists()]
        config, facts = self._saved_config()
        if config is None and files:
            raise self._error("be new, empty or hold the same run", f" with {', '.join(files)}")
        saved, damaged = self._good_checkpoint([name for name in CHECKPOINTS if name in files])
        if config is not None:
            self._compare(config, facts, saved)
        if files and not saved:
            what = ", ".join(damaged) or "no checkpoint"
            raise self._error("have a checkpoint that can be read, or be new", f" with {what}")
        if saved:
            self._facts["first_weights"] = facts.get("first_weights")
        if config != self._config or facts != self._facts:
            _write(self.path / "config.json", json.dumps({**self._config, **self._facts}, indent=2).encode())
        return saved

    def _saved_config(self) -> tuple[dict | None, dict]:
        """Return what is compared in a `config.json`, and the facts beside it."""
        path = self.path / "config.json"
        if not path.exists():
            return None, {}
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
            return config, {name: config.pop(name, None) for name in self._facts}
        except (ValueError, TypeError, AttributeError):  # No JSON, or JSON of something else.
            raise self._error("have a config.json that can be read, or be new", " with config.json damaged") from None

    def _compare(self, config: dict, facts: dict, saved: dict) -> None:
        """Refuse another run; warn of other versions and other first weights."""
        if config.get("epochs") is not None:
            # Those of the call that wrote the checkpoint: a longer one may have been killed before it wrote any.
            epochs = json.loads(str(saved["state"]))["progress"]["epochs"] if saved else self._config["epochs"]
            config = {**config, "epochs": epochs}
        there, here = (each["versions"] or {} for each in (facts, self._facts))
        current = self._config
        if there.get("python") != here["python"]:  # It has another byte code.
            config, current = ({**each, "code": None} for each in (config, current))
        text = difference(config, current) or (saved and self._check(saved, facts["first_weights"]))
        if text:
            raise self._error("be new, empty or hold the same run", f" with {text}")
        pairs = {name: (there.get(name, here[name]), here[name]) for name in here if saved}
        changed = [f"{name} {a} there, {b} here" for name, (a, b) in pairs.items() if a != b]
        if changed:
            self._warn(f"was written by other versions ({', '.join(changed)}): the bits may differ from now on")

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
                self._warn(f"has {damaged[0]}: the run is resumed from the one before it, {where}")
            return saved, damaged
        return {}, damaged

    def _warn(self, text: str) -> None:
        warnings.warn(f"run {str(self.path)!r} {text}.", UserWarning, stacklevel=8)  # The caller of `Run`.

    def _error(self, must: str, received: str = "") -> ValueError:
        return ValueError(f"`run_dir` must {must}. Received: run_dir={str(self.path)!r}{received}")

    @contextlib.contextmanager
    def _room_for(self, what: str):
        try:
            yield
        except OSError as error:
            for name in (*CHECKPOINTS, "history.csv"):
                _beside(self.path / name).unlink(missing_ok=True)
            for name in TEMPORARY_MODELS:
                (self.path / name).unlink(missing_ok=True)
            raise OSError(
                f"`run_dir` must have room for {what}. Received: run_dir={str(self.path)!r} ({error.strerror}); "
                "the checkpoint before it is kept, and the same call resumes the run from it"
            ) from None


def versions() -> dict[str, str]:
    """Return what a run's bits depend on beside its options; `python` also decides whether code can be compared."""
    backend = keras.backend.backend()
    numbers = {"keras": keras.__version__, backend: sys.modules[backend].__version__, "numpy": np.__version__}
    return {"python": ".".join(map(str, sys.version_info[:2])), **numbers}


def encode(arrays: dict[str, np.ndarray]) -> bytes:
    """Return the content of a checkpoint's file."""
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


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
