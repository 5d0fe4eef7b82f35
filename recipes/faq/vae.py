"""Question 18: why do we need variational autoencoders?

python -m recipes.faq.vae
"""

import warnings

import numpy as np

from recipes.faq import _digits, _figure, _run, _side_by_side, _tuning
from recipes.faq._experiment import NUMBER, Claim, Curve, Experiment, Panel, Score, Unit, Words

SIZES = (2, 16, 32)
BETAS = (0.25, 1.0, 4.0)
LARGEST = SIZES[-1]  # Numbers of the code where beta changes.
PICTURED = 16
RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
UNITS = Unit(Words("{}", "{}"), Words("{} units", "{} 个"), Words(f"of {LARGEST}", f"共 {LARGEST} 个"))


def measure(
    seed: int,
    choice: dict,
    *,
    limit: int = 5000,
    epochs: int = 10,
    count: int = 1000,
    judge_limit: int = 5000,
    sizes: tuple[int, ...] = SIZES,
    betas: tuple[float, ...] = BETAS,
) -> dict:
    """Return the distance of generated digits from real ones, and the number of units in use."""
    from dlguide import data

    mnist = data.load("mnist", limit=limit, seed=seed)
    judge = _digits.judge(judge_limit, count) if sizes else None
    rng = np.random.default_rng(seed)
    settings = list(dict.fromkeys([*((size, 1.0) for size in sizes), *((LARGEST, beta) for beta in betas)]))
    vaes = trained("vae", settings, mnist, choice, epochs=epochs, seed=seed)
    units = {f"{beta:g}": units_in_use(vaes[LARGEST, beta], mnist.test.x) for beta in betas}
    if not sizes:
        return {"units": {"vae": units}}

    def distance(images) -> float:
        return judge.scores(images)["frechet_distance"]

    images = {"vae": {size: decoded(vaes[size, 1.0], rng.normal(size=(count, size))) for size in sizes}}
    for size, model in trained("autoencoder", sizes, mnist, choice, epochs=epochs, seed=seed).items():
        for row, codes in drawn_codes(np.asarray(model.get_layer("encoder")(mnist.train.x)), count, rng, seed).items():
            images.setdefault(row, {})[size] = decoded(model, codes)
    rows = [*EXPERIMENT.panels["samples"].rows]
    draws = {beta: decoded(vaes[LARGEST, beta], rng.normal(size=(count, LARGEST))) for beta in betas}
    scores = {
        "samples": {row: {str(size): distance(x) for size, x in images[row].items()} for row in rows},
        "units": {"vae": units},
        "beta": {"vae": {f"{beta:g}": distance(x) for beta, x in draws.items()}},
    }
    if seed == 0 and PICTURED in sizes:
        scores["pictures"] = {row: _digits.packed(images[row][PICTURED][:10]) for row in rows}
    return scores


def choose(*, limit: int = 5000, epochs: int = 10, **others) -> dict:
    """Return the validation loss of each learning rate for both models."""
    import keras

    from dlguide import data

    mnist = data.load("mnist", limit=limit, seed=100)

    def score(row: str, rate: float) -> float:
        setting = (LARGEST, 1.0) if row == "vae" else LARGEST
        [model] = trained(row, [setting], mnist, {row: {f"{rate:g}": 0.0}}, epochs=epochs, seed=100).values()
        model.compile(loss=keras.losses.BinaryCrossentropy(from_logits=True))
        return float(model.evaluate(mnist.valid.x, mnist.valid.x, batch_size=500, verbose=0))

    return _tuning.search(("autoencoder", "vae"), RATES, score)


