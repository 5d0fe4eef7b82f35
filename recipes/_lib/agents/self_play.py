"""Learning a game by playing against oneself: a callback of `fit` plays the games, a data set gives what they teach.

The network judges a position: its output is the logit of the probability that the player to move wins. A move is chosen
by the judgements of the positions after it; where the rules leave no choice, the forced moves are made first. The
target of a position is a mean of two values: that of its best move, and the target of the next position, which has the
result of the game in it at last, as in Q(lambda) (Watkins, "Learning from delayed rewards", 1989). If the move was not
the best one but drawn at random, the first value alone is the target: a mistake says nothing of the position before it.
Nothing but the rules is given.
"""

import keras
import numpy as np

from recipes._lib.agents import connect_four, game_players
from recipes._lib.agents.connect_four import Positions
from recipes._lib.agents.game_players import DRAW, PLAY, VALID

SETTINGS = {
    "moves": 32,  # In each game before the network learns from them.
    "memory": 4,  # Epochs whose positions are drawn.
    "passes": 1,  # Positions that are drawn in an epoch, as a multiple of the new ones.
    "lambda": 0.8,  # Weight of the next position's target.
    "exploration": 0.3,  # Share of the moves that are made at random.
    "valid_epochs": 25,  # Between two validations.
}


class SelfPlay(keras.callbacks.Callback):
    """Makes moves in all games at the start of each epoch; `batches` are drawn from the positions of the last epochs.

    A game that ends is followed by a new one. Games and positions are kept in the checkpoints: a run that is stopped
    within an epoch is resumed with the same games.
    """

    def __init__(self, *, games: int, batch_size: int, seed: int):
        super().__init__()
        self.games, self.batch_size, self.seed = games, batch_size, seed
        self.played = 0  # Epochs whose moves are made.
        self.own, self.taken = np.zeros((2, games), "uint64")  # The positions of the running games.
        shape = (SETTINGS["memory"], SETTINGS["moves"], games)
        self.positions_own, self.positions_taken = np.zeros((2, *shape), "uint64")
        self.targets = np.zeros(shape)
        self.batches = _Batches(self)

    def get_state(self) -> dict:
        names = ("played", "own", "taken", "positions_own", "positions_taken", "targets")
        return {name: getattr(self, name) for name in names}

    def set_state(self, state: dict) -> None:
        vars(self).update(state)

    def on_epoch_begin(self, epoch, logs=None):
        if self.played > epoch:  # The run is resumed within this epoch.
            return
        rng, place = np.random.default_rng((self.seed, PLAY, epoch)), epoch % SETTINGS["memory"]
        value, record = game_players.knowing_forced_moves(game_players.network_value(self.model)), []
        running = Positions(self.own, self.taken)
        for move in range(SETTINGS["moves"]):
            self.positions_own[place, move], self.positions_taken[place, move] = running.own, running.taken
            running, *facts = self._move(running, value, rng)
            record.append(facts)
        best_next = game_players.move_values(running, 1, value).max(axis=1)
        self.targets[place] = targets(*map(np.stack, zip(*record, strict=True)), best_next)
        self.own, self.taken, self.played = running.own, running.taken, epoch + 1

    def _move(self, running: Positions, value, rng) -> tuple[Positions, np.ndarray, np.ndarray]:
        """Move in each game; return the next positions, the values of the best moves, and which games go on by one."""
        values = game_players.move_values(running, 1, value)
        best, any_move = game_players.best_moves(values, rng), game_players.random_player(running, rng)
        columns = np.where(rng.random(len(running)) < SETTINGS["exploration"], any_move, best)
        after = connect_four.after_moves(running, columns)
        ended = connect_four.is_lost(after) | connect_four.is_full(after)
        after.own[ended] = after.taken[ended] = 0  # A new game.
        return after, values.max(axis=1), (columns == best) & ~ended

    def on_epoch_end(self, epoch, logs=None):
        """Add scores to the logs: of the player against random moves, and of both against a search of three moves."""
        if (epoch + 1) % SETTINGS["valid_epochs"]:
            return
        value = game_players.network_value(self.model)
        player = game_players.searching_player(game_players.PLAYER_DEPTH, value)
        alone, opponent = game_players.searching_player(1, value), game_players.searching_player(3)
        matches = {
            "val_score_against_random": (player, game_players.random_player),
            "val_search_score": (player, opponent),
            "val_alone_search_score": (alone, opponent),
        }
        for name, pair in matches.items():
            logs[name] = game_players.match(*pair, rounds=1, seed=(self.seed, VALID, epoch))


def targets(best: np.ndarray, follows: np.ndarray, best_next: np.ndarray) -> np.ndarray:
    """Return the targets of positions in the order of the moves, of shape `(moves, games)`.

    `best` are the values of the best moves, `follows` is where such a move was made and the game goes on, `best_next`
    are the values of the best moves in the positions after the last ones.
    """
    found, weight = np.empty_like(best), SETTINGS["lambda"]
    following = best_next
    for move in reversed(range(len(best))):
        # The next position is the other player's.
        mean = (1 - weight) * best[move] - weight * game_players.SOONER * following
        found[move] = following = np.where(follows[move], mean, best[move])
    return found


class _Batches(keras.utils.PyDataset):
    """Positions of the last epochs, drawn with replacement, half of them as in a mirror, and their targets."""

    def __init__(self, play: SelfPlay):
        super().__init__()
        self._play = play

    def __len__(self):
        positions = SETTINGS["passes"] * SETTINGS["moves"] * self._play.games
        return max(1, positions // self._play.batch_size)

    def __getitem__(self, step):
        play = self._play
        rng = np.random.default_rng((play.seed, DRAW, play.played, step))
        filled = min(max(1, play.played), SETTINGS["memory"]) * SETTINGS["moves"] * play.games
        rows = rng.integers(filled, size=play.batch_size)
        own, taken, values = (a.reshape(-1)[rows] for a in (play.positions_own, play.positions_taken, play.targets))
        x = connect_four.planes(Positions(own, taken))
        is_mirrored = rng.random(len(x)) < 0.5
        x[is_mirrored] = x[is_mirrored, :, ::-1]
        return x, ((1 + values) / 2).astype("float32")[:, None]
