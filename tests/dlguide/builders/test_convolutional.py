"""What is particular to the convolutional network."""

import keras
import numpy as np
import pytest

from dlguide import cnn, contrastive
from dlguide.augmentation import Augmentation

CHANGES = {"shift": 0.3, "rotation": 45, "zoom": 0.3, "shear": 0.3, "flip": "vertical"}


def changed(x, **changes):
    return keras.ops.convert_to_numpy(Augmentation(changes)(x, training=True))[..., 0]


def test_augment_is_off_in_evaluation_and_each_call_in_training_draws_anew():
    model, plain = cnn((8, 8, 1), 3, augment=CHANGES), cnn((8, 8, 1), 3)
    plain.set_weights(model.get_weights())
    x = np.random.default_rng(0).random((64, 8, 8, 1), "float32")
    np.testing.assert_allclose(model.predict(x, verbose=0), plain.predict(x, verbose=0), rtol=1e-5, atol=1e-6)
    first, second = changed(x, **CHANGES), changed(x, **CHANGES)
    assert not np.allclose(first, x[..., 0]) and not np.allclose(first, second)
    layers = cnn((9, 9, 1), 2, augment={"rotation": 20, "shift": 0.2}).layers[1].layers
    assert [type(layer).__name__ for layer in layers] == ["RandomTranslation", "RandomRotation"]  # No other change.


def test_an_image_is_turned_by_the_angle_and_moved_along_the_side_that_were_given():
    down, right = np.indices((33, 33)) - 16.0
    x = np.tile(np.clip(right + 0.5, 0, 1).astype("float32")[:, :, None], (200, 1, 1, 1))  # The right half is bright.
    # The direction of the bright half of a disc.
    turned = changed(x, rotation=20) * (down**2 + right**2 < 14**2)
    angles = np.degrees(np.arctan2((turned * down).sum(axis=(1, 2)), (turned * right).sum(axis=(1, 2))))
    assert -20.5 < angles.min() < -17 and 17 < angles.max() < 20.5
    moved = changed(x, shift=(0.0, 0.25)).mean(axis=(1, 2)) - x.mean()
    assert 0.2 < np.abs(moved).max() < 0.26
    np.testing.assert_allclose(changed(x, shift=(0.25, 0.0)), x[..., 0], atol=1e-5)


def test_new_pixels_repeat_the_edge_and_each_change_has_the_size_that_was_given():
    ramp = np.tile(np.linspace(0, 1, 32, dtype="float32")[None, None, :, None], (50, 32, 1, 1))  # From left to right.
    square = np.zeros((200, 33, 33, 1), "float32")
    square[:, 12:21, 12:21] = 1
    for changes in ({"shift": (0.0, 0.5)}, {"zoom": 0.5}, {"rotation": 20}, {"shear": 0.3}):
        row = changed(ramp, **changes)[:, 16]  # The opposite edge, mirrored, would be darker again.
        assert (np.diff(row) > -1e-5).all(), changes
    areas = np.sqrt(changed(square, zoom=0.4).sum(axis=(1, 2)) / 81)
    assert 0.65 < areas.min() < 0.8 and 1.35 < areas.max() < 1.75, (areas.min(), areas.max())
    x = np.random.default_rng(0).random((40, 6, 6, 1), "float32")
    for flip, axis in (("vertical", 1), ("horizontal", 2)):
        turned = (changed(x, flip=flip) == np.flip(x, axis)[..., 0]).all(axis=(1, 2))
        same = (changed(x, flip=flip) == x[..., 0]).all(axis=(1, 2))
        assert turned.any() and same.any() and not turned.all()
    slanted = changed(square, shear=0.3)
    for axis in (1, 2):  # Along both sides.
        assert (np.abs(slanted.sum(axis=axis) - square[..., 0].sum(axis=axis)).max(axis=1) > 0.5).any()


def test_a_model_that_changes_its_images_is_compiled_on_jax():
    if keras.backend.backend() != "jax":
        pytest.skip("TensorFlow and PyTorch compile nothing by themselves")
    encoder, changing = cnn((8, 8, 1), 2), cnn((8, 8, 1), 2, augment=CHANGES)
    loaded = keras.models.clone_model(changing)  # From its config, as a file is loaded.
    for model in (changing, contrastive(encoder, augment=CHANGES), loaded):
        model.compile("sgd")
        assert model.jit_compile
