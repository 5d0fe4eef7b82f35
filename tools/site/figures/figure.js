/* Figures that the learner moves: how they are mounted, and their controls.

   On a page:  <!-- figure NAME -->
               ![…](diagram.svg)                 what the moving figure replaces: it shows without JavaScript and on
               <!-- end figure -->                paper. Nothing stands here if the diagram above says more and stays.
   The script figures/NAME.js:

     dlguide.figure("NAME", (figure) => {
       const plot = dlguide.plot(figure.say("plot"), { x: [0, 1], y: [0, 1] }); // See plot.js.
       const rate = figure.slider("rate", { min: 0, max: 1, step: 0.1, value: 0.5 }); // Its label: the word NAME.rate.
       figure.arrange([plot], rate); // The pictures side by side, below them the controls.
       return () => { … rate.value … figure.tell(figure.say("answer", { loss })); }; // Draws everything anew.
     });
     dlguide.figures.NAME = { path }; // Computations without a page, for the tests.

   words.csv has NAME.title (for screen readers), NAME.try and NAME.see (the lines above and below; mount adds them and
   the button "Reset"), and the figure's own words as NAME.word. The tests: tests/tools/site/figures.test.mjs. */
(() => {
  "use strict";

  const { say, element, group, button, slider, choice, liveText, sentences } = dlguide.widgets;
  dlguide.figures = {};

  /** Build every figure of a name. `build(figure)` fills `figure.box` and returns the function that draws: it is called
      at first, at "Reset", and when a control moves. */
  dlguide.figure = (name, build) => dlguide.each(`.figure[data-figure="${name}"]`, (div) => mount(div, name, build));

  function mount(div, name, build) {
    const own = (key, values) => say(`${name}.${key}`, values);
    const answer = liveText(),
      resets = [];
    let draw = null;
    const change = () => draw();

    const control = (label, settings, oninput = change) => {
      const { field, input, set } = slider(label, settings, oninput);
      resets.push(() => set(settings.value));
      return {
        field,
        set, // It draws nothing: say figure.draw() afterwards.
        get value() {
          return input.valueAsNumber;
        },
      };
    };

    const figure = {
      box: group("demo-stack"),
      say: own,
      /** Fill the box: columns of pictures, each a plot, an element or a list of them; below them the controls, each
          with a field, an element, or a list of buttons. */
      arrange: (columns, ...controls) => {
        const column = (pictures) => group("demo-column", ...[pictures].flat().map((each) => each.svg ?? each)),
          control = (each) => each.field ?? (Array.isArray(each) ? group("demo-row", ...each) : each);
        figure.box.append(group("demo-columns", ...columns.map(column)), ...controls.map(control));
      },
      /** The sentences below the picture, which are read aloud when they change; some may be empty. */
      tell: (...texts) => (answer.textContent = sentences(...texts)),
      draw: change,
      /** Do this before the first drawing and at "Reset": give the state that no control holds its first value. */
      onReset: (reset) => resets.push(reset),
      /** A slider: {field, value, set}. Its label is the word `key`; settings as in widgets.slider. */
      slider: (key, settings) => control(own(key), settings),
      /** One of several values, the first at the start: {field, value, set}. The words of values: `KEY_VALUE`. */
      choice: (key, values) => {
        const texts = values.map((value) => [value, own(`${key}_${value}`)]);
        const made = { field: choice(own(key), texts, values[0], (value) => ((made.value = value), draw())) };
        made.set = (value) => {
          made.value = value;
          made.field.querySelectorAll("input")[values.indexOf(value)].checked = true;
        };
        resets.push(() => made.set(values[0]));
        return made;
      },
      /** Steps 0 … count, as a slider with the buttons "Step" and "Play": {field, value, set}. It begins at 0, and nothing
          moves by itself; a reader who wants less motion sees the last step at once. */
      player: (count, milliseconds = 150) => {
        let timer = null;
        const stop = () => {
          clearInterval(timer);
          timer = null;
          play.textContent = say("figure_play");
        };
        const made = control(say("figure_steps"), { min: 0, max: count, step: 1, value: 0 }, () => (stop(), draw()));
        const go = (to) => (made.set(to), draw());
        const next = button(say("figure_next"), () => (stop(), go((made.value + 1) % (count + 1))));
        const play = button("", () => {
          if (timer) return stop();
          if (matchMedia("(prefers-reduced-motion: reduce)").matches) return go(count);
          if (made.value === count) go(0);
          play.textContent = say("figure_pause");
          timer = setInterval(() => (go(made.value + 1), made.value >= count && stop()), milliseconds);
        });
        resets.push(stop);
        made.field = group("demo-stack", made.field, group("demo-row", next, play));
        return made;
      },
    };

    const reset = () => (resets.forEach((each) => each()), draw());
    const line = (kind) =>
      element("p", { className: "figure-line" }, element("b", { textContent: say(`figure_${kind}`) }), own(kind));
    draw = build(figure);
    const still = group("figure-still", ...div.childNodes);
    const live = element(
      "div",
      { className: "figure-live demo-stack", role: "group", "aria-label": own("title") },
      line("try"),
      figure.box,
      answer,
      line("see"),
      group("demo-row", button(say("figure_reset"), reset)),
    );
    div.append(still, live);
    reset();
    div.dataset.state = "ready"; // From here on the still picture is for paper.
  }
})();
