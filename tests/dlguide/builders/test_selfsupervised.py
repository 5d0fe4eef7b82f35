"""What is particular to contrastive pre-training."""

import keras
import numpy as np
import pytest

from dlguide import contrastive, mlp, training
from dlguide.selfsupervised import _nt_xent
from tests.helpers.contract import outputs, settled

AUGMENT = {"shift": 0.2}


def images(n=8):
    return np.random.default_rng(0).random((n, 6, 6, 1)).astype("float32")


def test_the_loss_is_the_one_worked_out_by_hand():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(5, 2, 4))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    flat, total, found = vectors.transpose(1, 0, 2).reshape(10, 4), 0.0, 0
    for i in range(10):
        similarity = np.array([flat[i] @ flat[j] / 0.3 for j in range(10) if j != i])
        partner = [j for j in range(10) if j != i].index((i + 5) % 10)
        total += np.log(np.exp(similarity).sum()) - similarity[partner]
        found += similarity.argmax() == partner
    loss, accuracy = _nt_xent(vectors.astype("float32"), 0.3)
    assert float(loss) == pytest.approx(total / 10, rel=1e-5) and float(accuracy) == pytest.approx(found / 10)
    loss, found = _nt_xent(np.zeros((8, 2, 4), "float32"), 0.5)  # Vectors that are all the same are not found.
    assert float(loss) == pytest.approx(np.log(15), rel=1e-5) and float(found) < 0.3


def test_the_model_gives_unit_vectors_of_two_different_views_and_trains_on_their_loss():
    model = contrastive(mlp((6, 6, 1), 4, hidden_units=()), augment=AUGMENT, temperature=0.3)
    model.compile("sgd")
    vectors = outputs(model, images())
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), 1, rtol=1e-5)
    assert (np.abs(vectors[:, 0] - vectors[:, 1]).max(axis=1) > 1e-3).all()
    figures = settled(model).test_on_batch(images(), return_dict=True)
    loss, found = _nt_xent(vectors, 0.3)
    assert figures["loss"] == pytest.approx(float(loss), rel=1e-4)
    assert figures["retrieval_accuracy"] == pytest.approx(float(found), rel=1e-6)


def test_the_shape_of_its_output_is_known_without_changing_an_image(monkeypatch):
    model = contrastive(mlp((6, 6, 1), 4, hidden_units=()), augment=AUGMENT)
    real = model(images())
    monkeypatch.setattr(model.augmentation, "call", None)  # On PyTorch such a call takes seconds.
    known = model(keras.Input((6, 6, 1)))
    assert known.shape == (None, *real.shape[1:]) and known.dtype == keras.backend.standardize_dtype(real.dtype)
    assert model.augmentation.built  # Else `fit` makes one too.


def test_the_encoder_learns_in_place():
    encoder = mlp((6, 6, 1), 4, hidden_units=())
    model, before = contrastive(encoder, augment=AUGMENT), encoder.get_weights()[0]
    model.compile(keras.optimizers.Adam(0.01))
    history = training.fit(model, images(64), epochs=8, batch_size=32, verbose=0).history
    assert history["loss"][-1] < history["loss"][0] and not np.allclose(before, encoder.get_weights()[0])
    np.testing.assert_array_equal(model.get_layer("encoder").get_weights()[0], encoder.get_weights()[0])
