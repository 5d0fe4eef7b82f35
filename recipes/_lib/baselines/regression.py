"""What a regression by gradient descent is compared with: the closed form, least squares, ridge regression."""

import keras
import numpy as np
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from dlguide import data
from recipes._lib import regression_formula


def closed_form_difference(model: keras.Model, train: data.Part) -> float:
    """Return the larger relative difference of the two coefficients from the closed form."""
    columns = np.column_stack([np.ones(len(train.x)), train.x]).astype("float64")
    closed_form = np.linalg.solve(columns.T @ columns, columns.T @ train.y)[:, 0]
    return float(np.max(np.abs(np.array(list(regression_formula.coefficients(model).values())) / closed_form - 1)))


def ridge_regression(train: data.Part, test: data.Part) -> tuple[np.ndarray, float]:
    """Return the predictions of ridge regression on the scaled measures for the test set, and their R²."""
    model = make_pipeline(StandardScaler(), Ridge()).fit(*train)
    return model.predict(test.x), float(model.score(*test))


def least_squares_difference(predicted, train: data.Part, test: data.Part) -> float:
    """Return the largest difference, in mpg, from least squares on the same products."""
    least_squares = make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False), LinearRegression())
    least_squares.fit(train.x.astype("float64"), train.y)
    return float(np.abs(predicted - least_squares.predict(test.x.astype("float64"))).max())


def ridge_forecast(splits: data.Splits, of_roots: bool = False):
    """Return forecasts of ridge regression for the test set; the penalty is chosen on the validation set.

    With `of_roots`, it forecasts the root of the next number, in its own unit, from the roots of the numbers before.
    """

    def read(x):
        return np.sqrt(np.maximum(x * splits.info.scale + splits.info.mean, 0)) if of_roots else x

    def forecast(model, x):
        y = model.predict(read(x.reshape(len(x), -1)))
        return (np.maximum(y, 0) ** 2 - splits.info.mean) / splits.info.scale if of_roots else y

    x, y = splits.train
    models = [Ridge(alpha).fit(read(x.reshape(len(x), -1)), read(y)) for alpha in np.logspace(-2, 3, 11)]
    best = min(models, key=lambda model: np.abs(forecast(model, splits.valid.x) - splits.valid.y).mean())
    return forecast(best, splits.test.x)
