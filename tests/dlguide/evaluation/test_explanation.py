"""`explanation.attribution`: each method against a closed form or NumPy, on every backend."""

import keras
import numpy as np
import pytest
from scipy import ndimage

from dlguide import cnn, mlp, rnn, transformer_classifier
from dlguide.explanation import METHODS, attribution

pytestmark = pytest.mark.each_backend
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


def test_the_gradient_of_a_linear_model_is_its_weights():
    model, kernel = linear()
    found = attribution(model, IMAGES, method="gradients", target=[2, 0, 1])
    np.testing.assert_allclose(found, np.moveaxis(kernel[..., [2, 0, 1]], -1, 0), rtol=1e-6)
    assert found.dtype == np.float32


def test_integrated_gradients_of_a_linear_model_are_weight_times_difference():
    model, kernel = linear()
    baseline = np.random.default_rng(1).random((6, 5, 2))
    found = attribution(model, IMAGES, target=1, baseline=baseline, steps=3)
    np.testing.assert_allclose(found, kernel[..., 1] * (IMAGES - baseline), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(attribution(model, IMAGES, target=1, steps=1), kernel[..., 1] * IMAGES, rtol=1e-5)


@pytest.mark.parametrize("stride", [1, 2])
def test_occlusion_is_the_mean_loss_over_the_windows_that_cover_a_pixel(stride):
    """Of a linear model, the score falls by the sum of weight times difference in the window."""
    model, kernel = linear()
    product = (kernel[..., 0] * (IMAGES - 0.3)).sum(axis=-1)
    total, count = np.zeros((3, 6, 5)), np.zeros((6, 5))
    for top in range(4) if stride == 1 else (0, 2, 3):  # The last window ends at the border.
        for left in range(3) if stride == 1 else (0, 2):
            total[:, top : top + 3, left : left + 3] += product[:, top : top + 3, left : left + 3].sum(
                (1, 2), keepdims=True
            )
            count[top : top + 3, left : left + 3] += 1
    found = attribution(model, IMAGES, target=0, method="occlusion", baseline=0.3, stride=stride)
    np.testing.assert_allclose(found, total / count, atol=1e-4)


def test_grad_cam_equals_a_computation_in_numpy():
    """The mean over all places makes each gradient the dense weight over the number of places."""
    inputs = keras.Input((6, 4, 2))
    features = keras.layers.Conv2D(3, 3, padding="same", activation="relu", use_bias=False)(inputs)
    x = keras.layers.AveragePooling2D(2)(features)
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x)))
    kernel, dense, bias = (normal(w.shape) for w in model.get_weights())
    model.set_weights([kernel, dense, bias])
    x = normal((2, 6, 4, 2))
    means = np.maximum(convolved(x, kernel), 0).reshape(2, 3, 2, 2, 2, 3).mean(axis=(2, 4))
    small = np.maximum((means * dense[:, 1] / 6).sum(axis=-1), 0)
    assert small.max() > 0.1
    # Between the centres of the small map's pixels linear, beyond them constant.
    rows, columns = (np.clip((np.arange(2 * n) + 0.5) / 2 - 0.5, 0, n - 1) for n in (3, 2))
    grid = np.meshgrid(rows, columns, indexing="ij")
    expected = [ndimage.map_coordinates(each, grid, order=1) for each in small]
    np.testing.assert_allclose(attribution(model, x, target=1, method="grad_cam"), expected, atol=1e-5)


def test_grad_cam_takes_the_last_maps_that_are_not_pooled_to_a_point():
    """As in MobileNet: global pooling keeps the axes, and a convolution gives the scores."""
    inputs = keras.Input((6, 5, 2))
    features = keras.layers.Conv2D(3, 3, activation="relu")(inputs)
    pooled = keras.layers.GlobalAveragePooling2D(keepdims=True)(features)
    scores = keras.layers.Flatten()(keras.layers.Conv2D(2, 1)(pooled))
    dense = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(features))
    models = keras.Model(inputs, scores), keras.Model(inputs, dense)
    kernel, bias, last, last_bias = (normal(w.shape) for w in models[0].get_weights())
    models[0].set_weights([kernel, bias, last, last_bias])
    models[1].set_weights([kernel, bias, last[0, 0], last_bias])
    found, expected = (attribution(model, IMAGES, target=1, method="grad_cam") for model in models)
    assert np.ptp(expected) > 0.01
    np.testing.assert_allclose(found, expected, atol=1e-5)


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


@pytest.mark.parametrize("method", METHODS)
def test_nested_and_loaded_models_give_the_same_maps(method, tmp_path):
    model = small_cnn()
    expected = attribution(model, IMAGES, method=method, steps=4)
    nested = keras.Sequential([keras.Input((6, 5, 2)), keras.layers.Rescaling(1.0), model])
    inputs = keras.Input((6, 5, 2))
    inside = keras.Model(inputs, keras.layers.Activation("linear")(nested(inputs)))
    inside.save(tmp_path / "model.keras")
    for other in (nested, inside, keras.saving.load_model(tmp_path / "model.keras")):
        np.testing.assert_allclose(attribution(other, IMAGES, method=method, steps=4), expected, atol=1e-5)
    assert np.ptp(expected) > 0


