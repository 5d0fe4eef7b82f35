"""The models of `models` as hand-written PyTorch training loops.

Tests copy the weights of the Keras models and compare the losses of a hundred steps: they agree up to rounding.
"""

import itertools
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tools.benchmarks import models


class Loop:
    """A model, its optimizer, and one step of training."""

    def __init__(self, row: models.Row):
        self.model = MODULES[row.kind](**row.options)
        adam = {"learning_rate": 1e-3, "beta_1": 0.9, **models.ADAM.get(row.kind, {})}
        options = {"lr": adam["learning_rate"], "betas": (adam["beta_1"], 0.999), "eps": 1e-7}  # As in Keras.
        self.optimizer = torch.optim.Adam(self.model.parameters(), **options)

    def step(self, x: torch.Tensor, y: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Train on a batch; return its loss and the metrics that Keras computes too."""
        loss, metrics = self.model.loss(x, y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.detach(), metrics


def train(row: models.Row, threads: int, epochs: int) -> tuple[float, list[float]]:
    """Train a model; return when the training began and when each epoch ended."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    x, y = map(tensor, models.arrays(row))
    loop = Loop(row)
    start, ends = time.perf_counter(), []
    for _ in range(epochs):
        loss_sum, metric_sum = torch.zeros(()), torch.zeros(())
        for batch in torch.randperm(len(x)).split(row.batch_size):
            loss, metrics = loop.step(x[batch], None if y is None else y[batch])
            loss_sum += loss * len(batch)
            metric_sum = metric_sum + metrics
        float(loss_sum / len(x)), (metric_sum / len(x)).tolist()
        ends.append(time.perf_counter())
    return start, ends


def tensor(array: np.ndarray | None) -> torch.Tensor | None:
    """Return an array in PyTorch's form: labels of 64 bits, channels first; None for None."""
    if array is None:
        return None
    if array.ndim == 4:
        return torch.from_numpy(array).movedim(-1, 1).contiguous()
    return torch.from_numpy(array if array.dtype.kind == "f" else array.astype("int64"))


class Layers(nn.Sequential):
    """Layers with a cross-entropy: of classes, with the number of right predictions, or of pixels."""

    def loss(self, x, y):
        logits = self(x)
        if y.is_floating_point():
            return functional.binary_cross_entropy_with_logits(logits, y), torch.zeros(())
        return functional.cross_entropy(logits, y), (logits.argmax(1) == y).sum()


def mlp(hidden_units, dropout=0.0) -> nn.Module:
    layers, sizes = [], (784, *hidden_units)
    for inputs, outputs in itertools.pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU(), *([nn.Dropout(dropout)] if dropout else [])]
    return Layers(*layers, nn.Linear(sizes[-1], 10))


def cnn(filters, batch_norm, dropout) -> nn.Module:
    first, second = filters
    layers = [nn.Conv2d(1, first, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()]
    layers += [nn.Conv2d(first, second, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten()]
    return Layers(*layers, nn.Dropout(dropout), nn.Linear(second, 10))


def conv_autoencoder() -> nn.Module:
    half, double = {"stride": 2, "padding": 1}, {"stride": 2, "padding": 1, "output_padding": 1}
    layers = [nn.Conv2d(1, 32, 3, **half), nn.ReLU(), nn.Conv2d(32, 64, 3, **half), nn.ReLU()]
    layers += [nn.ConvTranspose2d(64, 64, 3, **double), nn.ReLU(), nn.ConvTranspose2d(64, 32, 3, **double), nn.ReLU()]
    return Layers(*layers, nn.Conv2d(32, 1, 3, padding=1))


class LastOutput(nn.Module):
    """The last output of a recurrent layer."""

    def forward(self, outputs_and_state):
        return outputs_and_state[0][:, -1]


class Transformer(nn.Module):
    """Two blocks of width 64 with four heads, normalisation first, and the mean over all tokens but padding."""

    def __init__(self, length: int):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(1000, 64), nn.Embedding(length, 64)
        self.blocks, self.norm = nn.ModuleList(Block() for _ in range(2)), _norm()

    def forward(self, tokens):
        mask = tokens != 0
        x = self.tokens(tokens) + self.positions.weight
        for block in self.blocks:
            x = block(x, mask[:, None, None, :])
        weights = mask.to(x.dtype)[:, :, None]
        return (self.norm(x) * weights).sum(1) / weights.sum(1).clamp(min=1)


class Block(nn.Module):
    """Self-attention without biases and two dense layers, each added to its input."""

    def __init__(self):
        super().__init__()
        self.attention_norm, self.dense_norm = _norm(), _norm()
        self.query_key_value, self.output = nn.Linear(64, 3 * 64, bias=False), nn.Linear(64, 64, bias=False)
        self.dense = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 64))

    def forward(self, x, mask):
        heads = self.query_key_value(self.attention_norm(x)).unflatten(-1, (3, 4, 16))
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        x = x + self.output(attended.transpose(1, 2).flatten(2))
        return x + self.dense(self.dense_norm(x))


