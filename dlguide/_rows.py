"""Rows of arrays, also of arrays that lie in a file and are larger than the memory."""

import mmap

import keras
import numpy as np

AT_ONCE = 16  # Rows of a file between two returns of memory: each may map two megabytes around itself.


def floatx_of(dtype: np.dtype) -> np.dtype:
    """Return the type in which a model gets numbers of a type: as in `model.fit`, floats are of Keras's `floatx`."""
    return np.dtype(keras.config.floatx()) if dtype.kind == "f" or dtype.name == "bfloat16" else dtype


def as_floatx(array: np.ndarray | None) -> np.ndarray | None:
    """Return floats as `floatx`; other numbers, None, and a file, whose `Rows` are cast, as they are."""
    if array is None or isinstance(array, np.memmap):
        return array
    with np.errstate(over="ignore"):  # A float64 beyond it becomes infinity, which the checks find.
        return array.astype(floatx_of(array.dtype), copy=False)


class Rows:
    """Rows of an array that lies in a file, read without the file's becoming part of the process's memory.

    A page of a mapped file stays in memory once it was looked at, with its neighbours: so they are given back. In a
    private copy (mode "c") that would undo what was written into it.
    """

    def __init__(self, array: np.memmap):
        self._array, self._file = array, array
        self.dtype, self.shape = floatx_of(array.dtype), array.shape
        while isinstance(self._file, np.ndarray):
            self._file = self._file.base
        if array.mode == "c" or not hasattr(mmap, "MADV_DONTNEED"):
            self._file = None

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        places = [rows] if isinstance(rows, slice) else [rows[i : i + AT_ONCE] for i in range(0, len(rows), AT_ONCE)]
        parts = []
        for place in places:
            parts.append(as_floatx(np.array(self._array[place])))
            if self._file is not None:
                self._file.madvise(mmap.MADV_DONTNEED)
        return np.concatenate(parts)


def blocks(array, size: int = 2**24):
    """Yield the index of the first row and the rows of consecutive parts of about `size` bytes."""
    rows = Rows(array) if isinstance(array, np.memmap) else array
    step = max(1, size // max(1, array[:1].nbytes))
    for start in range(0, len(array), step):
        yield start, rows[start : start + step]
