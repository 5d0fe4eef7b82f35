"""`explanation.attribution`: each method against a closed form or NumPy, on every backend."""

import functools

import keras
import numpy as np
import pytest
from scipy import ndimage

from dlguide import cnn, explanation, mlp, rnn, transformer_classifier
from dlguide.explanation import METHODS, attribution
from tests.helpers.sentences import check_sentences, refusal
from tests.helpers.switches import quick

IMAGES = np.random.default_rng(0).random((3, 6, 5, 2)).astype("float32")


def normal(shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def linear(num_outputs=3, input_shape=(6, 5, 2)):
    """Return a linear model and its weights, of the shape of an input and one axis for the outputs."""
    model = mlp(input_shape, num_outputs, hidden_units=())
    kernel, _ = weights = [normal(w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    return model, kernel.reshape(*input_shape, num_outputs)


def small_cnn(**options):
    """Return a network whose statistics are not those of a fresh one, with everything that training alone changes."""
    keras.utils.set_random_seed(1)
    model = cnn((6, 5, 2), 4, filters=(3, 4), augment={"shift": 0.3}, dropout=0.5, **options)
    model.set_weights([normal(w.shape, i) + 3 * (w.ndim == 1) for i, w in enumerate(model.get_weights())])
    return model


def convolved(x, kernel):
    """Return the 'same' convolution of images with a kernel of shape `(3, 3, channels, filters)`, without Keras."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.einsum("nhwcij,ijcf->nhwf", windows, kernel)


@pytest.mark.parametrize("outputs", [1, 3])  # Of a single output, the output itself is explained.
def test_maps_of_a_linear_model_are_its_weights_times_the_difference_which_a_window_adds_up(outputs):
    (model, kernel), baseline = linear(outputs), np.random.default_rng(1).random((6, 5, 2))
    classes = [2, 0, 1] if outputs == 3 else None
    weights = np.moveaxis(kernel[..., classes or [0, 0, 0]], -1, 0)
    found = attribution(model, IMAGES, method="gradients", target=classes)
    np.testing.assert_allclose(found, weights, rtol=1e-6)
    assert found.dtype == np.float32
    found = attribution(model, IMAGES, target=classes, baseline=baseline, steps=3)
    np.testing.assert_allclose(found, weights * (IMAGES - baseline), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(attribution(model, IMAGES, target=classes, steps=1), weights * IMAGES, rtol=1e-5)
    product = (weights * (IMAGES - 0.3)).sum(axis=-1)
    for stride, tops, lefts in ((1, range(4), range(3)), (2, (0, 2, 3), (0, 2))):  # The last one ends at the border.
        total, count = np.zeros((3, 6, 5)), np.zeros((6, 5))
        for place in ((slice(top, top + 3), slice(left, left + 3)) for top in tops for left in lefts):
            total[:, *place] += product[:, *place].sum((1, 2), keepdims=True)
            count[place] += 1
        found = attribution(model, IMAGES, target=classes, method="occlusion", baseline=0.3, stride=stride)
        np.testing.assert_allclose(found, total / count, atol=1e-4)


def test_grad_cam_equals_a_computation_in_numpy():
    """The mean over all places makes each gradient the last weight over the number of places.

    As in MobileNet, global pooling keeps the axes, and a convolution of maps without places gives the scores.
    """
    inputs = keras.Input((6, 4, 2))
    features = keras.layers.Conv2D(3, 3, padding="same", activation="relu", use_bias=False)(inputs)
    x = keras.layers.GlobalAveragePooling2D(keepdims=True)(keras.layers.AveragePooling2D(2)(features))
    model = keras.Model(inputs, keras.layers.Flatten()(keras.layers.Conv2D(2, 1)(x)))
    kernel, last, bias = (normal(w.shape) for w in model.get_weights())
    model.set_weights([kernel, last, bias])
    x = normal((2, 6, 4, 2))
    means = np.maximum(convolved(x, kernel), 0).reshape(2, 3, 2, 2, 2, 3).mean(axis=(2, 4))
    small = np.maximum((means * last[0, 0, :, 1] / 6).sum(axis=-1), 0)
    assert small.max() > 0.1
    # Between the centres of the small map's pixels linear, beyond them constant.
    rows, columns = (np.clip((np.arange(2 * n) + 0.5) / 2 - 0.5, 0, n - 1) for n in (3, 2))
    grid = np.meshgrid(rows, columns, indexing="ij")
    expected = [ndimage.map_coordinates(each, grid, order=1) for each in small]
    np.testing.assert_allclose(attribution(model, x, target=1, method="grad_cam"), expected, atol=1e-5)
    # Without pooling each place has a gradient of its own, whose mean counts.
    model = keras.Model(inputs, keras.layers.Dense(2, use_bias=False)(keras.layers.Flatten()(features)))
    dense = normal((6 * 4 * 3, 2))
    model.set_weights([kernel, dense])
    means = dense[:, 1].reshape(6, 4, 3).mean(axis=(0, 1))
    expected = np.maximum((np.maximum(convolved(x, kernel), 0) * means).sum(axis=-1), 0)
    np.testing.assert_allclose(attribution(model, x, target=1, method="grad_cam"), expected, atol=1e-5)
    assert expected.max() > 0.1


def test_grad_cam_of_a_layer_that_is_called_twice_is_that_of_its_last_call():
    inputs, shared = keras.Input((6, 5, 2)), keras.layers.Conv2D(2, 3, padding="same", activation="relu")
    twice = [keras.layers.Conv2D(2, 3, padding="same", activation="relu") for _ in range(2)]
    models = []
    for first, second in ((shared, shared), twice):
        x = keras.layers.Flatten()(second(first(inputs)))
        models.append(keras.Model(inputs, keras.layers.Dense(2)(x)))
    kernel, bias, dense, dense_bias = (np.abs(normal(w.shape)) for w in models[0].get_weights())
    models[0].set_weights([kernel, bias, dense, dense_bias])
    models[1].set_weights([kernel, bias, kernel, bias, dense, dense_bias])
    found, expected = (attribution(model, IMAGES, target=1, method="grad_cam") for model in models)
    assert np.ptp(expected) > 0.01
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_network_with_pooling_and_normalisation_has_the_maps_of_numpy():
    """The score is linear around an image, up to the corners of ReLU and maximum: differences give its gradient."""
    inputs = keras.Input((4, 4, 1))
    x = keras.layers.Conv2D(2, 3, padding="same", use_bias=False)(inputs)
    x = keras.layers.BatchNormalization(epsilon=0.0)(keras.layers.MaxPooling2D(2)(x))
    x = keras.layers.Flatten()(keras.layers.ReLU()(x))
    model = keras.Model(inputs, keras.layers.Dense(2, use_bias=False)(x))
    kernel, gamma, beta, mean, variance, dense = numbers = [
        normal(w.shape, i) for i, w in enumerate(model.get_weights())
    ]
    variance **= 2
    model.set_weights(numbers)
    image = np.random.default_rng(0).random((4, 4, 1)).astype("float32")

    def score(images):
        pooled = convolved(images, kernel).reshape(-1, 2, 2, 2, 2, 2).max(axis=(2, 4))
        normed = np.maximum((pooled - mean) / np.sqrt(variance) * gamma + beta, 0)
        return (normed.reshape(len(images), -1) @ dense)[:, 1]

    def gradient(image):
        steps = 1e-6 * np.eye(16).reshape(16, 4, 4, 1)
        return ((score(image + steps) - score(image - steps)) / 2e-6).reshape(4, 4, 1)

    path = [0.3 + share * (image - 0.3) for share in (0.125, 0.375, 0.625, 0.875)]
    integrated = np.mean([gradient(point) for point in path], axis=0) * (image - 0.3)
    occluded = np.where(np.eye(16, dtype=bool).reshape(16, 4, 4, 1), 0.3, image)
    loss = (score(image[None]) - score(occluded)).reshape(4, 4)
    for method, expected in zip(METHODS, (gradient(image), integrated, loss), strict=False):
        options = {} if method == "gradient" else {"baseline": 0.3}
        [found] = attribution(model, image[None], method=method, target=1, steps=4, window=1, **options)
        np.testing.assert_allclose(found, expected, atol=1e-4, err_msg=method)
        assert np.abs(expected).max() > 0.01


@pytest.mark.parametrize("method", quick(METHODS, *list(METHODS)[::3]))
def test_a_map_is_that_of_the_likeliest_class_depends_on_no_other_image_and_changes_no_model(
    method, monkeypatch, tmp_path
):
    model, maps = small_cnn(), functools.partial(attribution, method=method, steps=4)
    before = [keras.ops.convert_to_numpy(v).copy() for v in model.variables]  # With those of the random numbers.
    expected = maps(model, IMAGES)
    assert np.ptp(expected) > 0
    nested = keras.Sequential([keras.Input((6, 5, 2)), keras.layers.Rescaling(1.0), model])
    inputs = keras.Input((6, 5, 2))
    inside = keras.Model(inputs, keras.layers.Activation("linear")(nested(inputs)))
    inside.save(tmp_path / "model.keras")
    for other in (nested, inside, keras.saving.load_model(tmp_path / "model.keras")):
        np.testing.assert_allclose(maps(other, IMAGES), expected, atol=1e-5)
    likeliest = model.predict(IMAGES, verbose=0).argmax(axis=1)
    np.testing.assert_array_equal(maps(model, IMAGES, target=likeliest), expected)
    monkeypatch.setattr(explanation, "BATCH", 2)
    np.testing.assert_allclose(maps(model, IMAGES), expected, atol=1e-5)
    alone = np.concatenate([maps(model, IMAGES[i : i + 1]) for i in range(3)])
    np.testing.assert_allclose(alone, expected, atol=1e-5)
    for was, now in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(was, keras.ops.convert_to_numpy(now))
    assert not any("call" in vars(layer) for layer in model.layers)


@pytest.mark.one_backend
def test_inputs_that_are_no_images_have_maps_of_gradients():
    rows, series = normal((2, 4)), normal((2, 7, 3))
    for method in METHODS[:2]:
        assert attribution(mlp((4,), 2), rows, method=method).shape == (2, 4)
        assert np.abs(attribution(rnn((7, 3), 1), series, method=method, steps=2)).min() > 0
    flat = attribution(mlp((6, 5, 1), 2), IMAGES[..., 0])  # As in `predict`, a last axis of 1 may be missing.
    assert flat.shape == (3, 6, 5, 1)


def test_bad_arguments_are_named():
    model, _ = linear()
    row = mlp((2,), 3)
    inputs = keras.Input((6, 5, 2))
    two_inputs = keras.Model([inputs, keras.Input((6, 5, 2))], inputs + 1, name="two")
    maps = keras.Model(inputs, keras.layers.ReLU()(inputs), name="maps")
    bad = {
        "method": {"method": "occlusoin"}, "steps": {"steps": 0}, "window": {"window": 6, "method": "occlusion"},
        "stride": {"window": 2, "stride": 3, "method": "occlusion"}, "baseline shape": {"baseline": np.zeros(3)},
        "baseline NaN": {"baseline": np.nan}, "target class": {"target": 3}, "target length": {"target": [0, 1]},
        "target fraction": {"target": 0.5}, "model without maps": {"method": "grad_cam"}, 
        "x shape": {"x": IMAGES[:, :4]},
        "x one image": {"x": IMAGES[0]}, "x none": {"x": IMAGES[:0]}, "x infinite": {"x": np.full_like(IMAGES, np.inf)},
        "x one grey image": {"model": cnn((6, 5, 1), 3, filters=(2,)), "x": IMAGES[0, ..., :1]},
        "x one row": {"model": row, "x": IMAGES[0, 0, 0]},
        "x rows": {"model": row, "x": IMAGES[0, 0], "method": "occlusion"},
        "model of tokens": {"model": transformer_classifier(9, 4, 2), "x": np.ones((1, 4))},
        "model of two": {"model": two_inputs}, "model of images": {"model": maps},
    }  # fmt: skip
    found = {name: refusal(attribution, **({"model": model, "x": IMAGES} | options)) for name, options in bad.items()}
    assert all(sentence.startswith(f"`{name.split()[0]}` must ") for name, sentence in found.items()), found
    check_sentences("attribution", found)
