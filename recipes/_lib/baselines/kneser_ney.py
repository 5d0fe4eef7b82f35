"""A language model that counts: n-grams with interpolated Kneser-Ney smoothing.

Kneser & Ney, "Improved backing-off for m-gram language modeling" (1995), interpolated as in Chen & Goodman, "An
empirical study of smoothing techniques for language modeling" (1999).
"""

import numpy as np

from dlguide import data

ORDERS = range(3, 9)


def nats_per_token(text: data.Splits) -> float:
    """Return the mean negative log-likelihood of the test set; the order is chosen on the validation set."""
    base = len(text.info.vocabulary)
    counts = [_counts(text, order) for order in ORDERS if base**order < 2**63]  # An n-gram is one integer.
    return _nats(min(counts, key=lambda each: _nats(each, text.valid, base)), text.test, base)


def _counts(text: data.Splits, order: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the n-grams of each length up to `order`, in order, and their counts."""
    stream, base = np.append(text.train.x.ravel(), text.train.y[-1, -1:])[None], len(text.info.vocabulary)
    counts = [np.unique(_codes(stream, order, base), return_counts=True)]
    # Of shorter ones, the tokens that stand before them count: "rancisco" is frequent, but follows one letter only.
    for length in range(order - 1, 0, -1):
        counts.insert(0, np.unique(counts[0][0] % base**length, return_counts=True))
    return counts


def _nats(counts, part: data.Part, base: int) -> float:
    """Return the mean negative log-likelihood of the targets, each given the tokens before it in its window."""
    windows = np.concatenate([part.x[:, :1], part.y], axis=1)
    chances = np.full(part.y.shape, 1 / base)
    for length, (ngrams, count) in enumerate(counts, 1):
        contexts, first = np.unique(ngrams // base, return_index=True)
        total, following = np.add.reduceat(count, first), np.diff(np.append(first, len(ngrams)))
        once, twice = (count == 1).sum(), (count == 2).sum()
        discount = once / max(once + 2 * twice, 1)
        codes = _codes(windows[:, 1:] if length == 1 else windows, length, base)
        places = (..., slice(max(0, length - 2), None))  # A window's first targets have shorter contexts.
        found = np.maximum(_lookup(ngrams, count, codes) - discount, 0)
        of_context, kinds = (_lookup(contexts, table, codes // base) for table in (total, following))
        mixed = (found + discount * kinds * chances[places]) / np.maximum(of_context, 1)
        chances[places] = np.where(of_context > 0, mixed, chances[places])
    return float(-np.log(chances).mean())


def _codes(tokens: np.ndarray, length: int, base: int) -> np.ndarray:
    """Return each n-gram of a row as one integer."""
    windows = np.lib.stride_tricks.sliding_window_view(tokens, length, axis=1).astype("int64")
    return windows @ base ** np.arange(length - 1, -1, -1)


def _lookup(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the value of each wanted key, 0 where there is none."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], 0)
