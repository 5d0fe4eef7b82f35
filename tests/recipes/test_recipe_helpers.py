"""What several recipes share, where a mistake would not stop a run: coin flips, noise, clusters, the judge."""

import inspect
import itertools
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from scipy.special import log_softmax

from dlguide import data, evaluation, mlp, plots, training
from recipes import bilstm_vowels, gan_mnist, transformer_recall, vae_mnist
from recipes._lib import anomalies, schedules
from recipes._lib.baselines import joint_sequence_model, kneser_ney, pixels, regression, sequences
from recipes._lib.images import clustering, few_labels, image_judge, reconstruction, vae_model
from recipes._lib.texts import length_batches, pronunciations, token_texts


def test_each_epoch_draws_new_pixels_with_their_grey_value_as_the_probability():
    x = np.full((200, 4, 4, 1), 0.3, "float32")
    one, other = (vae_model.binarised_batches(x, 50, seed=0).unbatch().batch(200) for _ in range(2))
    [(first, target)], [(second, _)], [(again, _)] = (batches.as_numpy_iterator() for batches in (one, one, other))
    np.testing.assert_array_equal(first, target)
    for drawn in (first, second, vae_model.binarised(x, seed=0)):
        assert set(np.unique(drawn)) == {0, 1} and drawn.mean() == pytest.approx(0.3, abs=0.03)
    assert (first != second).mean() == pytest.approx(2 * 0.3 * 0.7, abs=0.05)
    np.testing.assert_array_equal(first, again)


def test_noise_is_as_strong_as_it_says_and_cut():
    x = np.full((100, 28, 28, 1), 0.5, "float32")
    assert (reconstruction.noisy(x, 0.1, seed=0) - x).std() == pytest.approx(0.1, rel=0.02)
    strong = reconstruction.noisy(x, 0.4, seed=0)
    assert strong.min() == 0 and strong.max() == 1


