"""Question 23: when does one need a polynomial of several variables?

python -m recipes.faq.polynomial
"""

import numpy as np

from recipes.faq import _run, _tuning
from recipes.faq._experiment import Claim, Curve, Experiment, Panel, Score, Unit, Words

PENALTIES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100)
CARS = {"linear": 1, "quadratic": 2, "cubic": 3, "quadratic_penalty": 2, "cubic_penalty": 3}
BIKES = {"bikes_train": 1, "bikes_test": 1}
DEGREES = tuple(range(1, 16))
HOURS = ("hr", "temp", "hum", "windspeed")
SIZES = (8, 16, 24, 30, 36, 40, 44, 50, 60, 80, 120, 200, 330, 792)
REGIMES = {"few": "8", "equal": "40", "many": "792"}
MPG = Unit(Words("{} mpg", "{} mpg"), Words("{} mpg", "{} mpg"), Words("mpg", "mpg"))
HIRES = Unit(Words("{} hires", "{} 次"), Words("{} hires", "{} 次"), Words("hires an hour", "次/小时"))


def measure(
    seed: int,
    choice: dict,
    *,
    degrees: tuple[int, ...] = DEGREES,
    sizes: tuple[int, ...] = SIZES,
    bike_degree: int = 6,
    draws: int = 20,
) -> dict:
    """Return the test errors of polynomials of cars and of hours of bicycle hire."""
    from dlguide import data

    penalty = {row: _tuning.best(tries, lower=True) for row, tries in choice.items()}
    mpg = data.load("auto_mpg", seed=seed)
    drawn = range(draws * seed, draws * (seed + 1))
    few = [few_errors(few_cars(mpg, 20, own), mpg.test, degrees, penalty["few_penalty"]) for own in drawn]
    strengths = {"many": 0.0, "many_penalty": penalty["many_penalty"]}
    forty = [size_errors(mpg, one, sizes, strengths) for one in drawn]
    many = {row: {at: median([one[row][at] for one in forty]) for at in forty[0][row]} for row in strengths}
    return {
        "cars": {row: cars_error(mpg, row, penalty.get(row, 0.0)) for row in CARS},
        "bikes": bikes_errors(data.load("bikeshare", seed=seed), bike_degree),
        "few": {row: {at: median([one[row][at] for one in few]) for at in few[0][row]} for row in few[0]},
        "many": many,
        "regimes": {row: many["many"][size] for row, size in REGIMES.items()},
    }


def choose(seed: int = 100, *, degrees: tuple[int, ...] = DEGREES, sizes: tuple[int, ...] = SIZES, **_) -> dict:
    """Return the validation error of each strength of the penalty; seeds that are not published draw the cars."""
    from dlguide import data

    def score(row: str, penalty: float) -> float:
        errors = []
        for own in range(seed, seed + 5):
            mpg = data.load("auto_mpg", seed=own)
            if row in CARS:
                errors.append(cars_error(mpg, row, penalty, "valid"))
            elif row == "few_penalty":
                one = few_errors(few_cars(mpg, 20, 1000 * own), mpg.valid, degrees, penalty)["few_penalty"]
                errors += [median([at]) for at in one.values()]
            else:
                one = size_errors(mpg, 1000 * own, sizes, {row: penalty}, "valid")[row]
                errors += [median([at]) for at in one.values()]
        return float(np.mean(errors))

    return _tuning.search(("quadratic_penalty", "cubic_penalty", "few_penalty", "many_penalty"), PENALTIES, score)


def least_squares(train: np.ndarray, y: np.ndarray, test: np.ndarray, penalty: float = 0.0) -> np.ndarray:
    """Return the test predictions of least squares with a penalty on the squared weights of the standardised features.

    Without a penalty, and where many weights fit the training set exactly, they are those with the smallest norm.
    """
    centre, scale = train.mean(axis=0), train.std(axis=0)
    scale[scale < 1e-9] = 1
    z = (train - centre) / scale
    u, s, v = np.linalg.svd(z, full_matrices=False)
    kept = s > 1e-10 * s[0]
    u, s, v = u[:, kept], s[kept], v[kept]
    weights = v.T @ (s / (s**2 + penalty * len(z)) * (u.T @ (y - y.mean())))
    return y.mean() + (test - centre) / scale @ weights


