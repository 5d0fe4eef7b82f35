"""Readers of the inputs of `recipes predict`: a picture file, a text, numbers or a CSV file of them.

Each takes one input and the content of `input.json`. It returns a batch of examples, and for each example a note on
what may make its answer worthless.
"""

import os
import re
from pathlib import Path

import numpy as np

from recipes._lib import picture_reader
from recipes._lib.agents import connect_four
from recipes._lib.agents.connect_four import Positions
from recipes._lib.texts import token_ids

FAR = 0.1  # A value gets a note where it lies outside the training set's range by more than this share of the range.
NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+|nan|inf)(e[-+]?\d+)?\s*", re.IGNORECASE)


def picture(path: str, description: dict) -> tuple[np.ndarray, list[str]]:
    """Read a photo of a digit, or a picture of a thing, such as clothes."""
    read = picture_reader.object_image if description["kind"] == "image" else picture_reader.digit_image
    return read(picture_reader.grey_picture(path), description["shape"], description["margin"], path)[None], [""]


def text(text: str, description: dict) -> tuple[np.ndarray, list[str]]:
    """Read a text; a classifier reads the beginning of a longer one, a prompt may have any length."""
    if not text:
        raise ValueError(f"`inputs` must be texts of at least one character. Received: {text!r}")
    length = len(text) if description["kind"] == "prompt" else description["shape"][0]
    unknown = dict.fromkeys(symbol for symbol in text if symbol not in description["vocabulary"])
    note = f" (not in the vocabulary: {', '.join(map(repr, unknown))})" if unknown else ""
    note += f" (only the first {length} characters count)" if len(text) > length else ""
    return token_ids.encode([text], description["vocabulary"], length), [note]


def word(text_of_word: str, description: dict) -> tuple[np.ndarray, list[str]]:
    """Read a word, in capital letters as the data set has them."""
    return text(text_of_word.upper(), description)


def recall(text: str, description: dict) -> tuple[np.ndarray, list[str]]:
    """Read pairs of a letter and a digit and a letter as the question, such as "a4 f7 c1 d1 f?"."""
    words, (least, most) = text.split(), description["pairs"]
    letters, asked = [word[0] for word in words[:-1]], words[-1][0] if words else ""
    has_form = re.fullmatch(rf"([a-z][0-9] ){{{least},{most}}}[a-z]\?", " ".join(words))
    if not has_form or len(set(letters)) < len(letters) or asked not in letters:
        raise ValueError(
            f"`inputs` must be {least} to {most} pairs of a letter and a digit, all letters different, and one of the "
            f"letters with a question mark, such as 'a4 f7 c1 d1 f?'. Received: {text!r}"
        )
    return token_ids.encode([words], description["vocabulary"], description["shape"][0]), [""]


def moves(text: str, description: dict) -> tuple[Positions, list[str]]:
    """Read the columns of a game of Connect Four so far, such as 4453; nothing is the empty board."""
    position = connect_four.start(1)
    for column in text:
        is_over = connect_four.is_lost(position)[0] or connect_four.is_full(position)[0]
        if column not in "1234567" or is_over or not connect_four.legal_moves(position)[0, int(column) - 1]:
            break
        position = connect_four.after_moves(position, np.array([int(column) - 1]))
    else:
        if not (connect_four.is_lost(position)[0] or connect_four.is_full(position)[0]):
            return position, [""]
    raise ValueError(
        "`inputs` must be the columns of a game that is not over, 1 to 7, each with room, in the order of the moves, "
        f"such as 4453. Received: {text!r}"
    )


def numbers(text: str, description: dict) -> tuple[np.ndarray, list[str]]:
    """Read the numbers of one example, or a CSV file with an example in each row."""
    [length], values = description["shape"], _table(text, description)
    if values.size == length:
        values = values.reshape(1, -1)  # A number in each row.
    elif values.shape[1] != length:
        raise _not_numbers(f"{length} numbers", text, description)
    return _scaled(values, description), [_range_note(row[None], description) for row in values]


def sequence(text: str, description: dict) -> tuple[np.ndarray, list[str]]:
    """Read a sequence: numbers, or a CSV file with a row for each step. The model reads the end of a longer series."""
    (length, features), values = description["shape"], _table(text, description)
    if features == 1:
        values = values.reshape(-1, 1)
    if description["is_series"]:
        values = values[-length:]
    most = "" if description["exact"] else " at the most"
    if values.shape[1] != features or len(values) > length or (len(values) < length and not most):
        raise _not_numbers(f"{length} x {features} numbers{most}", text, description)
    x = np.pad(_scaled(values, description), [(0, length - len(values)), (0, 0)])
    return x[None], [_range_note(values, description)]


def _table(text: str, description: dict) -> np.ndarray:
    """Read numbers with commas between them, or a CSV file, with or without a header."""
    is_file = os.path.isfile(text)
    if not is_file and (text.lower().endswith((".csv", ".txt")) or os.sep in text):
        raise ValueError(f"`inputs` must be numbers or CSV files that exist. Received: {text!r}, which is missing")
    try:
        lines = Path(text).read_text(encoding="utf-8-sig").splitlines() if is_file else [text]
        rows = [line.split(",") for line in lines if line.strip()]
        if is_file and len(rows) > 1 and not any(map(NUMBER.fullmatch, rows[0])):
            del rows[0]  # The header.
        values = np.array(rows, dtype="float64")
        is_good = values.ndim == 2 and np.isfinite(values).all()
    except ValueError:  # No text, no numbers, or rows of different lengths.
        is_good = False
    if not is_good:
        raise _not_numbers("numbers, or CSV files with rows of numbers", text, description)
    return values


def _not_numbers(must_be: str, text: str, description: dict) -> ValueError:
    names = description["feature_names"]
    order = f", in this order: {', '.join(names)}" if len(names) > 1 else ""
    return ValueError(f"`inputs` must be {must_be} with commas between them{order}. Received: {text!r}")


def _scaled(values: np.ndarray, description: dict) -> np.ndarray:
    """Return values in the data's own units scaled like the training set."""
    return ((values - (description["feature_mean"] or 0)) / (description["feature_scale"] or 1)).astype("float32")


def _range_note(values: np.ndarray, description: dict) -> str:
    """Return a note on the features with a value far outside the range of the training set."""
    if "lowest" not in description:
        return ""
    lowest, highest = np.array(description["lowest"]), np.array(description["highest"])
    names = description["feature_names"] or [f"number {i + 1}" for i in range(len(lowest))]
    is_far = (values < lowest - FAR * (highest - lowest)) | (values > highest + FAR * (highest - lowest))
    far = []
    for i in np.flatnonzero(is_far.any(axis=0)):
        far.append(f"{names[i]} {values[is_far[:, i], i][0]:g}, trained on {lowest[i]:g} to {highest[i]:g}")
    return f" (outside what the model was trained on: {'; '.join(far)})" if far else ""
