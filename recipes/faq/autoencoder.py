"""Question 16: why do we need autoencoders?

python -m recipes.faq.autoencoder
"""

import numpy as np

from recipes.faq import _digits, _figure, _run, _side_by_side, _tuning
from recipes.faq._experiment import NUMBER, Claim, Curve, Experiment, Panel, Score, Unit, Words

SIZES = (2, 8, 32)
PICTURED = 8  # Numbers of the code in the pictures.
HIDDEN = {"linear": (), "deep": (128, 128)}
EPOCHS = {"linear": 12, "deep": 8}  # An epoch of the linear one is cheap, and its space turns slowly.
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03)
DEGREES = Unit(Words("{}°", "{}°"), Words("{}°", "{}°"), Words("degrees", "度"))


def measure(
    seed: int,
    choice: dict,
    *,
    limit: int = 10_000,
    epochs: dict[str, int] = EPOCHS,
    sizes: tuple[int, ...] = SIZES,
    rows: tuple[str, ...] = ("pca", "linear", "deep"),
) -> dict:
    """Return the error of each row and the angle between two spaces, over the size of the code."""
    from dlguide import data

    mnist = data.load("mnist", limit=limit, seed=seed)
    mean, components = principal_components(mnist.train.x)
    train, test = mnist.train.x - mean, mnist.test.x - mean
    decoded, angles = {}, {}
    for row in rows:
        if row == "pca":
            decoded[row] = {size: projected(test, components[:, :size]) for size in sizes}
            continue
        models = built(row, sizes, seed)
        if row == "linear":
            angles["untrained"] = {str(size): angle(model, components) for size, model in models.items()}
        rate = _tuning.best(choice[row], lower=True)
        _side_by_side.train(list(models.values()), train, "mse", rate=rate, epochs=epochs[row], seed=seed)
        decoded[row] = {size: np.asarray(model(test)) for size, model in models.items()}
        if row == "linear":
            angles["trained"] = {str(size): angle(model, components) for size, model in models.items()}
    errors = {
        row: {str(size): squared_error(images, test) for size, images in each.items()} for row, each in decoded.items()
    }
    scores = {"error": errors, "angle": angles}
    if seed == 0 and PICTURED in sizes:
        shown = [np.flatnonzero(mnist.test.y == digit)[0] for digit in range(10)]
        images = {"original": test, **{row: each[PICTURED] for row, each in decoded.items()}}
        scores["pictures"] = {row: _digits.packed(np.clip(each[shown] + mean, 0, 1)) for row, each in images.items()}
    return scores


def choose(*, limit: int = 10_000, epochs: dict[str, int] = EPOCHS, sizes: tuple[int, ...] = (8,)) -> dict:
    """Return the validation error of each learning rate for each autoencoder."""
    from dlguide import data

    mnist = data.load("mnist", limit=limit, seed=100)
    mean, _ = principal_components(mnist.train.x)
    train, valid = mnist.train.x - mean, mnist.valid.x - mean

    def score(row: str, rate: float) -> float:
        models = list(built(row, sizes, seed=100).values())
        _side_by_side.train(models, train, "mse", rate=rate, epochs=epochs[row], seed=100)
        return float(np.mean([squared_error(np.asarray(model(valid)), valid) for model in models]))

    return _tuning.search(HIDDEN, RATES, score)


def built(row: str, sizes: tuple[int, ...], seed: int) -> dict:
    """Return a new autoencoder for each size of the code."""
    import keras

    from dlguide import autoencoder

    keras.utils.set_random_seed(seed)
    return {
        size: autoencoder((28, 28, 1), latent_dim=size, hidden_units=HIDDEN[row], name=f"code_of_{size}")
        for size in sizes
    }


