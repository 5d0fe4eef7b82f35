/* The best linear VAE of a few points, for each weight β of the KL: the clouds of its codes, and what it decodes. */
(() => {
  "use strict";

  const { random, normals } = dlguide.widgets,
    { sum, mean, dot, minus, spaced } = dlguide.numbers;
  const X = [-3.1, -2.3, -1.6, -0.5, 0.1, 0.9, 1.6, 2.1, 2.8],
    Y = [-1.3, -2.1, 0.3, -0.9, 1.1, -0.4, 1.7, 0.4, 1.2];
  const POINTS = X.map((x, i) => [x, Y[i]]);
  const NOISE = 0.25; // The variance of the decoder's distribution, in each direction.

  /** The encoder and decoder with the smallest loss (probabilistic PCA; Lucas et al., 2019): the code has a number for
      each principal direction, and uses it where the variance is above β·NOISE. Error (but for a constant) and KL: means in nats. */
  function best(points, beta) {
    const middle = [0, 1].map((axis) => mean(points.map((point) => point[axis]))),
      moved = points.map((point) => minus(point, middle));
    const [a, b, c] = [
      [0, 0],
      [0, 1],
      [1, 1],
    ].map(([i, j]) => mean(moved.map((point) => point[i] * point[j])));
    const angle = Math.atan2(2 * b, a - c) / 2,
      half = Math.hypot(a - c, 2 * b) / 2;
    const directions = [
      [Math.cos(angle), Math.sin(angle)],
      [-Math.sin(angle), Math.cos(angle)],
    ];
    const variances = [(a + c) / 2 + half, (a + c) / 2 - half];
    const lengths = variances.map((variance) => Math.sqrt(Math.max(0, variance - beta * NOISE)));
    const deviations = variances.map((variance) => Math.sqrt(Math.min(1, (beta * NOISE) / variance)));
    const means = moved.map((point) => directions.map((way, j) => (lengths[j] / variances[j]) * dot(way, point)));
    const prices = means.map((code) =>
      sum(code.map((mu, j) => (mu ** 2 + deviations[j] ** 2 - 1 - Math.log(deviations[j] ** 2)) / 2)),
    );
    const decode = (code) =>
      middle.map((value, axis) => value + sum(code.map((z, j) => z * lengths[j] * directions[j][axis])));
    const error = sum(variances.map((variance) => Math.min(variance, beta * NOISE))) / (2 * NOISE);
    return { means, deviations, decode, error, kl: mean(prices), used: lengths.filter(Boolean).length };
  }

  /** Whether a code lies within two standard deviations of one of the clouds. */
  const isCovered = (code, { means, deviations }) =>
    means.some((mu) => sum(code.map((z, j) => ((z - mu[j]) / deviations[j]) ** 2)) <= 4);

  dlguide.figure("vae", (figure) => {
    const { fixed, percent } = dlguide.widgets,
      { say } = figure;
    const RANDOM = normals(random(1), 400),
      drawn = Array.from({ length: 200 }, (_, i) => [RANDOM[2 * i], RANDOM[2 * i + 1]]);
    const LOW = -2,
      HIGH = 1.5;
    const xTicks = [0.01, 0.1, 1, 10].map((value) => [Math.log10(value), String(value)]);
    const about = { width: 320, height: 320 };
    const codes = dlguide.plot(say("codes"), { ...about, x: [-3, 3], y: [-3, 3], yLabel: say("codes_label") }),
      data = dlguide.plot(say("data"), { ...about, x: [-5, 5], y: [-5, 5], yLabel: say("data_label") }),
      terms = dlguide.plot(say("terms"), {
        x: [LOW, HIGH],
        y: [0, 11],
        xTicks,
        xLabel: "β",
        height: 150,
        yLabel: say("terms_label"),
      });
    const beta = figure.slider("beta", {
      min: LOW,
      max: HIGH,
      step: 0.1,
      value: 0,
      show: (v) => String(Number((10 ** v).toPrecision(2))),
    });
    let z;
    figure.onReset(() => (z = [1, -1]));
    const handle = codes.handle(say("code"), (place) => ((z = place), figure.draw()), [0.1, 0.1]);
    figure.arrange([codes, data, terms], beta);
    const ellipse = (center, radii) =>
      spaced(0, 2 * Math.PI, 49).map((angle) => [
        center[0] + radii[0] * Math.cos(angle),
        center[1] + radii[1] * Math.sin(angle),
      ]);

    return () => {
      const model = best(POINTS, 10 ** beta.value),
        twice = model.deviations.map((deviation) => 2 * deviation);
      const covered = drawn.filter((code) => isCovered(code, model)),
        holes = drawn.filter((code) => !isCovered(code, model));
      codes.clear();
      data.clear();
      [covered, holes].forEach((some, i) => {
        codes.dots(some, [0, 2][i], 1.5);
        data.dots(some.map(model.decode), [0, 2][i], 1.5);
      });
      codes.line(ellipse([0, 0], [2, 2]), 0, "plot-dashed");
      model.means.forEach((mu, i) => {
        codes.line(ellipse(mu, twice), 1);
        codes.dots([mu], 1, 2.5);
        data.line([POINTS[i], model.decode(mu)], 1);
      });
      data.dots(POINTS, 1, 5);
      data.dots([model.decode(z)], 4, 7);
      codes.dots([z], 4, 10);
      handle.set(z);
      terms.clear();
      terms.curve((power) => best(POINTS, 10 ** power).error, 2);
      terms.curve((power) => best(POINTS, 10 ** power).kl, 1, "plot-dashed");
      terms.dots([[beta.value, model.error]], 2, 5);
      terms.dots([[beta.value, model.kl]], 1, 5);
      const loss = model.error + 10 ** beta.value * model.kl,
        values = { error: fixed(model.error, 2), kl: fixed(model.kl, 2), loss: fixed(loss, 2) };
      const share = percent(covered.length / drawn.length);
      figure.tell(say("loss", values), say("share", { share }), say(`used_${model.used}`));
    };
  });
  dlguide.figures.vae = { best, isCovered };
})();
