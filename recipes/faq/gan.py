"""Question 17: why do we need generative adversarial networks?

python -m recipes.faq.gan
"""

import math
import time

import numpy as np

from recipes.faq import _digits, _figure, _run, _tuning
from recipes.faq._experiment import NUMBER, PERCENT, Claim, Experiment, Panel, Score, Unit, Words

RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01)
ROWS = ("ring_gan", "ring_vae", "gan", "vae")
SPREAD = 0.02  # Standard deviation of each Gaussian of the ring; the ring has a radius of 2.
ANGLES = 2 * math.pi * np.arange(8) / 8
CENTRES = 2 * np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
MODES = Unit(Words("{}", "{}"), Words("{} modes", "{} 个模式"), Words("of 8", "共 8 个"))


def measure(
    seed: int,
    choice: dict,
    *,
    ring_steps: int = 4000,
    limit: int = 10_000,
    epochs: tuple[int, int] = (8, 20),
    count: int = 1000,
    judge_limit: int = 5000,
    rows: tuple[str, ...] = ROWS,
) -> dict:
    """Return the scores of samples on the ring and on MNIST."""
    from dlguide import data

    rates = {row: _tuning.best(choice[row], lower=True) for row in rows}
    scores = {"modes": {}, "near": {}, "points": {}, "precision": {}, "recall": {}, "distance": {}, "seconds": {}}
    rings = {"ring_data": ring(count, seed + 1)}
    rings |= {row: ring_samples(row, rates[row], seed, ring_steps, count) for row in rows if row.startswith("ring")}
    for row, points in rings.items():
        found = ring_scores(points)
        scores["modes"][row], scores["near"][row] = found["modes"], found["near"]
        scores["points"][row] = " ".join(f"{x:.2f},{y:.2f}" for x, y in points[:200])
    if "gan" not in rows:
        return {name: scores[name] for name in ("modes", "near")}
    judge = _digits.judge(judge_limit, count)
    mnist = data.load("mnist", limit=limit, seed=seed)
    images = {"real": mnist.train.x[np.linspace(0, len(mnist.train.x) - 1, count).astype(int)]}
    for row, passes in zip(("gan", "vae"), epochs, strict=True):
        start = time.process_time()
        images[row] = digits(row, rates[row], mnist, seed, passes, count)
        scores["seconds"][row] = time.process_time() - start
    for row, x in images.items():
        found = judge.scores(x)
        scores["precision"][row], scores["recall"][row] = found["precision"], found["recall"]
        scores["distance"][row] = found["frechet_distance"]
    if seed == 0:
        scores["pictures"] = {row: _digits.packed(x[:10]) for row, x in images.items()}
    return scores


def choose(
    *,
    ring_steps: int = 4000,
    limit: int = 10_000,
    epochs: tuple[int, int] = (8, 20),
    count: int = 1000,
    judge_limit: int = 5000,
) -> dict:
    """Return how far the samples of each learning rate are from the ring, and from the digits of the validation set."""
    from dlguide import data

    judge = _digits.judge(judge_limit, count, "valid")
    mnist = data.load("mnist", limit=limit, seed=100)

    def score(row: str, rate: float) -> float:
        if row.startswith("ring"):
            return ring_scores(ring_samples(row, rate, 100, ring_steps, count))["misplaced"]
        images = digits(row, rate, mnist, 100, epochs[row == "vae"], count)
        return judge.scores(images)["frechet_distance"]

    return _tuning.search(ROWS, RATES, score)


def ring(count: int, seed: int) -> np.ndarray:
    """Draw points from eight Gaussians on a circle."""
    rng = np.random.default_rng(seed)
    points = CENTRES[rng.integers(8, size=count)] + SPREAD * rng.normal(size=(count, 2))
    return points.astype("float32")


def ring_scores(points: np.ndarray) -> dict[str, float]:
    """Return modes found, the share of points near one, and the share that would have to move to make the ring."""
    distances = np.linalg.norm(points[:, None] - CENTRES, axis=-1)
    near = distances.min(axis=1) < 3 * SPREAD
    shares = np.bincount(distances.argmin(axis=1)[near], minlength=8) / len(points)
    return {
        "modes": float((shares >= 0.01).sum()),
        "near": float(near.mean()),
        "misplaced": float(1 - np.minimum(shares, 1 / 8).sum()),
    }


