"""Question 9: why dropout?

python -m recipes.faq.dropout
"""

import functools

from recipes.faq import _retraining, _run, _tuning
from recipes.faq._experiment import PERCENT, Claim, Experiment, Panel, Score, Words

RATES = ("0", "0.25", "0.5", "0.75")
LEARNING_RATES = (0.0003, 0.001, 0.003, 0.01)
IMAGES = {"few": 500, "many": 2000}
PASSES = {"few": 40, "many": 50}


@functools.cache
def _trainer(rate: str):
    """Compile a network once for all seeds, learning rates and numbers of images."""
    from dlguide import mlp

    return _retraining.trainer(lambda: mlp((28, 28, 1), 10, hidden_units=(256, 256), dropout=float(rate)))


def _trained(rate: str, part, learning_rate: float, passes: int, seed: int):
    """Train a network; an epoch of Keras is up to ten passes, because short epochs cost more than their steps."""
    in_epoch = min(passes, 10)
    x, y = (array.repeat(in_epoch, axis=0) for array in part)
    options = {"learning_rate": learning_rate, "epochs": passes // in_epoch, "batch_size": 100, "seed": seed}
    return _trainer(rate)(x, y, **options)


def choose(*, images: dict = IMAGES, passes: dict = PASSES) -> dict:
    """Return the validation accuracy of each dropout rate with each learning rate, for each number of images."""
    from dlguide import data

    parts = {name: data.load("mnist", limit=limit, seed=100).train for name, limit in images.items()}
    valid = data.load("mnist", seed=100).valid
    trainings = {f"{rate}@{images[name]}": (rate, name) for name in images for rate in RATES}

    def score(key, learning_rate):
        rate, name = trainings[key]
        return _retraining.accuracy(_trained(rate, parts[name], learning_rate, passes[name], 100), *valid)

    return _tuning.search(trainings, LEARNING_RATES, score)


def measure(
    seed: int, choice: dict, *, images: dict = IMAGES, passes: dict = PASSES, rates: tuple[str, ...] = RATES
) -> dict:
    """Return the accuracy on the test set, and how far that on the training set lies above it."""
    from dlguide import data

    parts = {name: data.load("mnist", limit=limit, seed=seed).train for name, limit in images.items()}
    test = data.load("mnist", seed=seed).test
    scores = {name: {} for name in (*images, "gap")}
    for name, limit in images.items():
        for rate in rates:
            model = _trained(rate, parts[name], _tuning.best(choice[f"{rate}@{limit}"]), passes[name], seed)
            scores[name][rate] = _retraining.accuracy(model, *test)
            if name == "many":
                scores["gap"][rate] = _retraining.accuracy(model, *parts[name]) - scores[name][rate]
    return scores


ROWS = {
    "0": Words("no dropout", "不使用随机失活"),
    "0.25": Words("dropout 0.25", "随机失活 0.25"),
    "0.5": Words("dropout 0.5", "随机失活 0.5"),
    "0.75": Words("dropout 0.75", "随机失活 0.75"),
}
ACCURACY = Score(Words("test accuracy", "测试准确率"), PERCENT, higher_is_better=True)

EXPERIMENT = Experiment(
    question=Words("Why dropout?", "为什么需要使用随机失活（Dropout）？"),
    measure=measure,
    choose=choose,
    quick={"images": {"few": 100, "many": 200}, "passes": {"few": 1, "many": 1}},
    edge_reasons={
        "0.25@2000": "0.0003 and 0.003 give the same validation accuracy, and 0.001 between them nearly the same."
    },
    check={"images": {"few": 500}, "rates": ("0", "0.5")},
    panels={
        "many": Panel(ACCURACY, ROWS, "0", title=Words("2,000 images", "2,000 张训练图像")),
        "few": Panel(ACCURACY, ROWS, "0", title=Words("500 images", "500 张训练图像")),
        "gap": Panel(
            Score(
                Words("accuracy on the training set less that on the test set", "训练准确率高出测试准确率的幅度"),
                PERCENT,
                False,
                bounds=(-1, 1),
            ),
            ROWS,
            "0",
            title=Words("Overfitting with 2,000 images", "2,000 张训练图像时的过拟合程度"),
        ),
    },
    claims=(
        Claim(
            Words(
                "With 2,000 images, and a learning rate chosen for each network, does dropout 0.5 give a better test accuracy than no dropout?",
                "用 2,000 张图像训练，且各网络使用自己的最佳学习率时，失活率取 0.5 的网络在测试集上是否比不用随机失活更准确？",
            ),
            panel="many",
            row="0.5",
            reference="0",
            known="yes",
        ),
        Claim(
            Words(
                "With only 500 images, each network with its own learning rate, is dropout 0.5 better?",
                "只有 500 张图像、各用自己的学习率时，失活率取 0.5 是否更准确？",
            ),
            panel="few",
            row="0.5",
            reference="0",
            known="same",
        ),
        Claim(
            Words(
                "With 2,000 images, is dropout 0.75 worse than dropout 0.5?",
                "用 2,000 张图像训练时，失活率取 0.75 是否比 0.5 差？",
            ),
            panel="many",
            row="0.75",
            reference="0.5",
            better=False,
        ),
    ),
    summary=Words(
        "Dropout sets random units to zero in training, so that a network cannot easily learn its training set by heart. Here it brings no visible gain: with 2,000 and with 500 images, no difference is seen between dropout 0.5 and no dropout if each network has its own learning rate, and 0.75 is worse than 0.5 by 1.04 points. The gains in the literature are from much larger networks, more images and longer training.",
        "随机失活在训练时随机把部分单元置零，使网络不易死记训练集。在这里未见收益：各网络使用自己的学习率时，无论 2,000 张还是 500 张图像，失活率 0.5 与不用随机失活之间都未见差异，失活率 0.75 则比 0.5 低 1.04 个百分点。文献中的收益来自大得多的网络、更多的图像和更长的训练。",
    ),
    outcomes=(
        "same",
        "same",
        "yes",
    ),
    explanation=Words(
        en=r"""
A network with many weights can learn a small training set by heart: its accuracy on the training set is then much higher than on new images. This is overfitting. Dropout is meant to make it harder. In each training step it sets each output of a hidden layer to 0 with probability $p$, the dropout rate, drawn anew for each example:

$$\tilde h_i = \frac{m_i}{1 - p}\, h_i, \qquad P(m_i = 0) = p, \quad P(m_i = 1) = 1 - p$$

Here $h_i$ is the output of unit $i$, $m_i$ is the random switch, and $\tilde h_i$ is what the next layer gets. The division by $1 - p$ keeps the mean: the expected value of $\tilde h_i$ is $h_i$. So after training nothing has to be changed: the switches are left out, and all units work with the same mean as in training. (Srivastava et al. leave the division out in training, and multiply the weights by the share of the kept units afterwards, which has the same effect.)

Why does this help? A unit can no longer rely on a certain other unit being there, so each has to learn a feature that is useful with many different partners. Seen in another way, each step trains another small network that is a part of the whole one. With $n$ hidden units there are $2^n$ of them, and they share their weights. The whole network without switches comes close to the average of all these networks, and an average of many models makes fewer errors than a single model usually does.

There is a price. The random switches add noise to the gradient, so the training takes longer. With a rate that is too high, too few units are left to represent what has to be learned, and the network underfits. In the experiment, dropout up to 0.5 did not keep the network from learning the 2,000 images by heart: the training accuracy is 100 % for the rates 0, 0.25 and 0.5, so in these rows the last table only mirrors the first.
""".strip(),
        zh=r"""
权重很多的网络可以把小训练集“背下来”：训练集上的准确率远高于新图像上的准确率，这就是过拟合。随机失活（Dropout）的目的是使网络难以死记硬背。训练的每一步中，对每个样本重新抽取随机数，以概率 $p$ （失活率）把隐藏层的每个输出置为 0：

$$\tilde h_i = \frac{m_i}{1 - p}\, h_i, \qquad P(m_i = 0) = p, \quad P(m_i = 1) = 1 - p$$

其中 $h_i$ 是第 $i$ 个单元的输出， $m_i$ 是随机开关， $\tilde h_i$ 是传给下一层的值。除以 $1 - p$ 是为了保持均值不变： $\tilde h_i$ 的期望等于 $h_i$ 。因此训练结束后无需再作调整：去掉开关，所有单元都参与计算，均值与训练时相同。（Srivastava 等人在训练时不作除法，而是在训练后把权重乘以单元的保留概率，效果相同。）

为什么有效？一个单元不能再依赖某个特定的其他单元，因为后者随时可能被置零；每个单元都必须学到与多种不同单元搭配时都有用的特征。换个角度看，每一步训练的都是整个网络的一个子网络； $n$ 个隐藏单元共有 $2^n$ 个子网络，它们共享权重。去掉开关后的完整网络近似于所有子网络的平均，而多个模型的平均通常比单个模型错得更少。

代价也是有的：随机开关给梯度带来噪声，训练需要更长时间；失活率过高时，剩下的单元太少，不足以表示所要学习的内容，就会欠拟合。在本实验中，失活率不超过 0.5 时，网络仍然记住了全部 2,000 张图像：失活率为 0、0.25、0.5 时训练准确率都是 100%，因此最后一张表的这几行只是第一张表的另一种写法。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
from dlguide import mlp

model = mlp((28, 28, 1), 10, hidden_units=(256, 256), dropout=0.5)  # after each hidden layer

layer = keras.layers.Dropout(0.5)  # in plain Keras
print(layer(keras.ops.ones((1, 8)), training=True))  # each number is 0 or 2
print(layer(keras.ops.ones((1, 8)), training=False))  # all are 1: no dropout in `predict` and `evaluate`
""",
        zh="""
import keras
from dlguide import mlp

model = mlp((28, 28, 1), 10, hidden_units=(256, 256), dropout=0.5)  # 用在每个隐藏层之后

layer = keras.layers.Dropout(0.5)  # 在普通的 Keras 中
print(layer(keras.ops.ones((1, 8)), training=True))  # 每个数为 0 或 2
print(layer(keras.ops.ones((1, 8)), training=False))  # 全部为 1：`predict` 和 `evaluate` 时不失活
""",
    ),
    setting=Words(
        "`mlp` with two hidden layers of 256 units and ReLU, dropout after each of them, Adam in batches of 100: 50 passes over 2,000 "
        "MNIST images, 40 passes over 500; each seed draws other images. Scored on the test set of 10,000 images. Each dropout "
        "rate has its own learning rate for each number of images: the best of four on the validation set of 5,000 images, "
        "with a seed that is not among the published ones.",
        "模型为 `mlp`，有两个各 256 个单元的隐藏层，激活函数为 ReLU，每个隐藏层之后使用随机失活；优化器为 Adam，批大小 100。"
        "2,000 张 MNIST 图像遍历 50 遍，500 张图像遍历 40 遍，每个种子抽取不同的图像；在 10,000 张测试图像上评估。"
        "每种失活率、每种图像数各用自己的学习率：在 5,000 张验证图像上从四个候选值中选最好的一个，选学习率所用的种子与正式实验不同。",
    ),
    limits=Words(
        "Srivastava et al. report a test error of 1.25 % on MNIST with dropout, all 60,000 images and three layers of 1,024 ReLU units. Their 1.60 % without dropout is quoted from Simard et al. (2003), for another network of 800 units, so the difference is not the effect of dropout alone. Here "
        "the gain depends on how the comparison is made. While the learning rates were chosen, with a single seed and on the validation set, dropout 0.5 was better "
        "than no dropout at the usual rate of 0.001 (2,000 images). Where every network has the learning rate "
        "that suits it best, the one without dropout takes larger steps. Large steps are noisy, and this noise probably regularises too, so "
        "that less is left for dropout; this was not tested. A first trial with 3,000 images and only 20 passes was even less favourable to dropout, which "
        "needs a longer training. The networks of the paper have 1,024 units or more in each layer, are trained with about a million steps, and also "
        "drop a fifth of the pixels; that would take days here. A small network "
        "loses more by dropout than a large one. Rate 0.25 has the smallest learning rate of all with 2,000 images, though 0.003 was as good on the validation set: its low "
        "accuracy may come from this choice. That dropout does not help with 500 images is what the paper reports too (its section 7.4, with points at 500, 1,000 and 5,000 images and none at 2,000).",
        "Srivastava 等人用全部 60,000 张 MNIST 图像、三层各 1,024 个 ReLU 单元并使用随机失活，测试错误率为 1.25%；文中不用随机失活的 1.60% 引自 Simard 等（2003）的另一个网络（800 个单元），因此两者之差并不只是随机失活的作用。这里的收益取决于比较方式：在选择学习率时（单个种子，验证集，2,000 张图像），若都用常用的学习率 0.001，失活率 0.5 优于不用随机失活。"
        "当每个网络都使用最适合自己的学习率时，不用随机失活的网络步长较大；大步长带来的噪声可能也有正则化作用，留给随机失活的余地就小了（这一点没有检验）。"
        "最初的一次试验用 3,000 张图像且只遍历 20 遍，对随机失活更为不利，因为它需要更长的训练。论文中的网络每层至少 1,024 个单元，训练约一百万步，"
        "还对输入像素使用 0.2 的失活率；在这里那要用数天。小网络因随机失活受到的损失比大网络更大。用 2,000 张图像时，失活率 0.25 选中的学习率最小，而 0.003 在验证集上同样好，它的准确率偏低可能与此有关。"
        "只有 500 张图像时随机失活没有帮助，论文第 7.4 节也是这样报告的（该节有 500、1,000 和 5,000 张，没有 2,000 张的结果）。",
    ),
    sources=(
        "N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, [Dropout: a simple way to prevent neural "
        "networks from overfitting](https://jmlr.org/papers/v15/srivastava14a.html), JMLR 15 (2014).",
        "P. Y. Simard, D. Steinkraus, J. C. Platt, [Best practices for convolutional neural networks applied to visual document "
        "analysis](https://doi.org/10.1109/ICDAR.2003.1227801), ICDAR 2003.",
        "G. E. Hinton, N. Srivastava, A. Krizhevsky, I. Sutskever, R. R. Salakhutdinov, [Improving neural networks by "
        "preventing co-adaptation of feature detectors](https://arxiv.org/abs/1207.0580) (2012).",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