def test_clusters_are_found_and_named():
    rng, labels = np.random.default_rng(0), np.arange(1000) % 10
    centres = np.stack([4.0 * (labels % 5), 6.0 * (labels // 5)], axis=1)
    train, test = (rng.normal(centres, [0.4, 0.8]) for _ in range(2))
    digits = SimpleNamespace(test=SimpleNamespace(y=labels), info=SimpleNamespace(num_classes=10))
    clusters, scores = clustering.cluster_codes(train, test, digits, seed=0)
    assert scores["clustering_accuracy"] > 0.95 and scores["k_means_accuracy"] > 0.95
    assert len(np.unique(clusters)) == 10


def test_the_mistakes_are_listed_by_their_cross_entropy_with_the_confidence_and_nothing_else():
    places = data.load("places", limit=20)
    y, words, countries = places.test.y, token_texts.decoded(places.test, places.info), places.info.class_names
    scores, wrong = 5.0 * np.eye(20)[y], (y + 1) % 20
    scores[3], scores[7] = 2 * np.eye(20)[wrong[3]], 6 * np.eye(20)[wrong[7]]
    model = SimpleNamespace(predict=lambda x, **options: scores)
    assert token_texts.worst_predictions(model, places).splitlines() == [
        f"{words[i]}: predicted {countries[wrong[i]]} ({percent} %), true {countries[y[i]]}"
        for i, percent in ((7, 96), (3, 28))  # exp(6) / (exp(6) + 19), exp(2) / (exp(2) + 19)
    ]


def epochs_of(x, y):
    """Return two epochs of batches for each of the seeds 0, 1 and 0: the seed and the epoch decide all."""
    epochs = []
    for seed in (0, 1, 0):
        batches = length_batches.PairBatches(x, y, batch_size=32, seed=seed)
        for _ in range(2):
            epochs.append([batches[i] for i in range(len(batches))])
            batches.on_epoch_end()
    orders = [b"".join(array.tobytes() for array in keras.tree.flatten(epoch)) for epoch in epochs]
    assert orders[:2] == orders[4:] and len({*orders[:4]}) == 4
    return epochs


def test_batches_of_pairs_have_each_pair_once_with_the_next_token_as_the_target_and_little_padding():
    start, end = pronunciations.START, pronunciations.END
    x, y = pronunciations.pairs(*data.load("pronunciations", limit=300).train)
    pairs = sorted((tuple(a[a != 0]), tuple(b[b != 0])) for a, b in zip(x, y, strict=True))
    for epoch in epochs_of(x, y):
        found = []
        for (source, target), following in epoch:
            np.testing.assert_array_equal(target[:, 1:], following[:, :-1])
            assert (target[:, 0] == start).all() and (following == end).any(axis=1).all()
            found += [(tuple(a[a != 0]), (start, *c[c != 0])) for a, c in zip(source, following, strict=True)]
        assert sorted(found) == pairs
        for i in range(2):  # Two batches in a row differ in both lengths: Keras infers from two which lengths are free.
            assert all(a[0][i].shape[1] != b[0][i].shape[1] for a, b in itertools.pairwise(epoch))
        assert sum(source.size for (source, _), _ in epoch) < 1.25 * (x != 0).sum()


def test_typical_members_are_those_nearest_to_the_mean_of_their_cluster(monkeypatch):
    drawn = []
    monkeypatch.setattr(plots, "image_grid", lambda images, names: drawn.append((images, names)))
    codes = np.array([[0.0], [9], [1], [2], [30], [31], [35]])  # Means of 3 and 32.
    splits = SimpleNamespace(test=SimpleNamespace(x=np.arange(7.0)))
    clustering.typical_members(codes, np.array([0, 0, 0, 0, 4, 4, 4]), splits, count=2)
    [(images, names)] = drawn
    assert images.tolist() == [[3, 2], [5, 4]] and names == ["cluster 0", "cluster 4"]


def test_precision_is_of_the_rows_that_are_called_anomalies():
    scores, labels = np.array([0.1, 0.5, 0.6, 0.7, 0.2]), np.array([0, 0, 1, 1, 1])
    found = anomalies.detection_metrics(scores, labels, threshold=0.6)
    assert [found[name] for name in ("precision", "recall", "auroc")] == pytest.approx([1, 2 / 3, 5 / 6])


def test_the_learning_rate_rises_in_its_share_of_the_steps_and_falls_to_0():
    rates = [float(schedules.one_cycle(0.2, 100)(step)) for step in range(101)]
    assert rates[0] == pytest.approx(0.01) and np.argmax(rates) == 15 and rates[15] == pytest.approx(0.2)
    assert (np.diff(rates[:16]) > 0).all() and (np.diff(rates[15:]) < 0).all()
    assert rates[100] == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("of_roots", [False, True])
def test_ridge_regression_of_numbers_or_of_roots_is_the_best_one_on_the_validation_set_in_its_own_unit(of_roots):
    rng = np.random.default_rng(0)
    numbers = rng.gamma(1, 20, size=(300, 21))
    linear = 0.5 * (np.sqrt(numbers) if of_roots else numbers)[:, 3] + rng.normal(2, 1, size=300)
    numbers[:, 20] = linear**2 if of_roots else linear
    scaled, parts = (numbers - 9) / 4, (slice(0, 30), slice(30, 200), slice(200, 300))
    splits = [data.Part(scaled[rows, :20, None], scaled[rows, 20]) for rows in parts]
    read = np.sqrt(numbers) if of_roots else scaled
    mean = read[:30].mean(axis=0)
    x, y = (read - mean)[:, :20], (read - mean)[:30, 20]

    def forecast(alpha, rows):
        predicted = mean[20] + x[rows] @ np.linalg.solve(x[:30].T @ x[:30] + alpha * np.eye(20), x[:30].T @ y)
        return predicted.clip(0) ** 2 if of_roots else 4 * predicted + 9

    error = {a: np.abs(forecast(a, parts[1]) - numbers[parts[1], 20]).mean() for a in 10 ** np.linspace(-2, 3, 11)}
    best = min(error, key=error.get)
    found = regression.ridge_forecast(data.Splits(*splits, SimpleNamespace(scale=4, mean=9)), of_roots)
    np.testing.assert_allclose(4 * found + 9, forecast(best, parts[2]))
    assert 0.01 < best < 1000


@pytest.mark.thorough
def test_the_lstm_has_the_texts_the_epochs_and_the_weights_of_the_transformer(monkeypatch, capsys):
    fits = []

    def fit(model, x, y, *, epochs, batch_size, seed, **options):
        schedule = model.optimizer.get_config()["learning_rate"]["config"]
        steps = schedule["warmup_steps"] + schedule["decay_steps"]
        assert (len(x), epochs, batch_size, seed, steps) == (60, 3, 50, 2, 3 * 2)
        fits.append((model, x, y))
        return SimpleNamespace(seconds=0.0)

    monkeypatch.setattr(training, "fit", fit)
    metrics = transformer_recall.main(epochs=3, batch_size=50, seed=2, limit=60).metrics
    (transformer, x, y), (lstm, other_x, other_y) = fits
    assert np.array_equal(x, other_x) and np.array_equal(y, other_y)
    assert lstm.count_params() == metrics["baseline_weights"] == pytest.approx(transformer.count_params(), rel=0.02)
    assert any(isinstance(layer, keras.layers.Bidirectional) for layer in lstm.layers)


def test_frames_of_padding_do_not_count_in_the_baseline_of_sequences():
    vowels = data.load("vowels")
    longer = [part._replace(x=np.pad(part.x, [(0, 0), (0, 40), (0, 0)])) for part in vowels[:3]]
    found = sequences.mean_and_spread_accuracy(vowels)
    assert found == sequences.mean_and_spread_accuracy(data.Splits(*longer, vowels.info)) > 0.9


def test_the_chance_of_a_pixel_is_that_of_the_training_set_and_more_codes_gain_what_they_lower(monkeypatch):
    def log_likelihood(model, x, *, samples, seed):
        return {"nll": 100 - samples, "nll_tenth": 100 - samples / 10}

    monkeypatch.setattr(evaluation, "log_likelihood", log_likelihood)
    train, test = (SimpleNamespace(x=np.full((5, 4, 3), grey, "float32")) for grey in (0.25, 1.0))
    found = vae_model.likelihoods(None, SimpleNamespace(train=train, test=test), samples=2, seed=0)
    assert found["independent_pixels_nll"] == pytest.approx(12 * np.log(4)) and found["tenfold_gain"] == 20 - 2


def test_the_values_of_a_place_of_the_last_feature_map_are_neighbouring_pixels():
    model = vae_model.network((28, 28, 1), latent_dim=3)
    decoder, encoder = model.get_layer("decoder"), model.get_layer("encoder")
    assert encoder.output_shape == [(None, 3), (None, 3)] and decoder.output_shape == (None, 28, 28, 1)
    logits = decoder.get_layer("logits")
    features = keras.Model(decoder.input, logits.output).predict(np.ones((1, 3), "float32"), verbose=0)[0]
    image = decoder.predict(np.ones((1, 3), "float32"), verbose=0)[0, ..., 0]
    for row, column in ((0, 0), (3, 5)):
        place = image[4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
        np.testing.assert_allclose(place.ravel(), features[row, column], rtol=1e-5)


def test_a_part_of_the_training_set_gets_fewer_codes_an_image():
    sets = [SimpleNamespace(train=SimpleNamespace(x=range(count))) for count in (55_000, 11_000, 6000, 60)]
    assert [vae_model.codes_an_image(splits) for splits in sets] == [1000, 200, 109, 100]


def test_the_baseline_of_a_few_labels_has_the_changes_and_the_other_network_none(monkeypatch):
    def cnn(shape, classes, *, augment, **options):
        made.append(augment)
        return mlp(shape, classes, hidden_units=())

    made, fits, mnist = [], [], data.load("mnist", limit=40)
    monkeypatch.setattr(few_labels, "cnn", cnn)
    monkeypatch.setattr(training, "fit", lambda model, x, y, **options: fits.append((x, y)))
    chosen = np.array([3, 1, 4, 15, 9, 2])
    found = few_labels.baselines(mnist, chosen, {"shift": 0.1}, seed=0, epochs=1)
    assert list(found) == ["pixels_accuracy", "baseline_accuracy", "unchanged_accuracy"]
    assert made == [{"shift": 0.1}, None]
    for x, y in fits:
        assert np.array_equal(x, mnist.train.x[chosen]) and np.array_equal(y, mnist.train.y[chosen])


@pytest.mark.thorough
def test_the_judge_tells_real_images_from_repeated_and_from_grey_ones():
    judge = image_judge.train_judge(limit=2000)
    x = judge.splits.valid.x
    real, repeated = judge.scores(x), judge.scores(np.repeat(x[:20], 100, axis=0))
    grey = judge.scores(np.full_like(x, x.mean()))
    assert judge.accuracy > 0.9 and real["frechet_distance"] < repeated["frechet_distance"] < grey["frechet_distance"]
    assert real["classes"] == 10 and real["histogram_distance"] < 0.05 < grey["histogram_distance"]
    assert repeated["recall"] < real["recall"] > 0.5 > grey["precision"]
    train = judge.splits.train.x
    near, not_shown = judge.nearest(train[:500], train), judge.nearest(train[:500], train[500:])
    assert near["nearest_distance"] < 1e-2 < near["nearest_distance_of_test"]
    assert not_shown["nearest_distance"] > 1


@pytest.mark.thorough(seconds=20)
def test_a_judge_does_not_touch_the_global_seed_and_its_training_sets_the_one_that_it_is_given():
    judge = image_judge.train_judge(limit=60, seed=0)
    keras.utils.set_random_seed(5)
    first = keras.random.uniform((3,))
    keras.utils.set_random_seed(5)
    image_judge.Judge(judge.classifier, judge.splits)
    np.testing.assert_array_equal(keras.random.uniform((3,)), first)
    again, other = (image_judge.train_judge(limit=60, seed=seed) for seed in (0, 1))
    x = judge.splits.test.x[:60]
    assert judge.scores(x) == again.scores(x) != other.scores(x)


def test_the_baseline_of_the_gan_is_trained_as_vae_mnist_is():
    options = inspect.signature(vae_mnist.main).parameters
    assert {name: options[name].default for name in gan_mnist.VAE} == gan_mnist.VAE
    assert set(gan_mnist.VAE) == {"batch_size", "learning_rate", "latent_dim"}


def test_the_mean_image_of_a_class_is_that_of_all_its_training_images():
    """Every tenth image is one of the other class, so a mean of these alone would be that of the other class."""
    label = np.arange(100) // 10 % 2
    sign = np.where(np.arange(100) % 10 == 0, -1, 1) * (2 * label - 1)
    train, test = (data.Part(x[:, None, None] * np.ones((1, 2, 2)), label) for x in (sign, 2 * label - 1))
    assert pixels.nearest_mean_accuracy(data.Splits(train, test, test, None)) == 1


def test_the_baselines_of_pixels_find_what_pca_and_a_linear_filter_can():
    rng = np.random.default_rng(0)
    x = (rng.random((60, 2)) @ rng.random((2, 64))).reshape(60, 8, 8, 1) / 2  # Two numbers make an image.
    x[:, :, [0, 1, 6, 7]] = x[:, [0, 1, 6, 7]] = 0
    splits = data.Splits(data.Part(x[:40], None), None, data.Part(x[40:], None), None)
    np.testing.assert_allclose(pixels.pca_reconstructions(splits, 2), x[40:], atol=1e-6)
    assert np.abs(pixels.pca_reconstructions(splits, 1) - x[40:]).max() > 0.01
    shifted = np.roll(x, (2, 2), axis=(1, 2))  # Within the black edge: a filter of the neighbourhood can undo it.
    np.testing.assert_allclose(pixels.filtered(splits, shifted[:40], shifted[40:]), x[40:], atol=2e-3)
    scores = pixels.pixel_scores(np.full((2, 3), 0.5), np.ones((2, 3)))
    assert scores == pytest.approx({"baseline_binary_crossentropy": np.log(2), "baseline_squared_error": 0.25})


@pytest.mark.thorough(seconds=20)
def test_each_network_of_the_vowels_has_its_own_loss_and_their_mean_is_saved(tmp_path):
    model = bilstm_vowels.main(epochs=1, limit=60, networks=2, run_dir=str(tmp_path)).model
    vowels = data.load("vowels", limit=60)
    scaled = next(layer for layer in model.layers if isinstance(layer, keras.layers.Rescaling))(vowels.valid.x)
    logits = np.stack([keras.ops.convert_to_numpy(model.get_layer(f"rnn_{i}")(scaled)) for i in range(2)])
    np.testing.assert_allclose(model.predict(vowels.valid.x, verbose=0), logits.mean(axis=0), rtol=1e-4, atol=1e-5)
    own = -log_softmax(logits, axis=-1)[:, np.arange(len(vowels.valid.y)), vowels.valid.y].mean()
    last = (tmp_path / "history.csv").read_text().splitlines()
    stated = dict(zip(last[0].split(","), last[1].split(","), strict=True))
    assert float(stated["val_loss"]) == pytest.approx(own, rel=1e-4)


def chance(ngrams: list[tuple], token: int, context: tuple, size: int) -> float:
    """Return the interpolated Kneser-Ney probability by its definition, from the list of all n-grams of one length."""
    counts = {ngram: ngrams.count(ngram) for ngram in ngrams}
    once, twice = (list(counts.values()).count(number) for number in (1, 2))
    discount = once / max(once + 2 * twice, 1)
    shorter = [ngram[1:] for ngram in counts]  # Each different n-gram counts once.
    lower = chance(shorter, token, context[1:], size) if context else 1 / size
    same = {ngram: count for ngram, count in counts.items() if ngram[:-1] == context}
    if not same:
        return lower
    found = max(counts.get((*context, token), 0) - discount, 0)
    return (found + discount * len(same) * lower) / sum(same.values())


def test_the_ngram_model_has_the_probabilities_of_its_definition_which_sum_to_one():
    rng = np.random.default_rng(0)
    stream = rng.choice(4, 121, p=[0.1, 0.5, 0.2, 0.2])
    train = SimpleNamespace(x=stream[:-1].reshape(-1, 10), y=stream[1:].reshape(-1, 10))
    counts = kneser_ney._counts(SimpleNamespace(train=train, info=SimpleNamespace(vocabulary="abcd")), 3)
    trigrams = list(zip(*(stream[i : 119 + i].tolist() for i in range(3)), strict=True))
    bigrams = [ngram[1:] for ngram in {*trigrams}]
    for first, second in ((1, 1), (0, 3), (3, 2)):
        start = chance(bigrams, second, (first,), 4)  # The first target of a window has one token before it.
        chances = []
        for token in range(4):
            window = np.array([[first, second, token]])
            both = kneser_ney._nats(counts, SimpleNamespace(x=window[:, :-1], y=window[:, 1:]), 4)
            chances.append(np.exp(-2 * both) / start)
        assert chances == pytest.approx([chance(trigrams, token, (first, second), 4) for token in range(4)])
        assert sum(chances) == pytest.approx(1)


def test_the_probabilities_of_pairs_of_units_are_those_of_the_same_definition():
    texts = [" ab\n", " ab\n", " cb\n", " ac\n"]
    pairs = [(text[i], text[i + 1]) for text in texts for i in range(3)]
    chances, left_over = joint_sequence_model._kneser_ney(texts, order=2)
    for before, unit in itertools.product(" abc", "abc\n"):
        found = chances.get(before + unit, left_over[before] * chances[unit])
        assert found == pytest.approx(chance(pairs, unit, (before,), 4)), before + unit
