// Leaving ends the session on the server. The request goes out while the page is already being replaced.
(() => {
  "use strict";
  document.addEventListener("upstander:leave", () => {
    navigator.sendBeacon("/app/leave");
  });
})();