def ring_samples(row: str, rate: float, seed: int, steps: int, count: int) -> np.ndarray:
    """Train a GAN or a VAE on new points of the ring in each step, and draw samples from it."""
    import keras

    from dlguide import generation, training, vae

    keras.utils.set_random_seed(seed)
    points = ring(128 * steps, seed)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.PolynomialDecay(rate, steps, 0), beta_1=0.5)
    if row == "ring_gan":
        model = dense_gan((2,), units=(128, 128), latent_dim=16)
        model.compile(optimizer)
        training.fit(model, points / 5 + 0.5, epochs=1, seed=seed, verbose=0)
        return 5 * (generation.sample(model, count, seed=seed) - 0.5)
    # With this β, loss and divergence stand to each other as in the likelihood of points with this spread.
    model = vae((2,), latent_dim=16, hidden_units=(128, 128), beta=2 * SPREAD**2)
    model.compile(optimizer, "mse")
    training.fit(model, points, points, epochs=1, seed=seed, verbose=0)
    rng = np.random.default_rng(seed)
    decoded = np.asarray(model.get_layer("decoder")(rng.normal(size=(count, 16)).astype("float32")))
    return decoded + SPREAD * rng.normal(size=decoded.shape)


def digits(row: str, rate: float, mnist, seed: int, epochs: int, count: int) -> np.ndarray:
    """Train a GAN or a VAE on MNIST, and draw images from it."""
    import keras

    from dlguide import generation, training, vae

    keras.utils.set_random_seed(seed)
    x = mnist.train.x
    steps = epochs * math.ceil(len(x) / 64)
    schedule = keras.optimizers.schedules.PolynomialDecay(rate, steps, 0)
    optimizer = keras.optimizers.Adam(schedule, beta_1=0.5)
    if row == "gan":
        model = dense_gan(x.shape[1:], units=(128, 256), latent_dim=32)
        model.compile(optimizer)
        training.fit(model, x, epochs=epochs, batch_size=64, seed=seed, verbose=0)
    else:
        model = vae(x.shape[1:], latent_dim=32, hidden_units=(256, 128))
        model.compile(optimizer, keras.losses.BinaryCrossentropy(from_logits=True))
        training.fit(model, x, x, epochs=epochs, batch_size=64, seed=seed, verbose=0)
    return generation.sample(model, count, seed=seed)


def dense_gan(shape: tuple[int, ...], *, units: tuple[int, ...], latent_dim: int):
    """Return a GAN of dense layers that trains with plain `fit`, made of two players as `dlguide.gan` is.

    Images are pixels in [0, 1]; points of the ring lie in a square of [0, 1], and are scaled back inside.
    """
    import keras
    from keras import layers

    from dlguide.adversarial import GAN

    is_image = len(shape) == 3
    generator = [keras.Input((latent_dim,))]
    for n in units:
        generator += [layers.Dense(n, use_bias=not is_image)]
        generator += [layers.BatchNormalization(momentum=0.9)] if is_image else []
        generator += [layers.Activation("relu")]
    generator += [layers.Dense(math.prod(shape), activation="sigmoid" if is_image else None), layers.Reshape(shape)]
    discriminator = [keras.Input(shape)]
    if not is_image:
        generator += [layers.Rescaling(1 / 5, 0.5)]
        discriminator += [layers.Rescaling(5, -2.5)]
    discriminator += [layers.Flatten()]
    for n in reversed(units):
        discriminator += [layers.Dense(n), layers.LeakyReLU(negative_slope=0.2)]
        discriminator += [layers.Dropout(0.3)] if is_image else []
    discriminator += [layers.Dense(1)]
    return GAN(keras.Sequential(generator, name="generator"), keras.Sequential(discriminator, name="discriminator"))


def draw(seeds: dict, language: str):
    """Draw the usual panels, below them samples on the ring and digits."""
    from dlguide.plots import _figure as plot

    panels = sum(_figure.heights(EXPERIMENT))
    with plot.new_figure(6.4, panels + 6.6) as figure:
        above, middle, below = figure.subfigures(3, height_ratios=[panels, 4, 2.6])
        _figure.draw_panels(above, EXPERIMENT, seeds, language)
        draw_rings(middle, seeds, language)
        rows = EXPERIMENT.panels["precision"].rows
        strips = {rows[row].to(language): text for row, text in seeds["0"]["pictures"].items()}
        _digits.draw_strips(below, strips)
    return figure