def trained(row: str, settings, mnist, choice: dict, *, epochs: int, seed: int) -> dict:
    """Return a trained autoencoder for each size of the code, or a VAE for each `(size, beta)`."""
    import keras

    from dlguide import autoencoder, vae

    keras.utils.set_random_seed(seed)
    shape, layers = mnist.train.x.shape[1:], {"hidden_units": (128,), "activation": "relu"}
    if row == "vae":
        models = {
            (size, beta): vae(shape, latent_dim=size, beta=beta, name=f"code_of_{size}_beta_{beta}", **layers)
            for size, beta in settings
        }
    else:
        models = {size: autoencoder(shape, latent_dim=size, name=f"code_of_{size}", **layers) for size in settings}
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    rate = _tuning.best(choice[row], lower=True)
    _side_by_side.train(list(models.values()), mnist.train.x, loss, rate=rate, epochs=epochs, seed=seed)
    return models


def drawn_codes(codes: np.ndarray, count: int, rng, seed: int) -> dict[str, np.ndarray]:
    """Return codes drawn from distributions that know nothing, a little and more of an autoencoder's codes."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    mixture = GaussianMixture(10, max_iter=30, reg_covar=1e-3, init_params="k-means++", random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 30 steps are enough here.
        mixture.fit(codes)
    return {
        "standard": rng.normal(size=(count, codes.shape[1])),
        "fitted": rng.multivariate_normal(codes.mean(axis=0), np.cov(codes, rowvar=False), count),
        "mixture": mixture.sample(count)[0],
    }


def decoded(model, codes: np.ndarray) -> np.ndarray:
    """Return the images that a decoder makes of codes."""
    from scipy.special import expit

    return expit(np.asarray(model.get_layer("decoder")(codes.astype("float32"))))


def units_in_use(model, images: np.ndarray) -> float:
    """Return how many units of the code have a mean that differs between images (Burda et al., 2016)."""
    z_mean, _ = model.get_layer("encoder")(images)
    return float((np.asarray(z_mean).var(axis=0) > 0.01).sum())


def draw(seeds: dict, language: str):
    """Draw the usual panels, and below them digits of each row."""
    from dlguide.plots import _figure as plot

    rows = EXPERIMENT.panels["samples"].rows
    strips = {rows[row].to(language): text for row, text in seeds["0"]["pictures"].items()}
    panels = sum(_figure.heights(EXPERIMENT))
    with plot.new_figure(6.4, panels + 4) as figure:
        above, below = figure.subfigures(2, height_ratios=[panels, 4])
        _figure.draw_panels(above, EXPERIMENT, seeds, language)
        below.suptitle(
            Words(f"Drawn with codes of {PICTURED} numbers", f"由 {PICTURED} 维编码生成的数字").to(language),
            fontsize=10,
        )
        _digits.draw_strips(below, strips)
    return figure


DISTANCE = Score(
    Words("Fréchet distance", "Fréchet 距离"), NUMBER, higher_is_better=False, format=".1f", logarithmic=True
)
BETA = Curve(Words("β", "β"), logarithmic=True)
VAE = {"vae": Words(f"VAE with {LARGEST} units", f"变分自编码器（{LARGEST} 个单元）")}
EXPERIMENT = Experiment(
    question=Words("Why do we need variational autoencoders?", "为什么需要使用变分自编码器？"),
    measure=measure,
    choose=choose,
    lower_is_chosen=True,
    draw=draw,
    quick={"limit": 100, "epochs": 1, "count": 60, "judge_limit": 100, "sizes": (2,), "betas": (1.0,)},
    check={"sizes": (), "betas": (4.0,)},
    panels={
        "samples": Panel(
            title=Words("Generated digits against real ones", "生成的数字与真实数字之间的距离"),
            score=DISTANCE,
            rows={
                "standard": Words("autoencoder, standard normal codes", "自编码器，编码取自标准正态分布"),
                "fitted": Words("autoencoder, one normal distribution fitted", "自编码器，拟合一个正态分布"),
                "mixture": Words("autoencoder, mixture of ten fitted", "自编码器，拟合十个正态分布的混合"),
                "vae": Words("VAE, standard normal codes", "变分自编码器，编码取自标准正态分布"),
            },
            reference="vae",
            curve=Curve(Words("numbers in the code", "编码的维数"), logarithmic=True),
        ),
        "units": Panel(
            title=Words("Units of the code in use", "起作用的编码单元"),
            score=Score(Words("units in use", "起作用的单元数"), UNITS, higher_is_better=True, format=".1f"),
            rows=VAE,
            curve=BETA,
        ),
        "beta": Panel(
            title=Words("Generated digits over β", "不同 β 下生成的数字与真实数字之间的距离"),
            score=DISTANCE,
            rows=VAE,
            curve=BETA,
        ),
    },
    claims=(
        Claim(
            Words(
                "With 16 numbers, are a VAE's digits nearer to real ones than those of a plain autoencoder whose codes are "
                "drawn from the same standard normal distribution?",
                "编码为 16 维、同样从标准正态分布中抽取编码时，变分自编码器生成的数字是否比普通自编码器更接近真实数字？",
            ),
            panel="samples",
            row="vae",
            reference="standard",
            at="16",
        ),
        Claim(
            Words(
                "And nearer than if a normal distribution is fitted to the plain autoencoder's codes?",
                "若先对普通自编码器的编码拟合一个正态分布，变分自编码器生成的数字是否仍更接近真实数字？",
            ),
            panel="samples",
            row="vae",
            reference="fitted",
            at="16",
            known="yes",
        ),
        Claim(
            Words(
                "And nearer than if a mixture of ten normal distributions is fitted to them?",
                "若改为拟合十个正态分布的混合，变分自编码器生成的数字是否仍更接近真实数字？",
            ),
            panel="samples",
            row="vae",
            reference="mixture",
            at="16",
            known="no",
        ),
        Claim(
            Words(
                f"Does a VAE with {LARGEST} units (β = 1) leave some of them unused?",
                f"有 {LARGEST} 个编码单元的变分自编码器（β = 1）是否有单元不起作用？",
            ),
            panel="units",
            row="vae",
            reference=float(LARGEST),
            better=False,
            at="1",
            known="yes",
        ),
    ),
    explanation=Words(
        en=r"""
