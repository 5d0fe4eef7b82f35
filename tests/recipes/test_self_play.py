"""Self-play: targets worked by hand, what is drawn from the games, a run that is resumed, and a network that learns."""

import itertools

import keras
import numpy as np
import pytest

from dlguide import mlp, training
from recipes import selfplay_connect4
from recipes._lib.agents import connect_four, connect_four_pictures, game_players, self_play
from recipes._lib.agents.connect_four import Positions
from recipes._lib.commands import predict
from tests.helpers.training_runs import At, Stopped, crash, same

pytestmark = pytest.mark.each_backend


@pytest.fixture
def small(monkeypatch):
    """Epochs of six moves, a memory of two epochs, and a validation by few games after each second one."""
    monkeypatch.setattr(game_players, "OPENINGS", game_players.OPENINGS[::7])
    for name, value in {"moves": 6, "memory": 2, "valid_epochs": 2}.items():
        monkeypatch.setitem(self_play.SETTINGS, name, value)


def compiled(hidden_units=(16,), learning_rate=0.01):
    keras.utils.set_random_seed(0)
    model = mlp(connect_four.SHAPE, 1, hidden_units=hidden_units)
    model.compile(keras.optimizers.Adam(learning_rate), keras.losses.BinaryCrossentropy(from_logits=True))
    return model


def fitted(epochs=4, **options):
    model, play = compiled(), self_play.SelfPlay(games=16, batch_size=24, seed=3)
    history = training.fit(model, play.batches, epochs=epochs, callbacks=[play, At()], verbose=0, **options)
    return model, play, history.history


def test_a_target_is_a_mean_of_the_best_move_and_the_next_position_but_not_after_another_move(monkeypatch):
    monkeypatch.setitem(self_play.SETTINGS, "lambda", 0.75)
    monkeypatch.setattr(game_players, "SOONER", 0.9)
    best = np.array([[0.4, 0.4], [-0.2, -0.2], [1.0, 0.6]])
    follows = np.array([[True, True], [True, False], [False, True]])
    last = [1.0, 0.25 * 0.6 - 0.75 * 0.9 * 0.5]  # The first game ends with a win; the second one goes on.
    middle = [0.25 * -0.2 - 0.75 * 0.9 * last[0], -0.2]  # In the second game, another move was made.
    first = [0.25 * 0.4 - 0.75 * 0.9 * middle[0], 0.25 * 0.4 - 0.75 * 0.9 * middle[1]]
    np.testing.assert_allclose(self_play.targets(best, follows, np.array([0.0, 0.5])), [first, middle, last])


def test_the_games_go_on_from_epoch_to_epoch_and_a_new_one_follows_the_end(small):
    model, play = compiled(), self_play.SelfPlay(games=16, batch_size=8, seed=0)
    play.set_model(model)
    positions, starts = [], 0
    for epoch in range(8):
        play.on_epoch_begin(epoch)
        place = epoch % 2
        positions += map(Positions, play.positions_own[place].copy(), play.positions_taken[place].copy())
    for before, after in itertools.pairwise(positions):
        is_new = after.taken == 0
        starts += is_new.sum()
        stone = before.taken ^ after.taken
        assert ((stone & (stone - np.uint64(1))) == 0)[~is_new].all(), "one stone more"
        assert np.array_equal((before.own ^ before.taken)[~is_new], after.own[~is_new])
        assert not connect_four.is_lost(after).any() and not connect_four.is_full(after).any()
        for i in np.flatnonzero(is_new):
            after_end = children(before[[i]])
            assert connect_four.is_lost(after_end).any() or connect_four.is_full(after_end).any()
    assert starts >= 16
    assert np.abs(play.targets).max() <= 1 and np.unique(play.targets).size > 50


