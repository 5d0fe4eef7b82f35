"""Question 4: why regularisation?

python -m recipes.faq.regularisation
"""

import functools

from recipes.faq import _retraining, _run, _tuning
from recipes.faq._experiment import PERCENT, Claim, Curve, Experiment, Panel, Score, Words

ROWS = ("none", "l2", "dropout", "shift", "early")
PASSES = {500: 6, 2000: 4, 10_000: 1}  # Over the images in a round; a training has eight rounds.
STRENGTHS = {  # From weak to strong; the first one is level 1.
    "l2": (0.00003, 0.0001, 0.0003, 0.001, 0.003),
    "dropout": (0.1, 0.3, 0.5, 0.7, 0.9),
    "shift": (1, 2, 3, 4, 6),  # Pixels.
    "early": (5, 4, 3, 2, 1),  # Rounds of patience.
}
LEARNING_RATE = 0.001


@functools.cache
def _trainer(row: str, strength: float):
    """Compile the network with a way of regularisation once for all seeds and numbers of images."""
    import keras

    from dlguide import mlp
    from dlguide.augmentation import Augmentation

    def build():
        options = {row: strength} if row in ("l2", "dropout") else {}
        model = mlp((28, 28, 1), 10, hidden_units=(128,), **options)
        if row == "shift":
            return keras.Sequential([keras.Input((28, 28, 1)), Augmentation({"shift": strength / 28}), model])
        return model

    return _retraining.trainer(build)


def trained(row: str, strength: float, splits, passes: int, seed: int, rounds: int = 8):
    """Train the network; only early stopping looks at validation images, as many as there are training images.

    A round, one epoch of Keras, is several passes over the images, because short epochs cost more than their steps.
    """
    watched = {"patience": strength, "validation_data": splits.valid} if row == "early" else {}
    train = _trainer(*(("none", 0) if row == "early" else (row, strength)))
    x, y = (array.repeat(passes, axis=0) for array in splits.train)
    return train(x, y, learning_rate=LEARNING_RATE, epochs=rounds, batch_size=100, seed=seed, **watched)


