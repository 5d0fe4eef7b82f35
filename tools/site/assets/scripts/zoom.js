/* A picture of a page opens in the page's dialog as large as it is: by a click, a tap, Enter or space. A click, the
   button or Escape closes it. */
addEventListener("load", () => {
  const dialog = document.querySelector(".zoom");
  if (!dialog) return;
  const large = document.createElement("img");
  dialog.onclick = () => dialog.close();

  function open(picture) {
    large.src = picture.src;
    large.alt = picture.alt;
    // A drawing has no pixels: it fills the screen.
    large.style.width = large.src.endsWith(".svg") ? "100%" : "auto";
    dialog.append(large);
    dialog.showModal();
  }
  for (const picture of document.querySelectorAll(".md-content img[alt]:not([alt=''], a img)")) {
    picture.tabIndex = 0;
    picture.setAttribute("role", "button");
    picture.setAttribute("aria-haspopup", "dialog");
    picture.classList.add("zoomable");
    picture.onclick = () => open(picture);
    picture.onkeydown = (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open(picture);
    };
  }
});
