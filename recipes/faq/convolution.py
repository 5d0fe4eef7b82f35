"""Question 11: why convolutional networks?

python -m recipes.faq.convolution
"""

import numpy as np

from recipes.faq import _retraining, _run, _tuning
from recipes.faq._experiment import PERCENT, Claim, Curve, Experiment, Panel, Score, Words

GRID = (0.001, 0.003, 0.01, 0.03, 0.1)
ROWS = ("mlp", "mlp_shuffled", "cnn", "cnn_shuffled")
IMAGE_ROWS = ("mlp", "cnn_flat", "cnn")
SHIFTS = (0, 1, 2, 3, 4, 5, 6, 7, 8)


def _model(kind: str, shape: tuple):
    """Return a new model for series of shape (40, 1), or for images."""
    import keras

    from dlguide import cnn, mlp

    is_series = len(shape) == 2
    if kind == "mlp":  # For series with as many weights as the CNN has.
        return mlp(shape, 10, hidden_units=(93, 93) if is_series else (256, 128), batch_norm=True)
    model = cnn(shape, 10, filters=(16, 32, 64) if is_series else (8, 16, 32), kernel_size=5 if is_series else 3)
    if kind == "cnn":
        return model
    return keras.Model(
        model.input, keras.layers.Dense(10)(keras.layers.Flatten()(model.get_layer("features_2").output))
    )


def _data(seed: int, limit: int, with_images: bool) -> dict:
    """Return the sets: series, series with their steps shuffled in one way for all, and images with a margin."""
    from dlguide import data

    series = data.load("mnist1d", limit=limit, seed=seed)
    order = np.random.default_rng(seed).permutation(40)
    found = {
        "MNIST-1D": series,
        "shuffled": data.Splits(*[data.Part(x[:, order], y) for x, y in series[:3]], series.info),
    }
    if with_images:
        mnist = data.load("mnist", limit=min(limit, 2000), seed=seed)
        parts = [data.Part(np.pad(x, ((0, 0), (0, 0), (4, 4), (0, 0))), y) for x, y in mnist[:3]]
        found["MNIST"] = data.Splits(*parts, mnist.info)
    return found


def _trained(seed: int, rates, *, limit: int, epochs: int, image_epochs: int, rows, image_rows):
    """Train each row at its learning rates; give its key in the choice, the rate, the model and the data."""
    sets, trainers = _data(seed, limit, bool(image_rows)), {}
    keys = [f"{row}@MNIST-1D" for row in rows] + [f"{row}@MNIST" for row in image_rows]
    for key in keys:
        row, _, name = key.partition("@")
        splits = sets["shuffled" if row.endswith("shuffled") else name]
        kind, shape = row.removesuffix("_shuffled"), splits.train.x.shape[1:]
        if (kind, shape) not in trainers:
            trainers[kind, shape] = _retraining.trainer(lambda kind=kind, shape=shape: _model(kind, shape))
        passes = image_epochs if name == "MNIST" else epochs
        for rate in rates(key):
            settings = {"learning_rate": rate, "epochs": passes, "batch_size": 100, "seed": seed}
            yield key, rate, trainers[kind, shape](*splits.train, **settings), splits


def choose(*, limit: int = 3500, epochs: int = 12, image_epochs: int = 10, grid: tuple = GRID, **_) -> dict:
    """Return the validation accuracy of each row at each learning rate."""
    options = {"limit": limit, "epochs": epochs, "image_epochs": image_epochs, "rows": ROWS, "image_rows": IMAGE_ROWS}
    tries: dict[str, dict] = {}
    for key, rate, model, splits in _trained(100, lambda key: grid, **options):
        tries.setdefault(key, {})[f"{rate:g}"] = _retraining.accuracy(model, *splits.valid)
    return tries


def measure(
    seed: int,
    choice: dict,
    *,
    limit: int = 3500,
    epochs: int = 12,
    image_epochs: int = 10,
    shifts: tuple[int, ...] = SHIFTS,
    rows: tuple[str, ...] = ROWS,
    image_rows: tuple[str, ...] = IMAGE_ROWS,
    **_,
) -> dict:
    """Return the test accuracy on series, and on images that are moved to the right."""
    options = {"limit": limit, "epochs": epochs, "image_epochs": image_epochs, "rows": rows, "image_rows": image_rows}
    scores: dict[str, dict] = {"accuracy": {}, "shift": {}}
    for key, _, model, (_, _, test, _) in _trained(seed, lambda key: [_tuning.best(choice[key])], **options):
        row, _, name = key.partition("@")
        if name == "MNIST":  # The margin is blank: nothing leaves at the right and comes in at the left.
            moved = {str(shift): np.roll(test.x[:1000], shift, axis=2) for shift in shifts}
            scores["shift"][row] = {at: _retraining.accuracy(model, x, test.y[:1000]) for at, x in moved.items()}
        else:
            scores["accuracy"][row] = _retraining.accuracy(model, *test)
    return scores


