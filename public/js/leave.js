// Quick exit. The button's form works without this; with it the page is covered at once and the address is replaced. Escape three times
// within five seconds does the same, unless an Escape closed something. This file talks to nobody: pages about reports load it too.
(() => {
  "use strict";
  const form = document.querySelector("form.leave");
  if (!form) return;
  const leave = () => {
    const cover = document.createElement("div");
    cover.className = "cover";
    document.documentElement.append(cover);
    document.title = " ";
    document.dispatchEvent(new Event("upstander:leave"));
    window.location.replace(form.dataset.to);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    leave();
  });
  let presses = [];
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || event.repeat) return;
    if (document.querySelector("dialog[open], [popover]:popover-open, details.menu[open]")) {
      presses = [];
      return;
    }
    const now = event.timeStamp;
    presses = presses.filter((at) => now - at < 5000);
    presses.push(now);
    if (presses.length === 3) leave();
  });
})();
