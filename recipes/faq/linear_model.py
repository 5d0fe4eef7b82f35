"""Question 22: what is a linear model of one variable good for?

python -m recipes.faq.linear_model
"""

import numpy as np

from recipes.faq import _figure, _run
from recipes.faq._experiment import NUMBER, Claim, Curve, Experiment, Panel, Score, Unit, Words

CARS = ("mean", "closed", "descent", "parabola", "seven")
SCALES = ("standard", "thousands", "pounds")
STEPS = (1, 10, 100, 1000, 10_000)
CO2 = {"unchanged": (0, 1), "recent": (1, 10), "line": (1, 99), "parabola": (2, 99)}
"""Degree of the polynomial, and how many years back it looks."""
YEARS = (1, 2, 5, 10)
MPG = Unit(Words("{} mpg", "{} mpg"), Words("{} mpg", "{} mpg"), Words("mpg", "mpg"))
PPM = Unit(Words("{} ppm", "{} ppm"), Words("{} ppm", "{} ppm"), Words("ppm", "ppm"))


def measure(seed: int, *, epochs: int = 30, steps: tuple[int, ...] = STEPS, origins: int = 10) -> dict:
    """Return the test scores of straight lines on cars, on hours of bicycle hire and on CO2."""
    from dlguide import data

    mpg = data.load("auto_mpg", seed=seed)
    column = mpg.info.feature_names.index("weight")
    weight, miles = (mpg.train.x[:, column].astype("float64"), mpg.train.y.astype("float64"))
    test_weight = mpg.test.x[:, column].astype("float64")
    slope, intercept = closed_form(weight, miles)
    line = intercept + slope * test_weight
    predictions = {
        "mean": np.full(len(mpg.test.y), miles.mean()),
        "closed": line,
        "descent": keras_line(mpg, column, epochs, seed),
        "parabola": np.polynomial.Polynomial.fit(weight, miles, 2)(test_weight),
        "seven": seven_variables(mpg),
    }
    return {
        "cars": {row: absolute_error(predictions[row], mpg.test.y) for row in CARS},
        "steps": {row: descent(row, weight, miles, steps) for row in SCALES},
        "shape": {"weight": r2(line, mpg.test.y), **hires(data.load("bikeshare", seed=seed))},
        "co2": co2_errors(np.random.default_rng(seed), origins),
    }


