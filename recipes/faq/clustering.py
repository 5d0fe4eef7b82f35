"""Question 21: what is unsupervised learning good for?

python -m recipes.faq.clustering
"""

import math

import numpy as np

from recipes.faq import _digits, _figure, _run, _side_by_side, _tuning
from recipes.faq._experiment import NUMBER, PERCENT, Claim, Experiment, Panel, Score, Words
from recipes.faq.autoencoder import principal_components

CODE = 10  # Numbers of a code.
CLUSTERS = 10
RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
NETWORKS = ("autoencoder", "vae")
MADE = {"clusters": 25, "examples": 400, "numbers": 15, "side": 500.0}  # Arthur & Vassilvitskii's Norm-25.
STARTS = ("random", "random_best", "plus_plus", "greedy")


def measure(
    seed: int,
    choice: dict,
    *,
    limit: int = 20_000,
    epochs: int = 10,
    rows: tuple[str, ...] = ("pixels", "pca", *NETWORKS),
    starts: int = 20,
    drawn: int = 3_000,
    **_,
) -> dict:
    """Return the clustering accuracy of each representation, and the sums of squares from different first centres."""
    from dlguide import data

    mnist = data.load("mnist", limit=limit, seed=seed)
    accuracies, mixtures, pictures = {}, {}, {}
    for row in rows:
        rate = _tuning.best(choice[row], lower=True) if row in choice else None
        model = trained(row, mnist.train.x, rate, epochs, seed) if rate else None
        train, test = (representation(row, mnist.train.x, part.x, model) for part in (mnist.train, mnist.test))
        centres, accuracies[row] = k_means(train, test, mnist.test.y, seed)
        if row != "pixels":
            mixtures[f"{row}_mixture"] = mixture_accuracy(train, test, mnist.test.y, seed)
        if row != "pca":
            pictures[row] = centres if model is None else decoded(model, centres)
    found = {"accuracy": accuracies | mixtures}
    if starts:
        pixels = mnist.train.x[:drawn].reshape(-1, 784)
        sums = sums_of_squares(pixels, CLUSTERS, starts, seed)
        best = min(min(each) for each in sums.values())
        found["digits"] = {row: value / best - 1 for row, value in summary(sums).items()}
        points, true_sum = made_clusters(seed)
        sums = sums_of_squares(points, MADE["clusters"], starts, seed)
        # Runs that find all clusters differ by rounding errors only.
        found["made"] = {row: round(value / true_sum, 6) for row, value in summary(sums).items()}
    if seed == 0:
        found["pictures"] = {row: _digits.packed(images.reshape(-1, 28, 28, 1)) for row, images in pictures.items()}
    return found


def choose(*, limit: int = 20_000, tried_epochs: int = 10, rates: tuple[float, ...] = RATES, **_) -> dict:
    """Return the validation loss of each learning rate, in nats an image: no label is looked at."""
    from dlguide import data

    mnist = data.load("mnist", limit=limit, seed=100)

    def score(row: str, rate: float) -> float:
        model = trained(row, mnist.train.x, rate, tried_epochs, seed=100)
        return 784 * float(model.evaluate(mnist.valid.x, mnist.valid.x, batch_size=500, verbose=0))

    return _tuning.search(NETWORKS, rates, score)


def trained(row: str, images: np.ndarray, rate: float, epochs: int, seed: int):
    """Return a trained autoencoder or variational autoencoder, compiled to be evaluated."""
    import keras

    from dlguide import autoencoder, vae

    keras.utils.set_random_seed(seed)
    build = {"autoencoder": autoencoder, "vae": vae}[row]
    model = build((28, 28, 1), latent_dim=CODE, hidden_units=(256, 128), activation="swish", batch_norm=True)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    if epochs:  # None in a quick look.
        _side_by_side.train([model], images, loss, rate=rate, epochs=epochs, seed=seed)
    model.compile(loss=loss, jit_compile=False)
    return model


