/* seq2seq_pronounce: the reader types a word; the network writes its sounds one by one, and shows for each which letters
   it attends to. */
dlguide.demo("pronounce", (demo) => {
  "use strict";

  const { say, element, group, button, named, labelled, liveText, percent, softmax, latest, encoded, textNotes } =
    dlguide.widgets;
  const EXAMPLES = ["daughter", "exhibition", "saxophones", "choir", "zyzzyva"],
    START = 2,
    END = 3;
  const input = element("input", {
    type: "text",
    value: EXAMPLES[0],
    maxLength: 34,
    spellcheck: false,
    autocomplete: "off",
    autocapitalize: "off",
  });
  const answer = liveText(),
    note = liveText(),
    table = element("table", { className: "demo-alignment" });

  /** Take the likeliest sound again and again, each after those before it, until the end. */
  async function pronounced(part, letters, longest) {
    const tokens = [START],
      chances = [];
    let attention = null;
    while (tokens.at(-1) !== END && tokens.length < longest) {
      const outputs = await part.run({
        input_0: { data: letters, shape: [1, letters.length] },
        input_1: { data: Int32Array.from(tokens), shape: [1, tokens.length] },
      });
      const { data, shape } = outputs.output_0,
        logits = data.slice(-shape.at(-1));
      logits[0] = logits[START] = -Infinity; // Padding and the start are never written.
      const values = softmax(logits);
      tokens.push(logits.indexOf(Math.max(...logits)));
      chances.push(values[tokens.at(-1)]);
      attention = outputs.output_1.data; // A row for each sound so far.
    }
    return { sounds: tokens.slice(1), chances, attention };
  }

  /** A row for each sound, a column for each letter: the darker, the more attention. */
  function showAttention(symbols, names, chances, attention) {
    const head = element(
      "tr",
      {},
      element("td"),
      ...symbols.map((symbol) => element("th", { scope: "col", textContent: symbol })),
      element("th", { scope: "col", textContent: say("probability") }),
    );
    const rows = names.map((name, row) => {
      const cells = symbols.map((symbol, column) => {
        const share = attention[row * symbols.length + column],
          hidden = element("span", { className: "demo-hidden", textContent: percent(share) }),
          cell = element("td", { title: `${name} – ${symbol}: ${percent(share)}` }, hidden);
        cell.style.background = `color-mix(in srgb, var(--demo-heat) ${Math.round(100 * share)}%, transparent)`;
        return cell;
      });
      const chance = element("td", { textContent: percent(chances[row]) });
      return element("tr", {}, element("th", { scope: "row", textContent: name }), ...cells, chance);
    });
    table.replaceChildren(element("caption", { textContent: say("attention_letters") }), head, ...rows);
  }

  const show = latest(async () => {
    if (!demo.parts) return;
    const [part] = demo.parts,
      { vocabulary, target_vocabulary: sounds } = part.info.input;
    const symbols = Array.from(input.value.trim().toUpperCase());
    note.textContent = textNotes(symbols, vocabulary, Infinity) || "\u00a0";
    if (!symbols.length) {
      table.replaceChildren();
      answer.textContent = say("type_word");
      return;
    }
    const found = await pronounced(part, encoded(symbols, vocabulary, symbols.length), part.info.input.shape[0]);
    const names = found.sounds.map((sound) => (sound === END ? say("sound_end") : sounds[sound]));
    const spoken = names.filter((_, i) => found.sounds[i] !== END).join(" ");
    answer.textContent = say("word_answer", { word: input.value.trim(), sounds: spoken });
    showAttention(symbols, names, found.chances, found.attention);
  });

  input.oninput = show;
  const examples = named(
    say("try"),
    ...EXAMPLES.map((word) =>
      button(word, () => {
        input.value = word;
        show();
      }),
    ),
  );
  const frame = group("demo-wide", table);
  frame.tabIndex = 0; // A long word is scrolled by keyboard.
  demo.box.append(group("demo-stack", labelled(say("word"), input), examples, answer, note, frame));
  return show;
});
