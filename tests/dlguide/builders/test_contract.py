"""The contract of every builder, run on TensorFlow, JAX and PyTorch from this file.

KERAS_BACKEND=jax pytest tests/dlguide/builders/test_contract.py
"""

import inspect
import json

import keras
import numpy as np
import pytest

import dlguide
from tests.helpers import cases, contract
from tests.helpers.cases import CASES, Option
from tests.helpers.contract import build, inputs, kind_of, outputs, same_everywhere, settled, training_case, weights
from tests.helpers.switches import quick

# Options that make other layers, and not only layers of another size: for time, the others are TensorFlow's alone.
OTHER_LAYERS = {
    *("augment", "batch_norm", "bidirectional", "cell", "mask_zero", "num_classes", "return_sequences", "vocab_size"),
}
ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
LIKE_OTHERS = ("linear_regression", "perceptron", "autoencoder", "conv_autoencoder", "transformer_classifier")
LIKE_OTHERS += ("polynomial_regression", "transformer_language_model")
"""Builders of the layers that another one has too."""
PLAIN = [(name, None) for name in CASES]
OPTIONS = [(name, option) for name, options in cases.OPTIONS.items() for option in options]
WITH_OTHER_LAYERS = PLAIN + [row for row in OPTIONS if row[1].name in OTHER_LAYERS]
VARIANTS = PLAIN + OPTIONS if ON_TENSORFLOW else WITH_OTHER_LAYERS


def over(rows, thorough_options=False):
    """Run a test over rows; for time, the test command leaves out those with an option, and models like others."""
    ids = [f"{name}-{option.name}={option.value}" if option else name for name, option in rows]
    marks = [[pytest.mark.thorough] * (thorough_options and bool(row[1] or row[0] in LIKE_OTHERS)) for row in rows]
    marked = [pytest.param(*row, marks=mark, id=id_) for row, mark, id_ in zip(rows, marks, ids, strict=True)]
    return pytest.mark.parametrize(("name", "option"), marked)


plain, long_variants = over(PLAIN, thorough_options=True), over(WITH_OTHER_LAYERS, thorough_options=True)


def test_every_public_builder_has_a_case():
    assert sorted(CASES) == sorted(dlguide.__all__)
    assert {option.name for _, option in OPTIONS} >= OTHER_LAYERS


@over(VARIANTS + [(name, Option("name", "other")) for name in CASES])
@pytest.mark.parametrize("integer", [int, pytest.param(np.int64, marks=pytest.mark.thorough)])
def test_it_has_the_weights_counted_by_hand_and_maps_a_batch_to_a_batch_a_classifier_to_logits(name, option, integer):
    """On PyTorch, Keras 3.15 clears the gradients by their paths: of two of one path, one gradient would add up."""
    model, expected = build(name, option, integer=integer), list(CASES[name].weights)
    if option:
        given = (option.trainable, option.non_trainable)
        expected = [usual if changed is None else changed for usual, changed in zip(expected, given, strict=True)]
    for count, variables in zip(expected, (model.trainable_weights, model.non_trainable_weights), strict=True):
        assert sum(int(np.prod(variable.shape)) for variable in variables) == count
    assert len({variable.path for variable in model.trainable_variables}) == len(model.trainable_variables)
    assert json.dumps(keras.saving.serialize_keras_object(model)) and not model.compiled
    assert model.name == ("other" if option and option.name == "name" else name)
    shape = option.output if option and option.output else CASES[name].output
    assert CASES[name].inputs or model.output_shape == (None, *shape)
    x = inputs(name, model)
    scores = outputs(model, 10 * x if isinstance(x, np.ndarray) and x.dtype == "float32" else x)  # No token ids.
    assert scores.shape == (8, *(size or 5 for size in shape))
    if kind_of(name, option) == "classifier":
        assert scores.min() < 0  # Neither softmax, sigmoid nor ReLU ...
        assert not np.allclose(np.exp(scores).sum(axis=-1), 1)  # ... nor their logarithm.
        assert not np.allclose(scores.sum(axis=-1), scores.sum(axis=-1).flat[0])


