"""Pictures of Connect Four: how the player gets better, boards with the values of the moves, a whole game."""

import numpy as np

from recipes._lib import drawing
from recipes._lib.agents import connect_four, game_players
from recipes._lib.agents.connect_four import COLUMNS, ROWS

CURVES = {
    "val_score_against_random": "against random moves",
    "val_search_score": "against a search of 3 moves",
    "val_alone_search_score": "the network alone, against the same",
}
COLOURS = ("tab:orange", "tab:blue")  # Of the player who begins, and of the other one.
POSITIONS = {"the empty board": "", "blue has to stop a three": "47516", "orange can make two threats": "3344"}


def figures(value, history, seed: int) -> dict:
    """Return the pictures of the curves, of boards, and of a game against the opponent of the test."""

    def game_of_test():
        player = game_players.searching_player(game_players.PLAYER_DEPTH, value)
        opponent = game_players.searching_player(game_players.OPPONENT_DEPTH)
        columns = game_players.recorded_game(player, opponent, opening=(3, 3), seed=(seed, game_players.TEST))
        return game(columns, "the network", f"a search of {game_players.OPPONENT_DEPTH} moves")

    return {
        "learning_curves": lambda: learning_curves(history.history),
        "move_values": lambda: move_values(value),
        "game": game_of_test,
    }


def learning_curves(history: dict[str, list[float]]):
    """Draw the loss, and the scores in validation games."""
    with drawing.new_figure(9, 3.4) as figure:
        loss, score = figure.subplots(1, 2)
        epochs = np.arange(1, len(history["loss"]) + 1)
        loss.plot(epochs, history["loss"], ".-")
        loss.set(xlabel="epoch", ylabel="cross-entropy (nats)")
        for key, name in CURVES.items():
            values = 100 * np.array(history.get(key, []))  # None in a short run, else NaN where none were played.
            played = np.flatnonzero(~np.isnan(values))
            score.plot(epochs[played], values[played], ".-", label=name)
        score.set(xlabel="epoch", ylabel="score in validation games (%)", xlim=loss.get_xlim(), ylim=(0, 103))
        score.legend(fontsize=8)
        for axes in (loss, score):
            axes.grid(alpha=0.3)
            axes.xaxis.get_major_locator().set_params(integer=True)
    return figure


def move_values(value, positions: dict[str, str] = POSITIONS):
    """Draw boards, and above each column the expected points of a stone there, by a search of two moves."""
    with drawing.new_figure(3.2 * len(positions), 3.6) as figure:
        figure.suptitle("expected points of each move (%)")
        grid = figure.subplots(1, len(positions), squeeze=False)
        for axes, (name, moves) in zip(grid[0], positions.items(), strict=True):
            columns = [int(column) - 1 for column in moves]
            _draw_board(axes, columns)
            points = 50 + 50 * game_players.move_values(connect_four.played(columns), 2, value)[0]
            for column in np.flatnonzero(np.isfinite(points)):
                colour = "tab:green" if points[column] == points.max() else "gray"
                axes.text(column, ROWS - 0.35, f"{points[column]:.0f}", ha="center", fontsize=10, color=colour)
            axes.set_xlabel(f"{name}\n{('orange', 'blue')[len(columns) % 2]} to move", fontsize=9)
    return figure


def game(columns: list[int], first: str, second: str):
    """Draw a game: the number on a stone is that of its move, and a black ring marks the four in a line."""
    with drawing.new_figure(4.6, 4.4) as figure:
        axes = figure.subplots()
        cells = _draw_board(axes, columns, are_numbered=True)
        for column, row in _line(cells):
            axes.plot(column, row, "o", markersize=32, fillstyle="none", color="black", markeredgewidth=2)
        axes.set_xlabel(f"orange: {first}\nblue: {second}", fontsize=9)
    return figure


def _draw_board(axes, columns: list[int], are_numbered: bool = False) -> list[tuple[int, int]]:
    """Draw the stones of a game; return the column and the row of each."""
    heights, cells = [0] * COLUMNS, []
    for number, column in enumerate(columns):
        cells.append((column, heights[column]))
        heights[column] += 1
        axes.plot(*cells[-1], "o", color=COLOURS[number % 2], markersize=28 if are_numbered else 19)
        if are_numbered:
            axes.text(*cells[-1], str(number + 1), ha="center", va="center", color="white", fontsize=10)
    axes.set(xlim=(-0.5, COLUMNS - 0.5), ylim=(-0.5, ROWS - 0.5), aspect="equal", yticks=[])
    axes.set_xticks(range(COLUMNS), [str(column + 1) for column in range(COLUMNS)], fontsize=8)
    axes.grid(alpha=0.2)
    return cells


def _line(cells: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the cells of the lines of four that the last player has."""
    own, steps = set(cells[-1::-2]), ((0, 1), (1, 0), (1, 1), (1, -1))
    lines = [{(column + i * right, row + i * up) for i in range(4)} for column, row in own for right, up in steps]
    return sorted(set().union(*(line for line in lines if own >= line)))
