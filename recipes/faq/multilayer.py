"""Question 24: why does a network need several layers?

python -m recipes.faq.multilayer
"""

import functools

from recipes.faq import _retraining, _run, _tuning
from recipes.faq._experiment import PERCENT, Claim, Curve, Experiment, Panel, Score, Words

RATES = (0.0005, 0.002, 0.008, 0.03, 0.12)
UNITS = {"linear": 0, "two_units": 2, "four_units": 4, "eight_units": 8, "sixteen_units": 16}
LAYERS = {"none": (), "one": (200,), "two": (78, 78), "four": (50, 50, 50, 50)}
PASSES = 5  # Over the training set in an epoch.
WIDTHS = (1, 8, 64, 256, 1024)


def xor_successes(seed: int, units: int, starts: int = 200, steps: int = 1000, learning_rate: float = 0.5) -> float:
    """Return the share of random starts from which gradient descent learns all four cases of XOR.

    All starts are trained at once: the first axis of each array is the start.
    """
    import numpy as np

    x, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
    rng = np.random.default_rng((seed, units))
    w, b = rng.normal(size=(starts, 2, units)), np.zeros((starts, 1, units))
    v, c = rng.normal(size=(starts, units or 2, 1)) / (units or 2) ** 0.5, np.zeros((starts, 1, 1))
    for _ in range(steps):
        h = np.maximum(x @ w + b, 0) if units else np.broadcast_to(x, (starts, 4, 2))
        logits = h @ v + c
        slope = (1 / (1 + np.exp(-logits)) - y) / 4  # Of the mean cross-entropy.
        back = slope * v.swapaxes(1, 2) * (h > 0)
        v, c = v - learning_rate * h.swapaxes(1, 2) @ slope, c - learning_rate * slope.sum(axis=1, keepdims=True)
        if units:
            w, b = w - learning_rate * x.T @ back, b - learning_rate * back.sum(axis=1, keepdims=True)
    return float(((logits > 0) == y).all(axis=(1, 2)).mean())


@functools.cache
def _trainer(hidden_units: tuple[int, ...]):
    """Compile a network once for all seeds and learning rates."""
    from dlguide import mlp

    return _retraining.trainer(lambda: mlp((40, 1), 10, hidden_units=hidden_units), steps_per_execution=35)


def _trained(hidden_units: tuple[int, ...], part, learning_rate: float, epochs: int, seed: int):
    """Train a network; the set is repeated within an epoch, because short epochs of Keras cost more than their steps."""
    x, y = (array.repeat(PASSES, axis=0) for array in part)
    return _trainer(hidden_units)(x, y, learning_rate=learning_rate, epochs=epochs, batch_size=100, seed=seed)


def choose(*, limit: int | None = None, epochs: int = 4, widths: tuple[int, ...] = WIDTHS, **_) -> dict:
    """Return the validation accuracy of each network with each learning rate."""
    from dlguide import data

    splits = data.load("mnist1d", limit=limit, seed=100)
    shapes = {**LAYERS, **{f"wide@{width}": (width,) for width in widths}}

    def score(row, rate):
        return _retraining.accuracy(_trained(shapes[row], splits.train, rate, epochs, 100), *splits.valid)

    return _tuning.search(shapes, RATES, score)


def measure(
    seed: int,
    choice: dict,
    *,
    limit: int | None = None,
    epochs: int = 4,
    units: tuple[str, ...] = tuple(UNITS),
    layers: tuple[str, ...] = tuple(LAYERS),
    widths: tuple[int, ...] = WIDTHS,
    steps: int = 1000,
) -> dict:
    """Return the successes at XOR, and the accuracies on MNIST-1D by depth and by width."""
    from dlguide import data

    splits = data.load("mnist1d", limit=limit, seed=seed)

    def trained(hidden_units, key):
        return _trained(hidden_units, splits.train, _tuning.best(choice[key]), epochs, seed)

    scores = {"xor": {row: xor_successes(seed, UNITS[row], steps=steps) for row in units}}
    scores["depth"] = {row: _retraining.accuracy(trained(LAYERS[row], row), *splits.test) for row in layers}
    if widths:
        scores["width"] = {"wide": {}, "train": {}}
    for width in widths:
        model = trained((width,), f"wide@{width}")
        scores["width"]["wide"][str(width)] = _retraining.accuracy(model, *splits.test)
        scores["width"]["train"][str(width)] = _retraining.accuracy(model, *splits.train)
    return scores