def closed_form(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return slope and intercept of the line with the smallest squared error."""
    slope = np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2)
    return slope, y.mean() - slope * x.mean()


def keras_line(mpg, column: int, epochs: int, seed: int) -> np.ndarray:
    """Return the test predictions of `linear_regression`, trained by gradient descent on the whole training set."""
    import keras

    from dlguide import linear_regression, training

    keras.utils.set_random_seed(seed)
    train, test = mpg.train.x[:, [column]], mpg.test.x[:, [column]]
    model = linear_regression((1,))
    model.get_layer("features").adapt(train)
    model.compile(keras.optimizers.SGD(0.25), "mse")
    training.fit(model, train, mpg.train.y[:, None], epochs=epochs, batch_size=len(train), seed=seed, verbose=0)
    return model.predict(test, verbose=0)[:, 0]


def seven_variables(mpg) -> np.ndarray:
    """Return the test predictions of least squares on all variables of the cars."""
    train, test = (np.column_stack([np.ones(len(part.x)), part.x]).astype("float64") for part in (mpg.train, mpg.test))
    return test @ np.linalg.lstsq(train, mpg.train.y.astype("float64"))[0]


def descent(scale: str, x: np.ndarray, y: np.ndarray, steps: tuple[int, ...]) -> dict[str, float]:
    """Return the training error after each number of steps of gradient descent, with the weight in one unit."""
    centre, divisor = {"standard": (x.mean(), x.std()), "thousands": (0, 1000), "pounds": (0, 1)}[scale]
    columns = np.column_stack([np.ones(len(x)), (x - centre) / divisor])
    second, first = 2 * columns.T @ columns / len(x), 2 * columns.T @ y / len(x)
    learning_rate = 1 / np.linalg.eigvalsh(second)[-1]
    errors, weights = {}, np.zeros(2)
    for step in range(1, max(steps) + 1):
        weights = weights - learning_rate * (second @ weights - first)
        if step in steps:
            errors[str(step)] = round(float(np.mean((columns @ weights - y) ** 2) ** 0.5), 3)
    return errors


def hires(bikes) -> dict[str, float]:
    """Return R² of a line of the temperature, of a line of the hour, and of the mean of each hour."""
    names = bikes.info.feature_names
    hours = [i for i, name in enumerate(names) if name.startswith("hr=")]
    temperature, hour = (
        [read(part.x) for part in (bikes.train, bikes.test)]
        for read in (lambda x: x[:, names.index("temp")], lambda x: x[:, hours].argmax(axis=1))
    )
    means = np.array([bikes.train.y[hour[0] == h].mean() for h in range(24)])
    fit = np.polynomial.Polynomial.fit
    return {
        "temperature": r2(fit(temperature[0], bikes.train.y, 1)(temperature[1]), bikes.test.y),
        "hour": r2(fit(hour[0], bikes.train.y, 1)(hour[1]), bikes.test.y),
        "hour_means": r2(means[hour[1]], bikes.test.y),
    }


def weekly_co2() -> tuple[np.ndarray, np.ndarray]:
    """Return the date of each measured week as a year with its fraction, and its concentration in ppm."""
    from dlguide import data

    co2 = data.load("co2")
    windows = np.concatenate([part.x[:, :, 0] for part in co2[:3]])
    ppm = np.concatenate([part.y for part in co2[:3]]).astype("float64") * co2.info.scale + co2.info.mean
    # Missing weeks are no targets: two windows are as many weeks apart as it takes to lay one over the other.
    is_apart = [(windows[1:, :-weeks] == windows[:-1, weeks:]).all(axis=1) for weeks in range(1, 52)]
    weeks = np.concatenate([[0], np.cumsum(1 + np.argmax(is_apart, axis=0))])
    last = 1970 + np.datetime64(co2.info.test_dates[-1], "D").astype(int) / 365.25
    return last + (weeks - weeks[-1]) * 7 / 365.25, ppm


def forecast(row: str, years: np.ndarray, ppm: np.ndarray, now: float):
    """Return the polynomial that a row fits to the weeks before `now`."""
    degree, back = CO2[row]
    past = (years <= now) & (years > now - back)
    return np.polynomial.Polynomial.fit(years[past], ppm[past], degree)


def co2_errors(rng: np.random.Generator, origins: int) -> dict:
    """Return the error of each row's yearly mean some years ahead, the mean over dates that are drawn."""
    years, ppm = weekly_co2()
    errors = {row: {str(ahead): [] for ahead in YEARS} for row in CO2}
    for now in rng.uniform(years[0] + 10, years[-1] - 10, origins):
        for row in CO2:
            fit = forecast(row, years, ppm, now)
            for ahead in YEARS:
                year = (years > now + ahead - 1) & (years <= now + ahead)
                errors[row][str(ahead)].append(abs(np.mean(fit(years[year]) - ppm[year])))
    return {row: {ahead: float(np.mean(values)) for ahead, values in own.items()} for row, own in errors.items()}


def absolute_error(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean absolute error, rounded so that single precision does not show."""
    return round(float(np.abs(predicted - truth).mean()), 3)


def r2(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of the variance that the predictions explain."""
    return float(1 - np.sum((truth - predicted) ** 2) / np.sum((truth - truth.mean()) ** 2))


def draw(seeds: dict, language: str):
    """Draw the usual panels, and below them what lines through the years up to 1981 say of the years after."""
    from dlguide import plots

    words = {"en": ("year", "CO2 (ppm)", "measured each week"), "zh": ("年份", "二氧化碳（ppm）", "每周的测量值")}
    years, ppm = weekly_co2()
    panels = sum(_figure.heights(EXPERIMENT))
    with plots.new_figure(6.4, panels + 3.4) as figure:
        above, below = figure.subfigures(2, height_ratios=[panels, 3.4])
        _figure.draw_panels(above, EXPERIMENT, seeds, language)
        axes = below.subplots()
        x_name, y_name, measured = words[language]
        axes.plot(years, ppm, ".", color="lightgray", markersize=2, label=measured)
        for row, name in EXPERIMENT.panels["co2"].rows.items():
            start = 1980 if row == "unchanged" else 1971 if row == "recent" else years[0]
            span = np.linspace(start, years[-1], 200)
            axes.plot(span, forecast(row, years, ppm, 1981)(span), label=name.to(language))
        axes.axvline(1981, color="gray", linestyle=":")
        axes.set(xlabel=x_name, ylabel=y_name)
        axes.set_title(
            {"en": "Fitted to the years before 1981", "zh": "用 1981 年之前的数据拟合"}[language], fontsize=10
        )
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    return figure


EXPERIMENT = Experiment(
    question=Words("Why does one need a linear model of one variable?", "为什么需要一元线性模型？"),
    measure=measure,
    quick={"epochs": 1, "steps": (1, 10), "origins": 1},
    check={},
    seeds=tuple(range(10)),
    draw=draw,
    panels={
        "cars": Panel(
            score=Score(Words("mean absolute error", "平均绝对误差"), MPG, higher_is_better=False),
            rows={
                "mean": Words("mean of the training set", "训练集均值"),
                "closed": Words("line, closed form", "直线，闭式解"),
                "descent": Words("line, gradient descent", "直线，梯度下降"),
                "parabola": Words("parabola of the weight", "车重的二次函数"),
                "seven": Words("linear, all seven variables", "全部七个变量的线性模型"),
            },
            reference="closed",
            title=Words("Fuel economy from the weight of a car", "由车重预测每加仑行驶的英里数"),
        ),
        "steps": Panel(
            score=Score(
                Words("root mean squared error in training", "训练集上的均方根误差"), MPG, higher_is_better=False
            ),
            rows={
                "standard": Words("standardised weight", "标准化的车重"),
                "thousands": Words("weight in thousands of pounds", "车重以千磅为单位"),
                "pounds": Words("weight in pounds", "车重以磅为单位"),
            },
            reference="standard",
            curve=Curve(Words("steps of gradient descent", "梯度下降的步数"), logarithmic=True),
            title=Words("The same line by gradient descent, in three units", "三种单位下用梯度下降求同一条直线"),
        ),
        "shape": Panel(
            score=Score(Words("R² on the test set", "测试集上的 R² 值"), NUMBER, True, format=".3f"),
            rows={
                "weight": Words("line: weight → mpg", "直线：车重 → mpg"),
                "temperature": Words("line: temperature → hires", "直线：气温 → 租车数"),
                "hour": Words("line: hour → hires", "直线：钟点 → 租车数"),
                "hour_means": Words("mean of each hour → hires", "各钟点的均值 → 租车数"),
            },
            reference="hour",
            title=Words("Where a line fits, and where it does not", "直线适用与不适用的情形"),
        ),
        "co2": Panel(
            score=Score(Words("error of the yearly mean", "年均值的误差"), PPM, higher_is_better=False),
            rows={
                "unchanged": Words("unchanged since the last year", "与最近一年持平"),
                "recent": Words("line, last ten years", "直线，最近十年"),
                "line": Words("line, all years so far", "直线，此前所有年份"),
                "parabola": Words("parabola, all years so far", "抛物线，此前所有年份"),
            },
            reference="line",
            curve=Curve(Words("years ahead", "向前预测的年数")),
            title=Words("CO2 at Mauna Loa some years ahead", "对莫纳罗亚山二氧化碳浓度的外推"),
        ),
    },
    claims=(
        Claim(
            Words(
                "Does a straight line of the weight predict a car's fuel economy better than the mean does?",
                "由车重预测汽车每加仑行驶的英里数时，直线是否比均值更准确？",
            ),
            panel="cars",
            row="closed",
            reference="mean",
        ),
        Claim(
            Words(
                "Does gradient descent find a better line than the closed form?",
                "梯度下降找到的直线是否优于闭式解？",
            ),
            panel="cars",
            row="descent",
            reference="closed",
            known="same",
        ),
        Claim(
            Words(
                "After 1,000 steps, is the error larger with the weight in pounds than with the standardised weight?",
                "迭代 1,000 步之后，车重以磅为单位时的误差是否大于标准化之后的误差？",
            ),
            panel="steps",
            row="pounds",
            reference="standard",
            better=False,
            at="1000",
            known="yes",
        ),
        Claim(
            Words(
                "Does a line of the hour predict the hires of bicycles worse than the mean of each hour (by R²: 1 is exact, 0 no better than the mean of all)?",
                "预测租车数时，关于钟点的直线是否不如各钟点的均值（用 R² 衡量：1 表示完全准确，0 表示与总均值相当）？",
            ),
            panel="shape",
            row="hour",
            reference="hour_means",
            better=False,
        ),
        Claim(
            Words(
                "Ten years ahead, is a line closer to the measured CO2 than the mean of the last year is?",
                "预测十年后的二氧化碳浓度时，直线是否比最近一年的均值更接近实测值？",
            ),
            panel="co2",
            row="line",
            reference="unchanged",
            at="10",
        ),
        Claim(
            Words(
                "In this series, on average over the drawn dates: ten years ahead, is a line through the last ten years closer than a parabola through all years so far?",
                "在这一序列中，对抽到的日期取平均，预测十年后时，用最近十年拟合的直线是否比用此前所有年份拟合的抛物线更接近实测值？",
            ),
            panel="co2",
            row="recent",
            reference="parabola",
            at="10",
        ),
    ),
    summary=Words(
        "A straight line is the first model to try: a few examples are enough to fit it, its slope can be read, and a "
        "larger model must beat it. Here a line of the weight predicted a car's fuel economy better than the mean did: "
        "the error was lower by 3.41 mpg (miles per gallon). Gradient descent found the same line as the formula, at "
        "once with a standardised weight and hardly at all with the weight in pounds. A line is not enough where the "
        "relation is not straight: for the hires of bicycles the mean of each hour was far better, and for CO2 ten years "
        "ahead a line through the last ten years was better than one through all years so far.",
        "直线是应当首先尝试的模型：少量样本就足以拟合，斜率的含义清楚，更大的模型必须胜过它。本实验由车重预测汽车每加仑汽油行驶的英里"
        "数（mpg），直线的误差比均值低 3.41 mpg。梯度下降得到的直线与公式的解相同：车重标准化之后一步即可，以磅为单位时则"
        "几乎不收敛。关系不是直线时，直线就不够用：对于租车数，各钟点的均值准确得多；预测十年后的二氧化碳浓度时，用最近十年拟合的直线"
        "优于用此前所有年份拟合的直线。",
    ),
    outcomes=("yes", "same", "yes", "yes", "yes", "yes"),
    explanation=Words(
        en=r"""
A linear model of one variable is a straight line. It predicts $\hat y = b + w x$ from a number $x$, with the slope $w$ and the intercept $b$. The least-squares line has the smallest mean squared error over the $n$ training examples $(x_i, y_i)$:

$$L(w, b) = \frac{1}{n} \sum_{i=1}^{n} (b + w x_i - y_i)^2$$

At the minimum both derivatives are zero. These are two linear equations, so the answer can be written down at once (a closed form; $\bar x$ and $\bar y$ are the means of the $x_i$ and the $y_i$):

$$w = \frac{\sum_{i} (x_i - \bar x)(y_i - \bar y)}{\sum_{i} (x_i - \bar x)^2}, \qquad b = \bar y - w \bar x$$

Gradient descent reaches the same line, because $L$ has only one minimum (unless all $x_i$ are equal). How many steps it needs depends on the unit of $x$. The second derivatives of $L$ form a constant matrix with a largest eigenvalue $\lambda_{\max}$ and a smallest one $\lambda_{\min}$:

$$H = 2 \begin{pmatrix} 1 & \bar x \\ \bar x & \overline{x^2} \end{pmatrix}$$

Here $\overline{x^2}$ is the mean of the squares. With the learning rate $1 / \lambda_{\max}$ each step multiplies the slowest part of the error by $1 - \lambda_{\min} / \lambda_{\max}$. If the variable is standardised ($\bar x = 0$, $\overline{x^2} = 1$), both eigenvalues are 2, and one step is enough. With a weight of about 3,000 pounds the ratio $\lambda_{\max} / \lambda_{\min}$ is about $10^8$, and thousands of steps change almost nothing. This is why inputs are standardised before a network is trained.

The line is useful for three reasons. It has only two numbers, so a few examples are enough to fit it. The slope can be read: so many miles per gallon less for each pound. And it is the baseline that a larger model must beat. Its limit is in its form: the change per unit of $x$ is the same everywhere. The hires of bicycles rise and fall twice a day, so no line of the hour fits them. The growth of CO2 became faster over the years, so a line through all years so far, continued into the future, falls below the truth, and the gap grows with each year.
""".strip(),
        zh=r"""
一元线性模型就是一条直线：由一个数 $x$ 给出预测 $\hat y = b + w x$ ，其中 $w$ 是斜率， $b$ 是截距。最小二乘直线使 $n$ 个训练样本 $(x_i, y_i)$ 上的均方误差最小：

$$L(w, b) = \frac{1}{n} \sum_{i=1}^{n} (b + w x_i - y_i)^2$$

在最小值处，两个偏导数都为零。这是两个线性方程，因此可以直接写出解（闭式解； $\bar x$ 与 $\bar y$ 分别为 $x_i$ 与 $y_i$ 的均值）：

$$w = \frac{\sum_{i} (x_i - \bar x)(y_i - \bar y)}{\sum_{i} (x_i - \bar x)^2}, \qquad b = \bar y - w \bar x$$

除非所有 $x_i$ 都相等，否则 $L$ 只有一个最小值点，因此梯度下降会到达同一条直线。所需的步数取决于 $x$ 的单位。 $L$ 的二阶导数组成一个常数矩阵，其最大特征值记为 $\lambda_{\max}$ ，最小特征值记为 $\lambda_{\min}$ ：

$$H = 2 \begin{pmatrix} 1 & \bar x \\ \bar x & \overline{x^2} \end{pmatrix}$$

其中 $\overline{x^2}$ 为平方的均值。学习率取 $1 / \lambda_{\max}$ 时，每迭代一步，误差中收敛最慢的分量乘以 $1 - \lambda_{\min} / \lambda_{\max}$ 。若将变量标准化（ $\bar x = 0$ ， $\overline{x^2} = 1$ ），两个特征值都等于 2，一步即可收敛。若车重以磅为单位，数值约为 3,000，则 $\lambda_{\max} / \lambda_{\min}$ 约为 $10^8$ ，迭代几千步也几乎没有变化。这正是训练网络之前要对输入做标准化的原因。

直线的用处有三点。第一，它只有两个参数，少量样本就足以拟合。第二，斜率的含义一目了然：车重每增加一磅，每加仑行驶的英里数减少多少。第三，它是更大的模型必须超过的基线。它的局限在于形式本身： $x$ 每增加一个单位， $\hat y$ 的变化处处相同。自行车的租车数一天之内两起两落，任何关于钟点的直线都无法拟合。这些年里二氧化碳浓度增长得越来越快，把拟合此前所有年份的直线延长到未来，预测值就会低于实际值，且差距逐年扩大。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
from dlguide import data, evaluation, linear_regression

mpg = data.load("auto_mpg")
weight = mpg.info.feature_names.index("weight")
x, y = mpg.train.x[:, [weight]], mpg.train.y[:, None]

model = linear_regression((1,))
model.get_layer("features").adapt(x)  # standardise the weight
model.compile(keras.optimizers.SGD(0.25), loss="mse")
model.fit(x, y, epochs=30, batch_size=len(x), verbose=0)
print(evaluation.formula(model, ["weight"], "mpg"))  # slope and intercept in pounds

standardised = keras.layers.Normalization()  # the same model in plain Keras
standardised.adapt(x)
plain = keras.Sequential([standardised, keras.layers.Dense(1)])
""",
        zh="""
import keras
from dlguide import data, evaluation, linear_regression

mpg = data.load("auto_mpg")
weight = mpg.info.feature_names.index("weight")
x, y = mpg.train.x[:, [weight]], mpg.train.y[:, None]

model = linear_regression((1,))
model.get_layer("features").adapt(x)  # 将车重标准化
model.compile(keras.optimizers.SGD(0.25), loss="mse")
model.fit(x, y, epochs=30, batch_size=len(x), verbose=0)
print(evaluation.formula(model, ["weight"], "mpg"))  # 以磅为单位的斜率和截距

standardised = keras.layers.Normalization()  # 用普通的 Keras 写同一个模型
standardised.adapt(x)
plain = keras.Sequential([standardised, keras.layers.Dense(1)])
""",
    ),
    setting=Words(
        "Cars: Auto MPG, 236 cars for training (drawn by the seed), 78 cars for the test; mpg is miles per gallon. The closed form, the "
        "parabola and the model of seven variables are least squares in NumPy. Gradient descent is `linear_regression` in "
        "Keras with the standardised weight, 30 steps on the whole training set, learning rate 0.25. Errors are rounded to "
        "0.001 mpg. Three units: gradient descent from zero weights on the whole training set, learning rate 1/λmax for each unit; the error is that of the training set, as a root mean square, in which large "
        "errors count more. So the same line has 4.39 mpg in the second table and a mean absolute error of 3.10 mpg on the test set in the first. "
        "Hires: `bikeshare`, whole days for training (drawn by the seed) and test; the line of the hour reads it as a number from 0 to 23. "
        "R² is 1 minus the sum of the squared errors over that of the mean of the test set. "
        "CO2: weekly values at Mauna Loa from 1959 to 2001. The seed draws ten dates with at least ten years before and after them. "
        "Each row is fitted to the weeks before the date by least squares, and predicts each week of the year that ends 1, 2, 5 or 10 years "
        "after it. The error is the absolute difference of the yearly means, which removes the seasons; it is averaged over the ten dates. "
        "Nothing is tuned.",
        "汽车：Auto MPG 数据，236 辆用于训练（由种子抽取），78 辆用于测试；mpg 指每加仑汽油行驶的英里数。闭式解、车重的二次函数和七个变量的线性模型都用 NumPy "
        "做最小二乘。梯度下降一行是 Keras 中的 `linear_regression`，车重已标准化，在整个训练集上迭代 30 步，学习率 0.25。误差四舍五入到 0.001 mpg。"
        "三种单位：权重从零开始，在整个训练集上做梯度下降，每种单位的学习率均取各自的 1/λmax，误差为训练集上的均方根误差，其中大的误差占较大比重。因此同一条直线在第二张表中为 4.39 mpg，在第一张表中则为测试集上的平均绝对误差 3.10 mpg。租车：`bikeshare` 数据，训练集（由种子抽取）和测试集都由完整的日期组成；"
        "关于钟点的直线把钟点看作 0 到 23 的数。R² 等于 1 减去“误差平方和”与“以测试集均值作预测时的误差平方和”之比。二氧化碳：莫纳罗亚山 1959 至 2001 年每周的数值。种子抽取十个日期，其前后都至少有十年数据。"
        "各行用该日期之前的数据做最小二乘，再预测此后第 1、2、5、10 年中的每一周。误差是年均值之差的绝对值，因而不含季节变化，并对十个日期取平均。"
        "没有任何设置经过调节。",
    ),
    limits=Words(
        "Mean absolute error is reported, while the lines minimise the squared error. The drawn dates share most of their data, so the "
        "ten seeds are less independent than ten series would be: the intervals for CO2 describe this series from 1969 to 2001 and say nothing "
        "about another one; more seeds make them shorter without more evidence. The degree and the years looked back matter as much as the form: a line through the last ten years is a different "
        "forecast from a line through all of them. Any polynomial leaves all bounds far from its data (next question), and none of these "
        "models knows causes.",
        "直线使平方误差最小，这里报告的却是平均绝对误差。抽到的各个日期所用的数据大部分相同，因此十个种子不像十个独立的序列那样相互独立："
        "二氧化碳的置信区间只描述该序列在 1969 至 2001 年间的情形，不能推广到其他序列；种子更多，区间会变短，证据却没有增加。多项式的次数与所用的年份同样重要：用最近十年拟合的直线与用所有年份拟合的直线是不同的预测。"
        "任何多项式在远离数据处都会趋于无穷（见下一个问题），而且这些模型都不涉及原因。",
    ),
    sources=(
        "S. M. Stigler, [Gauss and the invention of least squares](https://doi.org/10.1214/aos/1176345451), "
        "The Annals of Statistics 9 (1981), on Legendre (1805) and Gauss (1809).",
        "Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, [Efficient BackProp](https://doi.org/10.1007/978-3-642-35289-8_3), "
        "Neural Networks: Tricks of the Trade (1998, 2012), on the eigenvalues and on standardised inputs.",
        "K. W. Thoning, P. P. Tans, W. D. Komhyr, [Atmospheric carbon dioxide at Mauna Loa Observatory: 2. Analysis of the "
        "NOAA GMCC data, 1974–1985](https://doi.org/10.1029/JD094iD06p08549), Journal of Geophysical Research 94 (1989): "
        "it describes the trend by a polynomial of the second degree.",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
