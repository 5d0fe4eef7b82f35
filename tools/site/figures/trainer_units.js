/* The network of the first seed: what each unit answers over the plane, and its weights as lines. */
(() => {
  "use strict";

  const { element, group } = dlguide.widgets,
    { word, grid, paint } = dlguide.trainer;
  const CELLS = 16,
    SHOWN = 8,
    UNIT = 60, // Pixels of the canvas, which has two for each of the page.
    LINE = 72;

  /** `onchoose` is called when the reader points at another unit, by mouse, finger or arrow keys. */
  function units(onchoose) {
    const canvas = element("canvas", { className: "trainer-network", role: "img", tabIndex: 0 }),
      small = element("canvas");
    const layers = dlguide.trainer.layerTable(),
      head = element("p", { className: "demo-name trainer-head", "aria-live": "polite" });

    let columns = [1],
      pictures = [[]], // By column and unit: numbers of the cells, beside the largest.
      chosen = null;

    /** Choose a unit [column, unit], or none. */
    function choose(to) {
      if (String(to) === String(chosen)) return;
      chosen = to;
      onchoose();
    }
    const inside = (value, count) => Math.max(0, Math.min(count - 1, value));
    canvas.onpointermove = canvas.onpointerdown = ({ offsetX, offsetY }) => {
      const column = inside(Math.floor((2 * offsetX * columns.length) / canvas.width), columns.length);
      const unit = Math.floor((2 * offsetY) / LINE - (SHOWN - columns[column]) / 2);
      choose(unit === inside(unit, columns[column]) ? [column, unit] : null);
    };
    canvas.onpointerleave = canvas.onblur = () => choose(null);
    canvas.onkeydown = (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
      if (!way || dlguide.widgets.isShortcut(event)) return;
      event.preventDefault();
      const [column, unit] = chosen ?? [1 - way[0], -way[1]];
      const to = inside(column + way[0], columns.length);
      choose([to, inside(unit + way[1], columns[to])]);
    };

    /** Inputs, then the units of each layer: [x, y] of the middle of a unit. */
    function place(column, unit) {
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
      columns = [data.inputs, ...network.layers.map(({ to }) => Math.min(to, SHOWN))];
      canvas.width = 2 * canvas.clientWidth;
      canvas.height = LINE * SHOWN;
      const context = canvas.getContext("2d");
      network.layers.forEach((layer, i) => lines(context, layer, i, theme));
      pictures = columns.map((shown, column) => {
        const layer = network.layers[column - 1];
        const [table, width] = layer ? [layer.tables.out, layer.to] : [places, data.inputs];
        const isLogit = layer?.isOutput && !data.isRegression;
        return Array.from({ length: shown }, (_, unit) => {
          const values = Array.from({ length: count }, (_, i) => table[i * width + unit]);
          const largest = isLogit ? 4 : Math.max(...values.map(Math.abs)) || 1;
          return (cell) => values[count === CELLS ? cell % CELLS : cell] / largest;
        });
      });
      if (chosen?.some((at, i) => at >= [columns.length, columns[chosen[0]]][i])) chosen = null;
      pictures.forEach((column, i) =>
        column.forEach((shade, unit) =>
          picture(context, shade, place(i, unit), theme, String([i, unit]) === String(chosen)),
        ),
      );
      const sizes = [data.inputs, ...network.layers.map(({ to }) => to)];
      canvas.setAttribute("aria-label", `${word("network")} ${sizes.join(" – ")}`);
      const [column, unit] = chosen ?? [];
      const name =
        chosen && dlguide.say(column ? "trainer.chosen" : "trainer.chosen_input", { column, unit: unit + 1 });
      head.textContent = name ?? word("network_head") + (Math.max(...sizes) > SHOWN ? word("network_more") : "");
      layers.draw(network, data);
    }

    /** A line for each weight: blue above 0, orange below, thick if large beside the others of its layer. */
    function lines(context, { from, to, kernel }, column, theme) {
      const largest = Math.max(...kernel.value.filter(Number.isFinite).map(Math.abs)) || 1;
      for (let k = 0; k < Math.min(from, columns[column]); k++) {
        for (let j = 0; j < Math.min(to, columns[column + 1]); j++) {
          const weight = kernel.value[k * to + j];
          if (!Number.isFinite(weight)) continue;
          context.strokeStyle = weight < 0 ? theme.orange : theme.blue;
          context.globalAlpha = 0.15 + (0.7 * Math.abs(weight)) / largest;
          context.lineWidth = 0.5 + (6 * Math.abs(weight)) / largest;
          context.beginPath();
          context.moveTo(...place(column, k));
          context.lineTo(...place(column + 1, j));
          context.stroke();
        }
      }
      context.globalAlpha = 1;
    }

    function picture(context, shade, [x, y], theme, isChosen) {
      paint(small, CELLS, shade);
      context.fillStyle = theme.ground;
      context.fillRect(x - UNIT / 2, y - UNIT / 2, UNIT, UNIT);
      context.imageSmoothingEnabled = false;
      context.drawImage(small, x - UNIT / 2, y - UNIT / 2, UNIT, UNIT);
      context.strokeStyle = theme.text;
      context.lineWidth = isChosen ? 6 : 1.5;
      context.strokeRect(x - UNIT / 2, y - UNIT / 2, UNIT, UNIT);
    }

    return {
      box: group("trainer-units demo-stack", head, canvas, layers.table),
      draw,
      chosen: () => chosen && pictures[chosen[0]][chosen[1]],
    };
  }

  Object.assign(dlguide.trainer, { units, UNIT_CELLS: CELLS });
})();
