"""Question 1: why does a network need activation functions?

python -m recipes.faq.activations
"""

from recipes.faq import _run
from recipes.faq._experiment import PERCENT, Claim, Experiment, Panel, Score, Words

ROWS = ("none", "relu", "tanh", "sigmoid", "gelu", "abs")


def measure(seed: int, *, limit: int = 10_000, epochs: int = 5, rows: tuple[str, ...] = ROWS) -> dict:
    """Return the test accuracy with each activation function."""
    import keras

    from dlguide import data, mlp, training

    own = {"none": None, "abs": keras.ops.abs}
    mnist = data.load("mnist", limit=limit, seed=seed)
    accuracy = {}
    for row in rows:
        keras.utils.set_random_seed(seed)
        model = mlp(mnist.train.x.shape[1:], mnist.info.num_classes, activation=own.get(row, row))
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        training.fit(model, *mnist.train, epochs=epochs, seed=seed, verbose=0)
        accuracy[row] = float(model.evaluate(*mnist.test, batch_size=500, verbose=0)[1])
    return {"accuracy": accuracy}


EXPERIMENT = Experiment(
    question=Words("Why does a network need activation functions?", "为什么需要使用激活函数？"),
    measure=measure,
    quick={"limit": 100, "epochs": 1},
    check={"rows": ("none", "relu")},
    panels={
        "accuracy": Panel(
            score=Score(Words("test accuracy", "测试准确率"), PERCENT, higher_is_better=True),
            rows={
                "none": Words("none", "无激活函数"),
                "relu": Words("ReLU", "ReLU"),
                "tanh": Words("tanh", "tanh"),
                "sigmoid": Words("sigmoid", "sigmoid"),
                "gelu": Words("GELU", "GELU"),
                "abs": Words("|x|", "|x|"),
            },
            reference="none",
        )
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
        ),
    ),
    explanation=Words(
        en=r"""
A dense layer computes weighted sums of its inputs and applies an activation function $\sigma$ to each of them. With one hidden layer:

$$h = \sigma(W_1 x + b_1), \qquad y = W_2 h + b_2$$

Here $x$ is the input (784 pixels), $W_1$ and $W_2$ are the weight matrices, $b_1$ and $b_2$ the biases, $h$ the outputs of the hidden layer, and $y$ the scores of the ten classes. Without an activation function, $\sigma(z) = z$, and the two layers are one:

$$y = W_2 (W_1 x + b_1) + b_2 = (W_2 W_1)\, x + (W_2 b_1 + b_2)$$

The product $W_2 W_1$ is a single matrix. So the network can represent only what a single layer can represent, however many layers it has: a linear model, which separates two classes by a flat boundary. With a nonlinear $\sigma$ the layers do not merge, and the boundary can bend. One hidden layer that is wide enough can then approximate any continuous function on a bounded closed set, as long as $\sigma$ is not a polynomial (Leshno et al., 1993).

Which nonlinear function is chosen matters for the training. The sigmoid $1 / (1 + e^{-z})$ has a derivative of at most 1/4, so the gradient shrinks at each layer that it passes on its way back. ReLU, $\max(z, 0)$, has the derivative 1 wherever $z > 0$. GELU is $z\, \Phi(z)$, where $\Phi$ is the distribution function of the standard normal distribution: a smooth curve close to ReLU.
""".strip(),
        zh=r"""
全连接层先计算输入的加权和，再对每个加权和施加激活函数 $\sigma$ 。以一个隐藏层为例：

$$h = \sigma(W_1 x + b_1), \qquad y = W_2 h + b_2$$

其中 $x$ 为输入（784 个像素值）， $W_1$ 与 $W_2$ 为权重矩阵， $b_1$ 与 $b_2$ 为偏置向量， $h$ 为隐藏层的输出， $y$ 为十个类别的得分。若不使用激活函数，即 $\sigma(z) = z$ ，则两层可以合并为一层：

$$y = W_2 (W_1 x + b_1) + b_2 = (W_2 W_1)\, x + (W_2 b_1 + b_2)$$

乘积 $W_2 W_1$ 仍是一个矩阵。因此无论堆叠多少层，网络的表达能力都与单层线性模型相同，两个类别之间的分界只能是超平面。引入非线性的 $\sigma$ 之后，各层无法合并，分界面可以弯曲。只要 $\sigma$ 不是多项式，一个足够宽的隐藏层就能在有界闭集上以任意精度逼近任何连续函数（Leshno 等，1993）。

选用哪一种非线性函数会影响训练。sigmoid 函数 $1 / (1 + e^{-z})$ 的导数不超过 1/4，反向传播时梯度每经过一层都会缩小。ReLU 函数 $\max(z, 0)$ 在 $z > 0$ 时导数恒为 1。GELU 函数为 $z\, \Phi(z)$ ，其中 $\Phi$ 是标准正态分布的分布函数，其曲线光滑，形状与 ReLU 接近。
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
        "`mlp` with hidden layers of 256 and 128 units on 10,000 MNIST images, 5 epochs of Adam (learning rate 0.001, "
        "batches of 128), scored on the test set. Only the activation function differs. The article from which these "
        "questions come prints |x| as its activation function, so |x| has a row here; the usual choice is ReLU.",
        "模型为 `mlp`，隐藏层分别有 256 和 128 个单元；用 10,000 张 MNIST 图像训练 5 轮，优化器为 Adam（学习率 0.001，批大小 128），"
        "在测试集上评估。各行只有激活函数不同。提出这些问题的原文把 |x| 写作激活函数，因此这里也列出 |x|；通常使用的是 ReLU。",
    ),
    limits=Words(
        "One data set, one small network, 5 epochs, and one learning rate for all rows: with more epochs, or with a learning "
        "rate chosen for each row, the order may change. That |x| does better than ReLU here is an observation on this "
        "data, not a rule; a closer look at it will follow.",
        "只用了一个数据集和一个小网络，训练 5 轮，且各行使用同一学习率；训练更久，或分别为各行选择学习率，排序都可能改变。"
        "|x| 在这里优于 ReLU 只是在该数据上的观察结果，不能当作一般规律，后续将进一步考察。",
    ),
    sources=(
        "M. Leshno, V. Ya. Lin, A. Pinkus, S. Schocken, "
        "[Multilayer feedforward networks with a nonpolynomial activation function can approximate any function]"
        "(https://doi.org/10.1016/S0893-6080%2805%2980131-5), Neural Networks 6 (1993).",
        "X. Glorot, A. Bordes, Y. Bengio, [Deep sparse rectifier neural networks]"
        "(https://proceedings.mlr.press/v15/glorot11a.html), AISTATS 2011.",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
