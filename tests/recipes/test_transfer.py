"""`transfer_mnist`: the split by class, the draws of labels, equal trainings, and scores computed again."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from dlguide import data, training
from recipes import transfer_mnist
from recipes._lib.images import few_labels, transfer
from tests.helpers.training_runs import same

pytestmark = pytest.mark.filterwarnings("ignore:Even though:UserWarning")  # `tf.data` still builds graphs.

DRAWS = {1: 2, 10: 1}
"""Fewer than those of the recipe, for time."""


@pytest.fixture(scope="module", autouse=True)
def small_networks(file_eagerly):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(few_labels.NETWORK, "filters", (4, 4))
        yield


@pytest.fixture(scope="module")
def recorded():
    """The fits of a run on 200 images of each set, with a stand-in for `fit` that trains nothing; and its metrics."""
    fits, results, compare = [], [], transfer.compare

    def fit(model, x, y=None, **options):
        layers = {layer.name.rstrip("_0123456789"): [] for layer in model.layers}
        for layer in model.layers:
            layers[layer.name.rstrip("_0123456789")] += layer.get_weights()
        fits.append(SimpleNamespace(model=model, x=x, y=y, layers=layers, options=options))
        return SimpleNamespace(seconds=0.0, history={"loss": [1.0]}, epoch=[0])

    keras.config.disable_interactive_logging()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer, "DRAWS", DRAWS)
        patch.setattr(transfer, "FEW", 0)
        patch.setattr(transfer, "compare", lambda *args: results.append(compare(*args)) or results[0])
        patch.setattr(training, "fit", fit)
        metrics = transfer_mnist.main(epochs=1, limit=200, seed=3).metrics
    # For each draw, networks from scratch and then as many fine-tuned ones.
    kinds = {"scratch": [], "tuned": []}
    for i, each in enumerate(fits[2:]):
        kinds["tuned" if i // transfer.NETWORKS % 2 else "scratch"].append(each)
    parts = {"first": fits[0], "unlabelled": fits[1], "short": fits[2:], **kinds}
    return SimpleNamespace(**parts, metrics=metrics, accuracies=results[0].accuracies)


@pytest.fixture(scope="module")
def mnist():
    return data.load("mnist", limit=200, seed=3)


def images(*parts) -> set[bytes]:
    return {image.tobytes() for part in parts for image in part}


def of(part: data.Part, *digits) -> np.ndarray:
    return np.stack([image for image, label in zip(*part, strict=True) if label in digits])


@pytest.mark.thorough
def test_the_first_training_sees_digits_0_to_4_only_and_the_others_digits_5_to_9_only(recorded, mnist):
    """Each image, turned back, is one of the data, with its label."""
    first, valid = recorded.first, recorded.first.options["validation_data"]
    for (x, y), part in (((first.x, first.y), mnist.train), (valid, mnist.valid)):
        back = np.stack([np.rot90(image, -(label // 5)) for image, label in zip(x, y, strict=True)])
        labels = {image.tobytes(): label for image, label in zip(*part, strict=True)}
        assert [labels.get(image.tobytes()) for image in back] == [label % 5 for label in y]
        assert images(back) == images(of(part, 0, 1, 2, 3, 4)) and set(y) == set(range(5 * transfer.TURNS))
    assert images(recorded.unlabelled.x) == images(of(mnist.train, 5, 6, 7, 8, 9)) and recorded.unlabelled.y is None
    labels = {image.tobytes(): label - 5 for image, label in zip(*mnist.train, strict=True)}
    for fit in recorded.short:
        assert [labels.get(image.tobytes()) for image in fit.x] == list(fit.y)


def test_from_scratch_and_fine_tuned_differ_in_first_weights_alone(recorded):
    pairs = list(zip(recorded.scratch, recorded.tuned, strict=True))
    assert len(pairs) == transfer.NETWORKS * sum(DRAWS.values())
    for scratch, tuned in pairs:
        assert scratch.model is tuned.model  # With it the loss, the random changes and the weight decay.
        assert same([scratch.x, scratch.y], [tuned.x, tuned.y])
        equal = {"epochs", "batch_size", "seed", "verbose"}
        assert {key: scratch.options[key] for key in equal} == {key: tuned.options[key] for key in equal}
        assert scratch.options.keys() == tuned.options.keys() == equal | {"callbacks"}
        for name in ("conv", "batch_normalization"):
            for learned, own, new in zip(*(fit.layers[name] for fit in (recorded.first, tuned, scratch)), strict=True):
                np.testing.assert_array_equal(own, learned)
                assert new.shape == learned.shape and (new.ndim == 1 or not np.array_equal(new, learned))
    [changes] = [layer.changes for layer in recorded.short[0].model.layers if hasattr(layer, "changes")]
    assert changes == few_labels.AUGMENT
    starts = [scratch.layers["conv"][0].tobytes() for scratch, _ in pairs]
    own = transfer.NETWORKS * DRAWS[1]
    assert len(set(starts[:own])) == own, "each network of a draw has first weights of its own"


def test_the_learning_rate_of_a_short_training_rises_to_its_highest_value_and_falls_to_nearly_0(recorded):
    labels = [labels for labels, draws in DRAWS.items() for _ in range(transfer.NETWORKS * draws)]
    for fits in (recorded.scratch, recorded.tuned):
        for fit, number in zip(fits, labels, strict=True):
            [callback] = fit.options["callbacks"]
            epochs = fit.options["epochs"]
            assert epochs == transfer.PASSES[number]
            rates = np.array([callback.schedule(epoch) for epoch in range(epochs)])
            assert 0.5 * transfer.RATES[number] < rates.max() <= transfer.RATES[number]
            assert rates[-1] == rates.min()


def test_draws_have_each_class_equally_often_and_differ_by_seed_and_number(mnist):
    train = transfer.examples_of_classes(mnist.train, transfer.NEW)
    for labels in (1, 10):
        drawn = {}
        for number, seed in ((0, 0), (0, 1), (1, 0), (4, 0)):
            few = transfer.draw_few_labels(train, labels, number, seed)
            assert np.bincount(few.y).tolist() == [labels] * 5 and len(images(few.x)) == 5 * labels
            assert images(few.x) <= images(train.x)
            drawn[number, seed] = frozenset(images(few.x))
        assert len(set(drawn.values())) == 4
        np.testing.assert_array_equal(transfer.draw_few_labels(train, labels, 4, 0).x, few.x)


@pytest.mark.thorough
def test_a_short_training_starts_from_the_same_state_each_time_and_leaves_the_first_network_as_it_was(mnist):
    train = transfer.examples_of_classes(mnist.train, transfer.NEW)
    few, pretrained = transfer.draw_few_labels(train, 1, 0, seed=0), transfer.network(20)
    before = pretrained.get_weights()
    short, other = transfer.ShortTrainings(2), transfer.draw_few_labels(train, 1, 1, seed=0)
    short.fit(other, transfer.start(1), 1e-2, 1, 1)
    start = transfer.start(0, pretrained)
    # Once after another training, once after the same one.
    again = [short.fit(few, start, 1e-3, 1, 0).get_weights() for _ in range(2)]
    assert same(*again) and same(before, pretrained.get_weights())
    moved = [np.abs(one - two).max() for one, two in zip(again[0][:-2], before[:-2], strict=True)]
    assert min(moved) > 0, "fine-tuning moves all weights"


def test_codes_do_not_change_in_a_comparison_and_its_scores_are_those_of_a_computation_by_hand(recorded, mnist):
    """The stand-in for `fit` trains nothing, so that the networks can be built again."""
    train, test = (transfer.examples_of_classes(part, transfer.NEW) for part in (mnist.train, mnist.test))
    pretrained, found = recorded.first.model, recorded.accuracies
    for name, before in recorded.first.layers.items():
        after = [weight for layer in pretrained.layers if layer.name.startswith(name) for weight in layer.get_weights()]
        assert same(before, after)

    def outputs(model, x):
        return keras.ops.convert_to_numpy(model(x, training=False)).astype("float64")

    def codes(x):
        values = outputs(keras.Model(pretrained.input, pretrained.layers[-2].output), x)
        return values / np.sqrt((values**2).sum(axis=1, keepdims=True))

    for labels, draws in DRAWS.items():
        for number in range(draws):
            few = transfer.draw_few_labels(train, labels, number, seed=3)
            linear = LogisticRegression(C=100, max_iter=2000).fit(codes(few.x), few.y)
            votes = {"frozen": linear.predict_log_proba(codes(test.x)), "scratch": 0, "fine_tuned": 0}
            for i in range(transfer.NETWORKS):
                keras.utils.set_random_seed(3000 + 10 * number + i)
                fresh = transfer.network(5)
                votes["scratch"] = votes["scratch"] + log_softmax(outputs(fresh, test.x), axis=1)
                fresh.set_weights(pretrained.get_weights()[:-2] + fresh.get_weights()[-2:])  # A new last layer.
                votes["fine_tuned"] = votes["fine_tuned"] + log_softmax(outputs(fresh, test.x), axis=1)
            for name, sums in votes.items():
                right = np.mean(sums.argmax(axis=1) == test.y)
                assert found[name][labels][number] == pytest.approx(right, abs=2e-2), name
    assert set(found) == set(transfer.NAMES) and np.ptp(found["frozen"][1]) > 0


def test_each_network_has_a_seed_of_its_own_and_a_large_one_still_fits():
    seeds = [transfer.network_seed(seed, draw, i) for seed in (3, 4) for draw in range(10) for i in range(5)]
    assert len({*seeds}) == 100 and seeds[0] == 3000 and transfer.network_seed(2**32 - 1, 9, 4) < 2**32


def test_metrics_are_means_over_draws_and_the_main_ones_those_of_ten_labels():
    value = {"scratch": 0.1, "fine_tuned": 0.2, "frozen": 0.3, "contrastive": 0.4}
    rows = {name: {n: [v + n / 1e4, v + n / 1e4 + 0.02] for n in transfer.DRAWS} for name, v in value.items()}
    metrics = transfer.metrics(rows)
    assert metrics["scratch_accuracy_1"] == pytest.approx(0.1101)
    assert metrics["contrastive_accuracy_100"] == pytest.approx(0.42)
    assert metrics["baseline_accuracy"] == metrics["scratch_accuracy_10"]
    assert metrics["accuracy"] == metrics[f"{transfer.TRANSFER[10]}_accuracy_10"]
    for labels in transfer.DRAWS:
        expected = value[transfer.TRANSFER[labels]] - value["scratch"]
        assert metrics[f"lead_at_{labels}"] == pytest.approx(expected)
    assert transfer.TRANSFER.keys() == transfer.DRAWS.keys() and set(transfer.TRANSFER.values()) < set(transfer.NAMES)
