"""The article's 24 questions, in its order: title, builders, recipes, experiment. The only list of them."""

import importlib
from typing import NamedTuple

from recipes._lib.runs import results
from recipes.faq._experiment import Experiment, Words


class Question(NamedTuple):
    """What answers a question."""

    title: Words
    builders: tuple[str, ...]
    recipes: tuple[str, ...]
    module: str
    """Of the experiment, in this folder; it may be yet to come."""


# fmt: off
QUESTIONS = [
    Question(Words("activation functions", "激活函数"), ("mlp",), ("mlp_mnist",), "activations"),
    Question(Words("gradient descent", "梯度下降"), ("linear_regression",), ("linear_regression_mpg", "mlp_by_hand_mnist"), "gradient_descent"),
    Question(Words("loss functions", "损失函数"), ("mlp",), ("mlp_mnist",), "loss_functions"),
    Question(Words("regularisation", "正则化"), ("mlp",), ("mlp_mnist",), "regularisation"),
    Question(Words("batch gradient descent", "批量梯度下降"), ("mlp",), ("mlp_mnist",), "batch_descent"),
    Question(Words("stochastic and mini-batch descent", "随机与小批量梯度下降"), ("mlp",), ("mlp_mnist",), "stochastic_descent"),
    Question(Words("momentum", "动量"), ("mlp",), ("mlp_mnist",), "momentum"),
    Question(Words("Adam", "Adam"), ("mlp",), ("mlp_mnist",), "adam"),
    Question(Words("dropout", "随机失活（Dropout）"), ("mlp",), ("mlp_mnist",), "dropout"),
    Question(Words("batch normalisation", "批归一化"), ("mlp", "cnn"), ("mlp_mnist", "cnn_mnist"), "batch_normalisation"),
    Question(Words("CNN", "卷积神经网络"), ("cnn",), ("cnn_mnist", "cnn_fashion"), "convolution"),
    Question(Words("RNN", "循环神经网络"), ("rnn",), ("simple_rnn_mnist_rows",), "recurrence"),
    Question(Words("LSTM", "LSTM"), ("rnn",), ("lstm_places", "bilstm_vowels"), "lstm"),
    Question(Words("GRU", "GRU"), ("rnn",), ("gru_sunspots",), "gru"),
    Question(Words("Transformer", "Transformer"), ("transformer_classifier", "transformer_language_model"), ("transformer_recall", "transformer_shakespeare"), "transformer"),
    Question(Words("autoencoder", "自编码器"), ("autoencoder", "conv_autoencoder"), ("autoencoder_mnist", "denoising_autoencoder_mnist", "anomaly_shuttle"), "autoencoder"),
    Question(Words("GAN", "生成对抗网络"), ("gan",), ("gan_mnist",), "gan"),
    Question(Words("VAE", "变分自编码器"), ("vae",), ("vae_mnist",), "vae"),
    Question(Words("self-attention", "自注意力"), ("transformer_classifier",), ("transformer_recall",), "self_attention"),
    Question(Words("self-supervised learning", "自监督学习"), ("contrastive",), ("contrastive_mnist",), "self_supervision"),
    Question(Words("unsupervised learning", "无监督学习"), ("autoencoder",), ("clustering_mnist",), "clustering"),
    Question(Words("linear model of one variable", "一元线性模型"), ("linear_regression",), ("linear_regression_mpg",), "linear_model"),
    Question(Words("polynomial of several variables", "多元多项式模型"), ("polynomial_regression",), ("polynomial_regression_mpg",), "polynomial"),
    Question(Words("multilayer perceptron", "多层感知机"), ("perceptron", "mlp"), ("perceptron_mnist", "mlp_mnist", "mlp_by_hand_mnist"), "multilayer"),
]
# fmt: on
WORDS = {
    "en": ("question", "builder", "recipe", "experiment", "to come"),
    "zh": ("问题", "模型", "示例（recipe）", "实验", "待完成"),
}


def experiment(module: str) -> Experiment:
    """Return what a module of this folder states."""
    return importlib.import_module(f"recipes.faq.{module}").EXPERIMENT


def table(language: str) -> str:
    """Return the table of all questions for the project's README."""
    *head, to_come = WORDS[language]
    page = "README.zh.md" if language == "zh" else "README.md"
    rows = [f"| | {' | '.join(head)} |", "|---|---|---|---|---|"]
    for number, question in enumerate(QUESTIONS, 1):
        builders = ", ".join(f"`{name}`" for name in question.builders)
        links = ", ".join(f"[`{name}`](recipes/{name}.py)" for name in question.recipes)
        answered = (results.RESULTS / f"faq_{question.module}.json").exists()
        link = f"[`{question.module}`](recipes/faq/{page}#{question.module})" if answered else to_come
        rows.append(f"| {number} | {question.title.to(language)} | {builders} | {links} | {link} |")
    return "\n".join(rows)
