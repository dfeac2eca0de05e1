"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const rows = [...document.querySelectorAll("#rows .row")];
  // a filter opens the groups with matching rows; without one each group is as the reader left it
  const groups = [...document.querySelectorAll("#rows > .group")];
  const left = new Map();
  const boxes = [...document.querySelectorAll("input[name=outcome]")];
  // the search includes evidence, whose text is read on the first search and not when the page opens
  const texts = new Map();
  const text = (row) => {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  };
  const filter = () => {
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = boxes.filter((box) => box.checked).map((box) => box.value);
    const layer = $("layer").value;
    let shown = 0;
    for (const row of rows) {
      const fits = (!wanted.length || wanted.includes(row.dataset.outcome))
        && (!layer || row.dataset.layer === layer)
        && words.every((word) => text(row).includes(word));
      row.hidden = !fits;
      shown += fits;
    }
    const filtered = words.length || wanted.length || layer;
    for (const group of groups) {
      group.hidden = !group.querySelector(".row:not([hidden])");
      if (filtered && !left.has(group)) left.set(group, group.open);
      if (filtered) group.open = true;
      else if (left.has(group)) { group.open = left.get(group); left.delete(group); }
    }
    $("count").textContent = `${shown} of ${rows.length}`;
  };
  const follow = () => {
    const row = location.hash && $(decodeURIComponent(location.hash.slice(1)));
    if (row && row.matches("details")) {
      for (const part of [row.closest(".group"), row]) if (part) { part.hidden = false; part.open = true; }
      row.scrollIntoView();
    }
  };
  document.querySelector(".filter").addEventListener("submit", (event) => event.preventDefault());
  $("search").addEventListener("input", filter);
  $("layer").addEventListener("change", filter);
  boxes.forEach((box) => box.addEventListener("change", filter));
  $("unfold").addEventListener("click", () => {
    const parts = [...groups, ...rows].filter((part) => !part.hidden);
    const open = parts.some((part) => !part.open);
    parts.forEach((part) => { part.open = open; });
    $("unfold").textContent = open ? "fold all" : "unfold all";
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing) { event.preventDefault(); $("search").focus(); }
    if (event.key === "Escape" && document.activeElement === $("search")) { $("search").value = ""; filter(); }
  });
  window.addEventListener("hashchange", follow);
  window.addEventListener("beforeprint", () => rows.forEach((row) => {
    if (["failed", "error"].includes(row.dataset.outcome)) row.open = row.closest(".group").open = true;
  }));
  filter();
  follow();
})();
