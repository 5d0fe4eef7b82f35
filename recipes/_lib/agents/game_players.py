"""Players of Connect Four: at random, by full search, by a network at the end of a short search; and their matches.

A player is a function from positions and a random generator to columns. The value of a position is between -1, the
player to move loses, and 1.
"""

from collections.abc import Callable

import keras
import numpy as np

from recipes._lib.agents import connect_four
from recipes._lib.agents.connect_four import COLUMNS, Positions

PLAY, DRAW, VALID, TEST, POSITIONS = range(5)
"""What random numbers are for: moves of the training, batches, games of the validation and of the test, random
positions. It is the second number of a seed, because NumPy takes s and (s, 0) as the same."""
PLAYER_DEPTH, OPPONENT_DEPTH = 2, 4  # Moves that the network's player looks ahead, and its opponent in the test.
SOONER = 0.99  # What a value loses with each move: of two wins, the sooner one is worth more.
LINE_WEIGHTS = (1.0, 4.0, 16.0)  # Of a line with one, two or three stones of one side and none of the other.
OPENINGS = [(first, second) for first in range(COLUMNS) for second in range(COLUMNS)]


def random_player(positions: Positions, rng: np.random.Generator) -> np.ndarray:
    """Take any column that has room, each with the same probability."""
    return best_moves(connect_four.legal_moves(positions).astype(float), rng)


def searching_player(depth: int, value: Callable[[Positions], np.ndarray] | None = None) -> Callable:
    """Return the player that searches all sequences of `depth` moves; of equal moves, it takes any.

    `value` judges the positions at the end of a sequence in which nobody has won; None takes them all as equal.
    """
    return lambda positions, rng: best_moves(move_values(positions, depth, value), rng)


def open_lines(positions: Positions) -> np.ndarray:
    """Return a value by hand: the weights of the lines that the player to move can still fill, minus the other's."""
    total, own, other = np.zeros(len(positions)), positions.own, positions.own ^ positions.taken
    for distances, first_cells in connect_four.LINES:
        for sign, side, rival in ((1, own, other), (-1, other, own)):
            a, b, c, d = (side >> distance for distance in distances)
            # The two bits of the number of stones in each line: it is at most 3.
            is_odd, has_two = a ^ b ^ c ^ d, (a & b) ^ (c & d) ^ ((a ^ b) & (c ^ d))
            is_open = first_cells & ~np.bitwise_or.reduce([rival >> distance for distance in distances])
            counts = (is_odd & ~has_two, has_two & ~is_odd, is_odd & has_two)
            for weight, lines in zip(LINE_WEIGHTS, counts, strict=True):
                total += sign * weight * np.bitwise_count(lines & is_open)
    return np.tanh(total / 64)


