"""The rules of Connect Four, for many positions at once.

A position is two numbers of 64 bits. The cell in column c and row r, counted from the left and from below, is bit
7 c + r of both; the seventh bit of a column is always 0, so that no line goes on in the next column.
"""

import dataclasses

import numpy as np

ROWS, COLUMNS = 6, 7
SHAPE = (ROWS, COLUMNS, 2)  # Of the input of a network.
_BOTTOM = np.uint64(1) << np.arange(0, 49, 7, dtype="uint64")
_TOP = _BOTTOM << np.uint64(ROWS - 1)
_CELLS = np.arange(ROWS - 1, -1, -1, dtype="uint64")[:, None] + np.arange(0, 49, 7, dtype="uint64")  # Top row first.
_STEPS = [np.uint64(step) for step in (1, 6, 7, 8)]  # To the next cell of a line: up, on a diagonal, to the right.
_BOARD = (np.uint64(1) << _CELLS).sum()
LINES = [
    (step * np.arange(4, dtype="uint64"), _BOARD & _BOARD >> step & _BOARD >> 2 * step & _BOARD >> 3 * step)
    for step in _STEPS
]
"""Of each direction: how far the cells of a line are from its first one, and the first cells of its lines, as bits."""


@dataclasses.dataclass(frozen=True)
class Positions:
    """Positions before a move: two arrays of the shape `(n,)`."""

    own: np.ndarray
    """Stones of the player to move."""
    taken: np.ndarray
    """Stones of both players."""

    def __len__(self) -> int:
        return len(self.own)

    def __getitem__(self, rows) -> "Positions":
        return Positions(self.own[rows], self.taken[rows])


def start(count: int) -> Positions:
    """Return `count` empty boards."""
    return Positions(np.zeros(count, "uint64"), np.zeros(count, "uint64"))


def played(columns) -> Positions:
    """Return the position after these moves, as one row; each column is a number from 0."""
    positions = start(1)
    for column in columns:
        positions = after_moves(positions, np.array([column]))
    return positions


def legal_moves(positions: Positions) -> np.ndarray:
    """Return which columns have room, of shape `(n, 7)`."""
    return (positions.taken[:, None] & _TOP) == 0


def after_moves(positions: Positions, columns: np.ndarray) -> Positions:
    """Return the positions after a stone in one column each, which must have room; the other player is to move."""
    # A bit that is added at the bottom of a column is carried to its first empty cell.
    return Positions(positions.own ^ positions.taken, positions.taken | (positions.taken + _BOTTOM[columns]))


def is_lost(positions: Positions) -> np.ndarray:
    """Return whether the player who has just moved has four stones in a line."""
    stones, found = positions.own ^ positions.taken, np.zeros(len(positions), bool)
    for step in _STEPS:
        pairs = stones & (stones >> step)
        found |= (pairs & (pairs >> (step + step))) != 0
    return found


def winning_cells(positions: Positions) -> np.ndarray:
    """Return the cells, as bits, in which a stone of the player to move would be the fourth of a line now."""
    own, found = positions.own, np.zeros(len(positions), "uint64")
    for step in _STEPS:
        below, above = (own << step) & (own << (step + step)), (own >> step) & (own >> (step + step))
        found |= below & ((own << (3 * step)) | (own >> step)) | above & ((own >> (3 * step)) | (own << step))
    # All bits at the bottom are added at once: each is carried to the first empty cell of its column.
    return found & (positions.taken + _BOTTOM.sum()) & ~positions.taken & _BOARD


def is_full(positions: Positions) -> np.ndarray:
    """Return whether no cell is empty."""
    return ~legal_moves(positions).any(axis=1)


def planes(positions: Positions) -> np.ndarray:
    """Return the input of a network, of shape `(n, 6, 7, 2)`: 1 for own stones, then 1 for the other player's."""
    sides = np.stack([positions.own, positions.own ^ positions.taken], axis=-1)[:, None, None]
    return ((sides >> _CELLS[..., None]) & np.uint64(1)).astype("float32")
