/* The plane: what the network answers at each place, its border for each seed, the points; or a curve of one input. */
(() => {
  "use strict";

  const { element, group } = dlguide.widgets,
    { interval, word, paint, CELLS } = dlguide.trainer;
  const SIZE = 480;

  /** The picture: `draw` shows points and answers, or those of one unit; `plot` has the axes and takes clicks. */
  function map(onplace) {
    const small = element("canvas"),
      canvas = element("canvas", { width: SIZE, height: SIZE, className: "trainer-canvas", "aria-hidden": true });
    const box = group("trainer-map", canvas);
    let plot = null,
      shown = "",
      x = [0, 1],
      y = [0, 1];
    const across = (value) => ((value - x[0]) / (x[1] - x[0])) * SIZE,
      up = (value) => SIZE - ((value - y[0]) / (y[1] - y[0])) * SIZE;

    /** Other axes for data of another place; the same stay, with what the reader points at. */
    function renew({ ranges }, { data: name }) {
      if (plot && shown === `${name} ${ranges}`) return;
      [shown, x, y] = [`${name} ${ranges}`, ...ranges];
      const known = name === "cars" || name === "curve" ? name : "plane";
      const labels = { xLabel: word(`x_${known}`), yLabel: word(`y_${known}`) };
      plot = dlguide.plot(word(`map_${known}`), { x, y, width: 360, height: 376, ...labels });
      const frame = plot.svg.querySelector(".plot-frame");
      const share = (key, whole) => `${(100 * frame.getAttribute(key)) / whole}%`;
      Object.assign(canvas.style, { left: share("x", 360), width: share("width", 360) });
      Object.assign(canvas.style, { top: share("y", 376), height: share("height", 376) });
      box.replaceChildren(canvas, plot.svg);
      onplace(plot, [x, y], name);
    }

    function draw(answers, data, theme, unit) {
      const context = canvas.getContext("2d");
      context.clearRect(0, 0, SIZE, SIZE);
      context.lineJoin = "round";
      if (data.inputs === 1) curves(context, answers, data, theme);
      else {
        if (unit) paint(small, dlguide.trainer.UNIT_CELLS, unit);
        else paint(small, CELLS, (cell) => answers.shade(cell));
        context.drawImage(small, 0, 0, SIZE, SIZE);
        if (!unit && !data.isRegression) borders(context, answers, theme);
      }
      for (const [part, isHollow] of [
        [data.validation, true],
        [data.training, false],
      ]) {
        part.points.forEach((point, i) => dot(context, point, part.y[i], isHollow, data, theme));
      }
    }

    function dot(context, point, target, isHollow, data, theme) {
      const one = data.inputs === 1;
      const value = data.isRegression ? target : 2 * target - 1;
      context.beginPath();
      context.arc(across(point.x[0]), up(one ? point.y : point.x[1]), isHollow ? 4 : 5, 0, 7);
      context.lineWidth = isHollow ? 2 : 1.5;
      context.fillStyle = context.strokeStyle = one ? theme.text : value < 0 ? theme.orange : theme.blue;
      if (data.isRegression && !one) context.globalAlpha = Math.min(1, 0.2 + Math.abs(value));
      if (!isHollow) {
        context.fill();
        context.strokeStyle = theme.ground;
      } else if (one) context.globalAlpha = 0.4;
      context.stroke();
      context.globalAlpha = 1;
    }

    /** The line of each seed at which both classes are equally probable. */
    function borders(context, answers, theme) {
      context.strokeStyle = theme.text;
      context.lineWidth = answers.values.length > 1 ? 1 : 2;
      context.beginPath();
      const middles = [0, CELLS - 1], // The places are the numbers of the cells.
        place = ([a, b]) => [((a + 0.5) / CELLS) * SIZE, SIZE - ((b + 0.5) / CELLS) * SIZE];
      for (const values of answers.values) {
        const f = (a, b) => values[Math.round(b) * CELLS + Math.round(a)];
        for (const [from, to] of dlguide.fields.contours(f, middles, middles, [0], CELLS - 1)) {
          context.moveTo(...place(from));
          context.lineTo(...place(to));
        }
      }
      context.stroke();
    }

    /** Each seed's curve, and the prediction interval at each place. */
    function curves(context, answers, data, theme) {
      const { centre, spread } = data.target,
        height = (value) => up(value * spread + centre);
      const to = (value, i) =>
        context.lineTo(((i + 0.5) / CELLS) * SIZE, Math.max(-SIZE, Math.min(2 * SIZE, height(value))));
      const path = (values) => (context.beginPath(), values.forEach(to));
      const bands = [...answers.places].map((_, i) => interval(answers.values.map((values) => values[i])));
      context.fillStyle = context.strokeStyle = theme.blue;
      context.globalAlpha = 0.25;
      path(bands.map(({ low }) => low));
      for (let i = CELLS - 1; i >= 0; i--) to(bands[i].high, i);
      context.fill();
      context.globalAlpha = 0.7;
      context.lineWidth = 1;
      for (const values of answers.values) path(values), context.stroke();
      context.globalAlpha = 1;
      context.lineWidth = 3;
      path(bands.map(({ mean }) => mean));
      context.stroke();
    }
    return { box, renew, draw };
  }

  dlguide.trainer.map = map;
})();
