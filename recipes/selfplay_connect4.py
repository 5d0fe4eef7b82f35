"""Learn to play Connect Four by playing against oneself: nothing but the rules is given.

    python -m recipes.selfplay_connect4                                   # the result in the README
    python -m recipes.selfplay_connect4 --epochs 1 --games 64 --rounds 1  # a quick look

Data: Connect Four: the program's own games, by the rules in NumPy.
Baseline: a full search of two moves, in the same games against the same opponent, a full search of four moves.
Result: score 84.6% (higher is better), 95 % prediction interval 77.6% to 91.5%, baseline 22.4%.
Training: 681.7 s on 1 core of Intel(R) Xeon(R) Processor.

The network judges positions. The player that is tested looks two moves ahead and lets the network judge the positions
there; `alone_score` is that of the network alone, which looks one move ahead. The opponent of the test, a full search
of four moves, is never met in training, nor when settings are chosen. Each pair of first moves is played with both
colours, ten times; the searches choose among equal moves at random; a draw counts as half.

Tried in validation games, one seed each: score of the player and of the network alone against a full search of three
moves (490 games each, standard error about 2 points), and of the player against one of five moves (98 games).

    settings                                               epochs  CPU    3 moves, alone   5 moves
    512 and 256 units, batches of 1024, no look for wins   40      170 s  76.5 %, 68.6 %   54.1 %
    batches of 256, positions with a winning move are won  40      158 s  88.3 %, 65.9 %   81.6 %
    the same, 128 filters of 4x4 and 128 units             20      128 s  80.6 %, 58.5 %   70.9 %

The 120 epochs of the result were set by the time that they take, a quarter of an hour at most.
"""

import keras

from dlguide import mlp, training
from recipes._lib.agents import connect_four, connect_four_pictures, game_players, self_play
from recipes._lib.result import Result
from recipes._lib.runs import command_line


def main(
    *,
    epochs: int = 120,
    games: int = 2048,
    batch_size: int = 256,
    learning_rate: float = 1e-3,
    rounds: int = 10,
    seed: int = 0,
    run_dir: str | None = None,
) -> Result:
    """Train, then return the scores in games against searches and random moves."""
    keras.utils.set_random_seed(seed)
    play = self_play.SelfPlay(games=games, batch_size=batch_size, seed=seed)
    steps = epochs * len(play.batches)

    model = mlp(connect_four.SHAPE, 1, hidden_units=(512, 256))
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps)),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    model.summary()

    history = training.fit(
        model,
        play.batches,
        epochs=epochs,
        batch_size=batch_size,
        callbacks=[play],
        seed=seed,
        run_dir=run_dir,
    )

    value = game_players.network_value(model)
    metrics = game_players.scores(value, rounds=rounds, seed=seed)
    return Result(metrics, history, connect_four_pictures.figures(value, history, seed), input={"kind": "moves"})


if __name__ == "__main__":
    command_line.run(main)
