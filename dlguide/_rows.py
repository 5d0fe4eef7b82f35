"""Rows of arrays, also of arrays that lie in a file and are larger than the memory."""

import os
import weakref

import keras
import numpy as np


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

    A page of a mapped file stays in memory once it was looked at, with its neighbours: so rows are
    read from the file itself. A private copy (mode "c") is not what is in the file and stays mapped.
    """

    def __init__(self, array: np.memmap):
        self._array, self._file = array, None
        self.dtype, self.shape = floatx_of(array.dtype), array.shape
        root = array
        while isinstance(root.base, np.ndarray):
            root = root.base
        filename = getattr(root, "filename", None)
        if filename is None or array.mode == "c" or not array[0].flags.c_contiguous or not hasattr(os, "pread"):
            return
        try:
            self._file = os.open(filename, os.O_RDONLY)
        except OSError:  # Deleted since; the map still has it.
            return
        weakref.finalize(self, os.close, self._file)
        address = [a.__array_interface__["data"][0] for a in (array, root)]
        self._start, self._bytes = root.offset + address[0] - address[1], array[0].nbytes
        ends = np.array([0, len(array) - 1])
        if not np.array_equal(self[ends], as_floatx(array[ends])):  # Another file took the name.
            self._file = None

    def __getitem__(self, rows):
        if self._file is None:
            return as_floatx(np.asarray(self._array[rows]))
        if isinstance(rows, slice):
            rows = np.arange(len(self._array))[rows]
        starts = (self._start + rows * self._array.strides[0]).tolist()
        content = b"".join([os.pread(self._file, self._bytes, start) for start in starts])
        return as_floatx(np.frombuffer(content, self._array.dtype).reshape(len(starts), *self.shape[1:]))


def blocks(array, size: int = 2**24):
    """Yield the index of the first row and the rows of consecutive parts of about `size` bytes."""
    rows = Rows(array) if isinstance(array, np.memmap) else array
    step = max(1, size // max(1, array[:1].nbytes))
    for start in range(0, len(array), step):
        yield start, rows[start : start + step]
