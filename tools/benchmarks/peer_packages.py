"""Other packages on the data of a recipe, each with the settings that it recommends; the networks are in another file.

Each function takes a seed, trains, reads the test set once, and returns the recipe's metric and the seconds that the
training took.
"""

import importlib
import os
import tempfile
import time
from pathlib import Path

import keras

from dlguide import data, evaluation
from recipes._lib import anomalies, representation_scores
from recipes._lib.search import scaled_data, search_space
from tools.benchmarks.peer_networks import accuracy, flat, timed

SEARCH_SECONDS = 140  # The published training time of `automl`, on one core.


def stable_baselines_dqn(seed: int) -> tuple[float, float, list[tuple[int, float, float]]]:
    """Stable-Baselines3's `DQN` with the settings of its zoo for CartPole-v1: 50,000 steps.

    As in the recipe, 20 greedy episodes choose the policy, here after each 2,500 steps. The steps, the seconds and the
    mean return of these episodes come last.
    """
    import gymnasium
    from stable_baselines3 import DQN
    from stable_baselines3.common.callbacks import EvalCallback
    from stable_baselines3.common.evaluation import evaluate_policy
    from stable_baselines3.common.monitor import Monitor

    options = {"learning_rate": 2.3e-3, "batch_size": 64, "buffer_size": 100_000, "learning_starts": 1000}
    options |= {"gamma": 0.99, "target_update_interval": 10, "train_freq": 256, "gradient_steps": 128}
    options |= {"exploration_fraction": 0.16, "exploration_final_eps": 0.04, "policy_kwargs": {"net_arch": [256, 256]}}
    model = DQN("MlpPolicy", "CartPole-v1", seed=seed, device="cpu", **options)
    environment, returns = Monitor(gymnasium.make("CartPole-v1")), []
    environment.reset(seed=seed + 1)

    class Evaluation(EvalCallback):
        def _on_step(self) -> bool:
            goes_on = super()._on_step()
            if self.n_calls % self.eval_freq == 0:
                returns.append((self.n_calls, time.perf_counter() - start, float(self.last_mean_reward)))
            return goes_on

    with tempfile.TemporaryDirectory() as folder:
        settings = {"n_eval_episodes": 20, "eval_freq": 2500, "best_model_save_path": folder, "verbose": 0}
        start = time.perf_counter()
        model.learn(50_000, callback=Evaluation(environment, **settings))
        seconds = time.perf_counter() - start
        best = DQN.load(Path(folder, "best_model.zip"), device="cpu")
    mean, _ = evaluate_policy(best, environment, n_eval_episodes=100, deterministic=True)
    return float(mean), seconds, returns


def flaml(seed: int) -> tuple[float, float]:
    """FLAML's `AutoML` of all its learners: boosted trees, forests and linear models."""
    from flaml import AutoML
    from sklearn.metrics import r2_score

    ((x, y), (valid_x, valid_y), test, _), scaled = scaled_data.load("bikeshare", seed=seed)
    options = {"task": "regression", "metric": "r2", "time_budget": SEARCH_SECONDS, "seed": seed, "verbose": 0}
    search, (test_x, test_y) = AutoML(), scaled(test)
    _, seconds = timed(search.fit, x, y.ravel(), X_val=valid_x, y_val=valid_y.ravel(), **options)
    return float(r2_score(test_y.ravel(), search.predict(test_x))), seconds


def keras_tuner(seed: int) -> tuple[float, float]:
    """keras-tuner's `BayesianOptimization`, 20 trials of 15 epochs over the networks that `automl` tries."""
    import keras_tuner

    splits, scaled = scaled_data.load("bikeshare", seed=seed)
    keras.utils.set_random_seed(seed)

    class Candidates(keras_tuner.HyperModel):
        def build(self, parameters):
            return search_space.candidate(_Trial(parameters), splits, 15)[0]

        def fit(self, parameters, model, *arguments, **options):
            return model.fit(*arguments, batch_size=parameters.get("batch_size"), **options)

    with tempfile.TemporaryDirectory() as folder:
        options = {"objective": "val_loss", "max_trials": 20, "seed": seed, "directory": folder}
        tuner = keras_tuner.BayesianOptimization(Candidates(), **options)
        start = time.perf_counter()
        tuner.search(*splits.train, validation_data=splits.valid, epochs=15, verbose=0)
        [model] = tuner.get_best_models()
        seconds = time.perf_counter() - start
    return evaluation.evaluate(model, *scaled(splits.test))["r2_score"], seconds