EXPERIMENT = Experiment(
    question=Words("Why does a network need several layers (a multilayer perceptron)?", "为什么需要使用多层感知机？"),
    measure=measure,
    choose=choose,
    quick={"limit": 100, "epochs": 1, "widths": (1,), "steps": 3},
    edge_reasons={
        "wide@1": "0.008, 0.03 and 0.12 give validation accuracies within 1.2 points, less than the error of 500 examples, 2 points."
    },
    check={"layers": ("none", "one"), "widths": (), "units": ("linear", "two_units")},
    panels={
        "xor": Panel(
            score=Score(
                Words("starts that learn XOR", "学会异或的初始化比例"), PERCENT, higher_is_better=True, format=".1f"
            ),
            rows={
                "linear": Words("no hidden layer", "无隐藏层"),
                "two_units": Words("hidden layer of 2 units", "2 个隐藏单元"),
                "four_units": Words("hidden layer of 4 units", "4 个隐藏单元"),
                "eight_units": Words("hidden layer of 8 units", "8 个隐藏单元"),
                "sixteen_units": Words("hidden layer of 16 units", "16 个隐藏单元"),
            },
            reference="two_units",
            title=Words("XOR, learned from 200 random starts", "异或问题，200 次随机初始化"),
        ),
        "depth": Panel(
            score=Score(Words("test accuracy", "测试准确率"), PERCENT, higher_is_better=True, format=".1f"),
            rows={
                "none": Words("no hidden layer", "无隐藏层"),
                "one": Words("depth 1 (200 units)", "1 个隐藏层，200 个单元"),
                "two": Words("depth 2 (2 × 78 units)", "2 个隐藏层，各 78 个单元"),
                "four": Words("depth 4 (4 × 50 units)", "4 个隐藏层，各 50 个单元"),
            },
            reference="none",
            title=Words(
                "MNIST-1D: depth, with about 10,200 weights (first row: 410)",
                "MNIST-1D：深度（权重约 10,200 个，第一行为 410 个）",
            ),
        ),
        "width": Panel(
            score=Score(Words("accuracy", "准确率"), PERCENT, higher_is_better=True, format=".1f"),
            rows={
                "wide": Words("one hidden layer", "单隐藏层"),
                "train": Words("the same, on the training set", "同一网络，训练集"),
            },
            curve=Curve(Words("units of the hidden layer", "隐藏层单元数"), logarithmic=True),
            title=Words(
                "MNIST-1D: width of one hidden layer (test set, training set)",
                "MNIST-1D：单隐藏层的宽度（测试集与训练集）",
            ),
        ),
    },
    claims=(
        Claim(
            Words(
                "Does a network with one hidden layer classify MNIST-1D better than a network without one?",
                "在 MNIST-1D 上，有一个隐藏层的网络是否比没有隐藏层的网络更准确？",
            ),
            panel="depth",
            row="one",
            reference="none",
            known="yes",
        ),
        Claim(
            Words(
                "With about equally many weights, do two hidden layers classify better than one?",
                "权重数相近时，两个隐藏层是否比一个更准确？",
            ),
            panel="depth",
            row="two",
            reference="one",
        ),
        Claim(
            Words("Do four classify better than two?", "四个隐藏层是否比两个更准确？"),
            panel="depth",
            row="four",
            reference="two",
        ),
        Claim(
            Words(
                "Is XOR learned from more random starts with 8 hidden units than with 2, which would be enough?",
                "异或只需 2 个隐藏单元即可表示；改用 8 个，能学会的随机初始化是否更多？",
            ),
            panel="xor",
            row="eight_units",
            reference="two_units",
        ),
    ),
    summary=Words(
        "Without a hidden layer a network can only draw flat boundaries between the classes. A multilayer perceptron "
        "(also called a dense network) has hidden layers, so its boundaries can bend. Here one hidden layer raised the "
        "accuracy on MNIST-1D by 26.3 points; with about as many weights, two or four hidden layers showed no further "
        "difference. XOR (are two inputs different?) cannot be learned without a hidden layer. Two hidden units can "
        "represent it, but with eight it was learned from many more of the random starts (by 73.6 points).",
        "没有隐藏层的网络只能用平直的边界划分类别。多层感知机（也称全连接网络）有隐藏层，因此边界可以弯曲。本实验中，一个隐藏层使 M"
        "NIST-1D 上的准确率提高 26.3 个百分点；权重数相近时，两个或四个隐藏层未见进一步的差异。没有隐藏层就学不会异或（"
        "判断两个输入是否不同）。两个隐藏单元已能表示异或，但有八个时，能学会异或的随机初始化多得多（多 73.6 个百分点）。",
    ),
    outcomes=("yes", "same", "same", "yes"),
    explanation=Words(
        en=r"""
Without a hidden layer, each class gets a score that is a weighted sum of the inputs. Two classes have equal scores on a flat surface, so a flat surface is the only boundary that such a network can draw. It cannot even learn XOR (“exactly one of two”): $x_1$ and $x_2$ are 0 or 1, and the class is 1 where they differ. A weighted sum $w_1 x_1 + w_2 x_2 + b$ would have to be positive at (1, 0) and (0, 1), which adds up to $w_1 + w_2 + 2b > 0$, and negative at (0, 0) and (1, 1), which adds up to $w_1 + w_2 + 2b < 0$. Both cannot be true (Minsky & Papert, 1969).

A multilayer perceptron first computes new features of the input in a hidden layer, and then the weighted sum of these features:

$$y = W_2 \max(W_1 x + b_1,\; 0) + b_2$$

Here $x$ is the input, $W_1$ and $W_2$ are the weight matrices, $b_1$ and $b_2$ the biases, and $y$ the scores. The maximum is taken of each number by itself; it is the activation function ReLU (question 1). Two hidden units are enough for XOR:

$$y = \max(x_1 + x_2,\; 0) - 2 \max(x_1 + x_2 - 1,\; 0)$$

gives 0, 1, 1, 0 for the inputs (0, 0), (0, 1), (1, 0), (1, 1). If 0.5 is subtracted, its sign is the class. That such weights exist does not mean that gradient descent finds them. A ReLU unit whose sum is negative for every example gets no gradient and stays as it is; with more units than needed, enough useful ones are likely to remain.

Each hidden unit adds a bend to the function that the network computes. A wide enough hidden layer can approximate any continuous function on a bounded closed set (Leshno et al., 1993). Several hidden layers compute features of features: there are functions for which a deep network of few units is enough, while a network with few layers needs exponentially many (Telgarsky, 2016). These theorems say what a network can represent. What it learns from a given number of examples must be measured: a wider network can also learn its training set by heart.
""".strip(),
        zh=r"""
没有隐藏层时，每个类别的得分都是输入的加权和，两个类别得分相等的点构成一个超平面，因此网络的分类边界只能是超平面。这样的网络连异或（XOR）都学不会：输入 $x_1$ 与 $x_2$ 取 0 或 1，二者不同时类别为 1，相同时为 0。若用加权和 $w_1 x_1 + w_2 x_2 + b$ 的符号来分类，则它在 (1, 0) 和 (0, 1) 处应为正，两式相加得 $w_1 + w_2 + 2b > 0$ ；在 (0, 0) 和 (1, 1) 处应为负，两式相加得 $w_1 + w_2 + 2b < 0$ ，二者矛盾（Minsky 与 Papert，1969）。

多层感知机先由隐藏层从输入计算出新的特征，再对这些特征求加权和：

$$y = W_2 \max(W_1 x + b_1,\; 0) + b_2$$

其中 $x$ 为输入， $W_1$ 与 $W_2$ 为权重矩阵， $b_1$ 与 $b_2$ 为偏置向量， $y$ 为各类别的得分；最大值逐元素计算，即激活函数 ReLU（见问题 1）。表示异或只需两个隐藏单元：

$$y = \max(x_1 + x_2,\; 0) - 2 \max(x_1 + x_2 - 1,\; 0)$$

它对输入 (0, 0)、(0, 1)、(1, 0)、(1, 1) 依次给出 0、1、1、0；再减去 0.5，其符号就给出类别。不过，这样的权重存在，并不等于梯度下降一定能找到。如果某个 ReLU 单元的加权和对所有样本都为负，它就得不到梯度，权重不再更新；单元数多于所需时，留下足够多有用单元的可能性更大。

每个隐藏单元都使网络所表示的函数多一处弯折。足够宽的单个隐藏层能在有界闭集上以任意精度逼近任何连续函数（Leshno 等，1993）。多个隐藏层则在特征之上继续提取特征：存在这样的函数，深层网络只需少量单元即可表示，而层数很少的网络需要指数级数量的单元（Telgarsky，2016）。这些定理说明的是网络能表示什么；从有限的样本中实际学到什么，则要靠实验来检验，因为更宽的网络也可能只是记住了训练集。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
import numpy as np
from dlguide import mlp, training

x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
y = np.array([0, 1, 1, 0])  # XOR

keras.utils.set_random_seed(0)
model = mlp((2,), 1, hidden_units=(8,))  # hidden_units=() would be a linear model
model.compile(keras.optimizers.Adam(0.05), keras.losses.BinaryCrossentropy(from_logits=True))
training.fit(model, np.tile(x, (100, 1)), np.tile(y, 100), epochs=2, batch_size=4, verbose=0)
print(model.predict(x, verbose=0).ravel() > 0)  # False, True, True, False

plain = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])  # in plain Keras
""",
        zh="""
import keras
import numpy as np
from dlguide import mlp, training

x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
y = np.array([0, 1, 1, 0])  # 异或

keras.utils.set_random_seed(0)
model = mlp((2,), 1, hidden_units=(8,))  # 写成 hidden_units=() 则为线性模型
model.compile(keras.optimizers.Adam(0.05), keras.losses.BinaryCrossentropy(from_logits=True))
training.fit(model, np.tile(x, (100, 1)), np.tile(y, 100), epochs=2, batch_size=4, verbose=0)
print(model.predict(x, verbose=0).ravel() > 0)  # False, True, True, False

plain = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])  # 用普通的 Keras 层
""",
    ),
    setting=Words(
        "XOR: networks with one hidden layer of ReLU units and one logit, from 200 random starts for each seed; 1,000 steps "
        "of gradient descent on all four cases, learning rate 0.5, cross-entropy; a start counts if all four cases are right at "
        "the end. MNIST-1D: `mlp` with ReLU, trained on 3,500 of the 4,000 training series (40 numbers each), 20 epochs with Adam "
        "in batches of 100, scored on the 1,000 test series. The networks with hidden layers in the second table have 10,210, "
        "10,150 and 10,210 weights, the one without has 410. Each network has its own learning rate: the best of five on "
        "500 validation series, with a seed that the results do not use.",
        "异或：网络有一个 ReLU 隐藏层，输出一个 logit；每个种子取 200 次随机初始化，对全部四个样本做 1,000 步梯度下降，学习率 0.5，"
        "损失为交叉熵；结束时四个样本全部分类正确才算学会。MNIST-1D：使用 ReLU 的 `mlp`，从 4,000 条训练序列（每条 40 个数）中取 3,500 条，训练 20 轮，"
        "优化器为 Adam，批大小 100，在 1,000 条测试序列上评估。第二张表中三个有隐藏层的网络分别有 10,210、10,150、10,210 个权重，"
        "无隐藏层的网络有 410 个。每个网络使用各自的学习率：在 500 条验证序列上从五个候选值中选最好的一个，所用种子与正式实验不同。",
    ),
    limits=Words(
        "Greydanus & Kobak report 32 % without a hidden layer and 68 % for a multilayer perceptron; theirs has a residual connection (question 15) and 15,210 weights and is trained on all 4,000 series with 6,000 steps of 100 series, here 700. MNIST-1D is a small data set: a wide network soon learns most of its training set by heart, and what helps here need not help "
        "where there are more examples. With about 10,200 weights, deeper also means narrower, so the second table compares both at "
        "once. The learning rates were chosen with a single seed on 500 examples, so neighbouring rates could have been chosen too; with one unit the best rate was the largest that was tried, 0.12, but 0.008 and 0.03 were within 1.2 points. "
        "For XOR all widths have the same learning rate; other rates from 0.1 to 1 gave about the same shares on another seed. With "
        "another optimizer or other first weights the shares differ, but without a hidden layer the share is always 0. A convolutional network classifies "
        "MNIST-1D better than any of these (question 11).",
        "Greydanus 与 Kobak 报告的准确率是：无隐藏层 32%，多层感知机 68%；他们的网络带残差连接（见问题 15），有 15,210 个权重，用全部 4,000 条序列训练 6,000 步，每步 100 条，这里为 700 步。MNIST-1D 很小，较宽的网络很快就能记住大部分训练样本；在这里有效的做法，样本更多时未必有效。权重数固定在约 10,200 个时，网络越深也就越窄，"
        "因此第二张表同时改变了深度与宽度。学习率只用一个种子在 500 个样本上选择，相邻的候选值也可能被选中；只有一个单元时选中的是最大的候选值 0.12，但 0.008 与 0.03 的验证准确率与它相差不超过 1.2 个百分点。"
        "异或实验中各种宽度使用同一学习率，另用一个种子试过 0.1 到 1 之间的其他学习率，比例相近；换用其他优化器或初始权重分布，比例会不同，但没有隐藏层时比例总是 0。"
        "卷积神经网络在 MNIST-1D 上比这里的所有网络都更准确（见问题 11）。",
    ),
    sources=(
        "M. Minsky, S. Papert, [Perceptrons](https://doi.org/10.7551/mitpress/11301.001.0001), MIT Press (1969).",
        "D. E. Rumelhart, G. E. Hinton, R. J. Williams, [Learning representations by back-propagating errors]"
        "(https://doi.org/10.1038/323533a0), Nature 323 (1986).",
        "M. Leshno, V. Ya. Lin, A. Pinkus, S. Schocken, "
        "[Multilayer feedforward networks with a nonpolynomial activation function can approximate any function]"
        "(https://doi.org/10.1016/S0893-6080%2805%2980131-5), Neural Networks 6 (1993).",
        "M. Telgarsky, [Benefits of depth in neural networks](https://proceedings.mlr.press/v49/telgarsky16.html), COLT 2016.",
        "S. Greydanus, D. Kobak, [Scaling down deep learning with MNIST-1D](https://arxiv.org/abs/2011.14439), ICML 2024.",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