A plain autoencoder reconstructs the examples that it is given, but nobody knows how its codes are distributed. If a code is drawn at random, it may fall between the codes of the training set, where the decoder was never trained, and the image is no digit. A variational autoencoder (VAE) is trained so that its codes follow a distribution that is known from the start: the standard normal distribution $p(z) = \mathcal{N}(0, I)$. New examples are then made by drawing $z$ from $p(z)$ and decoding it.

For this the encoder gives no single code for an example $x$, but a normal distribution $q(z \mid x)$ with a mean $\mu_j$ and a standard deviation $\sigma_j$ for each unit $j$ of the code. In training the decoder gets $z = \mu + \sigma \odot \varepsilon$, where $\varepsilon$ is drawn from $\mathcal{N}(0, I)$ and $\odot$ multiplies unit by unit; written in this way, the gradient passes through the random draw to $\mu$ and $\sigma$. The loss is

$$\mathcal{L} = \mathbb{E}_{q(z \mid x)}\bigl[-\log p(x \mid z)\bigr] + \beta \cdot \frac{1}{2} \sum_{j} \bigl(\mu_j^2 + \sigma_j^2 - 1 - \log \sigma_j^2\bigr)$$

The first part is the error of the reconstruction (here the cross-entropy of the pixels). The second is the Kullback-Leibler divergence of $q(z \mid x)$ from $p(z)$: it is 0 if $\mu_j = 0$ and $\sigma_j = 1$ for each unit, and grows if the distribution of an example moves away from the standard normal one or gets narrow. It pulls the distributions of all examples together until they overlap, so that there are no holes between them. With $\beta = 1$, $-\mathcal{L}$ is a lower bound of the log-likelihood of $x$ (the evidence lower bound).

