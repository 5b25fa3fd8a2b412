"use strict";
// Keys, the ground under a sentence, and decisions that are saved while the next draft is read already.
// Without this file every page works by its forms and links.

document.documentElement.classList.add("scripted");

const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// ---- What is said at the foot of the page

function toast(text, { bad = false, link, act } = {}) {
  const line = document.createElement("div");
  line.className = bad ? "toast bad" : "toast";
  line.append(text);
  if (link) {
    const a = document.createElement("a");
    [a.href, a.textContent] = link;
    line.append(a);
  }
  if (act) {
    const button = document.createElement("button");
    button.textContent = act[0];
    button.addEventListener("click", () => { line.remove(); act[1](); });
    line.append(button);
  }
  find("#toasts").append(line);
  if (!bad) setTimeout(() => line.remove(), 6000);
  return line;
}

// ---- How long a draft lies before somebody who looks at it

let seenSince = document.hidden ? null : performance.now();
let seenFor = 0;
const secondsSeen = () => (seenFor + (seenSince === null ? 0 : performance.now() - seenSince)) / 1000;
function restartClock() { seenFor = 0; seenSince = document.hidden ? null : performance.now(); }
document.addEventListener("visibilitychange", () => {
  if (document.hidden && seenSince !== null) { seenFor += performance.now() - seenSince; seenSince = null; }
  else if (!document.hidden && seenSince === null) seenSince = performance.now();
});

// ---- The next draft is there before it is asked for

const loaded = new Map();
const decided = new Set();  // A page that was loaded ahead does not know of what was decided since.
const wasDecided = url => decided.has(new URL(url, location.href).pathname.split("/").pop());
async function load(url) {
  const reply = await fetch(url, { headers: { "HX-Request": "true" } });
  if (!reply.ok) throw new Error(reply.headers.get("x-error") || reply.statusText);
  return { url: reply.url, page: new DOMParser().parseFromString(await reply.text(), "text/html") };
}
function loadAhead() {
  const next = find("#desk")?.dataset.next;
  if (next && !wasDecided(next) && !loaded.has(next)) {
    loaded.clear();
    loaded.set(next, load(next));
    loaded.get(next).catch(() => loaded.delete(next));
  }
}

async function go(url) {
  try {
    const found = await (loaded.get(url) || load(url));
    const fresh = find("#desk", found.page), here = find("#desk");
    if (!fresh || !here) { location.assign(url); return; }
    here.replaceWith(document.adoptNode(fresh));
    document.title = found.page.title;
    history.pushState({ desk: true }, "", found.url);
    htmx.process(find("#desk"));
    arrive();
  } catch {
    location.assign(url);
  }
}
addEventListener("popstate", () => location.reload());

// ---- Decisions are saved in the background, tried again until they are, and never twice

const unsaved = new Map();
addEventListener("beforeunload", event => { if (unsaved.size) event.preventDefault(); });

async function save(url, fields, words, here) {
  const id = fields.get("id");
  unsaved.set(id, words);
  for (let wait = 500; ; wait = Math.min(2 * wait, 8000)) {
    let reply;
    try {
      reply = await fetch(url, { method: "POST", body: fields, headers: { "X-Background": "1", "HX-Request": "true" }, keepalive: true });
    } catch {
      if (wait === 500) toast(`Not saved yet: ${words}. It is tried again until the app answers.`);
      await new Promise(done => setTimeout(done, wait));
      continue;
    }
    if (reply.status === 401 || reply.status === 403) {
      if (wait === 500) toast(`Not saved yet: ${words}. You are not signed in any more: do so in another tab, and it is saved.`);
      await new Promise(done => setTimeout(done, wait));
      await signAgain(fields, here);
      continue;
    }
    if (reply.status >= 500) {
      if (wait === 500) toast(`Not saved yet: ${words}. The app has trouble, and it is tried again.`);
      await new Promise(done => setTimeout(done, wait));
      continue;
    }
    unsaved.delete(id);
    if (reply.ok) return true;
    const why = reply.headers.get("x-error") || "it was not kept";
    const written = fields.get("comment") ? ` You had written: “${fields.get("comment")}”` : "";
    toast(`${words}: ${why}.${written}`, { bad: true, link: [here, "Open it"] });
    return false;
  }
}

async function signAgain(fields, url) {
  try {
    fields.set("csrf", find("[name=csrf]", (await load(url)).page).value);
  } catch {
    // Nobody has signed in again yet.
  }
}

const DONE = { accept: "Accepted", reject: "Rejected", rewrite: "Sent back", set_aside: "Set aside", withdraw: "Taken back", edit: "Edited" };
let lastDecision = null;