def principal_components(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean image, and the principal components as columns, that of the largest variance first."""
    x = images.reshape(len(images), -1)
    return images.mean(axis=0), np.linalg.eigh(np.cov(x, rowvar=False))[1][:, ::-1]


def projected(images: np.ndarray, components: np.ndarray) -> np.ndarray:
    """Return what PCA reconstructs from its code, for images less the mean image."""
    x = images.reshape(len(images), -1)
    return (x @ components @ components.T).reshape(images.shape)


def squared_error(images: np.ndarray, originals: np.ndarray) -> float:
    """Return the squared error of an image, summed over its pixels; mean over the images."""
    return float(((images - originals) ** 2).sum(axis=(1, 2, 3)).mean())


def angle(model, components: np.ndarray) -> float:
    """Return the largest angle between what a linear decoder can make and the space of as many components."""
    from scipy.linalg import subspace_angles

    kernel = np.asarray(model.get_layer("decoder").get_layer("logits").kernel)  # (size of the code, pixels)
    return float(np.degrees(subspace_angles(kernel.T, components[:, : len(kernel)])[0]))


def draw(seeds: dict, language: str):
    """Draw the usual panels, and below them digits that came through the codes."""
    from dlguide import plots

    names = {"original": Words("original", "原图"), **EXPERIMENT.panels["error"].rows}
    numbers = Words(f"{PICTURED} numbers", f"{PICTURED} 个数").to(language)
    strips = {
        f"{names[row].to(language)}{f' ({numbers})' if row != 'original' else ''}": text
        for row, text in seeds["0"]["pictures"].items()
    }
    panels = sum(_figure.heights(EXPERIMENT))
    with plots.new_figure(6.4, panels + 3.6) as figure:
        above, below = figure.subfigures(2, height_ratios=[panels, 3.6])
        _figure.draw_panels(above, EXPERIMENT, seeds, language)
        for axes in above.axes:
            axes.set_xticks(SIZES, SIZES)
            axes.set_xticks([], minor=True)
        _digits.draw_strips(below, strips)
    return figure


SIZE = Curve(Words("numbers in the code", "编码的维数"), logarithmic=True)
EXPERIMENT = Experiment(
    question=Words("Why do we need autoencoders?", "为什么需要使用自编码器？"),
    measure=measure,
    choose=choose,
    lower_is_chosen=True,
    draw=draw,
    quick={"limit": 100, "epochs": {"linear": 1, "deep": 1}, "sizes": (2,)},
    check={"rows": ("pca", "linear"), "sizes": (2,)},
    panels={
        "error": Panel(
            title=Words("Reconstruction of test images", "测试图像的重构"),
            score=Score(
                Words("squared error of an image", "每张图像的平方误差"),
                NUMBER,
                higher_is_better=False,
            ),
            rows={
                "pca": Words("PCA", "主成分分析"),
                "linear": Words("linear autoencoder", "线性自编码器"),
                "deep": Words("deep autoencoder", "深度自编码器"),
            },
            reference="pca",
            curve=SIZE,
        ),
        "angle": Panel(
            title=Words("Space of the linear decoder against PCA's space", "线性解码器张成的子空间与主成分子空间"),
            score=Score(
                Words("largest angle", "最大夹角"), DEGREES, higher_is_better=False, format=".1f", bounds=(0, 90)
            ),
            rows={
                "untrained": Words("before training", "训练前"),
                "trained": Words("after training", "训练后"),
            },
            reference="untrained",
            curve=SIZE,
        ),
    },
    claims=(
        Claim(
            Words(
                "With a code of 32 numbers, does the deep autoencoder reconstruct images better than PCA?",
                "编码为 32 维时，深度自编码器的重构是否优于主成分分析？",
            ),
            panel="error",
            row="deep",
            reference="pca",
            at="32",
            known="yes",
        ),
        Claim(
            Words(
                "With a code of 8 numbers, is the largest angle between the linear autoencoder's space and PCA's below 5°?",
                "编码为 8 维时，线性自编码器张成的子空间与主成分子空间的最大夹角是否小于 5°？",
            ),
            panel="angle",
            row="trained",
            reference=5.0,
            at="8",
            known="yes",
        ),
    ),
    summary=Words(
        "An autoencoder learns without labels to describe each example by a few numbers, its code, from which the "
        "example can be reconstructed. The code serves to compress, to group or to classify examples. Here a deep "
        "autoencoder reconstructed images of digits better than principal component analysis (PCA), the best linear "
        "method: with a code of 32 numbers the squared error was lower by 1.54, and with 2 or 8 numbers by much more. "
        "Without hidden layers an autoencoder is not needed: it had the same error as PCA, and with 8 numbers it found "
        "the same space up to an angle of 1.0°.",
        "自编码器不用标签，学习用少数几个数（编码）来描述每个样本，并能由编码重构样本。编码可用于压缩、聚类和分类。本实验中，深度自编"
        "码器对数字图像的重构优于最好的线性方法，即主成分分析（PCA）：编码为 32 维时，平方误差低 1.54；编码为 2 维或 "
        "8 维时，低得更多。没有隐藏层的自编码器则没有必要：它的误差与主成分分析相同，编码为 8 维时，它找到的子空间与主成分子空间"
        "的夹角只有 1.0°。",
    ),
    outcomes=("yes", "yes"),
    explanation=Words(
        en=r"""
An autoencoder learns without labels: its target is its own input. An encoder $f$ turns an example $x$ (here 784 pixels) into a code $z = f(x)$ of $k$ numbers, and a decoder $g$ turns the code back into an example. Both are trained together to make the reconstruction error small:

$$\min_{f,\, g} \; \frac{1}{n} \sum_{i=1}^{n} \lVert x_i - g(f(x_i)) \rVert^2$$

Here $n$ is the number of training examples. If $k$ is smaller than the number of pixels, the network cannot copy its input. It has to find what the examples have in common, and to keep in the code only what tells them apart. The code can then be used in place of the example: to compress it, to group similar examples, or as the input of a classifier. An example that is unlike the training data is often reconstructed badly, which can be a sign of an anomaly.

If $f(x) = W_1 x$ and $g(z) = W_2 z$ are linear, and the mean example has been subtracted from all examples, the best that they can do is known exactly. Let $\lambda_1 \ge \lambda_2 \ge \dots$ be the eigenvalues of the covariance matrix of the examples. No linear code of $k$ numbers has a smaller error on the training examples than

$$\sum_{j > k} \lambda_j$$

and this error is reached when the decoder's weights span the same space as the first $k$ principal components and the encoder gives the coordinates of the projection onto it. Principal component analysis (PCA) finds these: they are the directions, at right angles to each other, along which the examples vary most. Baldi and Hornik (1989) showed for an invertible covariance matrix that all other stationary points are saddle points, so gradient descent usually ends in this space, sooner or later. The single numbers of the code may differ from PCA's: for any invertible matrix $C$ of size $k \times k$, the encoder $C W_1$ with the decoder $W_2 C^{-1}$ reconstructs the same images as $W_1$ with $W_2$. The training is slow if $\lambda_k$ and $\lambda_{k+1}$ are nearly equal, because the error then hardly changes if one direction is exchanged for the other. So with 32 numbers the largest angle was still 10.2° on average here (2° to 32° from seed to seed), while the error was already that of PCA.

With hidden layers and a nonlinear activation function, $g$ can describe a curved surface instead of a flat space, and digits lie near curved surfaces: a stroke that turns or moves is not a sum of fixed images. So the deep autoencoder can do better with the same number of values. Its codes follow no known distribution, so that it does not by itself generate new examples (question 18). The article from which these questions come calls it a generative adversarial network; it is none, because there is no second network that judges its outputs.
""".strip(),
        zh=r"""
自编码器的训练不需要标签，目标就是输入本身。编码器 $f$ 把样本 $x$ （此处为 784 个像素值）变换为 $k$ 维编码 $z = f(x)$ ，解码器 $g$ 再由编码重构样本。两者一起训练，使重构误差最小：

$$\min_{f,\, g} \; \frac{1}{n} \sum_{i=1}^{n} \lVert x_i - g(f(x_i)) \rVert^2$$

其中 $n$ 为训练样本数。当 $k$ 小于像素数时，网络无法照搬输入，只能学习样本共有的规律，并在编码中只保留区分各样本所需的信息。编码因此可以代替样本，用于压缩、聚类，或作为分类器的输入。与训练数据差别很大的样本，重构误差往往也大，这可以作为异常的迹象。

若 $f(x) = W_1 x$ 与 $g(z) = W_2 z$ 都是线性映射，且所有样本已减去均值，则最优结果可以精确求出。设样本协方差矩阵的特征值为 $\lambda_1 \ge \lambda_2 \ge \dots$ ，则任何 $k$ 维线性编码在训练样本上的误差都不小于

$$\sum_{j > k} \lambda_j$$

当解码器的权重与前 $k$ 个主成分张成同一子空间，并且编码器给出样本在该子空间上的投影的坐标时，误差达到这一下界。主成分是样本方差最大的、两两垂直的方向，求主成分的方法称为主成分分析（PCA）。Baldi 与 Hornik（1989）证明，若协方差矩阵可逆，其余驻点都是鞍点，因此梯度下降通常迟早会到达这一子空间。不过，编码的各个分量不必与主成分一致：对任意 $k \times k$ 可逆矩阵 $C$ ，编码器 $C W_1$ 配解码器 $W_2 C^{-1}$ ，与编码器 $W_1$ 配解码器 $W_2$ 的重构结果完全相同。当 $\lambda_k$ 与 $\lambda_{k+1}$ 十分接近时，用一个方向替换另一个方向几乎不改变误差，训练就会很慢。因此编码为 32 维时，这里的最大夹角平均仍有 10.2°（不同种子为 2° 至 32°），误差却已与主成分分析相同。

加入隐藏层和非线性激活函数之后， $g$ 表示的不再是平直的子空间，而可以是弯曲的曲面。手写数字恰好分布在弯曲的曲面附近：笔画的转动或平移无法写成若干固定图像的加权和。因此在编码维数相同时，深度自编码器可以重构得更好。它的编码不服从已知的分布，所以它本身并不能生成新样本（见问题 18）。这些问题所出自的文章称它为一种生成对抗网络，其实不然：它没有评判输出的第二个网络。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import numpy as np
from dlguide import autoencoder, training

x = np.random.default_rng(0).random((256, 28, 28, 1), dtype="float32")  # your images, in [0, 1]

model = autoencoder((28, 28, 1), latent_dim=8, hidden_units=(128, 128))
model.compile("adam", "mse")
training.fit(model, x, x, epochs=1, verbose=0)  # the input is its own target

codes = model.get_layer("encoder").predict(x, verbose=0)  # 8 numbers for each image
images = model.get_layer("decoder").predict(codes, verbose=0)  # and back

linear = autoencoder((28, 28, 1), latent_dim=8, hidden_units=())  # no hidden layers: as PCA
""",
        zh="""
import numpy as np
from dlguide import autoencoder, training

x = np.random.default_rng(0).random((256, 28, 28, 1), dtype="float32")  # 换成自己的图像，取值在 [0, 1] 内

model = autoencoder((28, 28, 1), latent_dim=8, hidden_units=(128, 128))
model.compile("adam", "mse")
training.fit(model, x, x, epochs=1, verbose=0)  # 目标就是输入本身

codes = model.get_layer("encoder").predict(x, verbose=0)  # 每张图像编码为 8 个数
images = model.get_layer("decoder").predict(codes, verbose=0)  # 由编码重构图像

linear = autoencoder((28, 28, 1), latent_dim=8, hidden_units=())  # 没有隐藏层：相当于主成分分析
""",
    ),
    setting=Words(
        "10,000 MNIST images for training, the 10,000 test images for the score: squared error summed over the 784 pixels of "
        "an image, mean over the images. The mean training image is subtracted from all images, as PCA does. The deep "
        "autoencoder is `autoencoder` with hidden layers of 128 and 128 units with ReLU in the encoder, the same in reverse "
        "in the decoder, and outputs without an activation function; the linear one has no hidden layers. Both are trained "
        "on the squared error with Adam and batches of 100: the deep one for 8 epochs, the linear one, whose epochs are "
        "cheap, for 12. The learning rate rises in the first 15 % of the steps and falls to 0 as a cosine; its highest "
        "value is chosen for each autoencoder with a code of 8 numbers and used for all sizes. PCA comes from the "
        "eigenvectors of the covariance matrix of the same 10,000 images. The angle is the largest principal angle between "
        "the space that the linear decoder's weights span and that of as many principal components: 0° if they are the same "
        "space, 90° if one has a direction that the other lacks altogether. In the figure PCA's error lies under that of the linear autoencoder.",
        "用 10,000 张 MNIST 图像训练，在 10,000 张测试图像上评估；误差为一张图像 784 个像素的平方误差之和，再对图像取平均。"
        "与主成分分析一样，所有图像都先减去训练集的平均图像。"
        "深度自编码器为 `autoencoder`，编码器的隐藏层有 128 和 128 个单元，激活函数为 ReLU，解码器与之对称，输出层没有激活函数；"
        "线性自编码器没有隐藏层。两者都以平方误差为损失函数，用 Adam 训练，批大小 100；深度自编码器训练 8 轮，线性自编码器每轮计算量小，"
        "训练 12 轮。学习率在前 15% 的步数内上升，之后按余弦下降到 0；其最大值在编码为 8 维时为每种自编码器分别选定，并用于所有维数。"
        "主成分由同样 10,000 张图像的协方差矩阵的特征向量得到。夹角指线性解码器的权重张成的子空间与同样维数的主成分子空间之间的最大主角："
        "两个子空间相同时为 0°，其中一个含有与另一个完全垂直的方向时为 90°。图中主成分分析的误差曲线被线性自编码器的曲线盖住。",
    ),
    limits=Words(
        "One data set and one size of network, trained for a short time. Hinton and Salakhutdinov (2006) report 3.00 for a "
        "deep autoencoder with 30 numbers against 13.87 for PCA, with a larger network, all 60,000 images and much longer "
        "training; `autoencoder_mnist` comes near to this. Baldi and Hornik show which space the "
        "training ends in, not how long it takes: it takes longer where two neighbouring eigenvalues $\\lambda_k$ and "
        "$\\lambda_{k+1}$ are nearly equal, and where the mean image is not subtracted. The smallest error of "
        "the linear autoencoder is known; for the deep one there is no such result, and its error here is only what this "
        "training reaches.",
        "只用了一个数据集和一种规模的网络，训练时间也短。Hinton 与 Salakhutdinov（2006）报告：编码为 30 维时，深度自编码器的误差为 "
        "3.00，主成分分析为 13.87；他们的网络更大，使用全部 60,000 张图像，训练也长得多，`autoencoder_mnist` 的结果与之接近。"
        "Baldi 与 Hornik 的结论说明训练最终得到哪个子空间，没有说明需要训练多久：相邻两个特征值 $\\lambda_k$ 与 $\\lambda_{k+1}$ "
        "几乎相等时，或没有减去平均图像时，需要训练更久。线性自编码器的最小误差已知；深度自编码器没有类似的结论，"
        "这里的误差只是本次训练所达到的水平。",
    ),
    sources=(
        "P. Baldi, K. Hornik, [Neural networks and principal component analysis: Learning from examples without local minima]"
        "(https://doi.org/10.1016/0893-6080%2889%2990014-2), Neural Networks 2 (1989).",
        "G. E. Hinton, R. R. Salakhutdinov, [Reducing the dimensionality of data with neural networks]"
        "(https://doi.org/10.1126/science.1127647), Science 313 (2006).",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