Both parts work against each other. A unit costs divergence as soon as it carries information about $x$. If it lowers the reconstruction error by less than it costs, it is better left at $\mu_j = 0$ and $\sigma_j = 1$, and the decoder learns to ignore it: such a unit is not in use. A larger $\beta$ makes information more expensive, so fewer units are in use and the images get more blurred; a smaller one makes the reconstruction better, but then the codes of the training set follow the standard normal distribution less well.
""".strip(),
        zh=r"""
普通自编码器能够重构输入，但其编码服从什么分布并不知道。若随机抽取一个编码，它可能落在训练集各编码之间的空隙里，解码器在那里从未受过训练，得到的图像也就不是数字。变分自编码器（VAE）在训练时就使编码服从一个预先给定的分布，即标准正态分布 $p(z) = \mathcal{N}(0, I)$ 。生成新样本时，只需从 $p(z)$ 中抽取 $z$ 再解码。

为此，编码器对样本 $x$ 给出的不是一个确定的编码，而是一个正态分布 $q(z \mid x)$ ，编码的每个单元 $j$ 各有均值 $\mu_j$ 与标准差 $\sigma_j$ 。训练时解码器的输入为 $z = \mu + \sigma \odot \varepsilon$ ，其中 $\varepsilon$ 取自 $\mathcal{N}(0, I)$ ， $\odot$ 表示逐元素相乘；写成这种形式后，梯度可以穿过随机抽样传到 $\mu$ 与 $\sigma$ （重参数化）。损失函数为

$$\mathcal{L} = \mathbb{E}_{q(z \mid x)}\bigl[-\log p(x \mid z)\bigr] + \beta \cdot \frac{1}{2} \sum_{j} \bigl(\mu_j^2 + \sigma_j^2 - 1 - \log \sigma_j^2\bigr)$$

第一项为重构误差（此处为像素的交叉熵）。第二项为 $q(z \mid x)$ 与 $p(z)$ 之间的 KL 散度：当每个单元都有 $\mu_j = 0$ 、 $\sigma_j = 1$ 时为 0；某个样本的分布偏离标准正态分布或变窄时，散度随之增大。这一项把各样本的分布拉到一起，使它们彼此重叠，不留空隙。当 $\beta = 1$ 时， $-\mathcal{L}$ 是 $x$ 的对数似然的一个下界，称为证据下界（ELBO）。

这两项相互制约。一个单元只要携带有关 $x$ 的信息，就会增加散度。若它使重构误差降低的量小于散度增加的量，不如保持 $\mu_j = 0$ 、 $\sigma_j = 1$ ，解码器也会学会忽略它，这个单元就不起作用。 $\beta$ 越大，信息的代价越高，起作用的单元越少，图像也越模糊； $\beta$ 较小时重构更好，但训练集的编码就不那么符合标准正态分布。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
import numpy as np
from dlguide import generation, training, vae

x = np.random.default_rng(0).random((256, 28, 28, 1), dtype="float32")  # your images, in [0, 1]

model = vae((28, 28, 1), latent_dim=16, hidden_units=(128,), beta=1.0)  # adds the divergence to the loss
model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
training.fit(model, x, x, epochs=1, verbose=0)

images = generation.sample(model, 10, seed=0)  # ten new images, from codes of N(0, I)
z_mean, z_log_var = model.get_layer("encoder").predict(x, verbose=0)
in_use = (z_mean.var(axis=0) > 0.01).sum()  # units of the code in use
""",
        zh="""
import keras
import numpy as np
from dlguide import generation, training, vae

x = np.random.default_rng(0).random((256, 28, 28, 1), dtype="float32")  # 换成自己的图像，取值在 [0, 1] 内

model = vae((28, 28, 1), latent_dim=16, hidden_units=(128,), beta=1.0)  # 自动把 KL 散度加入损失
model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
training.fit(model, x, x, epochs=1, verbose=0)