ACCURACY = Score(Words("test accuracy", "测试准确率"), PERCENT, higher_is_better=True)

EXPERIMENT = Experiment(
    question=Words("Why do we need convolutional neural networks?", "为什么需要使用卷积神经网络？"),
    measure=measure,
    choose=choose,
    quick={"limit": 100, "epochs": 1, "image_epochs": 1, "shifts": (0,), "grid": (0.01,)},
    check={"rows": ("mlp", "mlp_shuffled"), "image_rows": ()},
    panels={
        "accuracy": Panel(
            score=ACCURACY,
            rows={
                "mlp": Words("MLP, steps in order", "多层感知机，保持次序"),
                "mlp_shuffled": Words("MLP, steps shuffled", "多层感知机，打乱次序"),
                "cnn": Words("CNN, steps in order", "卷积网络，保持次序"),
                "cnn_shuffled": Words("CNN, steps shuffled", "卷积网络，打乱次序"),
            },
            reference="mlp",
            title=Words("Series (MNIST-1D), about equally many weights", "序列（MNIST-1D），权重数相近"),
        ),
        "shift": Panel(
            score=ACCURACY,
            rows={
                "mlp": Words("MLP", "多层感知机"),
                "cnn_flat": Words("CNN that ends in Flatten", "以 Flatten 结尾的卷积网络"),
                "cnn": Words("CNN that ends in global pooling", "以全局池化结尾的卷积网络"),
            },
            reference="mlp",
            curve=Curve(Words("shift of the test images to the right (pixels)", "测试图像向右平移的像素数")),
            title=Words("Images (MNIST), trained without shifts", "图像（MNIST），训练时不平移"),
        ),
    },
    claims=(
        Claim(
            Words(
                "Does a CNN classify series better than an MLP with about as many weights?",
                "权重数相近时，卷积网络对序列的分类是否比多层感知机更准确？",
            ),
            panel="accuracy",
            row="cnn",
            reference="mlp",
            known="yes",
        ),
        Claim(
            Words(
                "Is the CNN still better than the MLP if both get series whose steps are shuffled, in one order for all series?",
                "将所有序列的各步按同一顺序打乱，再训练两种网络，卷积网络是否仍比多层感知机更准确？",
            ),
            panel="accuracy",
            row="cnn_shuffled",
            reference="mlp_shuffled",
            known="no",
        ),
        Claim(
            Words(
                "Does this shuffling make the MLP worse?",
                "这样打乱是否使多层感知机变差？",
            ),
            panel="accuracy",
            row="mlp_shuffled",
            reference="mlp",
            better=False,
            known="same",
        ),
        Claim(
            Words(
                "If the test images are shifted by 4 pixels, does a CNN that ends in global pooling recognise digits better than the MLP?",
                "测试图像平移 4 个像素后，以全局池化结尾的卷积网络识别数字是否比多层感知机更准确？",
            ),
            panel="shift",
            row="cnn",
            reference="mlp",
            at="4",
        ),
        Claim(
            Words(
                "Is it then better than the CNN that ends in Flatten?",
                "此时它是否也比以 Flatten 结尾的卷积网络更准确？",
            ),
            panel="shift",
            row="cnn",
            reference="cnn_flat",
            at="4",
        ),
    ),
    summary=Words(
        "A convolutional network (CNN) suits data in which neighbouring values belong together, such as images and "
        "series: with few weights it learns a pattern once and recognises it at every place. Here it classified series "
        "better than a multilayer perceptron (MLP) with about as many weights, by 35.46 points. With global pooling at "
        "its end (only the largest value of each filter is kept) it also recognised shifted digits far better. It was no "
        "better than the MLP when the steps of the series were shuffled, and digits that were not shifted needed no "
        "global pooling: a CNN that ended in `Flatten` (all values in one long vector) was more accurate.",
        "卷积神经网络适用于相邻的值彼此相关的数据，例如图像和序列：它用很少的权重学会一种模式，在任何位置都能识别。本实验中，权重数相"
        "近时，它对序列的分类准确率比多层感知机高 35.46 个百分点。末端使用全局池化（每个滤波器只保留最大值）时，它识别平移后的"
        "数字也准确得多。但各步打乱之后，卷积网络并不优于多层感知机；数字没有平移时也不需要全局池化，以 `Flatten`（把所有值"
        "排成一个长向量）结尾的卷积网络更准确。",
    ),
    outcomes=("yes", "no", "same", "yes", "yes"),
    explanation=Words(
        en=r"""
A convolution moves a small filter over a series (or an image) and computes a weighted sum at each place. For a series:

$$y_{i,k} = b_k + \sum_{c} \sum_{j=-r}^{r} w_{j,c,k}\, x_{i+j,c}$$

Here $x_{i,c}$ is the input at place $i$ in channel $c$ (a grey image has one channel, a colour image three, and the output of each filter is a channel for the next layer), $y_{i,k}$ is the output of filter $k$ at the same place, $w$ are the weights of the filters, $b_k$ is the bias of filter $k$, and $2r + 1$ is the length of a filter (5 for the series below). For images there are two sums over $j$, one for the rows and one for the columns.

A convolution is a dense layer with two restrictions. First, an output depends only on its neighbourhood. Second, the weights $w$ do not depend on the place $i$: a pattern that is learned at one place is recognised at every place. So a convolution needs few weights. A dense layer of 256 units on an image of 28 × 28 pixels has 200,960 weights, and a convolution of 32 filters of 3 × 3 has 320.

Because the weights are the same everywhere, the output moves with the input (apart from the edges). Let $T_s$ move a series by $s$ steps; then

$$y(T_s x) = T_s\, y(x)$$

This is called equivariance to translation. It does not yet make the answer independent of the place. A CNN gets this independence (invariance) by global pooling at its end: it keeps the largest value of each filter over all places, $\max_i y_{i,k}$. A CNN that ends in `Flatten` and a dense layer learns a weight for each place, and loses the invariance. On unshifted digits it was the better one here (95.58 % against 92.24 %): there the place of a stroke is useful too, and it has more weights. Between the layers, pooling keeps the largest value of each 2 × 2; this makes the invariance inexact, because a shift by one pixel can change which pixels are compared (Zhang, 2019).

An MLP knows nothing of neighbours. Its first layer computes $Wx + b$. If the inputs are shuffled in the same way for all examples, the columns of $W$ can be shuffled in the same way, and the output is unchanged. The initial weights are drawn independently of each other, so the training has the same prospects in any order. For the CNN, shuffling destroys the neighbourhoods, and with them the patterns that its filters look for.
""".strip(),
        zh=r"""
卷积让一个小的滤波器（卷积核）在序列或图像上滑动，在每个位置计算一次加权和。对序列有：

$$y_{i,k} = b_k + \sum_{c} \sum_{j=-r}^{r} w_{j,c,k}\, x_{i+j,c}$$

其中 $x_{i,c}$ 是输入在位置 $i$ 、通道 $c$ 处的值（灰度图像有一个通道，彩色图像有三个，每个滤波器的输出又是下一层的一个通道）， $y_{i,k}$ 是第 $k$ 个滤波器在同一位置的输出， $w$ 是滤波器的权重， $b_k$ 是第 $k$ 个滤波器的偏置，滤波器的长度为 $2r + 1$ （下面的序列实验中为 5）。对图像则有两重对 $j$ 的求和，分别对应行与列。

卷积层相当于加了两个限制的全连接层。第一，每个输出只依赖于它的邻域（局部连接）。第二，权重 $w$ 与位置 $i$ 无关（权重共享）：在一处学到的模式，在任何位置都能识别。因此卷积层所需的权重很少：对 28 × 28 像素的图像，256 个单元的全连接层有 200,960 个权重，而 32 个 3 × 3 的滤波器只有 320 个。

由于各处使用相同的权重，输入平移时输出随之平移（边缘除外）。记 $T_s$ 为平移 $s$ 步的操作，则

$$y(T_s x) = T_s\, y(x)$$

这一性质称为平移等变性，它还不能使分类结果与位置无关。卷积网络在末端使用全局池化，即取每个滤波器在所有位置上的最大值 $\max_i y_{i,k}$ ，由此得到与位置无关的性质，即平移不变性。若末端改用 `Flatten` 加全连接层，网络会为每个位置学习不同的权重，不变性便随之丧失；不过在未平移的数字上它反而更准确（95.58% 对 92.24%），因为这时笔画的位置也是有用的信息，而且它的权重更多。层与层之间的池化在每 2 × 2 个值中取最大值，它使不变性只是近似成立：平移一个像素就可能改变参与比较的像素（Zhang，2019）。

多层感知机没有“邻域”的概念。它的第一层计算 $Wx + b$ 。若所有样本的输入按同一顺序打乱，只要把 $W$ 的各列按同样的顺序重排，输出就不变；而初始权重是相互独立抽取的，所以无论输入按什么顺序排列，训练的效果在统计上都相同。对卷积网络而言，打乱破坏了邻域，也就破坏了滤波器所要寻找的模式。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
from dlguide import cnn

images = cnn((28, 28, 1), 10, filters=(16, 32, 64))  # three convolutions, for images
series = cnn((40, 1), 10, kernel_size=5)  # for series of 40 steps

layers = keras.layers  # in plain Keras
model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(16, 3, padding="same", activation="relu"),  # 16 filters of 3 x 3
        layers.MaxPooling2D(),  # the largest of 2 x 2 values
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.GlobalMaxPooling2D(),  # the largest value of each filter over all places
        layers.Dense(10),
    ]
)
""",
        zh="""
import keras
from dlguide import cnn

images = cnn((28, 28, 1), 10, filters=(16, 32, 64))  # 三个卷积层，用于图像
series = cnn((40, 1), 10, kernel_size=5)  # 用于长度为 40 的序列

layers = keras.layers  # 只用 Keras
model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(16, 3, padding="same", activation="relu"),  # 16 个 3 x 3 的滤波器
        layers.MaxPooling2D(),  # 每 2 x 2 个值取最大值
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.GlobalMaxPooling2D(),  # 每个滤波器在所有位置上的最大值
        layers.Dense(10),
    ]
)
""",
    ),
    setting=Words(
        "Series: MNIST-1D, 3,500 series of 40 steps for training, 1,000 for the test. The `cnn` has 16, 32 and 64 filters of "
        "length 5 (13,754 trained weights); the `mlp` has two hidden layers of 93 units (13,681); both have batch "
        "normalisation. 12 epochs. The shuffled rows use one order of the 40 steps, drawn by the seed, for training and test; the list under the answer compares every row with the MLP on series in order. "
        "Images: 2,000 MNIST images for training and 1,000 for the test, with 4 blank columns added at the left and at the "
        "right, so that no digit leaves the image when it is moved. The `cnn` has 8, 16 and 32 filters of 3 × 3 (6,274 trained "
        "weights), once with global pooling and once with `Flatten` (about 20,000 more weights); the `mlp` has 256 and 128 "
        "units (about 293,000 weights). 10 epochs. Everywhere: Adam, batches of 100; the learning rate is chosen for each row with seed 100.",
        "序列：MNIST-1D，训练用 3,500 个长度为 40 的序列，测试用 1,000 个。`cnn` 分别有 16、32、64 个长度为 5 的滤波器（13,754 个可训练权重），"
        "`mlp` 有两个各 93 个单元的隐藏层（13,681 个），两者都使用批归一化，训练 12 轮。打乱的两行把全部 40 步按同一顺序重排，"
        "顺序由种子决定，训练与测试相同；答案下方的列表把各行都与保持次序的多层感知机比较。图像：训练用 2,000 张、测试用 1,000 张 MNIST 图像，左右各加 4 列空白，平移时数字不会移出图像。"
        "`cnn` 分别有 8、16、32 个 3 × 3 的滤波器（6,274 个可训练权重），一种在末端使用全局池化，另一种使用 `Flatten`（多约 20,000 个权重）；"
        "`mlp` 有 256 和 128 个单元（约 293,000 个权重），训练 10 轮。所有模型都使用 Adam，批大小为 100；学习率用种子 100 分别为每一行选择。",
    ),
    limits=Words(
        "Small sets and short training; in the literature the networks are trained for longer. That the CNN was worse than the MLP on shuffled steps is weak evidence: the interval ends close to zero. The images are moved only "
        "sideways and only in the test. A CNN with `Flatten` that sees moved images in training can learn to recognise "
        "them (Biscione & Bowers, 2021). Where a class depends on the place (say, a mark at the top against one at the "
        "bottom), global pooling throws away what is needed. The CNN is not better because convolutions are "
        "stronger: a large enough MLP can represent every function that a CNN computes. It is better because its restrictions fit data in which "
        "neighbours belong together.",
        "数据集小、训练时间短，文献中的训练更久。各步打乱时卷积网络不如多层感知机，这一证据较弱，因为区间的一端接近零。图像只在测试时、只沿水平方向平移。若训练时就加入平移的图像，"
        "以 `Flatten` 结尾的卷积网络也能学会识别它们（Biscione 与 Bowers，2021）。若类别取决于位置（例如标记在上方还是下方），"
        "全局池化会丢掉所需的信息。卷积网络更准确，并不是因为卷积的表达能力更强，足够大的多层感知机能表示卷积网络所计算的任何函数，"
        "而是因为它的限制符合这类数据的特点：相邻的值彼此相关。",
    ),
    sources=(
        "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, [Gradient-based learning applied to document recognition]"
        "(https://doi.org/10.1109/5.726791), Proceedings of the IEEE 86 (1998).",
        "S. Greydanus, D. Kobak, [Scaling down deep learning with MNIST-1D](https://arxiv.org/abs/2011.14439), ICML 2024: "
        "MLP, CNN and GRU, with and without shuffling.",
        "V. Biscione, J. S. Bowers, [Convolutional neural networks are not invariant to translation, but they can learn to be]"
        "(https://www.jmlr.org/papers/v22/21-0019.html), JMLR 22 (2021).",
        "R. Zhang, [Making convolutional networks shift-invariant again](https://arxiv.org/abs/1904.11486), ICML 2019.",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
