"""Data sets, split into a training set, a validation set drawn by `seed`, and a fixed test set.

`load` reads files that come with the package and checks their sha256. Only `fashion_mnist` is downloaded, by Keras, on
first use; `recall` is made by rule. `data/README.md` has origins and licences.
"""

from dlguide.data._load import Info, Part, Splits, load, load_text

__all__ = ["Info", "Part", "Splits", "load", "load_text"]