def _norm() -> nn.Module:
    return nn.LayerNorm(64, eps=1e-3, elementwise_affine=False)


class VAE(nn.Module):
    """784-400-20 and back; the evidence lower bound divided by the number of pixels."""

    def __init__(self):
        super().__init__()
        self.hidden, self.mean, self.log_var = nn.Linear(784, 400), nn.Linear(400, 20), nn.Linear(400, 20)
        self.decoder = nn.Sequential(nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784))

    def loss(self, x, y):
        hidden = self.hidden(x).relu()
        mean, log_var = self.mean(hidden), self.log_var(hidden)
        codes = mean + (log_var / 2).exp() * torch.randn(mean.shape)
        divergence = (log_var.exp() + mean.square() - 1 - log_var).sum(1).mean() / 2
        loss = functional.binary_cross_entropy_with_logits(self.decoder(codes), y) + divergence / 784
        return loss, torch.zeros(())


class GAN(nn.Module):
    """Generator and discriminator with 32 and 64 filters; the losses are added, each moves its own player only."""

    def __init__(self, dropout: float):
        super().__init__()
        size, norm = {"kernel_size": 4, "stride": 2, "padding": 1}, {"eps": 1e-3, "momentum": 0.1}
        layers = [nn.Linear(64, 7 * 7 * 64, bias=False), nn.BatchNorm1d(7 * 7 * 64, **norm), nn.ReLU()]
        layers += [nn.Unflatten(1, (64, 7, 7)), nn.ConvTranspose2d(64, 32, bias=False, **size)]
        layers += [nn.BatchNorm2d(32, **norm), nn.ReLU(), nn.ConvTranspose2d(32, 1, **size), nn.Sigmoid()]
        self.generator = nn.Sequential(*layers)
        layers = [nn.Conv2d(1, 32, **size), nn.LeakyReLU(0.2), nn.Dropout(dropout)]
        layers += [nn.Conv2d(32, 64, **size), nn.LeakyReLU(0.2), nn.Dropout(dropout)]
        self.discriminator = nn.Sequential(*layers, nn.Flatten(), nn.Linear(7 * 7 * 64, 1))

    def loss(self, x, y):
        fake = self.generator(torch.randn((len(x), 64)))
        real_logits, fake_logits = self.discriminator(x), self.discriminator(fake.detach())
        constants = {name: weight.detach() for name, weight in self.discriminator.named_parameters()}
        player_logits = torch.func.functional_call(self.discriminator, constants, fake)
        discriminator = (functional.softplus(-real_logits) + functional.softplus(fake_logits)).mean() / 2
        generator = functional.softplus(-player_logits).mean()
        shares = [(real_logits > 0).float().mean(), (fake_logits < 0).float().mean()]
        return discriminator + generator, torch.stack([discriminator.detach(), generator.detach(), *shares])


MODULES = {
    "mlp": mlp,
    "cnn": cnn,
    "lstm": lambda length: Layers(nn.LSTM(28, 128, batch_first=True), LastOutput(), nn.Linear(128, 10)),
    "gru": lambda length: Layers(nn.GRU(28, 128, batch_first=True), LastOutput(), nn.Linear(128, 10)),
    "transformer": lambda length: Layers(Transformer(length), nn.Linear(64, 10)),
    "conv_autoencoder": conv_autoencoder,
    "vae": VAE,
    "gan": GAN,
}