def products(train: np.ndarray, test: np.ndarray, degree: int) -> tuple[np.ndarray, np.ndarray]:
    """Return every product of up to `degree` standardised variables, the lowest degrees first."""
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    scaler, features = StandardScaler().fit(train), PolynomialFeatures(degree, include_bias=False)
    return features.fit_transform(scaler.transform(train)), features.transform(scaler.transform(test))


def cars_error(mpg, row: str, penalty: float, part: str = "test") -> float:
    """Return the median absolute error of a polynomial of all seven variables."""
    held_out = getattr(mpg, part)
    train, test = products(mpg.train.x.astype("float64"), held_out.x.astype("float64"), CARS[row])
    return median([np.abs(least_squares(train, mpg.train.y, test, penalty) - held_out.y)])


def bikes_errors(bikes, most: int) -> dict:
    """Return the errors of polynomials of the hour and the weather on the training and the test set, by degree."""
    names = bikes.info.feature_names
    hours = [i for i, name in enumerate(names) if name.startswith("hr=")]
    weather = [names.index(name) for name in HOURS[1:]]
    train, test = (
        np.column_stack([part.x[:, hours].argmax(axis=1), part.x[:, weather]]).astype("float64")
        for part in (bikes.train, bikes.test)
    )
    errors = {"bikes_train": {}, "bikes_test": {}}
    for degree in range(1, most + 1):
        features, test_features = products(train, test, degree)
        both = least_squares(features, bikes.train.y, np.concatenate([features, test_features]))
        errors["bikes_train"][str(degree)] = median([np.abs(both[: len(train)] - bikes.train.y)])
        errors["bikes_test"][str(degree)] = median([np.abs(both[len(train) :] - bikes.test.y)])
    return errors