def draw_rings(figure, seeds: dict, language: str) -> None:
    """Draw 200 samples of the GAN and of the VAE for each of three seeds, and the centres of the eight Gaussians."""
    shown = [*seeds][:3]
    rows = {row: EXPERIMENT.panels["modes"].rows[row].to(language) for row in ("ring_gan", "ring_vae")}
    all_axes = figure.subplots(len(rows), len(shown), sharex=True, sharey=True)
    for (row, name), line in zip(rows.items(), all_axes, strict=True):
        for seed, axes in zip(shown, line, strict=True):
            points = np.array([pair.split(",") for pair in seeds[seed]["points"][row].split()], float)
            axes.plot(*CENTRES.T, "o", color="tab:orange", markersize=9, markerfacecolor="none")
            axes.plot(*points.T, ".", color="tab:blue", markersize=2)
            axes.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), aspect="equal", xticks=[], yticks=[])
            axes.set_title(Words(f"{name}, seed {seed}", f"{name}，种子 {seed}").to(language), fontsize=8)


RING_ROWS = {
    "ring_data": Words("real points", "真实数据点"),
    "ring_gan": Words("GAN on the ring", "圆环上的 GAN"),
    "ring_vae": Words("VAE on the ring", "圆环上的 VAE"),
}
DIGIT_ROWS = {"real": Words("real digits", "真实数字"), "gan": Words("GAN", "GAN"), "vae": Words("VAE", "VAE")}
EXPERIMENT = Experiment(
    question=Words("Why do we need generative adversarial networks?", "为什么需要使用生成对抗网络？"),
    measure=measure,
    choose=choose,
    lower_is_chosen=True,
    draw=draw,
    quick={"ring_steps": 2, "limit": 100, "epochs": (1, 1), "count": 60, "judge_limit": 100},
    check={"rows": ("ring_vae",)},
    panels={
        "modes": Panel(
            title=Words("Ring of eight Gaussians", "八个高斯分布组成的圆环"),
            score=Score(Words("modes found", "找到的模式数"), MODES, higher_is_better=True, format=".1f"),
            rows=RING_ROWS,
            reference="ring_vae",
        ),
        "near": Panel(
            score=Score(
                Words("samples near a mode", "落在某个模式附近的样本"), PERCENT, higher_is_better=True, format=".1f"
            ),
            rows=RING_ROWS,
            reference="ring_vae",
        ),
        "precision": Panel(
            title=Words("MNIST", "MNIST"),
            score=Score(Words("precision", "精确率"), PERCENT, higher_is_better=True, format=".1f"),
            rows=DIGIT_ROWS,
            reference="vae",
        ),
        "recall": Panel(
            score=Score(Words("recall", "召回率"), PERCENT, higher_is_better=True, format=".1f"),
            rows=DIGIT_ROWS,
            reference="vae",
        ),
        "distance": Panel(
            score=Score(Words("Fréchet distance", "Fréchet 距离"), NUMBER, higher_is_better=False, format=".1f"),
            rows=DIGIT_ROWS,
            reference="vae",
        ),
    },
    claims=(
        Claim(
            Words(
                "Does the GAN miss some of the eight Gaussians of the ring?",
                "在圆环上，GAN 是否漏掉了八个高斯分布中的某些？",
            ),
            panel="modes",
            row="ring_gan",
            reference=8.0,
            better=False,
            known="yes",
        ),
        Claim(
            Words(
                "Do more of the GAN's points than of the VAE's lie near one of the Gaussians?",
                "与 VAE 相比，GAN 生成的点是否有更多落在某个高斯分布附近？",
            ),
            panel="near",
            row="ring_gan",
            reference="ring_vae",
        ),
        Claim(
            Words(
                "On MNIST, are the GAN's digits nearer to real ones (Fréchet distance) than those of a VAE that was trained "
                "for the same time?",
                "在 MNIST 上训练同样长的时间，GAN 生成的数字是否比 VAE 更接近真实数字（Fréchet 距离）？",
            ),
            panel="distance",
            row="gan",
            reference="vae",
        ),
    ),
    explanation=Words(
        en=r"""
A generative adversarial network (GAN) learns to make new examples. It consists of two networks. The generator $G$ turns random numbers $z$, drawn from a normal distribution, into an example $G(z)$. The discriminator $D$ gets real examples $x$ and generated ones and says with which probability, $D(x)$, an example is real. Both are trained against each other:

$$\min_G \max_D \; \mathbb{E}_{x}igl[\log D(x)igr] + \mathbb{E}_{z}igl[\log (1 - D(G(z)))igr]$$

Here $\mathbb{E}_x$ is the mean over the real examples and $\mathbb{E}_z$ that over the random numbers. For a fixed generator the best discriminator is $D(x) = p(x) / (p(x) + p_G(x))$, where $p$ is the density of the real and $p_G$ that of the generated examples. With this discriminator the value is smallest if and only if $p_G = p$ (Goodfellow et al., 2014). In practice the generator minimises $-\log D(G(z))$ instead of $\log(1 - D(G(z)))$: the aim is the same, and the gradient does not vanish while the discriminator wins easily.

Why use a second network as the loss? A loss that compares pixels, such as that of a variational autoencoder (VAE), is smallest for the mean of all images that are possible, and such a mean is blurred, or on the ring lies between the Gaussians. A discriminator recognises a blurred image at once. It learns by itself in what real and generated examples differ, and its gradient tells the generator how to remove the difference.

The price is that two networks chase each other instead of going down one loss. The discriminator sees only what the generator makes; nobody tells the generator what it leaves out. It can please the discriminator with a few kinds of examples: this is called mode collapse. A VAE, in contrast, has to reconstruct every training example, so it leaves none out, but it also makes examples between the real ones. Precision (the share of generated examples that lie among the real ones) and recall (the share of real examples that lie among the generated ones) measure these two faults apart from each other.
""".strip(),
        zh=r"""
生成对抗网络（GAN）学习生成新样本，由两个网络组成。生成器 $G$ 把取自正态分布的随机数 $z$ 变换为样本 $G(z)$ 。判别器 $D$ 接收真实样本 $x$ 与生成样本，输出样本为真的概率 $D(x)$ 。两者相互对抗地训练：

$$\min_G \max_D \; \mathbb{E}_{x}igl[\log D(x)igr] + \mathbb{E}_{z}igl[\log (1 - D(G(z)))igr]$$

其中 $\mathbb{E}_x$ 为对真实样本求平均， $\mathbb{E}_z$ 为对随机数求平均。生成器固定时，最优判别器为 $D(x) = p(x) / (p(x) + p_G(x))$ ，其中 $p$ 与 $p_G$ 分别为真实样本与生成样本的概率密度。代入这一判别器后，当且仅当 $p_G = p$ 时目标值最小（Goodfellow 等，2014）。实际训练时，生成器最小化的是 $-\log D(G(z))$ ，而不是 $\log(1 - D(G(z)))$ ：两者目标一致，但前者在判别器轻易取胜时梯度不会消失。

为什么要用另一个网络充当损失函数？变分自编码器（VAE）等模型的损失逐像素比较图像，其最优输出是各种可能图像的平均；这样的平均图像是模糊的，在圆环上则落在各高斯分布之间。判别器一眼就能识别模糊的图像。真实样本与生成样本差在哪里，由判别器自己学习，它的梯度告诉生成器如何消除这些差别。

代价是两个网络互相追逐，而不是沿着同一个损失函数下降。判别器只看到生成器给出的样本，没有人告诉生成器漏掉了什么，因此生成器可能只用少数几类样本来骗过判别器，这称为模式坍塌（mode collapse）。相反，VAE 必须重构每一个训练样本，所以不会遗漏，但也会生成介于真实样本之间的样本。精确率（生成样本中落在真实样本范围之内的比例）与召回率（真实样本中落在生成样本范围之内的比例）分别衡量这两种缺陷。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
import numpy as np
from dlguide import gan, generation, training

x = np.random.default_rng(0).random((64, 28, 28, 1), dtype="float32")  # your images, in [0, 1]

model = gan((28, 28, 1), latent_dim=32, filters=(8, 16))  # both players in one model
model.compile(keras.optimizers.Adam(1e-3, beta_1=0.5))  # no loss: the model has those of both players
training.fit(model, x, epochs=1, batch_size=32, verbose=0)  # no targets; `model.fit(x)` works too

images = generation.sample(model, 10, seed=0)  # ten new images
""",
        zh="""
import keras
import numpy as np
from dlguide import gan, generation, training

x = np.random.default_rng(0).random((64, 28, 28, 1), dtype="float32")  # 换成自己的图像，取值在 [0, 1] 内

model = gan((28, 28, 1), latent_dim=32, filters=(8, 16))  # 一个模型包含生成器与判别器
model.compile(keras.optimizers.Adam(1e-3, beta_1=0.5))  # 无需指定损失：模型自带双方的损失
training.fit(model, x, epochs=1, batch_size=32, verbose=0)  # 无需目标值；也可用 `model.fit(x)`

images = generation.sample(model, 10, seed=0)  # 生成十张新图像
""",
    ),
    setting=Words(
        "Ring: eight Gaussians with a standard deviation of 0.02 on a circle with a radius of 2 (Metz et al., 2017); 4,000 steps "
        "with 128 new points each. GAN and VAE have two hidden layers of 128 units in each of their networks and 16 random "
        "numbers; the β of the VAE is $2 \\cdot 0.02^2$, so that its loss is the likelihood bound of points with this spread, "
        "and noise of this spread is added to its samples. Of 1,000 samples, one counts as near a Gaussian within three "
        "standard deviations (98.9 % of real points are); a mode is found if at least 1 % of the samples are near it. MNIST: 10,000 images "
        "without labels, batches of 64. The GAN's generator has layers of 128 and 256 units with batch normalisation, its discriminator 256 and 128 with "
        "dropout of 0.3; the VAE has 256 and 128 units in its encoder, the same in reverse in its decoder; both have codes of 32 numbers. "
        "The GAN is trained for EPOCHS_GAN epochs and the VAE for EPOCHS_VAE, which take about the same time on one core (the JSON file has the "
        "seconds). Precision, recall and Fréchet distance compare 1,000 generated images with 1,000 test images in "
        "the features of a convolutional classifier that was trained on 5,000 training images; the row of real digits has as "
        "many training images. All four models use Adam (β₁ = 0.5) with a learning rate that falls linearly to 0; its "
        "first value is chosen on the ring by the share of samples that would have to move to make eight equal Gaussians, and on "
        "MNIST by the Fréchet distance from images of the validation set.",
        "圆环：半径为 2 的圆周上均匀分布八个标准差为 0.02 的高斯分布（Metz 等，2017），训练 4,000 步，每步使用 128 个新抽取的点。"
        "GAN 与 VAE 的每个网络都有两个 128 单元的隐藏层，随机数为 16 维；VAE 的 β 取 $2 \\cdot 0.02^2$ ，使损失对应于该标准差下的似然下界，"
        "并在其样本上加入同样标准差的噪声。共生成 1,000 个样本，与某个高斯分布中心的距离不超过三个标准差即视为落在其附近"
        "（真实数据点有 98.9%）；若某个模式附近至少有 1% 的样本，则认为该模式被找到。MNIST：10,000 张图像，不用标签，批大小 64。"
        "GAN 的生成器有 128 和 256 个单元的两层，并使用批归一化；判别器有 256 和 128 个单元的两层，随机失活率为 0.3。"
        "VAE 的编码器有 256 和 128 个单元的两层，解码器与之对称；两者的编码都是 32 维。GAN 训练 EPOCHS_GAN 轮，VAE 训练 EPOCHS_VAE 轮，"
        "在单核上用时大致相等（秒数见 JSON 文件）。精确率、召回率与 Fréchet 距离在一个卷积分类器的特征空间中比较 1,000 张生成图像与 1,000 张测试图像，"
        "该分类器用 5,000 张训练图像训练；“真实数字”一行为同样数量的训练图像。四个模型都使用 Adam（β₁ = 0.5），学习率线性下降到 0；"
        "其初始值在圆环上按“要得到八个均等的高斯分布需要移动的样本比例”选择，在 MNIST 上按与验证集图像的 Fréchet 距离选择。",
    ),
    limits=Words(
        "LIMITS",
        "局限",
    ),
    sources=(
        "I. Goodfellow et al., [Generative adversarial nets](https://arxiv.org/abs/1406.2661), NeurIPS 2014.",
        "L. Metz, B. Poole, D. Pfau, J. Sohl-Dickstein, [Unrolled generative adversarial networks]"
        "(https://arxiv.org/abs/1611.02163), ICLR 2017 (the ring, and mode collapse on it).",
        "T. Kynkäänniemi et al., [Improved precision and recall metric for assessing generative models]"
        "(https://arxiv.org/abs/1904.06991), NeurIPS 2019.",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
