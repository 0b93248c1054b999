// Comfort, and nothing that a page needs: keys in the inbox, in a change and between pairs, seen without a reload, times
// of this place with UTC on hover, folds on paper.
"use strict";

const rows = [...document.querySelectorAll("li[data-row]")].filter((row) => !row.closest("details:not([open])"));
const stops = rows.length ? rows : [...document.querySelectorAll(".changebody p:not(.same):not(.gap)")];
const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
const still = matchMedia("(prefers-reduced-motion: reduce)");
let here = -1;

function go(step) {
  if (!stops.length) return;
  stops[here]?.classList.remove("here");
  here = Math.min(Math.max(here + step, 0), stops.length - 1);
  const stop = stops[here];
  stop.classList.add("here");
  stop.scrollIntoView({ block: "center", behavior: still.matches ? "auto" : "smooth" });
  const link = stop.querySelector("a[data-open]");
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

const before = (row) => row?.dataset.before;
const actions = {
  j: () => go(1),
  k: () => go(-1),
  n: () => (stops.length ? go(1) : step("next")),
  p: () => (stops.length ? go(-1) : step("prev")),
  e: () => mark(stops[here], "", true).then(() => go(1)),
  u: () => mark(stops[here], before(stops[here]), false),
  "/": () => document.getElementById("find")?.focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

document.addEventListener("submit", (event) => {
  const row = event.target.closest("li[data-row]");
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
document.querySelectorAll("[data-keys]").forEach((each) => (each.hidden = !rows.length));