def few_cars(mpg, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a few cars of the training set."""
    drawn = np.random.default_rng(seed).permutation(len(mpg.train.x))[:count]
    return mpg.train.x[drawn].astype("float64"), mpg.train.y[drawn].astype("float64")


def few_errors(few: tuple, held_out, degrees: tuple[int, ...], penalty: float) -> dict:
    """Return the errors of polynomials of the weight alone that are fitted to a few cars, by degree."""
    column = 3
    low, high = few[0][:, column].min(), few[0][:, column].max()
    errors = {"few_train": {}, "few_test": {}, "few_penalty": {}}
    for degree in degrees:
        train, test = (
            np.polynomial.legendre.legvander(2 * (x[:, column] - low) / (high - low) - 1, degree)[:, 1:]
            for x in (few[0], held_out.x.astype("float64"))
        )
        errors["few_train"][str(degree)] = np.abs(least_squares(train, few[1], train) - few[1])
        errors["few_test"][str(degree)] = np.abs(least_squares(train, few[1], test) - held_out.y)
        errors["few_penalty"][str(degree)] = np.abs(least_squares(train, few[1], test, penalty) - held_out.y)
    return errors


def size_errors(mpg, seed: int, sizes: tuple[int, ...], penalties: dict[str, float], part: str = "test") -> dict:
    """Return each row's errors with each number of coefficients: seven variables, fitted to 40 cars."""
    x, y = few_cars(mpg, 40, seed)
    held_out = getattr(mpg, part)
    train, test = products(x, held_out.x.astype("float64"), 5)
    return {
        row: {
            str(size): np.abs(least_squares(train[:, : size - 1], y, test[:, : size - 1], penalty) - held_out.y)
            for size in sizes
        }
        for row, penalty in penalties.items()
    }


def median(errors: list[np.ndarray]) -> float:
    """Return the median of the errors of all draws: a polynomial may be wrong by any amount outside of its points."""
    return float(np.median(np.concatenate(errors)))


EXPERIMENT = Experiment(
    question=Words("Why does one need a polynomial of several variables?", "为什么需要多元多项式模型？"),
    measure=measure,
    choose=choose,
    chosen=Words("strength of the penalty λ", "惩罚强度 λ"),
    lower_is_chosen=True,
    quick={"degrees": (1, 2), "sizes": (8, 40, 792), "bike_degree": 2, "draws": 1},
    check={},
    seeds=tuple(range(10)),
    panels={
        "cars": Panel(
            score=Score(Words("median absolute error", "绝对误差的中位数"), MPG, higher_is_better=False),
            rows={
                "linear": Words("degree 1", "1 次"),
                "quadratic": Words("degree 2", "2 次"),
                "cubic": Words("degree 3", "3 次"),
                "quadratic_penalty": Words("degree 2 with a penalty", "2 次，加惩罚"),
                "cubic_penalty": Words("degree 3 with a penalty", "3 次，加惩罚"),
            },
            reference="linear",
            title=Words("Seven variables, 236 cars", "七个变量，236 辆汽车"),
        ),
        "bikes": Panel(
            score=Score(
                Words("median absolute error", "绝对误差的中位数"), HIRES, higher_is_better=False, format=".1f"
            ),
            rows={"bikes_train": Words("training set", "训练集"), "bikes_test": Words("test set", "测试集")},
            reference="bikes_train",
            curve=Curve(Words("degree", "次数")),
            title=Words("Hour and weather, about 5,200 hours of bicycle hire", "钟点与天气，约 5,200 小时的租车数据"),
        ),
        "few": Panel(
            score=Score(Words("median absolute error", "绝对误差的中位数"), MPG, False, logarithmic=True),
            rows={
                "few_train": Words("training set", "训练集"),
                "few_test": Words("test set", "测试集"),
                "few_penalty": Words("test set, 20 cars with a penalty", "测试集，20 辆加惩罚"),
            },
            reference="few_test",
            curve=Curve(Words("degree", "次数")),
            title=Words("One variable (weight), 20 cars", "一个变量（车重），20 辆汽车"),
        ),
        "many": Panel(
            score=Score(Words("median absolute error", "绝对误差的中位数"), MPG, False, logarithmic=True),
            rows={
                "many": Words("smallest weights, no penalty", "平方和最小的权重，不加惩罚"),
                "many_penalty": Words("40 cars with a penalty", "40 辆加惩罚"),
            },
            reference="many",
            curve=Curve(Words("number of coefficients", "系数个数"), logarithmic=True),
            title=Words("Seven variables, 40 cars: past the number of points", "七个变量，40 辆汽车：系数多于样本"),
        ),
        "regimes": Panel(
            score=Score(Words("median absolute error", "绝对误差的中位数"), MPG, higher_is_better=False),
            rows={
                "few": Words("8 coefficients", "8 个系数"),
                "equal": Words("40, as many as cars", "40 个系数，与汽车数相等"),
                "many": Words("792 coefficients", "792 个系数"),
            },
            reference="equal",
            title=Words("Three points of the curve without a penalty", "不加惩罚的曲线上的三处"),
        ),
    },
    claims=(
        Claim(
            Words(
                "Does a polynomial of the second degree predict the fuel economy better than a linear model of the same variables?",
                "用同样的变量预测每加仑行驶的英里数，二次多项式是否比线性模型更准确？",
            ),
            panel="cars",
            row="quadratic",
            reference="linear",
        ),
        Claim(
            Words(
                "Is the third degree without a penalty worse than the second?",
                "不加惩罚时，三次多项式是否不如二次多项式？",
            ),
            panel="cars",
            row="cubic",
            reference="quadratic",
            better=False,
        ),
        Claim(
            Words(
                "On 20 cars, does a penalty make a polynomial of degree 15 better?",
                "只有 20 辆汽车时，惩罚能否改善 15 次多项式？",
            ),
            panel="few",
            row="few_penalty",
            reference="few_test",
            at="15",
            known="yes",
        ),
        Claim(
            Words(
                "Without a penalty, is the test error with as many coefficients as cars larger than with 8 coefficients?",
                "不加惩罚时，系数个数等于汽车数的测试误差是否大于只有 8 个系数的测试误差？",
            ),
            panel="regimes",
            row="equal",
            reference="few",
            better=False,
            known="yes",
        ),
        Claim(
            Words(
                "Does it fall again with many more coefficients than cars?",
                "当系数远多于汽车数时，误差是否又下降？",
            ),
            panel="regimes",
            row="many",
            reference="equal",
            known="yes",
        ),
        Claim(
            Words(
                "Are 792 coefficients then better than 8?",
                "此时 792 个系数是否优于 8 个系数？",
            ),
            panel="regimes",
            row="many",
            reference="few",
        ),
    ),
    summary=Words(
        "In a polynomial of several variables the effect of a variable can bend and can depend on other variables, and "
        "the best weights are still given by a formula. Here the second degree predicted the fuel economy of cars (in "
        "miles per gallon, mpg) better than a linear model, by 0.46 mpg. The third degree has many more weights: it was "
        "worse than the second by 0.98 mpg, unless a penalty kept its weights small. Without a penalty the error was "
        "largest with as many coefficients as cars. It fell again with many more (double descent), but not below that of "
        "a model with 8 coefficients.",
        "在多元多项式中，一个变量的作用可以弯曲，也可以随其他变量而变，而最优权重仍可由公式给出。本实验预测汽车每加仑汽油行驶的英里数"
        "（mpg），二次多项式的误差比线性模型低 0.46 mpg。三次多项式的权重多得多：若不用惩罚来抑制权重，其误差比二次高 0"
        ".98 mpg。不加惩罚时，系数个数等于汽车数时误差最大；系数更多时误差又下降（双下降），但仍高于只有 8 个系数的模型。",
    ),
    outcomes=("yes", "yes", "yes", "yes", "yes", "no"),
    explanation=Words(
        en=r"""
A linear model adds up the effects of its variables, each of them proportional to the variable. Often this is not enough: a heavier car loses less with each further pound, and warm weather brings more cyclists in the afternoon than at night. A polynomial has products of the variables $x_1, \dots, x_d$ as its features $\varphi_j$:

$$\hat y = b + \sum_{j=1}^{p} w_j\, \varphi_j(x), \qquad \varphi_j(x) = x_1^{a_{j1}} x_2^{a_{j2}} \cdots x_d^{a_{jd}}, \qquad 1 \le a_{j1} + \dots + a_{jd} \le k$$

Here $k$ is the degree, the $a_{ji}$ are the powers, the $w_j$ the weights and $b$ the constant. For two variables and the second degree the $p = 5$ features are $x_1$, $x_2$, $x_1^2$, $x_1 x_2$ and $x_2^2$. The square of a variable bends its effect. The product of two variables lets the effect of one depend on the other. The model is still linear in its weights, so least squares gives the best ones in closed form, as for a straight line. But the number of features grows fast:

$$p = \frac{(d + k)!}{d!\, k!} - 1$$

For seven variables it is 7, 35, 119, 329 and 791 for the degrees 1 to 5. With many weights and few points the polynomial follows the noise of its points, and it swings between them and beyond them. A penalty on the squares of the weights keeps it calm (ridge regression):

$$\min_{b, w} \; \frac{1}{n} \sum_{i=1}^{n} (\hat y_i - y_i)^2 + \lambda \sum_{j=1}^{p} w_j^2$$

Here $n$ is the number of training examples, $\hat y_i$ the prediction for example $i$ and $y_i$ its true value. The strength $\lambda$ (not an eigenvalue, as it was in question 22) is chosen on the validation set: 0 is no penalty, and a large value makes the polynomial flat.

With as many coefficients as points (the constant counts as one), exactly one polynomial of these features goes through all points, because the 40 points here give 40 equations for 40 unknowns (unless some of them depend on each other); it often needs huge weights. With still more coefficients many polynomials go through all points. Among them one can take the one with the smallest weights, $\sum_j w_j^2$. The more features there are, the smaller these weights can be, and the test error falls again: this is called double descent (Belkin et al., 2019). A network differs in one point: its hidden layers learn their features, whereas a polynomial has to list all products.
""".strip(),
        zh=r"""
线性模型把各变量的作用相加，而每个变量的作用都与变量成正比。这往往不够：汽车越重，每再增加一磅，每加仑行驶的英里数减少得越少；气温升高，下午增加的骑车人数比夜里多。多项式用变量 $x_1, \dots, x_d$ 的乘积作为特征 $\varphi_j$ ：

$$\hat y = b + \sum_{j=1}^{p} w_j\, \varphi_j(x), \qquad \varphi_j(x) = x_1^{a_{j1}} x_2^{a_{j2}} \cdots x_d^{a_{jd}}, \qquad 1 \le a_{j1} + \dots + a_{jd} \le k$$

其中 $k$ 为次数， $a_{ji}$ 为各变量的幂次， $w_j$ 为权重， $b$ 为常数项。例如两个变量、二次时有 $p = 5$ 个特征： $x_1$ 、 $x_2$ 、 $x_1^2$ 、 $x_1 x_2$ 、 $x_2^2$ 。变量的平方使其作用弯曲，两个变量的乘积使一个变量的作用随另一个变量而变。模型对权重仍是线性的，因此与直线一样，最小二乘能直接给出最优权重的闭式解。但特征数增长很快：

$$p = \frac{(d + k)!}{d!\, k!} - 1$$

七个变量时，1 至 5 次分别有 7、35、119、329、791 个特征。权重多而样本少时，多项式会去拟合样本中的噪声，在样本之间和样本范围之外剧烈摆动。对权重的平方加上惩罚可以抑制这种摆动（岭回归）：

$$\min_{b, w} \; \frac{1}{n} \sum_{i=1}^{n} (\hat y_i - y_i)^2 + \lambda \sum_{j=1}^{p} w_j^2$$

其中 $n$ 为训练样本数， $\hat y_i$ 为第 $i$ 个样本的预测值， $y_i$ 为其真实值。惩罚强度 $\lambda$ （不是问题 22 中的特征值）在验证集上选择：取 0 即没有惩罚，取值很大时多项式趋于平坦。

当系数个数等于样本数时（常数项也算一个），由这些特征组成的多项式中恰有一个通过所有样本，因为这里的 40 个样本给出含 40 个未知数的 40 个方程（设它们线性无关）；它的权重往往非常大。系数更多时，通过所有样本的多项式有许多个，可以从中取权重平方和 $\sum_j w_j^2$ 最小的一个。特征越多，这个最小值就越小，测试误差再次下降，这称为双下降（double descent；Belkin 等，2019）。神经网络与多项式的区别在于：网络的隐藏层会学习特征，而多项式必须列出所有乘积。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
from dlguide import data, evaluation, polynomial_regression

mpg = data.load("auto_mpg")
x, y = mpg.train.x, mpg.train.y[:, None]

model = polynomial_regression((7,), degree=2)  # 35 products of seven variables
model.get_layer("features").adapt(x)  # scale the variables, decorrelate the products
model.compile(keras.optimizers.SGD(0.25), loss="mse")
model.fit(x, y, epochs=30, batch_size=len(x), verbose=0)
weights = evaluation.coefficients(model, mpg.info.feature_names)  # of each product

features = keras.Sequential(model.layers[:-1])  # with a penalty on the weights, in plain Keras
penalty = keras.regularizers.L2(0.1)
ridge = keras.Sequential([features, keras.layers.Dense(1, kernel_regularizer=penalty)])
""",
        zh="""
import keras
from dlguide import data, evaluation, polynomial_regression

mpg = data.load("auto_mpg")
x, y = mpg.train.x, mpg.train.y[:, None]

model = polynomial_regression((7,), degree=2)  # 七个变量的 35 个乘积
model.get_layer("features").adapt(x)  # 缩放变量，并去除各乘积之间的相关
model.compile(keras.optimizers.SGD(0.25), loss="mse")
model.fit(x, y, epochs=30, batch_size=len(x), verbose=0)
weights = evaluation.coefficients(model, mpg.info.feature_names)  # 各个乘积的系数

features = keras.Sequential(model.layers[:-1])  # 用普通的 Keras 对权重加惩罚
penalty = keras.regularizers.L2(0.1)
ridge = keras.Sequential([features, keras.layers.Dense(1, kernel_regularizer=penalty)])
""",
    ),
    setting=Words(
        "All fits are least squares in NumPy; features are standardised on the training set, "
        "and where many weights fit equally well those with the smallest sum of squares are taken. Cars: Auto MPG, all seven "
        "variables, 236 cars for training (drawn by the seed), 78 for the test. Hires: `bikeshare`, the hour as a number from 0 to 23, "
        "temperature, humidity and wind, whole days for training (drawn by the seed) and test, no penalty. One variable: "
        "polynomials of the weight, written as sums of Legendre polynomials (combinations of the powers that resemble each other less than the "
        "powers do), fitted to 20 cars, 20 times with other cars for each seed. Past the number of points: products of all "
        "seven variables up to degree 5, the lowest degrees first, fitted to 40 cars, 20 times with other cars for each seed. "
        "The score is the median of the absolute errors (of all draws), because a few examples outside of the range of the training set can have "
        "errors without any bound; in question 22 the score is the mean, so the two cannot be compared. λ is chosen by the mean validation error of five draws; one λ serves a whole curve.",
        "所有拟合都用 NumPy 做最小二乘；特征按训练集标准化，若有许多组权重拟合得同样好，则取平方和最小的一组。汽车：Auto MPG 数据的全部七个变量，236 辆用于训练（由种子抽取），"
        "78 辆用于测试。租车：`bikeshare` 数据，变量为钟点（0 到 23 的数）、气温、湿度和风速，训练集（由种子抽取）和测试集都由完整的日期组成，不加惩罚。"
        "一个变量：用车重的多项式拟合 20 辆汽车，写成勒让德多项式之和（勒让德多项式是各次幂的组合，彼此不像各次幂那样相近），每个种子重新抽取 20 次。系数多于样本：七个变量至多 5 次的乘积，次数低的在前，拟合 40 辆汽车，每个种子重新抽取 20 次。"
        "评分取（各次抽取的）全部绝对误差的中位数，因为少数样本超出训练集的范围，误差可以任意大；问题 22 用的是均值，因此两处的误差不能比较。λ 按五次抽取的平均验证误差选择，一条曲线共用一个 λ。",
    ),
    limits=Words(
        "Double descent needs the weights with the smallest sum of squares, and these depend on how the features are scaled; with a good penalty the peak disappears, "
        "and the penalty is the safer choice. Belkin et al. used random Fourier features (cosines of random weighted sums of the inputs) and networks, not products of variables, and show cases in which the large model is the better one. Here it is not: without a penalty the error was lowest with 16 coefficients (1.86 mpg). "
        "In first runs with the mean absolute error, or with a single draw of 40 cars for each seed, one draw could be wrong by more than all others together, and the intervals said nothing; "
        "hence the median and 20 draws. A median hides such errors: outside of its points a polynomial of high degree is useless. On 20 cars the second degree was better than degree 15 even with the penalty. The penalised rows try nine "
        "values of λ; the rows without a penalty have nothing to choose.",
        "双下降要求取平方和最小的权重，而这取决于特征如何缩放；惩罚选得合适时峰值就会消失，因此加惩罚更为稳妥。Belkin 等人用的是随机傅里叶特征（输入的随机加权和的余弦）和神经网络，而不是变量的乘积，并给出了大模型更好的例子。这里并非如此：不加惩罚时，16 个系数的误差最低（1.86 mpg）。"
        "最初用平均绝对误差，或每个种子只抽取一次 40 辆汽车时，某一次的误差可能超过其余各次之和，置信区间便失去意义，因此改用中位数，并抽取 20 次。中位数掩盖了这类误差：在样本范围之外，高次多项式毫无用处。只有 20 辆汽车时，即使加惩罚，15 次多项式也不如二次多项式。加惩罚的各行尝试了九个 λ 值，不加惩罚的各行没有可选的设置。",
    ),
    sources=(
        "A. E. Hoerl, R. W. Kennard, [Ridge regression: biased estimation for nonorthogonal problems]"
        "(https://doi.org/10.1080/00401706.1970.10488634), Technometrics 12 (1970).",
        "M. Belkin, D. Hsu, S. Ma, S. Mandal, [Reconciling modern machine-learning practice and the classical bias–variance "
        "trade-off](https://doi.org/10.1073/pnas.1903070116), PNAS 116 (2019).",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
