"""Texts as token ids, and back."""

from collections.abc import Iterable, Sequence

import numpy as np


def encode(texts: Sequence[Sequence[str]], vocabulary: Sequence[str], length: int) -> np.ndarray:
    """Turn texts (or lists of words) into int32 ids, cut or right-padded with 0; unknown symbols get id 1."""
    ids, encoded = {symbol: i for i, symbol in enumerate(vocabulary)}, np.zeros((len(texts), length), "int32")
    for row, text in zip(encoded, texts, strict=True):
        row[: len(text)] = [ids.get(symbol, 1) for symbol in text[:length]]
    return encoded


def decode(ids: Iterable[int], vocabulary: Sequence[str]) -> str:
    """Turn the ids of one text back into the text, without padding."""
    return "".join(vocabulary[i] for i in np.asarray(ids, int).tolist())
