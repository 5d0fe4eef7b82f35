"""The baseline of `diffusion_mnist`, its scores by the number of steps, and its picture of hidden pixels."""

import itertools
import re
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
from scipy.special import expit

from dlguide import data, diffusion, evaluation, generation, plots, training
from recipes import diffusion_mnist
from recipes._lib.images import diffusion_model, pixel_chain
from recipes._lib.runs import results

ROOT = Path(__file__).parents[2]
ALL = np.array(list(itertools.product([0, 1], repeat=4)), "float32").reshape(16, 2, 2, 1)


@pytest.mark.thorough
def test_the_baseline_is_a_distribution_over_images_and_learns_what_follows_from_the_pixels_before(monkeypatch):
    monkeypatch.setattr(training, "fit", fit := mock.Mock(wraps=training.fit))
    x = np.concatenate([np.zeros((200, 2, 2, 1)), np.ones((200, 2, 2, 1))]).astype("float32")  # All pixels are equal.
    train, test = data.Part(x, None), data.Part(x[::100], None)
    splits = SimpleNamespace(train=train, test=test)
    found = pixel_chain.test_nll(splits, epochs=20, batch_size=50, seed=0, learning_rate=0.1)
    assert found == pytest.approx(np.log(2), abs=0.2)  # That of the first pixel.
    logits = fit.call_args.args[0].predict(ALL, verbose=0).reshape(16, 4)
    probabilities = expit(np.where(ALL.reshape(16, 4) > 0.5, logits, -logits)).prod(axis=1)
    assert probabilities.sum() == pytest.approx(1, abs=1e-4) and probabilities[[0, 15]].sum() > 0.8
    again = pixel_chain.test_nll(splits, epochs=1, batch_size=50, seed=0, learning_rate=1e-9)
    assert again == pytest.approx(4 * np.log(2), abs=1e-3)


def test_the_weights_are_averaged_over_the_last_twentieth_of_the_steps(monkeypatch, no_download):
    class Compiled(Exception):
        pass

    def fit(model, *more, **options):
        raise Compiled(model.optimizer.use_ema, model.optimizer.ema_momentum)

    monkeypatch.setattr(training, "fit", fit)
    for epochs, momentum in ((100, 0.9), (1, 0)):  # An epoch of 60 images has 2 steps of 32.
        with pytest.raises(Compiled) as compiled:
            diffusion_mnist.main(epochs=epochs, batch_size=32, limit=60)
        assert compiled.value.args == (True, pytest.approx(momentum))


def test_the_pages_compare_the_published_means():
    means = [results.result(name)["mean"] for name in ("diffusion_mnist", "vae_mnist", "gan_mnist")]
    ours, vae, gan = means
    assert (
        ours["nll_bound"] < vae["nll"] and gan["frechet_distance"] < ours["frechet_distance"] < vae["frechet_distance"]
    )
    wanted = [[f"{ours['nll_bound']:.1f}", f"{vae['nll']:.1f}"], [f"{mean['frechet_distance']:.1f}" for mean in means]]
    wanted += [[f"{100 * mean[name]:.0f}" for mean in means] for name in ("precision", "recall")]
    wanted += [[f"{mean['training_seconds']:,.0f}" for mean in means]]
    for page in ("README.md", "README.zh.md"):
        text = (ROOT / "recipes/published/diffusion_mnist" / page).read_text(encoding="utf-8")
        table = text.partition("| `diffusion_mnist` | `vae_mnist` | `gan_mnist` |")[2].partition("\n\n")[0]
        assert [re.findall(r"[\d.,]*\d", line) for line in table.splitlines()[2:]] == wanted


def test_each_number_of_steps_has_its_own_samples_and_distance(monkeypatch):
    drawn = []

    def sample(model, count, *, steps, means, seed):
        drawn.append((count, steps, means, seed))
        return steps

    monkeypatch.setattr(generation, "sample", sample)
    samples = diffusion_model.samples_by_steps(None, 7, 50, seed=3)
    assert drawn == [(7, 10, True, 3), (7, 50, True, 3), (7, 250, True, 3)]
    judge = SimpleNamespace(scores=lambda images: {"frechet_distance": images / 10} if images > 10 else {})
    found = diffusion_model.scores_by_steps(judge, samples)  # Too few images have no distance.
    assert found == {"frechet_distance_of_50_steps": 5.0, "frechet_distance_of_250_steps": 25.0}


def test_the_picture_shows_more_and_more_pixels_of_an_image_and_probabilities_of_the_others(monkeypatch):
    shown = []
    monkeypatch.setattr(plots, "image_grid", lambda images, rows, columns: shown.append((images, rows, columns)))
    image = np.random.default_rng(0).integers(0, 2, (1, 8, 8, 1)).astype("float32")
    model = diffusion((8, 8, 1), filters=(4,))
    diffusion_model.unmasking(model, image, seed=0, shares=(0, 0.5, 1))
    [((states, probabilities), rows, columns)] = shown
    assert rows == ["image 1", "probability"] and columns == ["0 %", "50 %", "100 %"]
    assert (states[0] == 0.5).all() and (states[1] == 0.5).sum() == 32
    np.testing.assert_array_equal(states[2], image[0])
    np.testing.assert_array_equal(probabilities[2], image[0])
    visible = states[1] != 0.5
    np.testing.assert_array_equal(probabilities[1][visible], image[0][visible])
    expected = expit(model.get_layer("denoiser").predict(2 * states[1:2] - 1, verbose=0))[0]
    np.testing.assert_allclose(probabilities[1][~visible], expected[~visible], rtol=1e-5)


def test_the_bound_of_few_steps_is_looser_and_real_images_are_read_as_samples_are(monkeypatch):
    model, seen = diffusion((8, 8, 1), filters=(4,)), []
    x = np.random.default_rng(0).random((40, 8, 8, 1)).astype("float32")
    monkeypatch.setattr(evaluation, "log_likelihood", lambda model, x, *, samples, steps, seed: {"nll": 100 / steps})
    assert diffusion_model.bounds_by_steps(model, x, (10, 50), seed=3) == {
        "nll_bound_of_10_steps": 10.0,
        "nll_bound_of_50_steps": 2.0,
    }
    judge = SimpleNamespace(splits=SimpleNamespace(test=data.Part(x[:30], None)))
    judge.scores = lambda images, prefix: seen.append(images) or {prefix: 1}
    monkeypatch.setattr(model.get_layer("denoiser"), "predict", lambda signs, **_: np.where(signs == 0, 5.0, -5.0))
    assert diffusion_model.scores_of_real(judge, model, x, seed=3) == {"real_": 1}
    np.testing.assert_allclose(seen[0], np.full((30, 8, 8, 1), expit(5.0)), rtol=1e-5)  # Each was hidden for its mean.
