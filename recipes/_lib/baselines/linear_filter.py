"""The baseline of a denoiser: a linear filter."""

import numpy as np
from sklearn.linear_model import LinearRegression

from dlguide import data
from recipes._lib.images import reconstruction


def linear_filter_scores(splits: data.Splits, noise: float, seed: int, noisy_test: np.ndarray) -> dict[str, float]:
    """Return the scores of the linear filter of 5x5 pixels with the least squared error, from 1000 training images."""

    def neighbourhoods(x):
        padded = np.pad(x[..., 0], [(0, 0), (2, 2), (2, 2)])
        return np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(1, 2)).reshape(-1, 25)

    images = splits.train.x[:1000]
    model = LinearRegression().fit(neighbourhoods(reconstruction.noisy(images, noise, seed + 1)), images.ravel())
    predicted = np.concatenate([model.predict(neighbourhoods(part)) for part in np.array_split(noisy_test, 10)])
    predicted, truth = np.clip(predicted, 1e-3, 1 - 1e-3), splits.test.x.ravel()
    cross_entropy = -(truth * np.log(predicted) + (1 - truth) * np.log(1 - predicted)).mean()
    scores = {"baseline_binary_crossentropy": float(cross_entropy)}
    return {**scores, "baseline_squared_error": float(((predicted - truth) ** 2).mean())}