STRUCTURES = [
    ("mlp", ((4,), 2), {"batch_norm": True}, "Flatten Dense BatchNormalization Activation Dropout Dense"),
    ("cnn", ((8, 8, 1), 2), {}, "Conv2D MaxPooling2D BatchNormalization Activation Conv2D BatchNormalization "
     "Activation GlobalMaxPooling2D Dropout Dense"),
    ("rnn", ((5, 3), 2), {"units": (6, 7)}, "Masking LSTM Dropout LSTM Dropout Dense"),
    ("rnn", ((5,), 2), {"units": (6, 7), "vocab_size": 9}, "Embedding Dropout LSTM Dropout LSTM Dropout Dense"),
    ("transformer_classifier", (9, 5, 2), {}, "Embedding PositionEmbedding Dropout LayerNormalization SelfAttention "
     "Dropout Add LayerNormalization Dense Dense Dropout Add LayerNormalization Dense"),
]  # fmt: skip


@pytest.mark.one_backend
@pytest.mark.parametrize(("name", "args", "options", "expected"), STRUCTURES)
def test_the_layers_stand_in_the_order_that_the_docstring_says(name, args, options, expected):
    model = getattr(dlguide, name)(*args, **CASES[name].base | options | {"dropout": 0.1})
    assert " ".join(type(layer).__name__ for layer in model.layers[1:]) == expected


DROPPED = [name for name in CASES if "dropout" in inspect.signature(getattr(dlguide, name)).parameters]


@pytest.mark.one_backend
@pytest.mark.parametrize("name", DROPPED)
def test_every_dropout_layer_has_the_rate_that_was_given(name):
    model = build(name, Option("dropout", 0.4))
    rates = [layer.rate for layer in model._flatten_layers() if isinstance(layer, keras.layers.Dropout)]
    assert rates and set(rates) == {0.4}


@pytest.mark.parametrize("name", CASES)
def test_every_option_of_the_signature_is_tried(name):
    parameters = inspect.signature(getattr(dlguide, name)).parameters.values()
    options = {parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}
    assert options == {option.name for option in cases.OPTIONS[name]} - {"num_outputs"} | {"name"}


@pytest.mark.one_backend
@over([row for row in OPTIONS if row[1].trainable is None])  # Of the others the number of weights is another one.
def test_every_option_changes_the_model(name, option):
    model, plain = build(name, option), build(name)
    if [w.shape for w in model.weights] != [w.shape for w in plain.weights]:
        return  # It does.
    x = inputs(name, model)
    if option.name == "mask_zero":
        x[:, -1] = 0  # Padding.
    model.set_weights(plain.get_weights())

    def seen(model):
        """Return outputs in evaluation and in training, and what the model itself adds to the loss."""
        arrays = [outputs(model, x), outputs(model, x, training=True), *map(keras.ops.convert_to_numpy, model.losses)]
        if CASES[name].kind == "alone":  # It has its own loss.
            arrays.append(keras.ops.convert_to_numpy(model.compute_loss(x, y_pred=settled(model)(x))))
        return arrays

    ours, others = seen(model), seen(plain)
    is_same = [a.shape == b.shape and np.allclose(a, b) for a, b in zip(ours, others, strict=False)]
    assert len(ours) != len(others) or not all(is_same), f"{option} has no effect"