@pytest.mark.one_backend  # The maps of each backend are compared with NumPy's above.
@pytest.mark.parametrize("method", METHODS)
def test_a_map_depends_on_no_other_image_and_the_model_stays_as_it_was(method):
    model = small_cnn()
    before = [keras.ops.convert_to_numpy(v).copy() for v in model.variables]  # With those of the random numbers.
    together = attribution(model, IMAGES, method=method, steps=4)
    again = attribution(model, IMAGES, method=method, steps=4, batch_size=2)
    alone = np.concatenate([attribution(model, IMAGES[i : i + 1], method=method, steps=4) for i in range(3)])
    np.testing.assert_allclose(again, together, atol=1e-5)
    np.testing.assert_allclose(alone, together, atol=1e-5)
    for was, now in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(was, keras.ops.convert_to_numpy(now))
    assert not any("call" in vars(layer) for layer in model.layers)


@pytest.mark.one_backend
@pytest.mark.parametrize("method", METHODS)
def test_without_a_target_the_likeliest_class_is_explained_and_a_single_output_itself(method):
    model = small_cnn()
    likeliest = model.predict(IMAGES, verbose=0).argmax(axis=1)
    named, found = (attribution(model, IMAGES, target=t, method=method, steps=2) for t in (likeliest, None))
    np.testing.assert_array_equal(found, named)
    model, kernel = linear(1)
    if method != "grad_cam":
        found = attribution(model, IMAGES, method=method, window=1)
        expected = kernel[..., 0] * (np.ones_like(IMAGES) if method == "gradients" else IMAGES)
        np.testing.assert_allclose(found, expected.sum(-1) if found.ndim == 3 else expected, atol=1e-4)


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
    two_inputs = keras.Model([inputs, keras.Input((6, 5, 2))], inputs + 1)
    maps = keras.Model(inputs, keras.layers.ReLU()(inputs))
    for given, x, options, message in (
        (model, IMAGES, {"method": "occlusoin"},
         r"`method` must be one of 'gradients', .*'occlusion', .*Did you mean 'occlusion'\?"),
        (model, IMAGES, {"steps": 0}, "`steps` must be an integer of at least 1. Received: steps=0"),
        (model, IMAGES, {"batch_size": 0}, "`batch_size` must be an integer of at least 1"),
        (model, IMAGES, {"window": 6, "method": "occlusion"},
         "`window` must be from 1 to 5, the size of the images.*window=6"),
        (model, IMAGES, {"window": 2, "stride": 3, "method": "occlusion"},
         "`stride` must be at most `window`.*stride=3, window=2"),
        (model, IMAGES, {"baseline": np.zeros(3)}, r"`baseline` must be a number or an array of shape \(6, 5, 2\)"),
        (model, IMAGES, {"baseline": np.nan}, "`baseline` must be free of NaN and infinity"),
        (model, IMAGES, {"target": 3}, r"`target` must be labels in \[0, 3\)"),
        (model, IMAGES, {"target": [0, 1]}, "`target` must be None, an integer, or an integer for each of 3 examples"),
        (model, IMAGES, {"target": 0.5}, "`target` must be None, an integer"),
        (model, IMAGES, {"method": "grad_cam"},
         r"`model` must be a model with a layer with outputs \(batch, height, width, channels\)"),
        (model, IMAGES[:, :4], {}, r"`x` must be of shape \(n, 6, 5, 2\)"),
        (model, IMAGES[0], {}, r"`x` must be of shape \(n, 6, 5, 2\), as the model's input; `x\[None\]` is a batch of "
         r"one example. Received: x of shape \(6, 5, 2\)$"),
        (cnn((6, 5, 1), 3, filters=(2,)), IMAGES[0, ..., :1], {}, r"; `x\[None\]` is .*x of shape \(6, 5, 1\)$"),
        (row, IMAGES[0, 0, 0], {}, r"; `x\[None\]` is .*x of shape \(2,\)$"),
        (row, IMAGES[0, 0], {"method": "occlusion"}, r"`x` must be images of shape \(n, height, width, channels\)"),
        (model, IMAGES[:0], {}, "`x` must have at least one example"),
        (model, np.full_like(IMAGES, np.inf), {}, "`x` must be free of NaN and infinity"),
        (transformer_classifier(9, 4, 2), np.ones((1, 4)), {}, "`model` must be a model with one input of floats"),
        (two_inputs, IMAGES, {}, "`model` must be a model with one input of floats"),
        (maps, IMAGES, {}, r"`model` must have one output of shape \(batch, classes\).*\(3, 6, 5, 2\)"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            attribution(given, x, **options)
