/* Polynomials of degree 0 to 12 fitted to noisy points of a curve: training and test error of one sample, bias and
   variance of twenty. */
(() => {
  "use strict";

  const { mean, squaredDistance, combination, spaced, along, leastSquares } = dlguide.numbers;
  const MOST = 12,
    NOISE = 0.5,
    SAMPLES = 20,
    BETWEEN = spaced(-1, 1, 201);
  const truth = (x) => Math.sin(Math.PI * x + 1);
  const errors = (values, others) => squaredDistance(values, others) / values.length;
  const TRUTH = BETWEEN.map(truth);

  const equal = (count) => spaced(-1, 1, count);

  /** Noisy points of the curve at equally spaced places, of each sample. */
  function samples({ points, count, seed }) {
    const { random, normals } = dlguide.widgets,
      draw = random(seed);
    return Array.from({ length: count }, () => {
      const noise = normals(draw, points);
      return equal(points).map((x, i) => truth(x) + NOISE * noise[i]);
    });
  }

  /** The Legendre polynomials 0 … degree at places: powers of x would be nearly the same column at high degrees. */
  function legendre(places, degree) {
    const columns = [places.map(() => 1), places];
    for (let k = 2; k <= degree; k++)
      columns.push(places.map((x, i) => ((2 * k - 1) * x * columns[k - 1][i] - (k - 1) * columns[k - 2][i]) / k));
    return columns.slice(0, degree + 1);
  }

  /** The fit of a degree to a sample, and its values at places. */
  function values(y, degree, places) {
    const weights = leastSquares(legendre(equal(y.length), degree), y);
    return combination(legendre(places, degree), weights);
  }

  /** By degree: the error of one fit at its own points, and at new points with new noise. */
  const byDegree = (y) =>
    Array.from({ length: MOST + 1 }, (_, degree) => ({
      training: errors(values(y, degree, equal(y.length)), y),
      test: errors(values(y, degree, BETWEEN), TRUTH) + NOISE ** 2,
    }));

  /** By degree: how far the mean of the fits to many samples is from the curve, and how far they scatter about it. */
  const tradeoff = (all) =>
    Array.from({ length: MOST + 1 }, (_, degree) => {
      const fits = all.map((y) => values(y, degree, BETWEEN)),
        middle = BETWEEN.map((_, i) => mean(fits.map((fit) => fit[i])));
      return { bias: errors(middle, TRUTH), variance: mean(fits.map((fit) => errors(fit, middle))) };
    });

  dlguide.figure("polynomial", (figure) => {
    const { button, fixed } = dlguide.widgets,
      { say } = figure;
    const fits = dlguide.plot(say("fits"), { x: [-1.05, 1.05], y: [-2.5, 2.5], xLabel: "x", yLabel: "y" }),
      xTicks = [0, 2, 4, 6, 8, 10, 12].map((each) => [each, String(each)]),
      about = { x: [-0.3, MOST + 0.3], y: [-0.03, 1], xTicks, xLabel: say("degree"), yLabel: say("error") },
      curves = dlguide.plot(say("curves"), about);
    const degree = figure.slider("degree", { min: 0, max: MOST, step: 1, value: 3 }),
      points = figure.slider("points", { min: 15, max: 100, step: 5, value: 20 }),
      count = figure.choice("count", ["one", "many"]);
    let seed;
    figure.onReset(() => (seed = 1));
    const again = button(say("again"), () => ((seed += 1), figure.draw()));
    figure.arrange([fits, curves], degree, count, points, [again]);
    const line = (ys, ...style) =>
      fits.line(
        BETWEEN.map((x, i) => [x, ys[i]]),
        ...style,
      );

    /** The names of the lines in their colours, below each other. */
    const legend = (plot, [x, y], step, ...entries) =>
      entries.forEach(([key, series], i) => plot.text([x, y - step * i], say(key), series, "end"));

    return () => {
      const many = count.value === "many",
        all = samples({ points: points.value, count: many ? SAMPLES : 1, seed });
      const drawn = all.map((y) => values(y, degree.value, BETWEEN));
      fits.clear();
      if (many) drawn.forEach((fit) => line(fit, 2, "plot-thin"));
      line(TRUTH, 0, "plot-dashed");
      line(
        BETWEEN.map((_, i) => mean(drawn.map((fit) => fit[i]))),
        1,
      );
      if (!many)
        fits.dots(
          equal(points.value).map((x, i) => [x, all[0][i]]),
          0,
          4,
        );
      const found = many
        ? tradeoff(all).map(({ bias, variance }) => ({ sum: bias + variance, bias, variance }))
        : byDegree(all[0]);
      curves.clear();
      const kinds = Object.entries(many ? { sum: 0, bias: 2, variance: 1 } : { training: 2, test: 1 }),
        lines = many ? { truth: 0, each: 2, middle: 1 } : { truth: 0, fit: 1 };
      legend(fits, [1, 2.05], 0.4, ...Object.entries(lines));
      legend(curves, [MOST, 0.92], 0.08, ...kinds);
      for (const [kind, series] of kinds) {
        const heights = along(
          found.map((each) => each[kind]),
          0,
        );
        curves.line(heights, series);
        curves.dots(heights, series, 2);
        curves.dots([heights[degree.value]], series, 6);
      }
      const numbers = Object.entries(found[degree.value]).map(([kind, value]) => [kind, fixed(value, 3)]);
      const best = found.reduce((low, { test }, k) => (test < found[low].test ? k : low), 0);
      figure.tell(
        say(many ? "answer_many" : "answer_one", { degree: degree.value, best, ...Object.fromEntries(numbers) }),
      );
    };
  });
  dlguide.figures.polynomial = { samples, values, byDegree, tradeoff };
})();