def representation(row: str, train: np.ndarray, images: np.ndarray, model=None) -> np.ndarray:
    """Return the numbers of each image that are clustered; `train` has the images that PCA is fitted to."""
    if row == "pixels":
        return images.reshape(len(images), -1)
    if row == "pca":
        mean, components = principal_components(train)
        return (images - mean).reshape(len(images), -1) @ components[:, :CODE]
    codes = model.get_layer("encoder").predict(images, batch_size=500, verbose=0)
    return codes[0] if row == "vae" else codes  # The first of two outputs is the mean of a code's distribution.


def k_means(train: np.ndarray, test: np.ndarray, labels: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
    """Return the centres of the training examples, the best of ten runs, and the accuracy of the test examples."""
    from sklearn.cluster import KMeans

    from dlguide import evaluation

    model = KMeans(CLUSTERS, n_init=10, random_state=seed).fit(train)
    return model.cluster_centers_, evaluation.clustering_accuracy(labels, model.predict(test))


def mixture_accuracy(train: np.ndarray, test: np.ndarray, labels: np.ndarray, seed: int) -> float:
    """Return the accuracy of a mixture of normal distributions, the likeliest of five runs."""
    from sklearn.mixture import GaussianMixture

    from dlguide import evaluation

    model = GaussianMixture(CLUSTERS, reg_covar=1e-3, n_init=5, random_state=seed).fit(train)
    return evaluation.clustering_accuracy(labels, model.predict(test))


def made_clusters(seed: int) -> tuple[np.ndarray, float]:
    """Draw clusters far from each other; return the points and their sum of squares around the means of the clusters."""
    rng = np.random.default_rng((seed, 0))
    centres = rng.uniform(0, MADE["side"], size=(MADE["clusters"], 1, MADE["numbers"]))
    noise = rng.normal(size=(MADE["clusters"], MADE["examples"], MADE["numbers"]))
    around_mean = noise - noise.mean(axis=1, keepdims=True)
    return (centres + noise).reshape(-1, MADE["numbers"]), float((around_mean**2).sum())


def sums_of_squares(x: np.ndarray, clusters: int, starts: int, seed: int) -> dict[str, list[float]]:
    """Return the sum of squares in which each run of k-means ends, for each way to choose the first centres."""
    from sklearn.cluster import KMeans, kmeans_plusplus

    rng = np.random.default_rng((seed, 1))

    def first(way: str) -> np.ndarray:
        if way == "random":
            return x[rng.choice(len(x), clusters, replace=False)]
        tries = 1 if way == "plus_plus" else None  # None: several examples are tried for each centre.
        return kmeans_plusplus(x, clusters, random_state=int(rng.integers(2**31)), n_local_trials=tries)[0]

    return {
        way: [float(KMeans(clusters, init=first(way), n_init=1).fit(x).inertia_) for _ in range(starts)]
        for way in ("random", "plus_plus", "greedy")
    }


def summary(sums: dict[str, list[float]]) -> dict[str, float]:
    """Return the mean of the runs of each way, and the best of the random ones."""
    return {row: min(sums["random"]) if row == "random_best" else float(np.mean(sums[row])) for row in STARTS}


def decoded(model, centres: np.ndarray) -> np.ndarray:
    """Return the images that a decoder makes of the centres of codes."""
    logits = model.get_layer("decoder").predict(centres, verbose=0)
    return 1 / (1 + np.exp(-logits))


def draw(seeds: dict, language: str):
    """Draw the usual panels, and below them the centres of the clusters as images."""
    from dlguide import plots

    centres = Words("the ten centres: {}", "十个聚类中心：{}").to(language)
    names = EXPERIMENT.panels["accuracy"].rows
    strips = {centres.format(names[row].to(language)): text for row, text in seeds["0"]["pictures"].items()}
    panels = sum(_figure.heights(EXPERIMENT))
    with plots.new_figure(6.4, panels + 2.8) as figure:
        above, below = figure.subfigures(2, height_ratios=[panels, 2.8])
        _figure.draw_panels(above, EXPERIMENT, seeds, language)
        _digits.draw_strips(below, strips)
    return figure


START_ROWS = {
    "random": Words("random", "随机样本"),
    "random_best": Words("random, best of 20", "随机样本，20 次取最优"),
    "plus_plus": Words("k-means++", "k-means++"),
    "greedy": Words("greedy k-means++", "贪心 k-means++"),
}
EXPERIMENT = Experiment(
    question=Words("What is unsupervised learning good for?", "为什么需要使用无监督学习？"),
    measure=measure,
    choose=choose,
    lower_is_chosen=True,
    draw=draw,
    quick={"limit": 100, "epochs": 1, "tried_epochs": 0, "starts": 1, "drawn": 100, "rates": (0.01,)},
    check={"rows": ("pca",)},
    seeds=tuple(range(10)),
    panels={
        "accuracy": Panel(
            title=Words("Ten clusters of MNIST, by k-means or by a mixture", "MNIST 聚为十类：k 均值或高斯混合模型"),
            score=Score(Words("clustering accuracy", "聚类准确率"), PERCENT, higher_is_better=True, format=".1f"),
            rows={
                "pixels": Words("784 pixels", "784 个像素"),
                "pca": Words("PCA", "主成分分析"),
                "autoencoder": Words("autoencoder", "自编码器"),
                "vae": Words("VAE", "变分自编码器"),
                "pca_mixture": Words("PCA, mixture", "主成分分析，混合模型"),
                "autoencoder_mixture": Words("autoencoder, mixture", "自编码器，混合模型"),
                "vae_mixture": Words("VAE, mixture", "变分自编码器，混合模型"),
            },
            reference="pixels",
        ),
        "made": Panel(
            title=Words("First centres: 25 clusters far apart", "初始中心：25 个相距很远的簇"),
            score=Score(
                Words("relative sum of squares", "相对平方和"),
                NUMBER,
                higher_is_better=False,
                format=",.1f",
                logarithmic=True,
                bounds=(1, math.inf),
            ),
            rows=START_ROWS,
            reference="random",
        ),
        "digits": Panel(
            title=Words("First centres: MNIST's pixels, ten clusters", "初始中心：MNIST 像素，十个簇"),
            score=Score(
                Words("excess sum of squares", "超出的平方和"),
                PERCENT,
                higher_is_better=False,
                bounds=(0, math.inf),
            ),
            rows=START_ROWS,
            reference="random",
        ),
    },
    claims=(
        Claim(
            Words(
                "Do clusters of an autoencoder's codes fit the ten digits better than clusters of the pixels (k-means)?",
                "用 k 均值聚类时，自编码器编码的簇是否比像素的簇更符合十个数字？",
            ),
            panel="accuracy",
            row="autoencoder",
            reference="pixels",
            known="yes",
        ),
        Claim(
            Words("Do clusters of a VAE's codes?", "变分自编码器编码的簇呢？"),
            panel="accuracy",
            row="vae",
            reference="pixels",
        ),
        Claim(
            Words("Do clusters of ten principal components?", "十个主成分的簇呢？"),
            panel="accuracy",
            row="pca",
            reference="pixels",
        ),
        Claim(
            Words(
                "For clusters far apart, does k-means end in a smaller sum of squares from k-means++ than from random examples?",
                "簇相距很远时，以 k-means++ 初始化的 k 均值所得平方和是否小于随机初始化？",
            ),
            panel="made",
            row="plus_plus",
            reference="random",
            known="yes",
        ),
    ),
    summary=Words(
        "Unsupervised learning finds structure in examples without labels: groups, short descriptions, or examples that "
        "are unlike the others. Here k-means divided images of digits into ten clusters. The clustering accuracy is the "
        "share of images in the cluster of their digit. Compared with clusters of the pixels it was higher by 11.7 "
        "points for an autoencoder's codes and by 7.9 points for a VAE's; for principal components it was even a little "
        "lower. The first centres of k-means matter where the clusters lie far apart, and k-means++ chooses them well; "
        "on the digits they hardly mattered.",
        "无监督学习在没有标签的样本中寻找结构：相似样本的组、简短的描述，或与众不同的样本。本实验用 k 均值把数字图像聚成十个簇。聚"
        "类准确率是落在自己数字的簇中的图像所占的比例：与像素的簇相比，自编码器编码的簇高 11.7 个百分点，变分自编码器编码的簇高"
        " 7.9 个百分点，主成分的簇则略低。簇相距很远时，k 均值的初始中心很重要，k-means++ 能选得很好；在数字图像上，"
        "初始中心几乎没有影响。",
    ),
    outcomes=("yes", "yes", "no", "yes"),
    explanation=Words(
        en=r"""
Labels cost work, and examples without labels are often plentiful. Unsupervised learning looks for structure in the examples alone: groups of similar ones (clustering), a few numbers that describe each of them (PCA and autoencoders, question 16), or their distribution (VAEs, question 18, and GANs, question 17). This serves to sort and to display data, to compress them, to find anomalies, and to make features for a classifier that has few labels. What it finds need not be what one is looking for: nothing tells the method that the digit matters and the slant of the writing does not. In the figure, the 1 has two of the ten clusters: one for upright and one for slanted writing.

**Clusters.** k-means looks for $k$ centres $\mu_1, \dots, \mu_k$ that make the sum of the squared distances small:

$$\min_{\mu_1, \dots, \mu_k} \; \sum_{i=1}^{n} \min_{j} \lVert x_i - \mu_j \rVert^2$$

Here $x_1, \dots, x_n$ are the examples, and $j$ runs from 1 to $k$. Two steps alternate (Lloyd, 1982): each example goes to its nearest centre, and each centre moves to the mean of its examples. Neither step can make the sum larger, and there are finitely many ways to divide the examples, so the steps come to an end. This end depends on the first centres and can be far from the minimum: a centre hardly ever moves from one cluster to another that is far away.

**First centres.** If $k$ random examples are taken as first centres, then of 25 equally large clusters each gets one with a probability of $25! / 25^{25}$, about 2 in 10 billion. k-means++ takes the first centre at random, and each further one with the probability

$$p(x_i) = \frac{D(x_i)^2}{\sum_{l=1}^{n} D(x_l)^2}$$

where $D(x_i)$ is the distance of $x_i$ from the nearest centre so far. A cluster without a centre has large distances, so the next centre probably lies in it. On average over the draws, the sum of squares is at most $8 (\ln k + 2)$ times the smallest possible one (Arthur & Vassilvitskii, 2007). The greedy variant draws several examples for each centre and keeps the one that lowers the sum most; `KMeans` in scikit-learn does this unless told otherwise.

**Codes.** k-means depends on distances, and distances between pixels say little about digits: a shifted or slanted 1 can share fewer pixels with another 1 than with a 7. PCA is a linear map: it keeps the part of a distance that lies along the directions in which the pixels vary most, and cannot undo a shift or a slant either. An autoencoder's code is a nonlinear function of the image, and the reconstruction needs it to say which stroke is where. But its loss does not fix the distances: if the encoder is followed by any invertible matrix and the decoder begins with the inverse, all reconstructions stay the same, while k-means can find other clusters. A VAE draws its codes with noise and pulls their distribution towards the standard normal one, so that distances in its code have a fixed scale; but this distribution is a single round cloud and does not ask for separate clusters. A mixture of normal distributions, each with its own covariance matrix, can follow clusters that are long or slanted, where k-means, which compares only distances, cuts them.

**The number of clusters.** The smallest sum of squares falls with every further centre, so it cannot choose $k$ by itself. A bend in its curve over $k$ is a hint. Another is the silhouette, the mean over the examples of $(b - a) / \max(a, b)$ , where $a$ is the mean distance of an example to the others of its cluster and $b$ that to the examples of the nearest other cluster (Rousseeuw, 1987). Both can mislead where the clusters touch, as here, and the use that is made of the clusters may call for another number.
""".strip(),
        zh=r"""
标注需要人力，而没有标签的样本往往很多。无监督学习只从样本本身寻找结构：相似样本构成的组（聚类）、描述每个样本的少数几个数（主成分分析与自编码器，见问题 16），或样本的分布（变分自编码器见问题 18，生成对抗网络见问题 17）。它可用于整理和展示数据、压缩数据、检测异常，也可为标签很少的分类器提供特征。不过，找到的结构未必就是想要的结构：没有任何信息告诉算法，重要的是写的是哪个数字，而不是字迹的倾斜程度。图中数字 1 就占了十个簇中的两个，一个是竖直的写法，一个是倾斜的写法。

**聚类。** k 均值寻找 $k$ 个中心 $\mu_1, \dots, \mu_k$ ，使样本到最近中心的距离平方和尽量小：

$$\min_{\mu_1, \dots, \mu_k} \; \sum_{i=1}^{n} \min_{j} \lVert x_i - \mu_j \rVert^2$$

其中 $x_1, \dots, x_n$ 为样本， $j$ 取 1 到 $k$ 。算法交替执行两步（Lloyd，1982）：把每个样本分给最近的中心；再把每个中心移到所属样本的均值。两步都不会使平方和增大，而样本的划分方式只有有限多种，所以算法必定终止。终止的位置取决于初始中心，可能离最小值很远：中心几乎不会从一个簇移到另一个相距很远的簇。

**初始中心。** 若随机取 $k$ 个样本作为初始中心，则对 25 个同样大小的簇，每个簇恰好分到一个中心的概率为 $25! / 25^{25}$ ，约为百亿分之二。k-means++ 随机取第一个中心，此后按以下概率取下一个：

$$p(x_i) = \frac{D(x_i)^2}{\sum_{l=1}^{n} D(x_l)^2}$$

其中 $D(x_i)$ 是 $x_i$ 到已有中心中最近一个的距离。还没有中心的簇距离大，下一个中心很可能落在其中。对抽取结果取平均，平方和不超过最小可能值的 $8 (\ln k + 2)$ 倍（Arthur 与 Vassilvitskii，2007）。贪心的变体为每个中心抽取若干候选样本，保留使平方和下降最多的一个；scikit-learn 的 `KMeans` 默认采用这种做法。

**编码。** k 均值依赖距离，而像素之间的距离与数字的关系不大：平移或倾斜后的 1，与另一个 1 重合的像素可能比与 7 重合的还少。主成分分析是线性映射，只保留距离在像素变化最大的那些方向上的部分，同样无法消除平移或倾斜的影响。自编码器的编码是图像的非线性函数，要能重构图像，就必须说明哪里有怎样的笔画。但它的损失函数并不决定距离：在编码器之后乘以任意可逆矩阵，并在解码器之前乘以其逆矩阵，重构结果完全不变，k 均值得到的簇却可能不同。变分自编码器的编码带有噪声，其分布又被拉向标准正态分布，因此编码中的距离有固定的尺度；不过该分布只是一团，并不促使编码分成彼此分开的簇。高斯混合模型的每个成分有各自的协方差矩阵，能够适应细长或倾斜的簇；k 均值只比较距离，会把这样的簇切开。

**簇的个数。** 每增加一个中心，最小平方和都会下降，因此不能单凭它来选择 $k$ 。平方和随 $k$ 变化的曲线上的拐点是一种提示。另一种是轮廓系数，即 $(b - a) / \max(a, b)$ 对所有样本的平均值，其中 $a$ 是样本到同簇其他样本的平均距离， $b$ 是它到最近的另一个簇中各样本的平均距离（Rousseeuw，1987）。当簇彼此相连时（此处即是如此），两者都可能误导；聚类的用途也可能要求另一个个数。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import numpy as np
from dlguide import autoencoder, data, evaluation, training
from sklearn.cluster import KMeans

mnist = data.load("mnist", limit=1000)

model = autoencoder((28, 28, 1), latent_dim=10, hidden_units=(64,))
model.compile("adam", "mse")
training.fit(model, mnist.train.x, mnist.train.x, epochs=2, verbose=0)  # no labels

encoder = model.get_layer("encoder")
train, test = (encoder.predict(part.x, verbose=0) for part in (mnist.train, mnist.test))
clusters = KMeans(10, n_init=10, random_state=0).fit(train)  # k-means++ is its default
found = clusters.predict(test)
print(np.bincount(found))  # images in each cluster
print(evaluation.clustering_accuracy(mnist.test.y, found))  # labels only to judge the result
""",
        zh="""
import numpy as np
from dlguide import autoencoder, data, evaluation, training
from sklearn.cluster import KMeans

mnist = data.load("mnist", limit=1000)

model = autoencoder((28, 28, 1), latent_dim=10, hidden_units=(64,))
model.compile("adam", "mse")
training.fit(model, mnist.train.x, mnist.train.x, epochs=2, verbose=0)  # 不用标签

encoder = model.get_layer("encoder")
train, test = (encoder.predict(part.x, verbose=0) for part in (mnist.train, mnist.test))
clusters = KMeans(10, n_init=10, random_state=0).fit(train)  # 默认使用 k-means++
found = clusters.predict(test)
print(np.bincount(found))  # 每个簇的图像数
print(evaluation.clustering_accuracy(mnist.test.y, found))  # 标签只用于评估结果
""",
    ),
    setting=Words(
        "20,000 MNIST images for training, the 10,000 test images for the score. PCA and all codes have 10 "
        "numbers. The networks are `autoencoder` and `vae` with hidden layers of 256 and 128 units (in reverse in the decoder), swish "
        "and batch normalisation, trained on the cross-entropy of the pixels (for the VAE plus the divergence of its codes) "
        "for 10 epochs with Adam in batches of 100. The learning rate rises in the first 15 % of the steps and falls to 0 as a "
        "cosine. Its highest value is the one with the lowest loss on 5,000 validation images, with a seed that the results do "
        "not use: no label is used, since unsupervised learning has none. The VAE's code is the mean that its encoder "
        "gives. k-means has ten centres and is the best of ten runs from greedy k-means++. A mixture consists of ten normal distributions "
        "with a full covariance matrix each, the likeliest of five runs. Both are fitted to the training images, and a test "
        "image goes to the nearest centre or to the likeliest distribution. The clustering accuracy is the share of test images "
        "whose cluster bears the name of their digit, with each cluster named after a different digit so that this share is as large as possible; "
        "labels are used here only. **First centres.** 20 runs of scikit-learn's `KMeans` (default settings, "
        "one start each) for each way to choose the first centres; the score is their mean, or the best of the 20. Greedy k-means++ tries 5 examples "
        "for each of 25 centres and 4 for each of ten. The clusters far apart are those that Arthur and Vassilvitskii call Norm-25: 25 "
        "centres at random in a cube of side 500 in 15 dimensions, and around them 10,000 points (here 400 each) with a variance "
        "of 1; the sum of squares is divided by that around the means of the true clusters. MNIST: 3,000 training images; the excess is that over the least sum of the 60 runs of a seed. The images at the bottom "
        "of the figure are the centres of k-means with seed 0; a decoder made them of the centres of the codes.",
        "用 20,000 张 MNIST 图像训练，在 10,000 张测试图像上评估。主成分与各种编码均为 10 维。网络为 `autoencoder` 与 `vae`，"
        "编码器的隐藏层有 256 和 128 个单元（解码器与之对称），激活函数为 swish，使用批归一化；损失函数为像素的交叉熵（变分自编码器另加编码分布的散度），"
        "用 Adam 训练 10 轮，批大小 100。学习率在前 15% 的步数内上升，之后按余弦下降到 0；其最大值取 5,000 张验证图像上损失最小的一个，"
        "所用种子与正式实验不同。这里没有使用标签，因为无监督学习中本来就没有标签。变分自编码器的编码取编码器给出的均值。k 均值取十个中心，"
        "为贪心 k-means++ 初始化的十次运行中最好的一次；混合模型由十个正态分布组成，各有完整的协方差矩阵，取五次运行中似然最大的一次。"
        "两者都在训练图像上拟合，测试图像归入最近的中心或似然最大的分布。聚类准确率的算法是：给每个簇取一个不同的数字作为名称，使名称与图像的数字一致的测试图像尽量多，"
        "取其所占比例；标签只用在这里。**初始中心。** 每种初始化方式运行 20 次 scikit-learn 的 `KMeans`（默认设置，每次只初始化一次），"
        "成绩取 20 次的均值或其中最好的一次。贪心 k-means++ 在 25 个中心时每个中心试 5 个样本，在十个中心时试 4 个。相距很远的簇即 Arthur 与 Vassilvitskii 的 "
        "Norm-25：在 15 维空间中边长为 500 的立方体内随机取 25 个中心，周围共有 10,000 个点（此处每簇 400 个），方差为 1；所得平方和除以各真实簇以自身均值为中心的平方和。MNIST 部分用 3,000 张训练图像，"
        "给出平方和超出同一种子 60 次运行中最小值的比例。图底部的图像是种子 0 的 k 均值中心，编码的中心由解码器还原为图像。",
    ),
    limits=Words(
        "One data set and a short training. Xie et al. (2016) report 53.5 % for k-means on the pixels and 81.8 % for k-means on the "
        "codes of an autoencoder that is larger and trained for much longer. `clustering_mnist`, with a larger network, all images and 20 "
        "epochs, reaches 73 % with k-means and 77 % with a mixture. Swish and batch normalisation were taken from that recipe, which "
        "compared settings with the labels of a validation set; only the learning rate was chosen for this experiment, without labels. A lower loss "
        "need not mean better clusters: in one trial on validation images, the autoencoder had a loss of 81.7 nats with the learning rate "
        "0.03 and 82.2 with 0.01, while the clusters of k-means fitted 57 % and 61 % of the images. Results on codes differ from seed to seed by several points. Ten principal components hold 49 % of the variance of the pixels; on the validation images of two other seeds, k-means reached 44 % with 5 components, 49 % with 10, 52 % with 20 and with 50, and 53 % with the pixels. "
        "k-means++ missed one of the 25 clusters in 2 of its 200 runs, with a sum about 290 times that of the true clusters, so its mean comes from "
        "two seeds alone, and its interval is wide and cut at 1, for no run can be below it. On the pixels of MNIST, where no cluster lies far from the others, "
        "all ways end, on average, within 1 % of the least sum, and plain k-means++ was even a little worse than random examples.",
        "只用了一个数据集，训练时间也短。Xie 等（2016）报告：k 均值用于像素时为 53.5%，用于自编码器的编码时为 81.8%，其网络更大，训练也长得多。"
        "`clustering_mnist` 的网络更大，使用全部图像，训练 20 轮，k 均值达到 73%，混合模型达到 77%。swish 与批归一化取自该示例，而该示例曾借助验证集的标签比较各种设置；"
        "本实验只选择了学习率，没有使用标签。损失较低并不意味着簇更好：在验证图像上的一次试验中，自编码器在学习率为 0.03 时损失为 81.7 奈特，为 0.01 时为 82.2 奈特，"
        "而 k 均值的聚类准确率分别为 57% 和 61%。编码的结果在不同种子之间相差数个百分点。十个主成分只保留像素方差的 49%；在另外两个种子的验证图像上，k 均值用 5 个主成分时为 44%，10 个时为 49%，20 个与 50 个时均为 52%，用像素时为 53%。"
        "k-means++ 的 200 次运行中有 2 次漏掉了 25 个簇中的一个，平方和约为真实簇的 290 倍，因此它的均值只由两个种子决定，其区间很宽，并在 1 处截断（任何一次运行都不可能低于 1）。"
        "在 MNIST 的像素上，没有哪个簇与其他簇相距很远，各种初始化方式所得平方和平均只比最小值高不到 1%，普通的 k-means++ 甚至略差于随机样本。",
    ),
    sources=(
        "S. P. Lloyd, [Least squares quantization in PCM](https://doi.org/10.1109/TIT.1982.1056489), "
        "IEEE Transactions on Information Theory 28 (1982).",
        "J. MacQueen, [Some methods for classification and analysis of multivariate observations]"
        "(https://projecteuclid.org/euclid.bsmsp/1200512992), Fifth Berkeley Symposium (1967): the name k-means.",
        "D. Arthur, S. Vassilvitskii, [k-means++: The advantages of careful seeding]"
        "(https://dl.acm.org/doi/10.5555/1283383.1283494), SODA 2007.",
        "J. Xie, R. Girshick, A. Farhadi, [Unsupervised deep embedding for clustering analysis]"
        "(https://arxiv.org/abs/1511.06335), ICML 2016.",
        "G. E. Hinton, R. R. Salakhutdinov, [Reducing the dimensionality of data with neural networks]"
        "(https://doi.org/10.1126/science.1127647), Science 313 (2006).",
        "P. J. Rousseeuw, [Silhouettes: A graphical aid to the interpretation and validation of cluster analysis]"
        "(https://doi.org/10.1016/0377-0427%2887%2990125-7), Journal of Computational and Applied Mathematics 20 (1987).",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
