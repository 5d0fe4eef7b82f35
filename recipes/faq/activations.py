"""Question 1: why does a network need activation functions?

python -m recipes.faq.activations
"""

import functools

from recipes.faq import _retraining, _run, _tuning
from recipes.faq._experiment import PERCENT, Claim, Curve, Experiment, Panel, Score, Words

ROWS = ("none", "relu", "tanh", "sigmoid", "gelu", "abs")
PAIR = ("relu", "abs")
LEARNING_RATES = (0.0001, 0.0004, 0.0016, 0.0064, 0.0256)
USUAL = 5  # Passes over the images in the first panel.
PASSES = (1, USUAL, 20)
WIDTHS = (16, 64, 256)


@functools.cache
def _trainer(row: str, data_set: str, width: int):
    """Compile a network once for all seeds, learning rates and numbers of passes."""
    import keras

    from dlguide import mlp

    activation = {"none": None, "abs": keras.ops.abs}.get(row, row)
    shape = {"mnist": (28, 28, 1), "mnist1d": (40, 1)}[data_set]
    return _retraining.trainer(lambda: mlp(shape, 10, hidden_units=(width, width // 2), activation=activation))


def _trainings(rows, passes, widths) -> dict[str, tuple[str, str, int, int]]:
    """Return the row, data set, width and passes of each training, by its key in the choice."""
    trainings = {row: (row, "mnist", 256, USUAL) for row in rows}
    for row in [row for row in PAIR if row in rows]:
        trainings |= {f"{row}@MNIST, {number}": (row, "mnist", 256, number) for number in passes if number != USUAL}
        trainings |= {f"{row}@MNIST-1D, {width}": (row, "mnist1d", width, 20) for width in widths}
    return trainings


def _trained(splits, training, learning_rate: float, seed: int):
    row, data_set, width, passes = training
    in_epoch = min(passes, 5)  # Short epochs of Keras cost more than their steps.
    x, y = (array.repeat(in_epoch, axis=0) for array in splits[data_set].train)
    options = {"learning_rate": learning_rate, "epochs": passes // in_epoch, "batch_size": 100, "seed": seed}
    return _trainer(row, data_set, width)(x, y, **options)


def choose(*, limit: int = 4000, passes: tuple[int, ...] = PASSES, widths: tuple[int, ...] = WIDTHS) -> dict:
    """Return the validation accuracy of each network with each learning rate."""
    from dlguide import data

    splits = {name: data.load(name, limit=limit, seed=100) for name in ("mnist", "mnist1d")}
    trainings = _trainings(ROWS, passes, widths)

    def score(key, rate):
        return _retraining.accuracy(_trained(splits, trainings[key], rate, 100), *splits[trainings[key][1]].valid)

    return _tuning.search(trainings, LEARNING_RATES, score)


def measure(
    seed: int,
    choice: dict,
    *,
    limit: int = 4000,
    rows: tuple[str, ...] = ROWS,
    passes: tuple[int, ...] = PASSES,
    widths: tuple[int, ...] = WIDTHS,
) -> dict:
    """Return the test accuracy with each activation function, and of ReLU and |x| by passes and by width."""
    from dlguide import data

    splits = {name: data.load(name, limit=limit, seed=seed) for name in ("mnist", "mnist1d")}
    tests = {name: data.load(name, seed=seed).test for name in splits}
    found = {
        key: _retraining.accuracy(_trained(splits, training, _tuning.best(choice[key]), seed), *tests[training[1]])
        for key, training in _trainings(rows, passes, widths).items()
    }
    scores = {"accuracy": {row: found[row] for row in rows}}
    if passes:
        scores["passes"] = {
            row: {str(n): found[row if n == USUAL else f"{row}@MNIST, {n}"] for n in passes} for row in PAIR
        }
    if widths:
        scores["series"] = {row: {str(n): found[f"{row}@MNIST-1D, {n}"] for n in widths} for row in PAIR}
    return scores


ACCURACY = Score(Words("test accuracy", "测试准确率"), PERCENT, higher_is_better=True)
NAMES_OF_PAIR = {"relu": Words("ReLU", "ReLU"), "abs": Words("|x|", "|x|")}

EXPERIMENT = Experiment(
    question=Words("Why does a network need activation functions?", "为什么需要使用激活函数？"),
    measure=measure,
    choose=choose,
    quick={"limit": 100, "passes": (1,), "widths": (16,)},
    edge_reasons={
        "abs@MNIST-1D, 64": "It leads 0.0064 and 0.0016 by less than twice the error of 500 examples (2.2 points); with 16 and "
        "with 256 units the best is 0.0064."
    },
    check={"rows": ("none", "relu"), "passes": (), "widths": ()},
    panels={
        "accuracy": Panel(
            score=ACCURACY,
            rows={
                "none": Words("none", "无激活函数"),
                "relu": Words("ReLU", "ReLU"),
                "tanh": Words("tanh", "tanh"),
                "sigmoid": Words("sigmoid", "sigmoid"),
                "gelu": Words("GELU", "GELU"),
                "abs": Words("|x|", "|x|"),
            },
            reference="none",
            title=Words("MNIST, 5 passes over 4,000 images", "MNIST：4,000 张图像遍历 5 遍"),
        ),
        "passes": Panel(
            score=ACCURACY,
            rows=NAMES_OF_PAIR,
            reference="relu",
            curve=Curve(Words("passes over the training set", "训练集遍历次数"), logarithmic=True),
            title=Words("ReLU and |x| on MNIST, with longer training", "MNIST：训练更久时的 ReLU 与 |x|"),
        ),
        "series": Panel(
            score=ACCURACY,
            rows=NAMES_OF_PAIR,
            reference="relu",
            curve=Curve(Words("units of the first hidden layer", "第一隐藏层的单元数"), logarithmic=True),
            title=Words("ReLU and |x| on MNIST-1D, with other widths", "MNIST-1D：不同宽度下的 ReLU 与 |x|"),
        ),
    },
    claims=(
        Claim(
            Words(
                "Does a network with ReLU classify better than the same network without an activation function?",
                "与不用激活函数相比，使用 ReLU 的网络分类是否更准确？",
            ),
            panel="accuracy",
            row="relu",
            reference="none",
            known="yes",
        ),
        Claim(
            Words(
                "Is |x| better than ReLU on MNIST after 5 passes over the images (5 epochs)?",
                "在 MNIST 上遍历 5 遍（即 5 轮）后，|x| 是否优于 ReLU？",
            ),
            panel="passes",
            row="abs",
            reference="relu",
            at="5",
        ),
        Claim(
            Words("And after 20 passes?", "遍历 20 遍后呢？"),
            panel="passes",
            row="abs",
            reference="relu",
            at="20",
        ),
        Claim(
            Words(
                "Is |x| better than ReLU on MNIST-1D, with 256 and 128 units?",
                "在 MNIST-1D 上，隐藏层有 256 和 128 个单元时，|x| 是否优于 ReLU？",
            ),
            panel="series",
            row="abs",
            reference="relu",
            at="256",
        ),
    ),
    summary=Words(
        "Without activation functions, a network of any depth is a linear model. On MNIST, all five functions that were tried are better than none; ReLU, the usual choice, by 3.41 points. |x|, which the article behind these questions prints, is better than ReLU on MNIST after 5 and 20 passes, and worse on MNIST-1D with 256 units (no difference is seen with 16 and 64).",
        "没有激活函数，网络无论多深都只是线性模型。在 MNIST 上，所试的五种激活函数都优于不用激活函数，其中最常用的 ReLU 高 3.41 个百分点。提出这些问题的原文把 |x| 写作激活函数：在 MNIST 上遍历 5 遍和 20 遍后，|x| 优于 ReLU；在 MNIST-1D 上，256 个单元时 |x| 不如 ReLU，16 和 64 个单元时未见差异。",
    ),
    outcomes=(
        "yes",
        "yes",
        "yes",
        "no",
    ),
    explanation=Words(
        en=r"""
A dense layer computes weighted sums of its inputs and applies an activation function $\sigma$ to each of them. With one hidden layer:

$$h = \sigma(W_1 x + b_1), \qquad y = W_2 h + b_2$$

Here $x$ is the input (784 pixels), $W_1$ and $W_2$ are the weight matrices, $b_1$ and $b_2$ the biases, $h$ the outputs of the hidden layer, and $y$ the scores of the ten classes. Without an activation function, $\sigma(z) = z$, and the two layers are one:

$$y = W_2 (W_1 x + b_1) + b_2 = (W_2 W_1)\, x + (W_2 b_1 + b_2)$$

The product $W_2 W_1$ is a single matrix. So the network can represent only what a single layer can represent, however many layers it has: a linear model, which separates two classes by a flat boundary. With a nonlinear $\sigma$ the layers do not merge, and the boundary can bend. One hidden layer that is wide enough can then approximate any continuous function on a bounded closed set, as long as $\sigma$ is not a polynomial (Leshno et al., 1993).

Which nonlinear function is chosen matters for the training. The sigmoid $1 / (1 + e^{-z})$ has a derivative of at most 1/4, so the gradient shrinks at each layer that it passes on its way back. With the two hidden layers here this does not show yet. The hyperbolic tangent, $\tanh z = (e^z - e^{-z}) / (e^z + e^{-z})$, has a derivative of at most 1 and values between −1 and 1. ReLU, $\max(z, 0)$, has the derivative 1 wherever $z > 0$. GELU is $z\, \Phi(z)$, where $\Phi$ is the distribution function of the standard normal distribution: a smooth curve close to ReLU.

The absolute value, which the article prints, is a possible activation function too, though a rare one:

$$|z| = \max(z, 0) + \max(-z, 0)$$

A unit with $|z|$ does the work of two ReLU units with opposite weights: it reacts to a pattern and to its negative (dark and bright exchanged). Its derivative is 1 or −1 and never 0, so each unit learns from each example, while a ReLU unit learns nothing from the examples for which its sum is negative. The mean of $z^2$ measures the size of the signal, that is, of the numbers that a layer passes on. If the sums are spread evenly around 0, ReLU sets half of them to 0 and keeps half of this mean, while $|z|$ keeps all of it. So with first weights that keep this mean from the inputs of a layer to its sums, $|z|$ does not shrink the signal; for ReLU, He's first weights, which are $\sqrt{2}$ times as large, make up for the loss (He et al., 2015). The price is that a unit with $|z|$ cannot tell a pattern from its negative.
""".strip(),
        zh=r"""
全连接层先计算输入的加权和，再对每个加权和施加激活函数 $\sigma$ 。以一个隐藏层为例：

$$h = \sigma(W_1 x + b_1), \qquad y = W_2 h + b_2$$

其中 $x$ 为输入（784 个像素值）， $W_1$ 与 $W_2$ 为权重矩阵， $b_1$ 与 $b_2$ 为偏置向量， $h$ 为隐藏层的输出， $y$ 为十个类别的得分。若不使用激活函数，即 $\sigma(z) = z$ ，则两层可以合并为一层：

$$y = W_2 (W_1 x + b_1) + b_2 = (W_2 W_1)\, x + (W_2 b_1 + b_2)$$

乘积 $W_2 W_1$ 仍是一个矩阵。因此无论堆叠多少层，网络的表达能力都与单层线性模型相同，两个类别之间的分界只能是超平面。引入非线性的 $\sigma$ 之后，各层无法合并，分界面可以弯曲。只要 $\sigma$ 不是多项式，一个足够宽的隐藏层就能在有界闭集上以任意精度逼近任何连续函数（Leshno 等，1993）。

选用哪一种非线性函数会影响训练。sigmoid 函数 $1 / (1 + e^{-z})$ 的导数不超过 1/4，反向传播时梯度每经过一层都会缩小；这里只有两个隐藏层，这一缺点还没有显现。双曲正切 $\tanh z = (e^z - e^{-z}) / (e^z + e^{-z})$ 的导数不超过 1，取值在 −1 与 1 之间。ReLU 函数 $\max(z, 0)$ 在 $z > 0$ 时导数恒为 1。GELU 函数为 $z\, \Phi(z)$ ，其中 $\Phi$ 是标准正态分布的分布函数，其曲线光滑，形状与 ReLU 接近。

原文所写的绝对值也可以用作激活函数，只是很少使用：

$$|z| = \max(z, 0) + \max(-z, 0)$$

一个使用 $|z|$ 的单元相当于两个权重相反的 ReLU 单元：对某种图案及其反相（明暗互换）都有响应。它的导数为 1 或 −1，不会为 0，因此每个单元都能从每个样本中学习；而 ReLU 单元的加权和为负时，从该样本中学不到任何东西。此外， $z^2$ 的均值可以衡量信号（各层传递的数值）的大小。若加权和关于 0 对称分布，ReLU 把其中一半置为 0，这一均值只剩一半； $|z|$ 则全部保留。因此，若初始权重使层的输入与加权和的这一均值相等， $|z|$ 就不会使信号减弱；对于 ReLU，He 初始化把权重取为其 $\sqrt{2}$ 倍，弥补了这一损失（He 等，2015）。代价是使用 $|z|$ 的单元无法区分一种图案与它的反相。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
from dlguide import mlp

model = mlp((28, 28, 1), 10, activation="relu")  # ReLU after each hidden layer
linear = mlp((28, 28, 1), 10, activation=None)  # without one: a linear model
own = mlp((28, 28, 1), 10, activation=keras.ops.abs)  # any function of a tensor

layer = keras.layers.Dense(128, activation="relu")  # in a layer of plain Keras
""",
        zh="""
import keras
from dlguide import mlp

model = mlp((28, 28, 1), 10, activation="relu")  # 每个隐藏层之后使用 ReLU
linear = mlp((28, 28, 1), 10, activation=None)  # 不使用激活函数：线性模型
own = mlp((28, 28, 1), 10, activation=keras.ops.abs)  # 可以是任何张量函数

layer = keras.layers.Dense(128, activation="relu")  # 在普通的 Keras 层中
""",
    ),
    setting=Words(
        "First table: `mlp` (a multilayer perceptron, that is, a network of dense layers) with hidden layers of 256 and 128 units on 4,000 MNIST images, 5 passes with Adam (question 8) in batches of 100, scored on "
        "the test set. Second table: the same network after 1, 5 and 20 passes. Third table: `mlp` with a first hidden layer of 16, "
        "64 or 256 units and a second one of half as many, 20 passes over 3,500 series of MNIST-1D. In each training only the "
        "activation function differs, and each has its own learning rate: the best of five on the validation set, with a seed "
        "that is not among the published ones.",
        "第一张表：`mlp`（多层感知机，即由全连接层组成的网络）的隐藏层分别有 256 和 128 个单元，把 4,000 张 MNIST 图像遍历 5 遍，优化器为 Adam（见问题 8），批大小 100，在测试集上评估。"
        "第二张表：同一网络遍历 1、5、20 遍。第三张表：`mlp` 的第一隐藏层有 16、64 或 256 个单元，第二隐藏层减半，把 MNIST-1D 的 3,500 条序列遍历 20 遍。"
        "每次比较只有激活函数不同，并各用自己的学习率：在验证集上从五个候选值中选最好的一个，选学习率所用的种子与正式实验不同。",
    ),
    limits=Words(
        "Two small data sets, small networks, and learning rates that were chosen with a single seed. With 64 units on MNIST-1D, |x| got the largest learning rate of the grid, so a larger one may be better. Whether |x| or ReLU is better "
        "depends on the data: compare the second table with the third. So neither result is a rule for other data. "
        "Berngardt (2023) also reports that |x| does better than ReLU on MNIST, with a convolutional network. The reasons that are given above for and "
        "against |x| follow from its formula; which of them decides on which data was not tested here. Without an activation "
        "function the network is linear, so more layers or more units do not let it represent more, on any data.",
        "只用了两个小数据集和小网络，学习率只用一个种子选择。在 MNIST-1D 上用 64 个单元时，|x| 选中的是最大的候选学习率，更大的学习率也许更好。|x| 与 ReLU 孰优取决于数据：请比较第二张表与第三张表。"
        "因此两者的结果都不能推广到其他数据。Berngardt（2023）用卷积神经网络在 MNIST 上也得到 |x| 优于 ReLU 的结果。"
        "上文所述 |x| 的优点与缺点由其公式得出，至于在哪种数据上哪一点起决定作用，这里没有检验。不用激活函数时网络是线性的，"
        "无论什么数据，增加层数或单元数都不能扩大它的表达能力。",
    ),
    sources=(
        "M. Leshno, V. Ya. Lin, A. Pinkus, S. Schocken, "
        "[Multilayer feedforward networks with a nonpolynomial activation function can approximate any function]"
        "(https://doi.org/10.1016/S0893-6080%2805%2980131-5), Neural Networks 6 (1993).",
        "X. Glorot, A. Bordes, Y. Bengio, [Deep sparse rectifier neural networks]"
        "(https://proceedings.mlr.press/v15/glorot11a.html), AISTATS 2011.",
        "K. He, X. Zhang, S. Ren, J. Sun, [Delving deep into rectifiers: surpassing human-level performance on ImageNet "
        "classification](https://arxiv.org/abs/1502.01852), ICCV 2015 (the first weights).",
        "K. Jarrett, K. Kavukcuoglu, M. Ranzato, Y. LeCun, [What is the best multi-stage architecture for object recognition?]"
        "(https://doi.org/10.1109/ICCV.2009.5459469), ICCV 2009 (absolute values).",
        "O. I. Berngardt, [Improving classification neural networks by using absolute activation function "
        "(MNIST/LeNET-5 example)](https://arxiv.org/abs/2304.11758) (2023).",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
