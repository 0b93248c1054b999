// Comfort, and nothing that a page needs: keys in lists, in a change and between pairs, their list under ?, seen without a
// reload, times of this place with UTC on hover, folds on paper.
"use strict";

const rows = [...document.querySelectorAll("[data-row]")].filter((row) => !row.closest("details:not([open])"));
const stops = rows.length ? rows : [...document.querySelectorAll(".changebody p:not(.same):not(.gap)")];
const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
const still = matchMedia("(prefers-reduced-motion: reduce)");
let here = -1;

function go(step) {
  if (!stops.length) return;
  stops[here]?.classList.remove("here");
  const focused = stops.findIndex((stop) => stop.contains(document.activeElement));
  if (step && focused >= 0) here = focused; // the Tab key went on from the last stop
  here = Math.min(Math.max(here + step, 0), stops.length - 1);
  const stop = stops[here];
  stop.classList.add("here");
  stop.scrollIntoView({ block: "center", behavior: still.matches ? "auto" : "smooth" });
  const link = stop.querySelector("a[data-open]") ?? stop.querySelector("h2 a, h3 a, th a");
  if (link) link.focus({ preventScroll: true });
}

// One form marks and takes back: the instant before the change, or the change itself.
async function mark(row, until, seen) {
  const form = row?.querySelector("form[action$='/seen']");
  if (!form) return;
  const body = new URLSearchParams(new FormData(form));
  if (until) body.set("until", until);
  const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "application/json" } });
  if (answer.ok) row.toggleAttribute("data-done", seen);
}

// Between the pairs of a group n and p are its links Next and Previous.
const step = (way) => document.querySelector(`[data-steps] a[rel=${way}]`)?.click();

const marked = [];
const before = (row) => row?.dataset.before;
const actions = {
  j: () => go(1),
  k: () => go(-1),
  n: () => (stops.length ? go(1) : step("next")),
  p: () => (stops.length ? go(-1) : step("prev")),
  e: () => mark(stops[here], "", true).then(() => (marked.push(stops[here]), go(1))),
  u: () => {
    here = marked.length ? stops.indexOf(marked.pop()) : here; // e went on, and u takes back what e marked
    mark(stops[here], before(stops[here]), false).then(() => go(0));
  },
  "/": () => document.getElementById("find")?.focus(),
  "?": () => help().showModal(),
};

// Only the keys that do something on this page. Whoever speaks to the computer switches them off (WCAG 2.1.4).
function help() {
  const present = document.querySelector("dialog.help");
  if (present) return present;
  const steps = document.querySelector("[data-steps]") && !stops.length;
  const keys = [
    ["j k", rows.length ? "next and previous row" : "next and previous change", stops.length],
    ["Enter", "open the row", rows.length],
    ["n p", "next and previous pair", steps],
    ["e u", "mark as seen, undo", document.querySelector("[data-row] form[action$='/seen']")],
    ["/", "search", true],
    ["?", "this list, Esc closes it", true],
  ];
  const box = document.createElement("dialog");
  box.className = "help";
  box.setAttribute("aria-labelledby", "help");
  box.innerHTML = `<h2 id="help">Keys</h2><dl>${keys
    .filter(([, , works]) => works)
    .map(([key, means]) => `<dt>${key.split(" ").map((one) => `<kbd>${one}</kbd>`).join(" ")}</dt><dd>${means}</dd>`)
    .join("")}</dl><form method="dialog"><p><label><input type="checkbox"> Keys are on</label></p><button>Close</button></form>`;
  const on = box.querySelector("input");
  on.checked = areOn();
  on.addEventListener("change", () => localStorage.setItem("keys", on.checked ? "on" : "off"));
  return document.body.appendChild(box);
}

const areOn = () => localStorage.getItem("keys") !== "off";
document.querySelector("[data-help]")?.addEventListener("click", () => help().showModal());

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (!areOn() || document.querySelector("dialog[open]")) return;
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

document.addEventListener("submit", (event) => {
  const row = event.target.closest("[data-row]");
  if (!row || !event.target.action.endsWith("/seen")) return;
  event.preventDefault();
  mark(row, "", true);
});

addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => (each.open = true)));
const own = document.documentElement.dataset.timeZone;
const zone = own ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
const local = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: zone });
document.querySelectorAll("time").forEach((each) => {
  const at = new Date(each.dateTime);
  if (!each.dateTime.includes("T") || Number.isNaN(at.getTime())) return;
  each.title = `${each.textContent} UTC`;
  each.textContent = local.format(at).replace(",", "");
});
document.querySelectorAll("[data-zone]").forEach((each) => {
  each.textContent = `Times are ${own ? "those of" : "those of your browser,"} ${zone}; hold the pointer over one for UTC. Days and charts are UTC.`;
});
document.querySelectorAll("[data-keyed]").forEach((each) => (each.hidden = false));