class _Trial:
    """The parameters of keras-tuner by the names that Optuna has for them."""

    def __init__(self, parameters):
        self._parameters = parameters

    def suggest_categorical(self, name, choices):
        return self._parameters.Choice(name, list(choices))

    def suggest_int(self, name, low, high, step=1, log=False):
        return self._parameters.Int(name, low, high, **({"sampling": "log"} if log else {"step": step}))

    def suggest_float(self, name, low, high, log=False):
        return self._parameters.Float(name, low, high, sampling="log" if log else "linear")


def _classified(model, seed: int) -> tuple[float, float]:
    """Return what a classifier of aeon makes of the vowels: it takes channels before steps, padded with zeros."""
    vowels = data.load("vowels", seed=seed)
    _, seconds = timed(model.fit, vowels.train.x.transpose(0, 2, 1), vowels.train.y)
    return accuracy(model.predict(vowels.test.x.transpose(0, 2, 1)), vowels.test.y), seconds


def aeon_lite_time(seed: int) -> tuple[float, float]:
    """aeon's deep classifier `LITETimeClassifier` with its defaults: five networks, 1500 epochs."""
    from aeon.classification.deep_learning import LITETimeClassifier

    with tempfile.TemporaryDirectory() as folder:  # For its best weights, by default beside the user's files.
        return _classified(LITETimeClassifier(random_state=seed, file_path=f"{folder}/"), seed)


def aeon_hydra(seed: int) -> tuple[float, float]:
    """aeon's `MultiRocketHydraClassifier` with its defaults: random convolutions and a ridge classifier."""
    from aeon.classification.convolution_based import MultiRocketHydraClassifier

    return _classified(MultiRocketHydraClassifier(random_state=seed, n_jobs=os.cpu_count()), seed)


def _detected(seed: int, module: str, name: str, **options) -> tuple[float, float]:
    """Return the area under the ROC curve of a detector of PyOD, fitted to the normal rows."""
    model = getattr(importlib.import_module(f"pyod.models.{module}"), name)(**options)
    shuttle = data.load("shuttle", seed=seed)
    _, seconds = timed(model.fit, shuttle.train.x)
    return anomalies.areas(model.decision_function(shuttle.test.x), shuttle.test.y)["auroc"], seconds


def pyod_ecod(seed: int) -> tuple[float, float]:
    """PyOD's `ECOD`, which has no parameters."""
    return _detected(seed, "ecod", "ECOD")


def pyod_forest(seed: int) -> tuple[float, float]:
    """PyOD's `IForest` with its defaults."""
    return _detected(seed, "iforest", "IForest", random_state=seed)


def pyod_autoencoder(seed: int) -> tuple[float, float]:
    """PyOD's `AutoEncoder` with its defaults."""
    return _detected(seed, "auto_encoder", "AutoEncoder", random_state=seed, verbose=0)


def umap_k_means(seed: int) -> tuple[float, float]:
    """UMAP with its settings for clusters, but no seed: with one it would use one core; k-means on its two numbers."""
    import umap
    from sklearn.cluster import KMeans

    mnist = data.load("mnist", seed=seed)
    start = time.perf_counter()
    reducer = umap.UMAP(n_neighbors=30, min_dist=0.0)
    k_means = KMeans(10, n_init=10, random_state=seed).fit(reducer.fit_transform(flat(mnist.train.x)))
    seconds = time.perf_counter() - start
    clusters = k_means.predict(reducer.transform(flat(mnist.test.x)))
    return representation_scores.clustering_accuracy(mnist.test.y, clusters), seconds