def test_a_move_follows_the_judgement_if_it_is_the_best_one_or_is_drawn_at_random(small, monkeypatch):
    model, play = compiled(), self_play.SelfPlay(games=200, batch_size=8, seed=0)
    value = game_players.network_value(model)
    running = game_players.random_positions(200, seed=0)
    for exploration, low, high in ((0.0, 1, 1), (1.0, 0.05, 0.35)):
        monkeypatch.setitem(self_play.SETTINGS, "exploration", exploration)
        after, best, follows = play._move(running, value, np.random.default_rng(0))
        goes_on = after.taken != 0
        bits = (after.taken ^ running.taken)[goes_on]
        columns = np.array([int(bit).bit_length() - 1 for bit in bits]) // 7
        made = game_players.move_values(running, 1, value)[np.flatnonzero(goes_on), columns]
        np.testing.assert_allclose(made[follows[goes_on]], best[goes_on][follows[goes_on]])
        assert not follows[~goes_on].any() and low <= follows[goes_on].mean() <= high


def children(position):
    columns = np.flatnonzero(connect_four.legal_moves(position)[0])
    return connect_four.after_moves(position[np.zeros(len(columns), int)], columns)


def test_batches_are_positions_of_the_games_or_their_mirror_images_with_their_targets(small):
    model, play = compiled(), self_play.SelfPlay(games=16, batch_size=64, seed=0)
    play.set_model(model)
    for epoch in range(3):
        play.on_epoch_begin(epoch)
    rows = Positions(play.positions_own.ravel(), play.positions_taken.ravel())
    images = connect_four.planes(rows)
    found = {}
    for image, target in zip(images, play.targets.ravel(), strict=True):
        for side, shown in (("as it is", image), ("mirrored", image[:, ::-1])):
            found.setdefault(shown.tobytes(), set()).add((side, np.float32((1 + target) / 2)))
    mirrored, epochs = 0, set()
    for step in range(6):
        x, y = play.batches[step]
        for image, target in zip(x, y[:, 0], strict=True):
            sides = {side for side, value in found[image.tobytes()] if value == target}
            assert sides
            mirrored += sides == {"mirrored"}
            epochs |= {*np.flatnonzero((images == image).all(axis=(1, 2, 3))) // (6 * 16)}
    assert 0.25 * 6 * 64 < mirrored < 0.6 * 6 * 64 and epochs == {0, 1}
    assert not np.array_equal(play.batches[0][0], play.batches[1][0])
    np.testing.assert_array_equal(play.batches[1][0], play.batches[1][0])


@pytest.mark.thorough
@pytest.mark.parametrize("step", [pytest.param(0, marks=pytest.mark.thorough), 2])
def test_a_run_that_is_stopped_goes_on_with_the_same_games_to_the_same_weights(small, tmp_path, monkeypatch, step):
    whole, play, history = fitted()
    options = {"run_dir": tmp_path / "run"}
    monkeypatch.setattr(At, "when", (2, step))
    monkeypatch.setattr(At, "what", crash)
    with pytest.raises(Stopped):
        fitted(**options)
    resumed, again, later = fitted(**options)
    np.testing.assert_equal(later, history)
    assert same([*whole.get_weights(), play.targets], [*resumed.get_weights(), again.targets])


@pytest.mark.thorough
def test_a_network_that_plays_itself_soon_beats_what_it_was():
    older, model, play = compiled((64,)), compiled((64,), 5e-3), self_play.SelfPlay(games=256, batch_size=256, seed=0)
    training.fit(model, play.batches, epochs=4, callbacks=[play], verbose=0)
    one, other = (game_players.searching_player(1, game_players.network_value(each)) for each in (model, older))
    assert game_players.match(one, other, rounds=1, seed=0) > 0.65
    assert game_players.match(one, game_players.random_player, rounds=1, seed=0) > 0.75


def positions(*games):
    """Return the position after each game; a game is a text of column numbers from 1."""
    each = [connect_four.played(int(column) - 1 for column in moves) for moves in games]
    return Positions(*(np.concatenate([getattr(position, name) for position in each]) for name in ("own", "taken")))


def test_the_network_is_asked_only_where_the_rules_leave_a_choice():
    asked = []
    value = game_players.knowing_forced_moves(lambda found: asked.append(found) or np.full(len(found), 0.3))
    won, lost, forced, quiet = "112233", "33445", "11223", "1"
    found = value(positions(won, lost, forced, quiet))
    np.testing.assert_allclose(found, [1, -0.99, -0.99 * 0.3, 0.3])
    [judged] = asked
    np.testing.assert_array_equal(connect_four.planes(judged), connect_four.planes(positions(quiet, f"{forced}4")))


def test_what_forced_moves_decide_is_what_a_full_search_finds():
    drawn = game_players.random_positions(2000, seed=0)
    found = game_players.knowing_forced_moves(lambda asked: np.zeros(len(asked)))(drawn)
    is_near = np.abs(found) > 0.99**3.5  # Decided within four moves.
    assert len({*found[is_near]}) >= 4
    np.testing.assert_allclose(found[is_near], game_players.move_values(drawn[is_near], 4).max(axis=1))


def test_no_search_is_as_deep_as_that_of_the_test_before_the_test(monkeypatch):
    asked, search = [], game_players.move_values
    monkeypatch.setattr(game_players, "move_values", lambda *given: asked.append(given[1]) or search(*given))
    scored = []
    monkeypatch.setattr(game_players, "scores", lambda *_, **__: scored.append(len(asked)) or {"score": 0.5})
    monkeypatch.setattr(game_players, "OPENINGS", game_players.OPENINGS[::7])
    monkeypatch.setitem(self_play.SETTINGS, "valid_epochs", 1)
    monkeypatch.setitem(self_play.SETTINGS, "moves", 4)
    selfplay_connect4.main(epochs=1, games=8, rounds=1)
    assert scored == [len(asked)] and {*asked} == {1, 2, 3}


@pytest.mark.thorough
def test_the_scores_are_of_the_network_the_count_and_the_plain_search_against_the_same_three(monkeypatch):
    monkeypatch.setattr(game_players, "OPENINGS", game_players.OPENINGS[::4])
    value, count = game_players.network_value(compiled()), game_players.open_lines
    found = game_players.scores(value, rounds=1, seed=5)
    players = {"": (2, value), "alone_": (1, value), "baseline_": (2, count), "baseline_alone_": (1, count)}
    players |= {"no_value_": (2, None), "random_": None}
    opponents = {"score": (4, None), "score_against_count": (4, count), "score_against_random": None}
    assert len(found) == 14

    def made(settings):
        return game_players.searching_player(*settings) if settings else game_players.random_player

    for number, name in enumerate(found):
        pair = players[name.rpartition("score")[0]], opponents["score" + name.rpartition("score")[2]]
        assert found[name] == game_players.match(*map(made, pair), rounds=1, seed=(5, game_players.TEST, number))
    assert found["random_score"] < found["no_value_score"] < 0.5 < found["baseline_score"]
    assert found["baseline_score_against_count"] < found["baseline_score"] < found["baseline_score_against_random"]


def test_a_saved_run_answers_with_a_column(tmp_path, capsys):
    compiled().save(tmp_path / "model.keras")
    (tmp_path / "input.json").write_text('{"kind": "moves"}')
    predict.main(str(tmp_path), ("112233", "11223", ""))
    won, stopped, empty = capsys.readouterr().out.splitlines()
    assert won.startswith("112233: column 4 (expected points 1: ") and " 4: 100 %" in won
    assert stopped.startswith("11223: column 4 ") and empty.startswith(": column ")
    for moves in ("1111111", "8", "1212121", "12121213"):
        with pytest.raises(ValueError, match=r"^`inputs` must be the columns of a game that is not over"):
            predict.main(str(tmp_path), (moves,))


def test_pictures_show_each_board_and_the_line_of_four():
    value = game_players.network_value(compiled())
    figure = connect_four_pictures.move_values(value)
    assert [len(axes.texts) for axes in figure.axes] == [7, 7, 7]
    figure = connect_four_pictures.game([0, 1, 0, 1, 0, 1, 0], "one", "the other")
    assert [text.get_text() for text in figure.axes[0].texts] == list("1234567")
    rings = [line for line in figure.axes[0].lines if line.get_markerfacecolor() == "none"]
    assert sorted((line.get_xdata()[0], line.get_ydata()[0]) for line in rings) == [(0, row) for row in range(4)]
