/* Functions of two variables, for plot.js: a picture of their values, and lines of equal values. */
(() => {
  "use strict";

  const { clamp } = dlguide.numbers;
  const between = ([low, high], share) => low + share * (high - low);

  /** The address of a picture of f over the ranges x and y: −1 orange, 0 nothing, 1 blue, in so many cells. */
  function picture(f, x, y, columns, rows) {
    const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
    const context = canvas.getContext("2d"),
      pixels = context.createImageData(columns, rows);
    for (let i = 0; i < columns * rows; i++) {
      const across = ((i % columns) + 0.5) / columns,
        up = 1 - (Math.floor(i / columns) + 0.5) / rows;
      const value = clamp(f(between(x, across), between(y, up)), -1, 1);
      pixels.data.set([...(value < 0 ? [217, 95, 2] : [31, 119, 180]), 255 * Math.abs(value)], 4 * i);
    }
    context.putImageData(pixels, 0, 0);
    return canvas.toDataURL();
  }

  /** Short lines [from, to] along which f has one of the levels. */
  function contours(f, x, y, levels, cells = 48) {
    const found = [];
    const grid = Array.from({ length: cells + 1 }, (_, i) =>
      Array.from({ length: cells + 1 }, (_, j) => {
        const at = [between(x, i / cells), between(y, j / cells)];
        return { at, value: f(...at) };
      }),
    );
    const crossing = ([one, other], level) => {
      const share = (level - one.value) / (other.value - one.value);
      return one.at.map((value, axis) => between([value, other.at[axis]], share));
    };
    /** A line of equal values crosses two sides of a triangle, or none. */
    function divide(a, b, c) {
      for (const level of levels) {
        const sides = [
          [a, b],
          [b, c],
          [c, a],
        ].filter(([one, other]) => one.value < level !== other.value < level);
        if (sides.length) found.push(sides.map((side) => crossing(side, level)));
      }
    }
    for (let i = 0; i < cells; i++)
      for (let j = 0; j < cells; j++) {
        divide(grid[i][j], grid[i + 1][j], grid[i + 1][j + 1]);
        divide(grid[i][j], grid[i + 1][j + 1], grid[i][j + 1]);
      }
    return found;
  }

  dlguide.fields = { picture, contours };
})();
