"""Data sets, cut into a training set, a validation set drawn by `seed`, and a fixed test set.

`load` reads real ones from files that come with the package, each checked against its sha256; only
`fashion_mnist` is downloaded, by Keras, on first use, and `recall` is made by rule. `data/README.md` holds origin and
licence.
"""

from dlguide.data._load import Info, Part, Splits, is_test_part, load, load_text
from dlguide.data._sets import decode, encode

__all__ = ["Info", "Part", "Splits", "decode", "encode", "is_test_part", "load", "load_text"]
