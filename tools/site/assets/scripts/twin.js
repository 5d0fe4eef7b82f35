/* The link to the other language leads to the same heading, by its number: the names differ, and in the glossary the order. */
addEventListener("load", () => {
  const headings = [...document.querySelectorAll("article :is(h1, h2, h3, h4)[id]")];
  const number = location.hash.match(/^#heading-(\d+)$/)?.[1];
  if (headings[number]) location.replace(`#${headings[number].id}`);
  const link = document.querySelector(".site-language");
  link.addEventListener("click", () => {
    const tops = headings.map((heading) => (heading.offsetParent ? heading.getBoundingClientRect().top : NaN));
    const named = headings.findIndex(({ id }) => id === decodeURIComponent(location.hash.slice(1)));
    const isShown = tops[named] >= 0 && tops[named] < innerHeight;
    const now = isShown ? named : tops.findLastIndex((top) => top < innerHeight / 3);
    link.hash = now > 0 && !location.pathname.endsWith("/glossary.html") ? `heading-${now}` : "";
  });
});
