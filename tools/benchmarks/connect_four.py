"""How often players of Connect Four keep the outcome of a position, judged by a perfect solver.

    pip install bitbully

The positions are of games of random moves, drawn with a seed that chose nothing. Those are counted in which the moves
lead to different outcomes: a win, a draw or a loss, if both sides make no mistake after that.
"""

import importlib.metadata
from collections.abc import Callable

import numpy as np

import recipes
from recipes._lib.agents import connect_four, game_players
from tools.benchmarks import tables

SEED = 4000
PREFIXES = {"network_2": "", "network_1": "alone_", "count_4": "count_4_", "count_2": "baseline_"}
PREFIXES |= {"count_1": "baseline_alone_", "no_value_4": "no_value_4_", "no_value_2": "no_value_", "random": "random_"}
"""The players, and what their scores in the result of the recipe begin with; it has none of two searches."""


def main(*, count: int = 4000) -> None:
    """Judge the moves of the published network and of its rivals in positions drawn at random.

    Args:
        count: Positions that are drawn.
    """
    positions = game_players.random_positions(count, SEED)
    outcomes = solved(positions)
    matters = np.nanmin(outcomes, axis=1) < np.nanmax(outcomes, axis=1)
    positions, outcomes, kept = positions[matters], outcomes[matters], {}
    values = {"network": game_players.network_value(recipes.pretrained("selfplay_connect4")), "no_value": None}
    values["count"] = game_players.open_lines
    for name in PREFIXES:
        kind, _, depth = name.rpartition("_")
        player = game_players.searching_player(int(depth), values[kind]) if kind else game_players.random_player
        kept[name] = share_kept(player, positions, outcomes)
        print(name, kept[name], flush=True)
    content = {"seed": SEED, "positions": count, "judged": len(positions), "kept": kept}
    tables.save("connect_four", {**content, "version": importlib.metadata.version("bitbully")})


def share_kept(player: Callable, positions: connect_four.Positions, outcomes: np.ndarray) -> float:
    """Return how often the move of a player leads to the best outcome that a position has."""
    columns = player(positions, np.random.default_rng(SEED))
    return float(np.mean(outcomes[np.arange(len(outcomes)), columns] == np.nanmax(outcomes, axis=1)))


def solved(positions: connect_four.Positions) -> np.ndarray:
    """Return 1, 0 or -1 for each column: what a stone there leads to for its player; NaN where there is no room."""
    import bitbully  # Here, because only this function needs it.

    solver, outcomes = bitbully.BitBully(), np.full((len(positions), connect_four.COLUMNS), np.nan)
    for row, board in zip(outcomes, connect_four.planes(positions), strict=True):
        # The solver's board, top row first, has 1 for the stones of the player who began.
        own, other = (1, 2) if board[..., 0].sum() == board[..., 1].sum() else (2, 1)
        scores = solver.score_all_moves(bitbully.Board((board @ (own, other)).astype(int).tolist()))
        row[list(scores)] = np.sign(list(scores.values()))
    return outcomes
