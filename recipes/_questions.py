"""The article's 24 questions: which builder, recipe and experiment answers each. The READMEs' table comes from here."""

from recipes import _results

# Question in both languages, builders, recipes, module of the experiment.
QUESTIONS = [
    ("activation functions", "激活函数", ("mlp",), ("mlp_mnist",), "activations"),
    ("gradient descent", "梯度下降", ("linear_regression",), ("linear_regression_mpg",), "gradient_descent"),
    ("loss functions", "损失函数", ("mlp",), ("mlp_mnist",), "loss_functions"),
    ("regularisation", "正则化", ("mlp",), ("mlp_mnist",), "regularisation"),
    ("batch gradient descent", "批量梯度下降", ("mlp",), ("mlp_mnist",), "batch_descent"),
    ("stochastic and mini-batch descent", "随机与小批量梯度下降", ("mlp",), ("mlp_mnist",), "stochastic_descent"),
    ("momentum", "动量", ("mlp",), ("mlp_mnist",), "momentum"),
    ("Adam", "Adam", ("mlp",), ("mlp_mnist",), "adam"),
    ("dropout", "Dropout", ("mlp",), ("mlp_mnist",), "dropout"),
    ("batch normalisation", "批归一化", ("mlp", "cnn"), ("mlp_mnist", "cnn_mnist"), "batch_normalisation"),
    ("CNN", "卷积神经网络", ("cnn",), ("cnn_mnist", "cnn_fashion"), "convolution"),
    ("RNN", "循环神经网络", ("rnn",), ("simple_rnn_mnist_rows",), "recurrence"),
    ("LSTM", "LSTM", ("rnn",), ("lstm_names", "bilstm_vowels"), "lstm"),
    ("GRU", "GRU", ("rnn",), ("gru_sunspots",), "gru"),
    ("Transformer", "Transformer", ("transformer_classifier", "transformer_language_model"),
     ("transformer_names", "transformer_shakespeare"), "transformer"),
    ("autoencoder", "自编码器", ("autoencoder", "conv_autoencoder"),
     ("autoencoder_mnist", "denoising_autoencoder_mnist", "anomaly_shuttle"), "autoencoder"),
    ("GAN", "生成对抗网络", ("gan",), ("gan_mnist",), "gan"),
    ("VAE", "变分自编码器", ("vae",), ("vae_mnist",), "vae"),
    ("self-attention", "自注意力", ("transformer_classifier",), ("transformer_names",), "self_attention"),
    ("self-supervised learning", "自监督学习", ("contrastive",), ("contrastive_mnist",), "self_supervision"),
    ("unsupervised learning", "无监督学习", ("autoencoder",), ("clustering_mnist",), "clustering"),
    ("linear model of one variable", "一元线性模型", ("linear_regression",), ("linear_regression_mpg",),
     "linear_model"),
    ("polynomial of several variables", "多元多项式", ("polynomial_regression",), ("polynomial_regression_mpg",),
     "polynomial"),
    ("multilayer perceptron", "多层感知机", ("perceptron", "mlp"), ("perceptron_mnist", "mlp_mnist"), "multilayer"),
]  # fmt: skip
WORDS = {
    "en": ("question", "builder", "recipe", "experiment", "to come"),
    "zh": ("问题", "模型", "配方", "实验", "待完成"),
}


def table(language: str) -> str:
    """Return the table of all questions; an experiment may be yet to come."""
    *head, to_come = WORDS[language]
    page = "README.zh.md" if language == "zh" else "README.md"
    rows = [f"| | {' | '.join(head)} |", "|---|---|---|---|---|"]
    for number, (english, chinese, builders, recipes, module) in enumerate(QUESTIONS, 1):
        links = ", ".join(f"[`{name}`](recipes/{name}.py)" for name in recipes)
        answered = (_results.RESULTS / f"faq_{module}.json").exists()
        experiment = f"[`{module}`](recipes/faq/{page})" if answered else to_come
        cells = [chinese if language == "zh" else english, ", ".join(f"`{name}`" for name in builders)]
        rows.append(f"| {number} | {' | '.join([*cells, links, experiment])} |")
    return "\n".join(rows)
