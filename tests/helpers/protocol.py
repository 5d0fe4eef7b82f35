"""What the protocols of recipes and of experiments share: rows of a test set, a hash of what a fit is given."""

import hashlib

import keras
import numpy as np
import tensorflow as tf
from scipy import sparse

from dlguide import data


def with_test_set(splits: data.Splits, rows: slice) -> data.Splits:
    """Return a data set with some rows of its test set."""
    test = data.Part(*(np.ascontiguousarray(array[rows]) for array in splits.test))
    return splits._replace(test=test, info=splits.info._replace(test_dates=splits.info.test_dates[rows]))


def digest(*contents) -> str:
    """Return a hash of all arrays and texts; a data set is read once."""
    found = hashlib.sha256()
    for content in keras.tree.flatten(contents):
        if isinstance(content, keras.utils.PyDataset):
            found.update(digest(*(content[i] for i in range(len(content)))).encode())
        elif isinstance(content, tf.data.Dataset):
            found.update(digest(*content).encode())
        elif isinstance(content, np.ndarray) or keras.ops.is_tensor(content):
            found.update(np.ascontiguousarray(keras.ops.convert_to_numpy(content)).tobytes())
        elif sparse.issparse(content):
            found.update(content.toarray().tobytes())
        elif isinstance(content, str):
            found.update(content.encode())
    return found.hexdigest()
