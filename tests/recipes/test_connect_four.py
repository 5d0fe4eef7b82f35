"""Connect Four: the rules against known numbers and a slow second version of them, the search, the matches."""

import numpy as np
import pytest

from recipes._lib.agents import connect_four, game_players
from recipes._lib.agents.connect_four import COLUMNS, ROWS, Positions

# Positions after so many plies: Tromp, "John's Connect Four Playground"; OEIS A212693.
NUMBERS = [1, 7, 49, 238, 1120, 4263, 16422, 54859]


def played(moves: str) -> Positions:
    """Return the position after moves in these columns, which are counted from 1."""
    return connect_four.played(int(column) - 1 for column in moves)


class Board:
    """The rules once more, with lists: columns of stones, numbered by player, and four equal ones in a line."""

    def __init__(self, moves=()):
        self.columns, self.moves = [[] for _ in range(COLUMNS)], list(moves)
        for number, column in enumerate(self.moves):
            self.columns[column].append(number % 2)

    def legal(self):
        return [column for column in range(COLUMNS) if len(self.columns[column]) < ROWS]

    def stone(self, column, row):
        return self.columns[column][row] if 0 <= column < COLUMNS and 0 <= row < len(self.columns[column]) else None

    def is_won(self):
        for column in range(COLUMNS):
            for row in range(ROWS):
                for right, up in ((0, 1), (1, 0), (1, 1), (1, -1)):
                    four = {self.stone(column + i * right, row + i * up) for i in range(4)}
                    if len(four) == 1 and None not in four:
                        return True
        return False

    def value(self, depth):
        """Return the value to the player to move, by the definition of negamax."""
        if self.is_won():
            return -1.0
        if depth == 0 or not self.legal():
            return 0.0
        return max(self.value_of_move(column, depth) for column in self.legal())

    def value_of_move(self, column, depth):
        after = Board([*self.moves, column])
        value = -after.value(depth - 1)
        return value if after.is_won() else game_players.SOONER * value

    def open_lines(self):
        """Return the weights of the lines with stones of the player to move alone, minus those of the other one."""
        total, player = 0, len(self.moves) % 2
        for column in range(COLUMNS):
            for row in range(ROWS):
                for right, up in ((0, 1), (1, 0), (1, 1), (1, -1)):
                    if column + 3 * right < COLUMNS and 0 <= row + 3 * up < ROWS:
                        four = [self.stone(column + i * right, row + i * up) for i in range(4)]
                        stones = {four.count(player), four.count(1 - player)}
                        if min(stones) == 0 < max(stones):
                            weight = {1: 1, 2: 4, 3: 16}[max(stones)]
                            total += weight if player in four else -weight
        return total