def network_value(network: keras.Model) -> Callable[[Positions], np.ndarray]:
    """Return the function that gives a network's value of each position."""

    def value(positions: Positions) -> np.ndarray:
        n = len(positions)
        # Few sizes of batches, because JAX compiles for each.
        size = -(-n // 2048) * 2048 if n > 2048 else max(64, 1 << (n - 1).bit_length())
        x = np.zeros((size, *network.input_shape[1:]), "float32")
        x[:n] = connect_four.planes(positions)
        return from_logits(network.predict_on_batch(x)[:n])

    return value


def knowing_forced_moves(value: Callable) -> Callable[[Positions], np.ndarray]:
    """Return a value function that asks `value` only where the rules leave a choice.

    A position with a winning move is won. Without one, it is lost if the other player has two winning cells; if that
    player has one, the stone must go there, and the position after it is looked at.
    """

    def known(positions: Positions) -> np.ndarray:
        rows, values, sign, quiet = np.arange(len(positions)), np.zeros(len(positions)), 1.0, []
        signs = np.zeros(len(positions))
        while len(rows):
            threats = connect_four.winning_cells(Positions(positions.own ^ positions.taken, positions.taken))
            is_won, count = connect_four.winning_cells(positions) != 0, np.bitwise_count(threats)
            values[rows[is_won]], values[rows[~is_won & (count > 1)]] = sign, -SOONER * sign
            is_quiet, is_forced = (~is_won & (count == number) for number in (0, 1))
            signs[rows[is_quiet]] = sign
            quiet.append((rows[is_quiet], positions[is_quiet]))
            after = Positions((positions.own ^ positions.taken)[is_forced], (positions.taken | threats)[is_forced])
            left = ~connect_four.is_full(after)  # A full board is a draw.
            positions, rows, sign = after[left], rows[is_forced][left], -SOONER * sign
        rows = np.concatenate([each for each, _ in quiet])
        if len(rows):
            own, taken = (np.concatenate([getattr(each, name) for _, each in quiet]) for name in ("own", "taken"))
            values[rows] = signs[rows] * value(Positions(own, taken))
        return values

    return known


def from_logits(logits: np.ndarray) -> np.ndarray:
    """Return the values that a network's outputs stand for: twice the probability of winning, minus 1."""
    return np.tanh(np.asarray(logits)[:, 0].astype("float64") / 2)


def move_values(positions: Positions, depth: int, value: Callable | None = None) -> np.ndarray:
    """Return each move's value to the player who makes it, of shape `(n, 7)`; minus infinity where it has no room."""
    values = np.full((len(positions), COLUMNS), -np.inf)
    rows, columns = np.nonzero(connect_four.legal_moves(positions))
    children = connect_four.after_moves(positions[rows], columns)
    is_won = connect_four.is_lost(children)
    results = np.where(is_won, 1.0, 0.0)
    going_on = np.flatnonzero(~is_won & ~connect_four.is_full(children))
    # Negamax without pruning: a move is worth the negative of the best value that the other player then has.
    if len(going_on) and depth > 1:
        results[going_on] = -SOONER * move_values(children[going_on], depth - 1, value).max(axis=1)
    elif len(going_on) and value is not None:
        results[going_on] = -SOONER * value(children[going_on])
    values[rows, columns] = results
    return values


def best_moves(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the column of the largest value in each row; among equal ones, each with the same probability."""
    is_best = values >= values.max(axis=1, keepdims=True) - 1e-9
    return np.where(is_best, rng.random(values.shape), -1).argmax(axis=1)


def match(player: Callable, opponent: Callable, *, rounds: int, seed) -> float:
    """Return the share of points that a player gets: 1 for a win, 1/2 for a draw."""
    # In a round, each pair of first moves of the two is played with both colours: 98 games.
    rng, games = np.random.default_rng(seed), 2 * rounds * len(OPENINGS)
    positions = connect_four.start(games)
    for columns in np.tile(np.array(OPENINGS), (2 * rounds, 1)).T:
        positions = connect_four.after_moves(positions, columns)
    is_player = np.arange(games) % (2 * len(OPENINGS)) < len(OPENINGS)  # To move.
    points, playing = np.full(games, 0.5), np.arange(games)
    while len(playing):
        columns = np.empty(len(playing), int)
        for each, rows in ((player, is_player[playing]), (opponent, ~is_player[playing])):
            if rows.any():
                columns[rows] = each(positions[rows], rng)
        positions = connect_four.after_moves(positions, columns)
        is_won = connect_four.is_lost(positions)
        points[playing[is_won]] = is_player[playing[is_won]]
        is_player = ~is_player
        left = ~is_won & ~connect_four.is_full(positions)
        positions, playing = positions[left], playing[left]
    return float(points.mean())


def recorded_game(player: Callable, opponent: Callable, *, opening: tuple[int, int], seed) -> list[int]:
    """Return the columns of one game, the two of the opening first; the player has the first stone."""
    rng, columns = np.random.default_rng(seed), list(opening)
    position = connect_four.played(columns)
    while not (connect_four.is_lost(position)[0] or connect_four.is_full(position)[0]):
        mover = (player, opponent)[len(columns) % 2]
        columns.append(int(mover(position, rng)[0]))
        position = connect_four.played(columns)
    return columns


def random_positions(count: int, seed: int) -> Positions:
    """Return positions of games of random moves, in which nobody has won yet."""
    rng, found, kept = np.random.default_rng((seed, POSITIONS)), connect_four.start(max(100, count)), []
    while len(found):
        found = connect_four.after_moves(found, random_player(found, rng))
        found = found[~(connect_four.is_lost(found) | connect_four.is_full(found))]
        kept.append(found[rng.random(len(found)) < 0.2])
    own, taken = (np.concatenate([getattr(part, name) for part in kept]) for name in ("own", "taken"))
    return Positions(own, taken)[rng.permutation(len(own))[:count]]


def decided_error(value: Callable, count: int, seed: int) -> float:
    """Return the mean error of a network's value in positions in which one side can win within four moves."""
    positions = random_positions(count, seed)
    best = move_values(positions, OPPONENT_DEPTH).max(axis=1)
    is_decided = best != 0
    return float(np.abs(value(positions[is_decided]) - np.sign(best[is_decided])).mean())


def scores(value: Callable, *, rounds: int, seed: int) -> dict[str, float]:
    """Return the scores of a network's player, of the network alone, which looks one move ahead, and of their rivals.

    The rivals are the same searches with the count of open lines, and without any value; and random moves.
    """
    players = {
        "": searching_player(PLAYER_DEPTH, value),
        "alone_": searching_player(1, value),
        "baseline_": searching_player(PLAYER_DEPTH, open_lines),
        "baseline_alone_": searching_player(1, open_lines),
        "no_value_": searching_player(PLAYER_DEPTH),
        "random_": random_player,
    }
    opponents = {
        "score": searching_player(OPPONENT_DEPTH),
        "score_against_count": searching_player(OPPONENT_DEPTH, open_lines),
        "score_against_random": random_player,
    }
    pairs = {player + opponent: (players[player], opponents[opponent]) for player in players for opponent in opponents}
    for player in ("baseline_alone_", "random_"):  # Against four moves without a value alone.
        del pairs[f"{player}score_against_count"], pairs[f"{player}score_against_random"]
    numbered = enumerate(pairs.items())
    return {name: match(*pair, rounds=rounds, seed=(seed, TEST, number)) for number, (name, pair) in numbered}