@plain
def test_the_seed_decides_the_weights(name, option):
    first, same, other = (build(name, option, seed=seed).get_weights() for seed in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    is_equal = all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    assert is_equal == (CASES[name].kind == "regression")  # A convex regression starts from zeros.


@long_variants
def test_one_step_moves_every_trainable_weight(name, option):
    model, x, y = training_case(name, option, one_step=True)
    before = [keras.ops.convert_to_numpy(w).copy() for w in model.trainable_weights]
    model.train_on_batch(x, y)
    for old, weight in zip(before, model.trainable_weights, strict=True):
        assert not np.allclose(old, keras.ops.convert_to_numpy(weight), atol=1e-5), weight.path


@over(WITH_OTHER_LAYERS)
@pytest.mark.thorough
@pytest.mark.each_backend
def test_an_output_depends_neither_on_the_batch_nor_on_chance_where_it_need_not(name, option):
    model = build(name, option)
    x, others = inputs(name, model), inputs(name, model, seed=1)
    first, second = (keras.ops.convert_to_numpy(model(x, training=False)) for _ in range(2))
    assert np.array_equal(first, second) != CASES[name].is_random
    np.testing.assert_array_equal(outputs(model, x), outputs(model, x))
    for ours, theirs in zip(keras.tree.flatten(x), keras.tree.flatten(others), strict=True):
        theirs[4] = ours[4]
    np.testing.assert_allclose(outputs(model, x)[4], outputs(model, others)[4], rtol=1e-4, atol=1e-5)


@plain
def test_called_directly_it_gives_what_predict_gives_and_changes_no_weight(name, option):
    model = build(name, option)
    x = inputs(name, model)
    before = weights(model)
    predicted = settled(model).predict(x, verbose=0)
    within = keras.tree.map_structure(lambda array: keras.Input(array.shape[1:], dtype=array.dtype.name), x)
    for called in (model, keras.Model(within, model(within))):
        settled(model)
        seen = called(x)  # `training` is not given.
        np.testing.assert_allclose(keras.ops.convert_to_numpy(seen), predicted, rtol=1e-4, atol=1e-5)
    assert all(np.array_equal(old, new) for old, new in zip(before, weights(model), strict=True))


NORMALISED = [row for row in OPTIONS if row[1].name == "batch_norm" and row[1].value and row[0] != "vae"]


@over([("cnn", None), *NORMALISED], thorough_options=True)
def test_statistics_follow_the_data_within_a_hundred_steps(name, option):
    model = build(name, option)
    x = inputs(name, model)
    for _ in range(100):
        seen = model(x, training=True)
    np.testing.assert_allclose(outputs(model, x), keras.ops.convert_to_numpy(seen), rtol=0.1, atol=0.02)


LEARNING = [name for name in CASES if CASES[name].kind != "alone"]


@pytest.mark.parametrize("name", quick(LEARNING, "mlp", "vae"))
def test_a_small_model_learns_32_examples_by_heart(name):
    kind = CASES[name].kind
    model = contract.compiled(kind, build(name), learning_rate=0.05 if kind == "regression" else 0.02)
    x = inputs(name, model, 32)
    if kind == "autoencoder":
        x = np.round(x[:2]).repeat(16, axis=0)  # A small code can hold two images; grey has an entropy of its own.
    y = x[:, :1] * 2 - 1 if kind == "regression" else contract.targets(kind, model, x)
    losses = [model.train_on_batch(x, y) for _ in range(91)]
    assert losses[-1] < losses[0] / 2


@long_variants
def test_it_is_saved_and_loaded_with_its_training_and_the_next_step_is_the_same(name, option, tmp_path):
    """In a process of its own, with nothing but `import dlguide`, `test_saved.py` loads the file of each builder."""
    model, x, y = training_case(name, option, one_step=True)
    for layer in model.layers[:-1]:
        if hasattr(layer, "adapt"):
            layer.adapt(x)
    model.train_on_batch(x, y)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(same_everywhere(loaded, x), same_everywhere(model, x), rtol=1e-5, atol=1e-6)
    assert loaded.name == model.name
    losses = [settled(each).train_on_batch(x, y) for each in (model, loaded)]
    assert np.ravel(losses[0])[0] == pytest.approx(np.ravel(losses[1])[0], rel=1e-4)
    for ours, theirs in zip(weights(model), weights(loaded), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