def choose(
    *, passes: dict = PASSES, rounds: int = 8, levels: tuple[int, ...] = (1, 2, 3, 4, 5), random_passes: int = 0
) -> dict:
    """Return the validation accuracy of each way of regularisation at each level, on the middle number of images."""
    from dlguide import data

    limit = sorted(passes)[len(passes) // 2]
    splits = data.load("mnist", limit=limit, seed=100)
    valid = data.load("mnist", seed=100).valid

    def score(row, level):
        model = trained(row, STRENGTHS[row][int(level) - 1], splits, passes[limit], 100, rounds)
        return _retraining.accuracy(model, *valid)

    return _tuning.search(STRENGTHS, levels, score)


def measure(
    seed: int,
    choice: dict,
    *,
    rows: tuple[str, ...] = ROWS,
    passes: dict = PASSES,
    rounds: int = 8,
    random_passes: int = 20,
    **_,
) -> dict:
    """Return the test accuracy for each number of images, and the training accuracy on labels drawn at random."""
    import numpy as np

    from dlguide import data

    splits = {limit: data.load("mnist", limit=limit, seed=seed) for limit in passes}
    test = data.load("mnist", seed=seed).test
    rng = np.random.default_rng(seed)
    few = splits[min(passes)]
    train, valid = (
        part._replace(y=rng.integers(10, size=len(part.y), dtype="int32")) for part in (few.train, few.valid)
    )
    few = few._replace(train=train, valid=valid)
    scores = {"real": {row: {} for row in rows}, "random": {}}
    for row in rows:
        strength = 0 if row == "none" else STRENGTHS[row][int(_tuning.best(choice[row])) - 1]
        for limit, number in passes.items():
            model = trained(row, strength, splits[limit], number, seed, rounds)
            scores["real"][row][str(limit)] = _retraining.accuracy(model, *test)
        if random_passes:
            model = trained(row, strength, few, random_passes, seed, rounds)
            scores["random"][row] = _retraining.accuracy(model, *few.train)
    return scores


NAMES = {
    "none": Words("none", "无正则化"),
    "l2": Words("L2 penalty", "L2 惩罚"),
    "dropout": Words("dropout", "随机失活"),
    "shift": Words("shifted images", "平移图像"),
    "early": Words("early stopping", "早停"),
}

EXPERIMENT = Experiment(
    question=Words("Why regularisation?", "为什么需要使用正则化？"),
    measure=measure,
    choose=choose,
    chosen=Words("strength (level 1 is the weakest, 5 the strongest)", "强度（1 级最弱，5 级最强）"),
    quick={"passes": {100: 1}, "rounds": 1, "random_passes": 1, "levels": (3,)},
    edge_reasons={
        "early": "All five levels stop with the same weights: the validation loss is lowest after the same round."
    },
    check={"rows": ("none", "l2"), "passes": {500: 6}, "random_passes": 0},
    panels={
        "real": Panel(
            Score(Words("test accuracy", "测试准确率"), PERCENT, higher_is_better=True),
            NAMES,
            reference="none",
            curve=Curve(Words("training images", "训练图像数"), logarithmic=True),
            title=Words("True labels", "真实标签"),
        ),
        "random": Panel(
            Score(
                Words("accuracy on the training set", "训练集上的准确率"), PERCENT, higher_is_better=False, format=".1f"
            ),
            NAMES,
            reference="none",
            title=Words(
                "500 images with labels drawn at random (higher: more is learned by heart)",
                "500 张图像，标签随机抽取（数值越高，记住的标签越多）",
            ),
        ),
    },
    claims=(
        Claim(
            Words(
                "With 500 images, does training on shifted images give a better test accuracy?",
                "用 500 张图像训练时，随机平移训练图像能否提高测试准确率？",
            ),
            panel="real",
            row="shift",
            reference="none",
            at="500",
            known="yes",
        ),
        Claim(
            Words("With 2,000 images, does dropout?", "用 2,000 张图像训练时，随机失活能否提高测试准确率？"),
            panel="real",
            row="dropout",
            reference="none",
            at="2000",
            known="yes",
        ),
        Claim(
            Words("With 2,000 images, does an L2 penalty?", "用 2,000 张图像训练时，L2 惩罚能否提高测试准确率？"),
            panel="real",
            row="l2",
            reference="none",
            at="2000",
        ),
        Claim(
            Words(
                "Can the network learn labels that were drawn at random (is its training accuracy above the 10 % of guessing) "
                "with an L2 penalty?",
                "标签随机抽取时，使用 L2 惩罚的网络能否记住标签（训练准确率高于随机猜测的 10%）？",
            ),
            panel="random",
            row="l2",
            reference=0.1,
            better=False,
            known="yes",
        ),
        Claim(
            Words("And with dropout?", "使用随机失活呢？"),
            panel="random",
            row="dropout",
            reference=0.1,
            better=False,
            known="yes",
        ),
    ),
    summary=Words(
        "Regularisation makes a network prefer functions that are also right on new examples. Shifting the training images helps most, by 2.18 points with 500 images. With 2,000 images dropout helps a little at the fixed learning rate 0.001 (in question 9, in another network with a chosen rate, no difference is seen); an L2 penalty and early stopping do not help here. With an L2 penalty or dropout, the network still learns random labels by heart.",
        "正则化使网络偏向在新样本上也正确的函数。随机平移训练图像的作用最大，用 500 张图像时测试准确率提高 2.18 个百分点。用 2,000 张图像时，学习率固定为 0.001 时随机失活略有帮助（问题 9 用另一个网络并选择学习率，未见差异）；L2 惩罚和早停在这里没有帮助。即使用了 L2 惩罚或随机失活，网络仍能记住随机的标签。",
    ),
    outcomes=(
        "yes",
        "yes",
        "same",
        "yes",
        "yes",
    ),
    explanation=Words(
        en=r"""
Training makes the loss on the training set small. The aim is another one: a small loss on new examples. With few examples, many different functions fit the training set, and most of them are wrong elsewhere. Regularisation is everything that makes the training prefer functions which are right on new examples too. The best-known form adds a penalty to the loss:

$$L(w) = \frac{1}{n} \sum_{i=1}^{n} \ell\big(f_w(x_i),\, y_i\big) + \lambda \sum_j w_j^2$$

Here $w$ are the weights with the single values $w_j$, $f_w(x_i)$ is the output of the network for example $x_i$, $y_i$ is its label, $\ell$ the loss of one example, $n$ the number of examples, and $\lambda \geq 0$ the strength of the penalty (not an eigenvalue as in question 2). This is the L2 penalty: large weights cost something, so a weight grows only where it lowers the first term enough. Smaller weights make a smoother function, whose output changes less when the input changes a little.

The other ways need no such term. Dropout switches off units at random in training (question 9). Shifted images tell the network something true that the data alone do not show: a digit that is moved by a few pixels is the same digit. So each image stands for many. Early stopping ends the training when the loss on the validation set no longer falls, and takes the weights with the lowest one: since training begins with small weights and they grow with time, fewer steps work much like a penalty.

With many examples there is less to gain (compare 2,000 images with 10,000), because the data themselves leave fewer wrong functions to choose from. And regularisation is not the whole reason why networks generalise: Zhang et al. (2017) gave the training images labels that were drawn at random, so that there was nothing to learn from them but the list itself, and networks learned it by heart, with an L2 penalty and dropout too.
""".strip(),
        zh=r"""
训练使训练集上的损失变小，而真正的目标是在新样本上损失小。样本很少时，能拟合训练集的函数有很多，其中大多数在别处是错的。凡是能让训练偏向于在新样本上也正确的函数的做法，都称为正则化。最常见的形式是在损失中加上惩罚项：

$$L(w) = \frac{1}{n} \sum_{i=1}^{n} \ell\big(f_w(x_i),\, y_i\big) + \lambda \sum_j w_j^2$$

其中 $w$ 为权重，各分量为 $w_j$ ； $f_w(x_i)$ 是网络对样本 $x_i$ 的输出， $y_i$ 是其标签， $\ell$ 是单个样本的损失， $n$ 是样本数， $\lambda \geq 0$ 是惩罚强度（不是问题 2 中的特征值）。这就是 L2 惩罚：权重越大，代价越高，只有能使第一项明显下降时权重才会变大。权重较小的函数更平滑，输入略有变化时输出变化不大。

另外几种做法不需要惩罚项。随机失活在训练中随机关闭一部分单元（见问题 9）。平移图像则把数据本身没有体现的知识告诉网络：数字移动几个像素仍是同一个数字，于是一张图像可以当作许多张来用。早停在验证集损失不再下降时结束训练，并取验证集损失最低时的权重；由于初始权重较小，训练越久权重越大，少训练几步的作用与惩罚项相似。

样本很多时，正则化的收益较小（比较 2,000 张与 10,000 张图像），因为数据本身已经排除了大部分错误的函数。另外，网络能够泛化并不只是因为正则化：Zhang 等人（2017）把训练图像的标签换成随机抽取的标签，图像与标签之间没有任何规律可学，只能逐一记忆；即使使用 L2 惩罚和随机失活，网络也把它们记住了。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
from dlguide import mlp
from dlguide.augmentation import Augmentation

penalty = mlp((28, 28, 1), 10, l2=0.0003)
dropout = mlp((28, 28, 1), 10, dropout=0.5)
shifted = keras.Sequential([keras.Input((28, 28, 1)), Augmentation({"shift": 0.1}), mlp((28, 28, 1), 10)])
# early stopping: training.fit(model, *mnist.train, validation_data=mnist.valid, epochs=100, patience=5)

layer = keras.layers.Dense(128, kernel_regularizer=keras.regularizers.L2(0.0003))  # in plain Keras
callback = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
""",
        zh="""
import keras
from dlguide import mlp
from dlguide.augmentation import Augmentation

penalty = mlp((28, 28, 1), 10, l2=0.0003)
dropout = mlp((28, 28, 1), 10, dropout=0.5)
shifted = keras.Sequential([keras.Input((28, 28, 1)), Augmentation({"shift": 0.1}), mlp((28, 28, 1), 10)])
# 早停：training.fit(model, *mnist.train, validation_data=mnist.valid, epochs=100, patience=5)

layer = keras.layers.Dense(128, kernel_regularizer=keras.regularizers.L2(0.0003))  # 在普通的 Keras 中
callback = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
""",
    ),
    setting=Words(
        "`mlp` with one hidden layer of 128 units and ReLU on MNIST, Adam with a learning rate of 0.001 in batches of 100, scored on the "
        "test set. A training has 8 rounds; a round is 6 passes over 500 images, 4 over 2,000, 1 over 10,000. The levels 1 to 5 are: L2 penalty with a factor "
        "of 0.00003, 0.0001, 0.0003, 0.001, 0.003; dropout of 0.1, 0.3, 0.5, 0.7, 0.9 of the hidden units; shifts by at most 1, 2, 3, "
        "4, 6 pixels; early stopping after 5, 4, 3, 2, 1 rounds without a lower validation loss. The levels were "
        "chosen with 2,000 images and a seed that is not among the published ones. Early stopping alone also uses a validation set in each "
        "run, as large as the training set but of at most 5,000 images. Random labels: the same networks, 8 rounds of 20 passes over 500 images, whose labels (those of "
        "the validation images too) are drawn at random out of the ten classes, each with the same probability.",
        "模型为 `mlp`，一个 128 个单元的隐藏层，激活函数为 ReLU；数据为 MNIST，优化器为 Adam，学习率 0.001，批大小 100，在测试集上评估。训练分 8 个阶段，"
        "每个阶段把 500 张图像遍历 6 遍，2,000 张遍历 4 遍，10,000 张遍历 1 遍。强度 1 至 5 级依次为：L2 惩罚系数 0.00003、0.0001、0.0003、0.001、0.003；"
        "隐藏单元的失活率 0.1、0.3、0.5、0.7、0.9；最多平移 1、2、3、4、6 个像素；验证集损失连续 5、4、3、2、1 个阶段没有下降时早停。"
        "强度用 2,000 张图像选择，选强度所用的种子与正式实验不同。只有早停在每次训练中还要用验证集，其大小与训练集相同，但不超过 5,000 张。"
        "随机标签：网络与上面相同，用 500 张图像训练 8 个阶段，每个阶段遍历 20 遍，标签（包括验证图像的标签）从十个类别中等概率随机抽取。",
    ),
    limits=Words(
        "One small network and one data set. The learning rate is the usual one of Adam for all rows and was not chosen; with "
        "another one the differences may be smaller (question 9 gives each dropout rate its own, in a larger network, and sees no gain by dropout with 2,000 images). The strengths were chosen with 2,000 images; for 500 or 10,000 "
        "images another strength may be better. With early stopping all five levels gave the same result, so there was nothing to choose. All rows have the same number of steps; with dropout or shifted images a longer training may "
        "give more. The L2 penalty is a part of the loss that Adam scales as it scales the gradient, so it acts less evenly than with plain gradient descent. "
        "Early stopping looks at the validation loss, and only after each round, while the table shows the accuracy, which can still rise when the loss already "
        "does. With random labels even the first round is long enough to learn many of them by heart. Shifted images and early stopping "
        "slow this learning down; a longer training may bring more. Zhang et al. used the 50,000 images of CIFAR-10 and ImageNet, and much larger networks.",
        "只用了一个小网络和一个数据集。各行都使用 Adam 的常用学习率，没有另行选择；换用其他学习率，差异可能更小（问题 9 使用较大的网络，为每种失活率单独选择学习率，用 2,000 张图像时随机失活未见收益）。"
        "强度是用 2,000 张图像选出的，对 500 张或 10,000 张图像，最佳强度可能不同。早停的五个级别结果相同，其实无可选择。各行训练步数相同；使用随机失活或平移图像时，训练更久可能更好。"
        "L2 惩罚是损失的一部分，其梯度也会被 Adam 缩放，因此对各权重的作用不如普通梯度下降均匀。早停依据的是验证集损失，且只在每个阶段结束时检查，"
        "而表中是准确率：损失开始上升时，准确率仍可能提高。标签随机时，仅第一个阶段就足以记住许多标签。平移图像和早停减慢了记忆，训练更久时可能记住更多。"
        "Zhang 等人用的是 CIFAR-10 的 50,000 张图像和 ImageNet，网络也大得多。",
    ),
    sources=(
        "C. Zhang, S. Bengio, M. Hardt, B. Recht, O. Vinyals, [Understanding deep learning requires rethinking generalization]"
        "(https://arxiv.org/abs/1611.03530), ICLR 2017.",
        "P. Y. Simard, D. Steinkraus, J. C. Platt, [Best practices for convolutional neural networks applied to visual document "
        "analysis](https://doi.org/10.1109/ICDAR.2003.1227801), ICDAR 2003.",
        "N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, [Dropout: a simple way to prevent neural "
        "networks from overfitting](https://jmlr.org/papers/v15/srivastava14a.html), JMLR 15 (2014).",
        "L. Prechelt, [Early stopping – but when?](https://doi.org/10.1007/3-540-49430-8_3), Neural Networks: Tricks of the Trade (1998).",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
