/* Arithmetic that several figures need: lists of numbers, places on an axis, least squares. */
(() => {
  "use strict";

  const { fixed } = dlguide.widgets;
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const mean = (values) => sum(values) / values.length;
  const dot = (a, b) => a.reduce((total, value, i) => total + value * b[i], 0);
  const minus = (a, b, factor = 1) => a.map((value, i) => value - factor * b[i]);
  const squaredDistance = (a, b) => a.reduce((total, value, i) => total + (value - b[i]) ** 2, 0);
  const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
  const sigmoid = (z) => 1 / (1 + Math.exp(-z));

  /** Columns added up, each times its weight. */
  const combination = (columns, weights) =>
    columns[0].map((_, i) => columns.reduce((total, column, k) => total + weights[k] * column[i], 0));

  /** So many numbers at equal distances, the first `low` and the last `high`. */
  const spaced = (low, high, count) => Array.from({ length: count }, (_, i) => low + (i / (count - 1)) * (high - low));

  /** Points for a plot: the values at 1, 2, … or from another number on. */
  const along = (values, first = 1) => values.map((value, i) => [first + i, value]);

  /** A number with at most two places. */
  const short = (value) => fixed(value, 2).replace(/\.?0+$/, "");

  /** The weights of columns of numbers whose combination is as near to y as it can be, by Gram and Schmidt. A column
      that others already make up gets the weight 0. */
  function leastSquares(columns, y) {
    const kept = []; // Of each column that adds something: its direction, and its shares in the earlier ones.
    let rest = y;
    columns.forEach((column, index) => {
      let left = column;
      const shares = kept.map(({ direction }) => {
        const share = dot(direction, left);
        left = minus(left, direction, share);
        return share;
      });
      const size = Math.sqrt(dot(left, left));
      if (size <= 1e-9 * Math.sqrt(dot(column, column))) return;
      const direction = left.map((value) => value / size),
        height = dot(direction, rest);
      rest = minus(rest, direction, height);
      kept.push({ index, direction, shares, size, height });
    });
    const weights = columns.map(() => 0);
    for (let i = kept.length - 1; i >= 0; i--) {
      const later = sum(kept.slice(i + 1).map((each) => each.shares[i] * weights[each.index]));
      weights[kept[i].index] = (kept[i].height - later) / kept[i].size;
    }
    return weights;
  }

  const lists = { sum, mean, dot, minus, squaredDistance, combination, leastSquares };
  dlguide.numbers = { ...lists, clamp, sigmoid, spaced, along, short };
})();