def random_games(count, seed):
    """Yield the boards of random games, in both versions of the rules."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        board, position = Board(), connect_four.start(1)
        while board.legal() and not board.is_won():
            yield board, position
            column = int(rng.choice(board.legal()))
            board = Board([*board.moves, column])
            position = connect_four.after_moves(position, np.array([column]))
        yield board, position


def test_there_are_as_many_positions_after_each_ply_as_is_known():
    positions = connect_four.start(1)
    for number in NUMBERS:
        assert len(positions) == number
        going_on = positions[~connect_four.is_lost(positions)]
        rows, columns = np.nonzero(connect_four.legal_moves(going_on))
        after = connect_four.after_moves(going_on[rows], columns)
        positions = Positions(*np.unique(np.stack([after.own, after.taken]), axis=1))


def test_the_rules_are_those_of_a_slow_version():
    won = 0
    for board, position in random_games(15, seed=0):
        assert np.flatnonzero(connect_four.legal_moves(position)[0]).tolist() == board.legal()
        assert connect_four.is_lost(position)[0] == board.is_won()
        assert connect_four.is_full(position)[0] == (not board.legal())
        own, other = connect_four.planes(position)[0].transpose(2, 0, 1)
        for column in range(COLUMNS):
            for row in range(ROWS):
                stone, line = board.stone(column, row), ROWS - 1 - row
                is_own = stone is not None and stone == len(board.moves) % 2
                assert (own[line, column], other[line, column]) == (is_own, stone is not None and not is_own)
        won += board.is_won()
    assert won > 10
    cells = sum(1 << (7 * column + row) for column in range(COLUMNS) for row in range(ROWS))
    full = Positions(np.zeros(2, "uint64"), np.array([cells, cells - 32], "uint64"))  # One without the top left cell.
    assert connect_four.is_full(full).tolist() == [True, False]


def test_each_of_the_69_lines_of_four_wins_and_no_line_goes_over_the_edge():
    cells = np.array([7 * column + row for column in range(COLUMNS) for row in range(ROWS)])
    lines = 0
    for first in cells.tolist():
        for step in (1, 6, 7, 8):
            bits = [first + i * step for i in range(4)]
            is_inside = {*bits} <= {*cells.tolist()}
            if is_inside:
                stones = np.array([sum(1 << bit for bit in bits)], "uint64")
                assert connect_four.is_lost(Positions(np.zeros(1, "uint64"), stones))[0]
                three = np.array([sum(1 << bit for bit in bits[:3])], "uint64")
                assert not connect_four.is_lost(Positions(np.zeros(1, "uint64"), three))[0]
                lines += 1
    assert lines == 69
    # Two stones at the top of a column and two at the bottom of the next one are no line.
    over_edge = np.array([sum(1 << bit for bit in (4, 5, 7, 8))], "uint64")
    assert not connect_four.is_lost(Positions(np.zeros(1, "uint64"), over_edge))[0]


def test_the_count_of_open_lines_and_the_winning_cells_are_those_of_a_slow_version():
    totals, wins = [], 0
    for board, position in random_games(10, seed=1):
        if not board.is_won():
            totals.append(board.open_lines())
            assert game_players.open_lines(position)[0] == pytest.approx(np.tanh(totals[-1] / 64))
            expected = 0
            for column in board.legal():
                if Board([*board.moves, column]).is_won():
                    expected |= 1 << (7 * column + len(board.columns[column]))
            assert connect_four.winning_cells(position)[0] == expected
            wins += expected > 0
    assert min(totals) < -16 and max(totals) > 16 and wins > 10


@pytest.mark.parametrize(("depth", "every"), [(1, 3), (2, 5), (3, 12)])
def test_the_search_gives_the_values_of_plain_negamax(depth, every):
    for number, (board, position) in enumerate(random_games(2, seed=depth)):
        if number % every == 0 and board.legal() and not board.is_won():
            values = game_players.move_values(position, depth)[0]
            for column in range(COLUMNS):
                expected = board.value_of_move(column, depth) if column in board.legal() else -np.inf
                assert values[column] == pytest.approx(expected)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_positions_at_the_end_of_the_search_are_judged_from_the_side_that_is_to_move(depth):
    def stones_in_the_middle(positions):
        own, other = connect_four.planes(positions)[:, :, 3].sum(axis=1).T
        return (own - other) / 10

    values = game_players.move_values(connect_four.start(1), depth, stones_in_the_middle)[0]
    middle, elsewhere = {1: (0.1, 0), 2: (0, -0.1), 3: (0.1, 0)}[depth]
    scale = game_players.SOONER**depth
    np.testing.assert_allclose(values, scale * np.where(np.arange(COLUMNS) == 3, middle, elsewhere))


def test_equal_moves_are_all_taken_and_the_seed_decides():
    start, rng = connect_four.start(50), np.random.default_rng
    for player in (game_players.random_player, game_players.searching_player(2)):
        one, again, other = (player(start, rng(seed)) for seed in (0, 0, 1))
        assert np.array_equal(one, again) and not np.array_equal(one, other) and {*one} == {*range(COLUMNS)}
    full = played("111111")[np.zeros(50, int)]
    assert {*game_players.random_player(full, rng(0))} == {*range(1, COLUMNS)}


def test_a_match_plays_each_opening_with_both_colours_and_counts_a_draw_as_half():
    seen = []

    def watching(positions, rng):
        seen.append(positions)
        return game_players.random_player(positions, rng)

    first = game_players.match(watching, game_players.random_player, rounds=1, seed=0)
    boards = connect_four.planes(seen[0]).reshape(len(seen[0]), -1)
    assert len(boards) == 49 and len(np.unique(boards[:49], axis=0)) == 49  # The player to move third.
    assert len(seen[1]) == 49  # The other half of the games: it moves fourth.
    assert first == game_players.match(watching, game_players.random_player, rounds=1, seed=0)
    two = game_players.searching_player(2)
    score = game_players.match(two, game_players.random_player, rounds=1, seed=0)
    assert score > 0.9 and game_players.match(game_players.random_player, two, rounds=1, seed=0) < 0.1
    assert 0.4 < game_players.match(two, two, rounds=2, seed=0) < 0.6


def test_a_draw_counts_as_half(monkeypatch):
    monkeypatch.setattr(connect_four, "is_lost", lambda positions: np.zeros(len(positions), bool))
    assert game_players.match(game_players.random_player, game_players.random_player, rounds=1, seed=0) == 0.5
