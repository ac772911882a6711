"use strict";
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const set = () => { document.documentElement.dataset.look = dark.matches ? "dark" : "light"; };
  dark.addEventListener("change", set);
  set();
})();
