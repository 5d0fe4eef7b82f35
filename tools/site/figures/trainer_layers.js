/* Of each layer of the first seed's network: the length of the gradient, and the share of dead units. */
(() => {
  "use strict";

  const { element, fixed, percent } = dlguide.widgets,
    { word } = dlguide.trainer;
  const POWERS = [-8, 2]; // Of ten: the range of the bars of the gradient.

  function layerTable() {
    const titles = ["layer", "gradient", "dead"].map((key) => element("th", { scope: "col", textContent: word(key) }));
    const body = element("tbody"),
      head = element("thead", {}, element("tr", {}, ...titles));
    const table = element("table", { className: "demo-bars trainer-layers" }, head, body);

    const bar = (share, text) => {
      const fill = element("span", { className: "demo-fill" });
      fill.style.width = `${100 * Math.max(0, Math.min(1, share || 0))}%`;
      const track = element("span", { className: "demo-bar" }, fill);
      return element("td", {}, track, element("span", { className: "demo-percent", textContent: text }));
    };

    function draw(network, data) {
      const dead = network.deadShares(data.training.x, data.training.y.length);
      const made = network.gradientNorms().map((norm, i) => {
        const name = i < dead.length ? dlguide.say("trainer.layer_hidden", { number: i + 1 }) : word("layer_output");
        const power = norm ? Math.log10(norm) : Number.NEGATIVE_INFINITY;
        const text =
          network.steps === 0 ? "" : norm && Math.abs(power) > 3 ? norm.toExponential(0) : fixed(norm, norm ? 3 : 0);
        const share = dead[i] === undefined ? element("td") : bar(dead[i], percent(dead[i]));
        const label = element("th", { scope: "row", textContent: name });
        return element("tr", {}, label, bar((power - POWERS[0]) / (POWERS[1] - POWERS[0]), text), share);
      });
      body.replaceChildren(...made);
    }
    return { table, draw };
  }

  dlguide.trainer.layerTable = layerTable;
})();
