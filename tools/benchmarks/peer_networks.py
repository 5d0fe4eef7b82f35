"""Neural networks of other packages on MNIST, each with the settings that its package recommends.

Each function takes a seed, trains, reads the test set once, and returns the recipe's metric and the seconds that the
training took.
"""

import tempfile
import time

import keras
import numpy as np
from keras import layers

from dlguide import data
from recipes._lib.images import vae_model
from tools.benchmarks import keras_example


def timed(function, *arguments, **options) -> tuple:
    """Return what a function returns, and the seconds that it took."""
    start = time.perf_counter()
    result = function(*arguments, **options)
    return result, time.perf_counter() - start


def flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)


def accuracy(predicted, expected) -> float:
    return float(np.mean(np.asarray(predicted) == expected))


def scikit_learn_mlp(seed: int) -> tuple[float, float]:
    """scikit-learn's `MLPClassifier` with its defaults: 100 units, Adam, at most 200 epochs."""
    from sklearn.neural_network import MLPClassifier

    mnist = data.load("mnist", seed=seed)
    model, seconds = timed(MLPClassifier(random_state=seed).fit, flat(mnist.train.x), mnist.train.y)
    return accuracy(model.predict(flat(mnist.test.x)), mnist.test.y), seconds


def keras_example_mlp(seed: int) -> tuple[float, float]:
    """Keras's example mnist_mlp by plain `fit`: 512-512, dropout 0.2, RMSprop, 20 epochs in batches of 128."""
    keras.utils.set_random_seed(seed)
    hidden = [layer for _ in range(2) for layer in (layers.Dense(512, "relu"), layers.Dropout(0.2))]
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), *hidden, layers.Dense(10, "softmax")])
    return _fitted(model, "rmsprop", 20, seed)


def keras_example_cnn(seed: int) -> tuple[float, float]:
    """keras.io's "Simple MNIST convnet" by plain `fit`: 32-64, dropout 0.5, Adam, 15 epochs in batches of 128."""
    keras.utils.set_random_seed(seed)
    return _fitted(keras_example.example_network(), "adam", 15, seed)


def _fitted(model: keras.Model, optimizer: str, epochs: int, seed: int) -> tuple[float, float]:
    mnist = data.load("mnist", seed=seed)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    _, seconds = timed(model.fit, *mnist.train, batch_size=128, epochs=epochs, verbose=0)
    return accuracy(model.predict(mnist.test.x, verbose=0).argmax(1), mnist.test.y), seconds


def pytorch_example_cnn(seed: int) -> tuple[float, float]:
    """The network of PyTorch's example "mnist" by a loop: 32-64, dropout, Adadelta, 14 epochs in batches of 64."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    mnist = data.load("mnist", seed=seed)
    x, test_x = (torch.tensor((part.x.transpose(0, 3, 1, 2) - 0.1307) / 0.3081) for part in mnist[::2])
    y = torch.tensor(mnist.train.y, dtype=torch.long)
    parts = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)]
    parts += [nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)]
    model = nn.Sequential(*parts)
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)

    def train():
        for _ in range(14):
            for batch in torch.randperm(len(x)).split(64):
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
                optimizer.step()
            schedule.step()

    _, seconds = timed(train)
    model.eval()
    with torch.no_grad():
        predicted = torch.cat([model(part).argmax(1) for part in test_x.split(1000)])
    return accuracy(predicted.numpy(), mnist.test.y), seconds


def _trained_by_pythae(name: str, images: np.ndarray, seed: int, draws_pixels: bool = False, **config):
    """Return a model of pythae with its default networks and training (100 epochs, Adam), and the seconds.

    Its networks for MNIST have convolutions of up to 1024 filters, which would take hours on a CPU.
    """
    import torch
    from pythae import models, trainers
    from pythae.data.datasets import BaseDataset, DatasetOutput

    class BinaryPixels(BaseDataset):
        def __getitem__(self, index):  # Anew in each epoch, as in `vae_mnist`.
            return DatasetOutput(data=torch.bernoulli(self.data[index]), labels=self.labels[index])

    torch.manual_seed(seed)
    model = getattr(models, name)(getattr(models, f"{name}Config")(input_dim=(1, 28, 28), **config))
    with tempfile.TemporaryDirectory() as folder:
        training = trainers.BaseTrainerConfig(output_dir=folder, seed=seed, no_cuda=True)
        kind = BinaryPixels if draws_pixels else BaseDataset
        examples = kind(torch.tensor(images.transpose(0, 3, 1, 2)), torch.zeros(len(images)))
        trainer = trainers.BaseTrainer(model, examples, training_config=training)
        _, seconds = timed(trainer.train)
    return model.eval(), seconds


def pythae_vae(seed: int) -> tuple[float, float]:
    """pythae's `VAE`, 40 numbers as a code; the likelihood is its own `get_nll`, 1000 codes."""
    import torch

    mnist = data.load("mnist", seed=seed)
    options = {"draws_pixels": True, "latent_dim": 40, "reconstruction_loss": "bce"}
    model, seconds = _trained_by_pythae("VAE", mnist.train.x, seed, **options)
    test = torch.tensor(vae_model.binarised(mnist.test.x, seed).transpose(0, 3, 1, 2))
    with torch.no_grad():
        return -float(model.get_nll(test, n_samples=1000, batch_size=1000)), seconds


def pythae_autoencoder(seed: int) -> tuple[float, float]:
    """pythae's `AE`, 32 numbers as a code."""
    import torch

    mnist = data.load("mnist", seed=seed)
    model, seconds = _trained_by_pythae("AE", mnist.train.x, seed, latent_dim=32)
    test = torch.tensor(mnist.test.x.transpose(0, 3, 1, 2))
    with torch.no_grad():
        return float(((model.reconstruct(test) - test) ** 2).mean()), seconds