async function decide(form, button) {
  if (!form.reportValidity()) return;
  const url = button?.formAction && button.hasAttribute("formaction") ? button.formAction : form.action;
  const fields = new URLSearchParams(new FormData(form));
  if (button?.name) fields.set(button.name, button.value);
  fields.set("seconds", secondsSeen().toFixed(1));
  const action = new URL(url).pathname.split("/").pop(), here = location.href, desk = find("#desk");
  const words = `${DONE[action]}: ${find("h1", desk).textContent}`;
  const mine = { here };
  const undone = { act: ["Undo", () => undo(mine)] };
  if (action === "edit" || button?.hasAttribute("data-stay")) {
    if (button) button.disabled = true;
    const kept = await save(url, fields, words, here);
    if (button) button.disabled = false;
    if (!kept) return;
    if (action !== "withdraw") {
      mine.kept = form.dataset.keep && [keptAt(form), localStorage.getItem(keptAt(form))];
      lastDecision = mine;
      decided.add(desk.dataset.draft);
    }
    forgetText(form);
    if (action === "withdraw") { toast(words); location.reload(); return; }
    toast(words, undone);
    advance(desk);
    return;
  }
  lastDecision = mine;
  decided.add(desk.dataset.draft);
  const saving = save(url, fields, words, here);
  saving.then(kept => { if (kept) toast(words, undone); });
  advance(desk, saving);
}

async function advance(desk, saving) {
  const next = desk.dataset.next;
  if (next && !wasDecided(next)) { go(next); return; }
  await saving;
  location.assign(desk.dataset.review);
}

async function undo(decision = lastDecision) {
  if (!decision) { toast("There is nothing to undo since the page was loaded."); return; }
  let found;
  try {
    found = await load(decision.here);
  } catch (error) {
    toast(`Not taken back: ${error.message}`, { bad: true });
    return;
  }
  const button = find("[data-key=u]", found.page);
  if (!button) {
    const left = find("#standing", found.page);
    toast(left ? "Not taken back: the email is on its way already." : "That decision was taken back already.", { bad: !!left });
    return;
  }
  const fields = new URLSearchParams(new FormData(button.form));
  if (!await save(button.formAction, fields, "Taken back", decision.here)) return;
  if (decision.kept?.[1]) localStorage.setItem(...decision.kept);
  loaded.clear();
  decided.delete(find("#desk", found.page).dataset.draft);
  if (lastDecision === decision) lastDecision = null;
  go(decision.here);
}

document.addEventListener("submit", event => {
  const form = event.target;
  if (!form.closest("#desk") || !(form.hasAttribute("data-advance") || form.hasAttribute("data-keep"))) return;
  event.preventDefault();
  decide(form, event.submitter);
});

// ---- Panels: edit, reject, rewrite

function openPanel(name) {
  if (name === "keys") { find("#keys").showModal(); return; }
  closePanels();
  const panel = find(`[data-panel=${name}]`);
  panel.classList.add("open");
  find(".left").classList.add("acting");
  if (name === "edit") restoreText(panel);
  find(name === "reject" ? "input[type=radio]" : "textarea, input:not([type=hidden])", panel).focus();
  panel.scrollIntoView({ block: "nearest" });
}
function closePanels() {
  all(".panel.open").forEach(panel => panel.classList.remove("open"));
  find(".left")?.classList.remove("acting");
}
document.addEventListener("click", event => {
  const opener = event.target.closest("[data-open]");
  if (opener) openPanel(opener.dataset.open);
  if (event.target.closest("[data-close]")) { closePanels(); find("#decide [data-key=a]").focus(); }
});

// ---- What was typed outlives a lost connection and a closed page

const keptAt = form => `miniatures:${form.dataset.keep}`;
document.addEventListener("input", event => {
  const form = event.target.closest("[data-keep]");
  if (!form) return;
  localStorage.setItem(keptAt(form), JSON.stringify({ subject: form.elements.subject.value, body: form.elements.body.value }));
  const check = find("#edit-check", form);
  if (check.hasAttribute("data-checked")) { check.replaceChildren(); check.removeAttribute("data-checked"); }
});
function restoreText(form) {
  const kept = JSON.parse(localStorage.getItem(keptAt(form)) || "null");
  if (kept && (kept.body !== form.elements.body.value || kept.subject !== form.elements.subject.value)) {
    form.elements.subject.value = kept.subject;
    form.elements.body.value = kept.body;
    toast("Your text from before is here again.");
  }
}
const forgetText = form => { if (form.dataset.keep) localStorage.removeItem(keptAt(form)); };

// ---- The ground under a sentence

function ground(mark) {
  all(".letter mark.here, .ground.here").forEach(one => one.classList.remove("here"));
  if (!mark) return;
  mark.classList.add("here");
  const entry = mark.dataset.ground && find(`[data-entry="${mark.dataset.ground}"]`);
  if (!entry) return;
  entry.classList.add("here");
  const side = entry.closest(".right"), top = entry.offsetTop - side.offsetTop;
  if (top < side.scrollTop || top + entry.offsetHeight > side.scrollTop + side.clientHeight) side.scrollTop = top;
}
for (const kind of ["mouseover", "focusin"]) {
  document.addEventListener(kind, event => {
    const mark = event.target.closest?.(".letter mark");
    if (mark) ground(mark);
  });
}
function stepSentence(by) {
  const marks = all(".letter mark");
  if (!marks.length) return;
  const at = marks.indexOf(document.activeElement);
  marks[(at < 0 ? (by > 0 ? 0 : marks.length - 1) : at + by + marks.length) % marks.length].focus();
}

