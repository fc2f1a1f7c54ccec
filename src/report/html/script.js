"use strict";
// Tables: a click on a column's head sorts by it, a second one the other way round, a third one as it was.
for (const table of document.querySelectorAll("table")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const original = [...body.rows];
  const key = (row, at) => {
    const cell = row.cells[at];
    return cell.hasAttribute("data-k") ? Number(cell.getAttribute("data-k")) : cell.textContent.trim();
  };
  const compare = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return a.toString().localeCompare(b.toString(), "en", { numeric: true });
  };
  heads.forEach((head, at) => head.querySelector("button").addEventListener("click", () => {
    const next = { none: "ascending", ascending: "descending", descending: "none" }[head.getAttribute("aria-sort")];
    heads.forEach((other) => other.setAttribute("aria-sort", "none"));
    head.setAttribute("aria-sort", next);
    const numeric = original.some((row) => typeof key(row, at) === "number");
    // In a column of numbers, what has none stays at the end either way.
    const missing = (row) => numeric && typeof key(row, at) !== "number";
    const sign = next === "descending" ? -1 : 1;
    const rows = next === "none" ? original : [...original].sort((a, b) =>
      missing(a) - missing(b) || (missing(a) ? 0 : sign * compare(key(a, at), key(b, at))));
    body.append(...rows);
  }));
}

// Charts: what a mark stands for is shown where it is pointed at, touched or focused.
const tip = document.getElementById("tip");
const REACH = 14;
let shown = null;
const hide = () => { tip.hidden = true; shown = null; };
const letters = (mark) => [...mark.closest("svg").querySelectorAll("use")].map((letter) => letter.getBoundingClientRect());
const show = (mark, keyboard) => {
  if (shown !== mark || keyboard) {
    tip.textContent = mark.getAttribute("aria-label");
    if (keyboard) {
      const hint = document.createElement("small");
      hint.textContent = "← → for the other values";
      tip.append(hint);
    }
  }
  shown = mark;
  tip.hidden = false;
  const box = mark.getBoundingClientRect();
  const wide = box.width > 40;
  const x = wide && show.x !== undefined && !keyboard ? show.x : box.left + box.width / 2;
  const left = Math.max(8, Math.min(x - tip.offsetWidth / 2, document.documentElement.clientWidth - tip.offsetWidth - 8));
  // Above or below: where it hides less of what is written there, which may be the mark's own label.
  const above = box.top - tip.offsetHeight - 10, below = box.bottom + 10;
  const written = letters(mark);
  const hidden = (top) => written.filter((letter) => letter.right > left && letter.left < left + tip.offsetWidth
    && letter.bottom > top && letter.top < top + tip.offsetHeight).length;
  const beneath = above < 4 || (below + tip.offsetHeight < innerHeight && hidden(below) < hidden(above));
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${(beneath ? below : above) + scrollY}px`;
};
for (const chart of document.querySelectorAll("figure svg")) {
  const marks = [...chart.querySelectorAll(".m")];
  for (const mark of marks) {
    // The browser's own tooltip would cover ours.
    const title = mark.querySelector("title");
    mark.setAttribute("aria-label", title.textContent);
    title.remove();
    mark.addEventListener("focus", () => show(mark, mark.matches(":focus-visible")));
    mark.addEventListener("blur", hide);
  }
  const dots = marks.filter((mark) => mark.tagName === "circle");
  const at = (event) => {
    // A dot is small: the nearest one within reach is meant.
    let best = null, least = REACH;
    for (const dot of dots) {
      const box = dot.getBoundingClientRect();
      const away = Math.hypot(event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2);
      if (away < least) [best, least] = [dot, away];
    }
    return best || event.target.closest(".m");
  };
  const point = (event) => {
    const mark = at(event);
    show.x = event.clientX;
    if (mark) show(mark, false); else hide();
  };
  chart.addEventListener("pointermove", point);
  chart.addEventListener("pointerdown", point);
  chart.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") hide(); });
  chart.addEventListener("keydown", (event) => {
    const here = marks.indexOf(document.activeElement);
    const steps = { ArrowRight: here + 1, ArrowDown: here + 1, ArrowLeft: here - 1, ArrowUp: here - 1, Home: 0, End: marks.length - 1 };
    if (here < 0 || !(event.key in steps)) return;
    event.preventDefault();
    const next = marks[Math.max(0, Math.min(steps[event.key], marks.length - 1))];
    marks[here].setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  });
}
addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });

// On paper nothing can be unfolded.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  folded.forEach((part) => { part.open = true; });
});
addEventListener("afterprint", () => folded.forEach((part) => { part.open = false; }));

// A link to a folded part unfolds it.
const unfold = () => {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let part = target && target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  if (target && target.closest("details")) target.scrollIntoView();
};
addEventListener("hashchange", unfold);
unfold();
