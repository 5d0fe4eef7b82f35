/* seq2seq_pronounce: the reader types a word; the network writes its sounds one by one, and shows for each which letters
   it attends to. */
dlguide.demo("pronounce", (demo) => {
  "use strict";

  const { say, element, group, button, named, labelled, textField, boxes, liveText, sentences, percent } =
      dlguide.widgets,
    { softmax, largest, latest, encoded, textNotes } = dlguide.widgets;
  const EXAMPLES = ["daughter", "exhibition", "saxophones", "choir", "zyzzyva"],
    START = 2,
    END = 3;
  const input = textField("input", { type: "text", value: EXAMPLES[0], maxLength: 34 });
  const answer = liveText(),
    spoken = group("demo-stack demo-sounds"),
    legend = element("details", { className: "demo-sounds" }, element("summary", { textContent: say("all_sounds") })),
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
      const [token, chance] = largest(softmax(logits));
      tokens.push(token);
      chances.push(chance);
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

  /** Each sound with a word in which it occurs. */
  const sounded = (sounds) => boxes(sounds.map((sound) => [sound, say(`sound_${sound}`)]));

  let dictionary = ""; // A line for each word.
  /** The pronunciations of a word, none if the dictionary has no such word. */
  function listed(word) {
    const place = dictionary.indexOf(`\n${word},`);
    if (place < 0) return [];
    const [, cells] = dictionary.slice(place + 1, dictionary.indexOf("\n", place + 1)).split(",");
    return cells.split("|").map((cell) => cell.split(" "));
  }

  const show = latest(async () => {
    if (!demo.parts) return;
    const [part] = demo.parts,
      { vocabulary, target_vocabulary: sounds } = part.info.input;
    const symbols = Array.from(input.value.trim().toUpperCase());
    if (!symbols.length) {
      table.replaceChildren();
      spoken.replaceChildren();
      answer.textContent = say("type_word");
      return;
    }
    const found = await pronounced(part, encoded(symbols, vocabulary, symbols.length), part.info.input.shape[0]);
    const names = found.sounds.map((sound) => (sound === END ? say("sound_end") : sounds[sound]));
    const written = names.filter((_, i) => found.sounds[i] !== END),
      known = listed(symbols.join("")),
      isRight = known.some((each) => each.join() === written.join());
    const same = known.length ? say(isRight ? "same_as_listed" : "not_as_listed") : say("not_listed");
    const told = say("word_answer", { word: input.value.trim(), sounds: written.join(" ") });
    answer.textContent = sentences(told, same, textNotes(symbols, vocabulary));
    spoken.replaceChildren(
      named(say("network_says"), sounded(written)),
      ...known.map((each) => named(say("dictionary_says"), sounded(each))),
    );
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
  demo.box.append(group("demo-stack", labelled(say("word"), input), examples, answer, spoken, frame, legend));
  return async () => {
    const bytes = await dlguide.bytes(dlguide.files[`${demo.models[0]}/dictionary.txt`]);
    dictionary = `\n${new TextDecoder().decode(bytes)}`;
    legend.append(sounded(demo.parts[0].info.input.target_vocabulary.slice(END + 1)));
    await show();
  };
});