function closePageText() {
  const box = find("#page-text.page-text");
  if (box) { box.className = ""; box.replaceChildren(); }
  return Boolean(box);
}

// A link within the page leads there in the column that holds it.
document.addEventListener("click", event => {
  const link = event.target.closest("a[href^='#']"), target = link && find(link.getAttribute("href"));
  const side = target?.closest(".right");
  if (!side) return;
  event.preventDefault();
  if (target.matches("details")) target.open = true;
  if (innerWidth > 960) side.scrollTop = target.offsetTop - side.offsetTop;
  else target.scrollIntoView();
});

// ---- Keys: none while somebody types

const typing = element => element.matches("textarea, select, input:not([type=radio]):not([type=checkbox]):not([type=hidden])");

function complete() {
  const panel = find(".panel.open");
  if (!panel) { find("#decide [data-key=a]")?.click(); return; }
  const button = find("[data-complete]", panel) || find("[data-check]", panel);
  button?.click();
}

document.addEventListener("keydown", event => {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  if (event.repeat && !event.key.startsWith("Arrow") && !typing(event.target)) { event.preventDefault(); return; }  // A key held down decides once.
  if (event.key === "Enter" && event.repeat) { event.preventDefault(); return; }
  if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && event.target.matches("[data-keep] input")) {
    event.preventDefault();  // It would approve the edit before it was checked.
    find("[data-check]", event.target.form).click();
    return;
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { if (find("#desk")) { event.preventDefault(); complete(); } return; }
  if (event.ctrlKey || event.metaKey) return;
  if (event.key === "Escape" && closePageText()) { event.preventDefault(); return; }
  if (event.key === "Escape") { if (find(".panel.open")) { event.preventDefault(); closePanels(); find("#decide [data-key=a]")?.focus(); } else document.activeElement?.blur(); return; }
  if (typing(event.target) || find("dialog[open]")) return;
  const reject = find('.panel.open[data-panel="reject"]');
  if (/^[1-9]$/.test(event.key) && find("#desk") && (!find(".panel.open") || reject)) {
    const choice = find(`[data-digit="${event.key}"]`);
    if (choice) { event.preventDefault(); if (!reject) openPanel("reject"); choice.checked = true; choice.focus(); }
    return;
  }
  if (find(".panel.open")) return;
  if (find("#desk")) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); stepSentence(event.key === "ArrowDown" ? 1 : -1); return; }
    if (event.key.toLowerCase() === "q") { location.assign(find("#desk").dataset.queue); return; }
    if (event.key.toLowerCase() === "u" && !find("[data-key=u]")) { undo(); return; }
  }
  if (event.key === "Enter" && event.target.matches("a, button, summary")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const target = all("[data-key]").find(one => one.dataset.key === key);
  if (!target) return;
  event.preventDefault();
  if (target.matches("input")) { target.focus(); target.select(); }
  else if (target.matches(".steps a")) go(target.getAttribute("href"));
  else target.click();
});

// ---- Live: the app says that something has changed, and the lists that show it are fetched again

function listen() {
  const path = location.pathname.match(/^\/c\/[^/]+/);
  if (!path || !find("[hx-trigger*='live']")) return;
  // A tab that nobody sees does not listen: browsers open six connections to one place, and no more.
  const tell = () => document.body.dispatchEvent(new Event("live"));
  let events = null;
  const start = () => { events = new EventSource(`${path[0]}/events`); events.addEventListener("change", tell); };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) events?.close();
    else { start(); tell(); }
  });
  if (!document.hidden) start();
}
document.addEventListener("htmx:responseError", event => {
  toast(event.detail.xhr.getResponseHeader("x-error") || "That did not work.", { bad: true });
});
document.addEventListener("htmx:afterSettle", event => {
  const checked = find("#edit-check[data-checked]");
  if (checked && event.target.id === "edit-check") {
    checked.scrollIntoView({ block: "nearest" });
    find("h2", checked).focus({ preventScroll: true });
    return;
  }
  const box = find("#page-text.page-text"), quote = find("#the-quote");
  if (!quote || event.target.id !== "page-text") return;
  box.scrollTop = quote.offsetTop - box.offsetTop - box.clientHeight / 3;
  box.focus();
});
document.addEventListener("htmx:sendError", () => toast("The app does not answer. What you typed is still here.", { bad: true }));

function arrive() {
  restartClock();
  closePanels();
  scrollTo({ top: 0 });
  loadAhead();
}
document.addEventListener("DOMContentLoaded", () => { loadAhead(); listen(); });
