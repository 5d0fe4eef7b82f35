/* Small pieces of a demo's page: buttons, sliders, bars, pictures of numbers; random numbers, texts as numbers. */
(() => {
  "use strict";

  const { say } = dlguide;
  const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));
  let number = 0;

  /** An element with properties and children; `data-…` and `aria-…` and `role` become attributes. */
  function element(tag, properties = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (/^(data-|aria-|role$|for$)/.test(name)) made.setAttribute(name, value);
      else made[name] = value;
    }
    made.append(...children);
    return made;
  }

  const group = (className, ...children) => element("div", { className }, ...children);

  /** A button; it says `label` to those who hear the page, where its text is a sign such as ←. */
  function button(text, onclick, label) {
    const more = label ? { "aria-label": label, title: label } : {};
    return element("button", { type: "button", className: "demo-button", textContent: text, onclick, ...more });
  }

  /** A named group of buttons or of other controls. */
  function named(name, ...children) {
    const id = `demo-name-${++number}`;
    const label = element("span", { className: "demo-name", id, textContent: name });
    return element("div", { className: "demo-group", role: "group", "aria-labelledby": id }, label, ...children);
  }

  /** A control below its label. */
  function labelled(name, control) {
    control.id = control.id || `demo-control-${++number}`;
    return group("demo-field", element("label", { for: control.id, textContent: name }), control);
  }

  /** One choice of several, as radio buttons: `choices` are [value, text]. */
  function choice(name, choices, value, onchange) {
    const key = `demo-choice-${++number}`;
    return named(
      name,
      ...choices.map(([each, text]) => {
        const input = element("input", {
          type: "radio",
          name: key,
          checked: each === value,
          onchange: () => onchange(each),
        });
        return element("label", { className: "demo-radio" }, input, text);
      }),
    );
  }

  /** A slider with its value beside it; `show` writes the value. */
  function slider(name, { min, max, step, value, show = String }, oninput) {
    const shown = element("output", { className: "demo-value", textContent: show(value) });
    const input = element("input", { type: "range", min, max, step, value });
    const field = labelled(name, input);
    const set = (given) => {
      input.value = given;
      shown.textContent = show(input.valueAsNumber);
      input.setAttribute("aria-valuetext", shown.textContent);
    };
    const change = (given) => {
      set(given);
      oninput(input.valueAsNumber);
    };
    // A swipe that begins on a slider scrolls the page, and changes nothing: a touch counts when it goes sideways or ends.
    let [before, touched] = [value, null];
    const count = () => {
      const isNew = touched !== null && input.value !== before;
      touched = null;
      if (isNew) change(input.value);
    };
    input.oninput = () => touched === null && change(input.value);
    input.onpointerdown = ({ pointerType, clientX }) => {
      [before, touched] = [input.value, pointerType === "touch" ? clientX : null];
    };
    input.onpointermove = ({ clientX }) => touched !== null && Math.abs(clientX - touched) > 8 && count();
    input.onpointerup = input.onchange = count;
    input.onpointercancel = () => {
      if (touched !== null) set(before);
      else if (input.value !== before) change(before);
      touched = null;
    };
    set(value);
    field.append(shown);
    return { field, input, set };
  }

  /** The seed of what is drawn: `value` reads it, `next` counts it up and draws; another one that is typed draws too. */
  function seedField(draw) {
    const input = element("input", { type: "number", value: 0, min: 0, step: 1, onchange: () => draw() });
    const value = () => input.valueAsNumber || 0;
    const next = () => {
      input.value = value() + 1;
      return draw();
    };
    return { field: labelled(say("seed"), input), value, next };
  }

  /** A field for text that no browser corrects or completes. */
  const textField = (tag, properties) =>
    element(tag, { spellcheck: false, autocomplete: "off", autocapitalize: "off", ...properties });

  /** A picture with a line below it. */
  const figure = (canvas, text) => element("figure", {}, canvas, element("figcaption", { textContent: text }));

  /** Small boxes in a row, each with a text and a smaller one below it: `cells` are [text, below]. */
  function boxes(cells) {
    const made = cells.map(([text, below]) =>
      element("span", { className: "demo-symbol", role: "listitem" }, text, element("small", { textContent: below })),
    );
    return element("div", { className: "demo-symbols", role: "list" }, ...made);
  }

  /** Rows with a label, a bar for each series, and its probability; always as many rows, so that nothing jumps. */
  function bars(count, series = [""]) {
    const rows = Array.from({ length: count }, () => {
      const label = element("th", { scope: "row", textContent: "\u00a0" });
      const cells = series.map(() => {
        const fill = element("span", { className: "demo-fill" }),
          text = element("span", { className: "demo-percent" });
        return { fill, text, cell: element("td", {}, element("span", { className: "demo-bar" }, fill), text) };
      });
      return { label, cells, row: element("tr", {}, label, ...cells.map(({ cell }) => cell)) };
    });
    const table = element("table", { className: "demo-bars" }, element("tbody", {}, ...rows.map(({ row }) => row)));
    if (series.some(Boolean)) {
      const heads = ["", ...series].map((text) =>
        text ? element("th", { scope: "col", textContent: text }) : element("td"),
      );
      table.prepend(element("thead", {}, element("tr", {}, ...heads)));
    }

    /** Show labels and, for each series, probabilities (null: none); the largest of each series is marked. */
    function show(labels, values) {
      rows.forEach(({ label, cells }, row) => {
        label.textContent = labels[row] ?? "\u00a0";
        cells.forEach(({ fill, text, cell }, column) => {
          const of = values[column],
            value = of?.[row];
          fill.style.width = `${100 * (value ?? 0)}%`;
          text.textContent = value === undefined ? "" : percent(value);
          cell.classList.toggle("demo-best", Boolean(of) && value === Math.max(...of));
        });
      });
    }
    return { table, show };
  }

  /** 0.98765 as "98.8 %", in Chinese "98.8%". */
  const percent = (value, places = 1) =>
    `${(100 * value).toFixed(places)}${dlguide.language === "zh" ? "" : "\u00a0"}%`;

  /** A number with so many places, and a minus sign instead of a hyphen. */
  const fixed = (value, places) => (Number(value.toFixed(places)) || 0).toFixed(places).replace("-", "−");

  /** A canvas of size × size numbers in [0, 1], light on black, and the function that fills it. */
  function picture(label, size = 28) {
    const canvas = element("canvas", {
      width: size,
      height: size,
      className: "demo-picture",
      role: "img",
      "aria-label": label,
    });
    const show = (values, name = label) => {
      const context = canvas.getContext("2d"),
        image = context.createImageData(size, size);
      for (let i = 0; i < size * size; i++) image.data.set([...Array(3).fill(255 * values[i]), 255], 4 * i);
      context.putImageData(image, 0, 0);
      canvas.setAttribute("aria-label", name);
    };
    show(new Float32Array(size * size));
    return { canvas, show };
  }

  /** The sentence with the answer, read aloud when it changes. */
  const liveText = () => element("p", { className: "demo-answer", "aria-live": "polite", textContent: "\u00a0" });

  /** Sentences one after the other; some may be empty. */
  const sentences = (...texts) => texts.filter(Boolean).join(dlguide.language === "zh" ? "" : " ");

  function softmax(logits, temperature = 1) {
    const top = Math.max(...logits),
      powers = Array.from(logits, (value) => Math.exp((value - top) / temperature));
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((value) => value / sum);
  }

  /** The place of the largest value, and the value. */
  function largest(values) {
    const value = Math.max(...values);
    return [values.indexOf(value), value];
  }

  const sigmoid = (values) => Float32Array.from(values, (value) => 1 / (1 + Math.exp(-value)));

  /** Numbers in [0, 1) that a seed determines (mulberry32). */
  function random(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  }

  /** Normal numbers from uniform ones (Box and Muller). */
  const normals = (draw, count) =>
    Float32Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw()));

  /** Ids of symbols, cut or padded with 0 to a length; 1 for a symbol that is not in the vocabulary. */
  const encoded = (symbols, vocabulary, length) => {
    const ids = new Map(vocabulary.map((symbol, i) => [symbol, i])),
      result = new Int32Array(length);
    symbols.slice(0, length).forEach((symbol, i) => (result[i] = ids.get(symbol) ?? 1));
    return result;
  };

  /** What the model does not see of a text: the symbols that it does not know. */
  const textNotes = (symbols, vocabulary) => {
    const known = new Set(vocabulary),
      unknown = [...new Set(symbols.filter((symbol) => !known.has(symbol)))];
    return unknown.length ? say("unknown_symbols", { symbols: unknown.join(" ") }) : "";
  };

  /** Call at most once at a time; calls meanwhile become one, afterwards. */
  function latest(call) {
    let busy = false,
      again = false;
    return async function next() {
      if (busy) return void (again = true);
      busy = true;
      try {
        await call();
      } finally {
        busy = false;
      }
      if (again) {
        again = false;
        await next();
      }
    };
  }

  /** Whether a key belongs to the browser, as Alt and an arrow do. */
  const isShortcut = (event) => event.altKey || event.ctrlKey || event.metaKey;

  /** Call `draw` when the page becomes light or dark: a canvas keeps the colours that it was drawn with. */
  const onTheme = (draw) =>
    new MutationObserver(() => draw()).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });

  dlguide.widgets = {
    say,
    DIGITS,
    element,
    group,
    button,
    named,
    labelled,
    choice,
    slider,
    seedField,
    textField,
    figure,
    boxes,
    bars,
    percent,
    fixed,
    picture,
    liveText,
    sentences,
    softmax,
    largest,
    sigmoid,
    random,
    normals,
    latest,
    isShortcut,
    onTheme,
    encoded,
    textNotes,
  };
})();
