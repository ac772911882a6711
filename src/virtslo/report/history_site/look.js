"use strict";
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const set = () => { document.documentElement.dataset.look = dark.matches ? "dark" : "light"; };
  dark.addEventListener("change", set);
  set();
  document.querySelectorAll(".scroll").forEach((item) => {
    const mark = () => item.classList.toggle("wide", item.scrollWidth > item.clientWidth + 1);
    new ResizeObserver(mark).observe(item);
  });
})();
