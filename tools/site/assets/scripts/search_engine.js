/* The search: pages by the words of a query, the best first. */
(() => {
  "use strict";

  const { HAN, isNear, sequence, stem, terms } = dlguide.search;
  const FIELDS = { title: 6, words: 3, headings: 2, text: 2, more: 1 };

  /** How often each term stands where: term to page to weight. */
  function indexed(pages) {
    const index = new Map();
    for (const [number, page] of pages.entries()) {
      const headings = page.sections.map(([, heading]) => heading).join(". ");
      const text = page.sections.map(([, , said]) => said).join("\n");
      const fields = { title: page.title, words: page.words.join("; "), headings, text, more: page.more };
      const weights = new Map();
      for (const [field, content] of Object.entries(fields)) {
        const counts = new Map();
        const all = terms(content);
        for (const term of all) counts.set(term, (counts.get(term) ?? 0) + 1);
        for (const [term, count] of counts) {
          const part = field === "text" ? count / (count + 1 + all.length / 800) : 1;
          weights.set(term, (weights.get(term) ?? 0) + FIELDS[field] * part);
        }
      }
      for (const [term, weight] of weights) {
        if (!index.has(term)) index.set(term, new Map());
        index.get(term).set(number, weight / (weight + 3));
      }
      page.headings = sequence(headings);
    }
    return index;
  }

  /** What a reader may mean by a term: terms of the index and how sure that is. */
  function meant(index, term, next) {
    const found = new Map();
    if (index.has(term)) found.set(term, 1);
    if (next && index.has(term + next)) found.set(term + next, 1);
    const isHan = HAN.test(term);
    const isPart = isHan
      ? term.length === 1 && ((other) => other.includes(term))
      : term.length > 2 && (!next || !found.size) && ((other) => other.startsWith(term)); // The last may be half typed.
    if (isPart) for (const other of index.keys()) if (other !== term && isPart(other)) found.set(other, 0.6);
    if (isHan && !found.size && term[1] === next?.[0] && !index.has(next))
      for (const other of index.keys()) {
        // The character in the middle may be a wrong one: another that fits between the two beside it.
        const after = other[1] + next[1];
        if (other[0] === term[0] && index.has(after)) found.set(other, 0.5).set(after, 0.5);
      }
    if (found.size || isHan || term.length < 4) return found;
    for (let i = 3; i <= term.length - 3; i++) {
      const parts = [stem(term.slice(0, i)), stem(term.slice(i))];
      if (parts.every((part) => index.has(part))) for (const part of parts) found.set(part, 0.7);
    }
    if (found.size) return found;
    for (const other of index.keys())
      if (other[0] === term[0] && isNear(term, other, term.length > 6 ? 2 : 1)) found.set(other, 0.8);
    return found;
  }

  /** A function that drops stop words from a text, if others remain. */
  function dropping(stop) {
    const all = stop.split(" ");
    const english = new Set(all.filter((word) => !HAN.test(word)));
    const chinese = all.filter((word) => HAN.test(word));
    const [signs, phrases] = [chinese.filter((word) => word.length === 1), chinese.filter((word) => word.length > 1)];
    const alone = `(?<!\\p{sc=Han})[${signs.join("")}]+(?!\\p{sc=Han})`; // In a word such as 性能 they count.
    const dropped = [phrases.join("|"), alone].map((part) => new RegExp(part, "gu"));
    return (text) => {
      const plain = text
        .normalize("NFKC")
        .toLowerCase()
        .replace(/(\w)['’](\w)/g, "$1$2");
      let rest = plain.replace(/[a-z]+/g, (word) => (english.has(word) ? " " : word));
      if (chinese.length) for (const part of dropped) rest = rest.replace(part, " ");
      return terms(rest).length ? rest : plain;
    };
  }

  /** A function from a query to its pages, the best first: { page, found, section() }, with the terms found in it. */
  function engine({ pages, stop }) {
    const drop = dropping(stop);
    const list = (text) => sequence(drop(text)).trim().split(" ");
    const index = indexed(pages);
    const rare = (term) => Math.log(1 + pages.length / index.get(term).size) * (/^\d+$/.test(term) ? 0.5 : 1);
    for (const page of pages) page.phrases = [page.title.replace(/^\d+\. /, ""), ...page.words].map(list);

    return (query) => {
      const wanted = list(query);
      const known = new Map(); // A term of the index to how much it says about what is wanted.
      const scores = pages.map(() => 0);
      let most = 0;
      for (const [place, term] of wanted.entries()) {
        const best = new Map();
        const others = meant(index, term, wanted[place + 1]);
        for (const [other, sure] of others) {
          const value = sure * rare(other);
          known.set(other, Math.max(known.get(other) ?? 0, value));
          for (const [number, weight] of index.get(other))
            best.set(number, Math.max(best.get(number) ?? 0, value * weight));
        }
        most += Math.max(0, ...[...others].map(([other, sure]) => sure * rare(other)));
        for (const [number, score] of best) scores[number] += score;
      }
      const whole = wanted.join(" ");
      for (const [number, page] of pages.entries()) {
        if (!scores[number]) continue;
        scores[number] += Math.max(...page.phrases.map((phrase) => shared(phrase, known)));
        const same = page.phrases.findIndex((phrase) => phrase.join(" ") === whole); // The first one is the title.
        if (same >= 0) scores[number] *= same ? 1.5 : 2;
        else if (page.headings.includes(` ${whole} `)) scores[number] *= 1.3;
        scores[number] *= page.weight;
      }
      const order = pages.map((_, number) => number).filter((number) => scores[number] > most * 0.12);
      order.sort((a, b) => scores[b] - scores[a]);
      return order.map((number) => ({
        page: pages[number],
        found: known,
        section: () => section(pages[number], known),
      }));
    };

    /** What a phrase of a page has in common with the query, the more the less it has beside that. */
    function shared(phrase, known) {
      let [both, all] = [0, 0];
      for (const term of phrase) {
        both += known.get(term) ?? 0;
        all += index.has(term) ? rare(term) : 0;
      }
      return both && (both * both) / all;
    }
  }

  /** The section of a page that has most of the terms; the first one if none has more. */
  function section(page, found) {
    let [best, most] = [page.sections[0], -1];
    for (const [place, each] of page.sections.entries()) {
      let score = place ? 0 : 0.5;
      const [, name, said] = each;
      // What the title says, the page's beginning answers.
      const [heading, text] = [new Set(terms(place ? name : `${page.title} ${name}`)), new Set(terms(said))];
      for (const [term, value] of found) score += value * ((heading.has(term) ? 2 : 0) + (text.has(term) ? 1 : 0));
      if (score > most) [best, most] = [each, score];
    }
    return best;
  }

  dlguide.search.engine = engine;
})();
