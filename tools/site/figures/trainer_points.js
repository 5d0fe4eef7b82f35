/* The reader's own points, and the presets of the page's table: what the reader chooses beside the settings. */
(() => {
  "use strict";

  const { element, group, choice, labelled, fixed } = dlguide.widgets,
    { PRESETS, word } = dlguide.trainer;

  /** Points by a click or a tap, or by arrow keys and Enter: `points` is the list; `onchange` is called after. */
  function ownPoints(onchange) {
    const points = [];
    let mark = 1;
    const marks = [1, 0, "remove"].map((value) => [value, word(`mark_${value}`)]);
    const field = choice(word("mark"), marks, mark, (value) => (mark = value));
    field.append(element("span", { className: "trainer-keys", textContent: word("place") }));

    /** Take the clicks of a new plot with such ranges. */
    function listen(plot, ranges, name) {
      let at = ranges.map(([low, high]) => (low + high) / 2);
      const steps = ranges.map(([low, high]) => (high - low) / 40);
      const show = (to) => handle.set((at = to), to.map((value) => fixed(value, 2)).join(", "));
      const handle = plot.handle(word("place"), show, steps);
      show(at);
      const isCurve = name === "curve";
      field.hidden = name === "cars";
      const [blue, orange] = field.querySelectorAll("label");
      [blue.lastChild.textContent, orange.hidden] = [word(isCurve ? "mark_point" : "mark_1"), isCurve];

      function add(place) {
        if (field.hidden) return;
        if (place.some((value, k) => value < ranges[k][0] || value > ranges[k][1])) return;
        const far = ({ x, y }) => Math.hypot(x[0] - place[0], (isCurve ? y : x[1]) - place[1]);
        if (mark !== "remove") points.push(isCurve ? { x: [place[0]], y: place[1] } : { x: place, y: mark });
        else if (points.length) points.splice(points.indexOf([...points].sort((a, b) => far(a) - far(b))[0]), 1);
        onchange();
      }
      plot.svg.onclick = (event) => event.target.closest(".plot-handle") || add(plot.at(event));
      plot.svg.onkeydown = (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        add(at);
      };
    }
    return { points, field, listen };
  }

  /** The menu of the presets, whose names, signs and explanations stand in the table of the page. */
  function presetMenu(onchoose) {
    const row = (name) => document.querySelector(`a[href="#preset=${name}"]`)?.closest("tr");
    const options = Object.keys(PRESETS)
      .filter(row)
      .map((value) => element("option", { value, textContent: row(value).cells[0].textContent }));
    const none = element("option", { value: "", textContent: word("preset_none") });
    const select = element("select", { onchange: () => onchoose(select.value) }, none, ...options);
    for (const { value } of options) {
      const link = document.querySelector(`a[href="#preset=${value}"]`);
      link.removeAttribute("id"); // An address with the fault would lead the browser to the table.
      link.onclick = (event) => {
        event.preventDefault(); // The fault once more, also when the address has it already.
        onchoose(value);
        select.focus({ preventScroll: true });
      };
    }
    const sign = group("trainer-sign");

    function show(name) {
      select.value = name;
      const cells = [...(row(name)?.cells ?? [])].slice(1);
      const part = (key, cell) => {
        const heading = element("b", { textContent: `${word(key)} ` });
        return element("p", {}, heading, ...[...cell.childNodes].map((node) => node.cloneNode(true)));
      };
      sign.replaceChildren(...cells.map((cell, i) => part(["sign", "why"][i], cell)));
    }
    return { field: labelled(word("preset"), select), sign, show };
  }

  Object.assign(dlguide.trainer, { ownPoints, presetMenu });
})();
