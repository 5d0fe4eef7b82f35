/* Least squares for the figures: weights of columns of numbers, so that their sum is as near to y as it can be. */
(() => {
  "use strict";

  const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const minus = (a, b, factor) => a.map((value, i) => value - factor * b[i]);

  /** The weights, by Gram and Schmidt. A column that others already make up gets the weight 0. */
  dlguide.leastSquares = (columns, y) => {
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
      const later = kept.slice(i + 1).reduce((sum, each) => sum + each.shares[i] * weights[each.index], 0);
      weights[kept[i].index] = (kept[i].height - later) / kept[i].size;
    }
    return weights;
  };
})();
