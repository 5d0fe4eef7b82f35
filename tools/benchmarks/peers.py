"""Recipes beside what other packages make of the same data, on one machine: quality, and seconds of training.

    pip install -e ".[peers]"
    python -m tools.benchmarks peers

A round trains a recipe and its peers once, one after the other, each in a new process, with the round's number as the
seed. What has been measured is kept in the result, so that a benchmark that was stopped goes on.
"""

import importlib.metadata
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import keras

from dlguide import data
from recipes._lib.images import clustering
from recipes._lib.runs import arguments, machine_facts, recipe_list
from tools.benchmarks import peer_networks, peer_packages, processes, tables

PEERS = {
    "mlp_mnist": {peer_networks.scikit_learn_mlp: "scikit-learn", peer_networks.keras_example_mlp: "keras"},
    "cnn_mnist": {peer_networks.keras_example_cnn: "keras", peer_networks.pytorch_example_cnn: "torch"},
    "autoencoder_mnist": {peer_networks.pythae_autoencoder: "pythae"},
    "vae_mnist": {peer_networks.pythae_vae: "pythae"},
    "clustering_mnist": {peer_packages.umap_k_means: "umap-learn"},
    "anomaly_shuttle": dict.fromkeys(
        (peer_packages.pyod_ecod, peer_packages.pyod_forest, peer_packages.pyod_autoencoder), "pyod"
    ),
    "bilstm_vowels": {peer_packages.aeon_hydra: "aeon", peer_packages.aeon_lite_time: "aeon"},
    "dqn_cartpole": {peer_packages.stable_baselines_dqn: "stable-baselines3"},
    "automl": {peer_packages.flaml: "FLAML", peer_packages.keras_tuner: "keras-tuner"},
}
"""The peers of each recipe, and their packages."""


def main(*, rows: tuple[str, ...] = (), rounds: int = 3) -> None:
    """Measure the recipes `rows`, all if there are none, and their peers; write each result as it comes."""
    if set(rows) - set(PEERS):
        raise arguments.error("rows", f"of {', '.join(PEERS)}", rows)
    measured = tables.read("peers")["rows"] if (tables.RESULTS / "peers.json").exists() else {}
    for name in rows or PEERS:
        row = measured.setdefault(name, {})
        for seed in range(rounds):
            for way in (name, *PEERS[name]):
                title = way if way == name else way.__name__
                if str(seed) not in row.setdefault(title, {}):
                    with processes.start() as call:
                        value, seconds, *_ = _recipe(name, seed, call) if way == name else call(way, seed)
                    machine = machine_facts.machine()
                    run = {"value": value, "seconds": seconds}
                    run |= {key: machine[key] for key in ("cpu", "cores", "date")}
                    package = "keras" if way == name else PEERS[name][way]
                    row[title][str(seed)] = {**run, "package": package, "version": importlib.metadata.version(package)}
                    tables.save("peers", {"rows": measured})
                    print(f"{name}  {title}  {value:.6g}  {seconds:.1f} s", flush=True)


def _recipe(name: str, seed: int, call: Callable) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        metrics = processes.run_recipe(name, Path(folder, "run"), seed=seed)
        seconds = metrics["training_seconds"]
        if name == "clustering_mnist":
            seconds += call(_clustering_seconds, folder, seed)
    return metrics[recipe_list.recipe(name).metric], seconds


def _clustering_seconds(folder: str, seed: int) -> float:
    """Return the seconds of the fit of the clusters of `clustering_mnist`, after the training of its autoencoder."""
    encoder = keras.saving.load_model(Path(folder, "run", "model.keras")).get_layer("encoder")
    mnist = data.load("mnist", seed=seed)
    start = time.perf_counter()
    clustering.mixture(mnist, seed).fit(encoder.predict(mnist.train.x, batch_size=256, verbose=0))
    return time.perf_counter() - start
