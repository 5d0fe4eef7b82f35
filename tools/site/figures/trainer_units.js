/* The network of the first seed: what each unit answers over the plane, its weights as lines, and of each layer the
   length of the gradient and the share of dead units. */
(() => {
  "use strict";

  const { element, group, fixed, percent } = dlguide.widgets,
    { word, grid, paint } = dlguide.trainer;
  const CELLS = 16,
    SHOWN = 8,
    UNIT = 60, // Pixels of the canvas, which has two for each of the page.
    LINE = 72;
  const SMALLEST = -8; // Of the gradient, as a power of ten.

  function units() {
    const canvas = element("canvas", { className: "trainer-network", role: "img", "aria-label": word("network") }),
      small = element("canvas");
    const titles = ["layer", "gradient", "dead"].map((key) => element("th", { scope: "col", textContent: word(key) }));
    const body = element("tbody"),
      head = element("p", { className: "demo-name" });
    const table = element(
      "table",
      { className: "demo-bars trainer-layers" },
      element("thead", {}, element("tr", {}, ...titles)),
      body,
    );

    /** Inputs, then the units of each layer: [x, y] of the middle of a unit. */
    function place(columns, column, unit) {
      const wide = canvas.width / columns.length,
        gap = (SHOWN - columns[column]) / 2;
      return [wide * (column + 0.5), LINE * (gap + unit + 0.5)];
    }

    function draw(runs, theme) {
      const { data } = runs,
        { network } = runs.runs[0] ?? {};
      if (!network) return void (canvas.width = canvas.clientWidth); // Empty.
      const places = grid(data, CELLS),
        count = places.length / data.inputs;
      network.outputs(places, count);
      const columns = [data.inputs, ...network.layers.map(({ to }) => Math.min(to, SHOWN))];
      canvas.width = 2 * canvas.clientWidth;
      canvas.height = LINE * SHOWN;
      const context = canvas.getContext("2d");
      network.layers.forEach((layer, i) => lines(context, columns, layer, i, theme));
      columns.forEach((shown, column) => {
        const layer = network.layers[column - 1];
        const [table, width] = layer ? [layer.tables.out, layer.to] : [places, data.inputs];
        for (let unit = 0; unit < shown; unit++) {
          const values = Array.from({ length: count }, (_, i) => table[i * width + unit]);
          picture(context, values, place(columns, column, unit), theme, layer?.isOutput && !data.isRegression);
        }
      });
      const sizes = [data.inputs, ...network.layers.map(({ to }) => to)];
      canvas.setAttribute("aria-label", `${word("network")} ${sizes.join(" – ")}`);
      head.textContent = word("network_head") + (Math.max(...sizes) > SHOWN ? word("network_more") : "");
      rows(network, data);
    }

    /** A line for each weight: blue above 0, orange below, thick if large beside the others of its layer. */
    function lines(context, columns, { from, to, kernel }, column, theme) {
      const largest = Math.max(...kernel.value.map(Math.abs)) || 1;
      for (let k = 0; k < Math.min(from, columns[column]); k++) {
        for (let j = 0; j < Math.min(to, columns[column + 1]); j++) {
          const weight = kernel.value[k * to + j];
          context.strokeStyle = weight < 0 ? theme.orange : theme.blue;
          context.globalAlpha = 0.15 + (0.7 * Math.abs(weight)) / largest;
          context.lineWidth = 0.5 + (6 * Math.abs(weight)) / largest;
          context.beginPath();
          context.moveTo(...place(columns, column, k));
          context.lineTo(...place(columns, column + 1, j));
          context.stroke();
        }
      }
      context.globalAlpha = 1;
    }

    /** A unit's answers beside their largest size: of classes, the output as its probability. */
    function picture(context, values, [x, y], theme, isLogit) {
      const largest = isLogit ? 4 : Math.max(...values.map(Math.abs)) || 1;
      paint(small, CELLS, (cell) => values[values.length === CELLS ? cell % CELLS : cell] / largest);
      context.fillStyle = theme.ground;
      context.fillRect(x - UNIT / 2, y - UNIT / 2, UNIT, UNIT);
      context.imageSmoothingEnabled = false;
      context.drawImage(small, x - UNIT / 2, y - UNIT / 2, UNIT, UNIT);
      context.strokeStyle = theme.text;
      context.lineWidth = 1.5;
      context.strokeRect(x - UNIT / 2, y - UNIT / 2, UNIT, UNIT);
    }

    const bar = (share, text) => {
      const fill = element("span", { className: "demo-fill" });
      fill.style.width = `${100 * Math.max(0, Math.min(1, share || 0))}%`;
      const track = element("span", { className: "demo-bar" }, fill);
      return element("td", {}, track, element("span", { className: "demo-percent", textContent: text }));
    };

    function rows(network, data) {
      const dead = network.deadShares(data.training.x, data.training.y.length);
      const made = network.gradientNorms().map((norm, i) => {
        const name = i < dead.length ? dlguide.say("trainer.layer_hidden", { number: i + 1 }) : word("layer_output");
        const power = norm ? Math.log10(norm) : Number.NEGATIVE_INFINITY;
        const text = network.steps === 0 ? "" : norm && Math.abs(power) > 3 ? norm.toExponential(0) : fixed(norm, 3);
        const share = dead[i] === undefined ? element("td") : bar(dead[i], percent(dead[i]));
        const label = element("th", { scope: "row", textContent: name });
        return element("tr", {}, label, bar((power - SMALLEST) / (2 - SMALLEST), text), share);
      });
      body.replaceChildren(...made);
    }
    return { box: group("demo-stack", head, canvas, table), draw };
  }

  dlguide.trainer.units = units;
})();