images = generation.sample(model, 10, seed=0)  # 从 N(0, I) 中抽取编码，生成十张新图像
z_mean, z_log_var = model.get_layer("encoder").predict(x, verbose=0)
in_use = (z_mean.var(axis=0) > 0.01).sum()  # 起作用的编码单元数
""",
    ),
    setting=Words(
        "5,000 MNIST images, 10 epochs of Adam with batches of 100; the learning rate rises in the first 15 % of the steps "
        "and falls to 0 as a cosine. Both models (`autoencoder` and `vae`) have one hidden layer of 128 ReLU units in the "
        "encoder and one in the decoder, and the cross-entropy of the pixels as their reconstruction error. The highest "
        "learning rate is chosen for each by its own loss on the validation set, with 32 numbers in the code and β = 1, and used for "
        "all sizes and all β. From each model 1,000 images are generated. The distance is the Fréchet distance from 1,000 test "
        "images in the features of a convolutional classifier, which was trained on 5,000 training images and is the same "
        "for all seeds; it is no Inception FID and compares only what the same classifier has judged. The distributions are "
        "fitted to the codes of the 5,000 training images. A unit is in use if its mean $\\mu_j$ has a "
        "variance above 0.01 over the test images (Burda et al., 2016).",
        "用 5,000 张 MNIST 图像训练 10 轮，优化器为 Adam，批大小 100；学习率在前 15% 的步数内上升，之后按余弦下降到 0。"
        "两种模型（`autoencoder` 与 `vae`）的编码器和解码器各有一个 128 个 ReLU 单元的隐藏层，重构误差都用像素的交叉熵。"
        "最大学习率在编码为 32 维、β = 1 时，按各自在验证集上的损失选定，并用于所有维数与所有 β。每个模型生成 1,000 张图像，"
        "与 1,000 张测试图像在一个卷积分类器的特征空间中计算 Fréchet 距离；该分类器用 5,000 张训练图像训练，对所有种子都相同。"
        "这不是 Inception FID，只能在同一分类器之下相互比较。各分布用 5,000 张训练图像的编码拟合。"
        "若单元的均值 $\\mu_j$ 在测试图像上的方差大于 0.01，则认为该单元起作用（Burda 等，2016）。",
    ),
    limits=Words(
        "One data set, few images, small networks and a short training. How many units are in use depends on the length of the "
        "training and on the threshold of 0.01. The pixels are grey values, for which the cross-entropy is no exact "
        "likelihood. Ghosh et al. (2020) report on MNIST with codes of 16 numbers, "
        "convolutional networks and the Inception FID; their comparison of a fitted mixture with a VAE says that "
        "a VAE is not the only way to draw new examples from an autoencoder.",
        "只用了一个数据集，图像少，网络小，训练时间短。起作用的单元数与训练时间和阈值 0.01 有关。像素为灰度值，此时交叉熵不是严格意义上的似然。"
        "Ghosh 等（2020）在 MNIST 上使用 16 维编码、"
        "卷积网络和 Inception FID；他们对混合分布与变分自编码器的比较表明，要从自编码器生成新样本，变分自编码器并不是唯一的方法。",
    ),
    sources=(
        "D. P. Kingma, M. Welling, [Auto-encoding variational Bayes](https://arxiv.org/abs/1312.6114), ICLR 2014.",
        "Y. Burda, R. Grosse, R. Salakhutdinov, [Importance weighted autoencoders](https://arxiv.org/abs/1509.00519), ICLR 2016 "
        "(units in use: its section 5).",
        "I. Higgins et al., [β-VAE: Learning basic visual concepts with a constrained variational framework]"
        "(https://openreview.net/forum?id=Sy2fzU9gl), ICLR 2017.",
        "P. Ghosh, M. S. M. Sajjadi, A. Vergari, M. Black, B. Schölkopf, [From variational to deterministic autoencoders]"
        "(https://arxiv.org/abs/1903.12436), ICLR 2020.",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
