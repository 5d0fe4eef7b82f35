/* lstm_places: the reader types the name of a place, the network names countries. */
dlguide.demo("names", (demo) => {
  "use strict";

  const { say, element, group, button, named, labelled, bars, liveText, percent, softmax, latest, encoded, textNotes } =
    dlguide.widgets;
  const EXAMPLES = ["Heidelberg", "Saint-Malo", "Krasnoyarsk", "Guadalajara", "Poznań", "Chongqing"],
    SHOWN = 5;
  const input = element("input", {
    type: "text",
    value: EXAMPLES[0],
    maxLength: 80,
    spellcheck: false,
    autocomplete: "off",
  });
  const chart = bars(SHOWN),
    answer = liveText(),
    note = liveText();

  const show = latest(async () => {
    if (!demo.parts) return;
    const [part] = demo.parts,
      {
        vocabulary,
        shape: [length],
        class_names,
        class_names_zh,
      } = part.info.input;
    const text = input.value,
      symbols = Array.from(text);
    note.textContent = textNotes(symbols, vocabulary, length) || "\u00a0";
    if (!symbols.length) {
      chart.show([], [null]);
      answer.textContent = say("type_name");
      return;
    }
    const values = softmax(await part.answer(encoded(symbols, vocabulary, length), [1, length]));
    const countries = dlguide.language === "zh" ? class_names_zh : class_names;
    const best = values
      .map((_, i) => i)
      .sort((a, b) => values[b] - values[a])
      .slice(0, SHOWN);
    chart.show(
      best.map((i) => countries[i]),
      [best.map((i) => values[i])],
    );
    answer.textContent = say("name_answer", {
      name: text,
      country: countries[best[0]],
      probability: percent(values[best[0]]),
    });
  });

  input.oninput = show;
  const examples = named(
    say("try"),
    ...EXAMPLES.map((name) =>
      button(name, () => {
        input.value = name;
        show();
      }),
    ),
  );
  chart.table.style.setProperty("--demo-label", "9em");
  demo.box.append(group("demo-stack", labelled(say("place_name"), input), examples, chart.table, answer, note));
  return show;
});
