"use strict";
// Comparing and reading: keys, the time that it took, and the next page in the place of this one once a choice is kept.
// Without this file the same forms are sent by their buttons. Toasts and the clock are app.js's.
{
  const desk = () => document.querySelector("#choosing");
  const sentence = words => words[0].toUpperCase() + words.slice(1);
  let busy = false;

  async function send(form, button) {
    if (busy) return;
    busy = true;
    const fields = new URLSearchParams(new FormData(form));
    if (button?.name) fields.set(button.name, button.value);
    fields.set("seconds", secondsSeen().toFixed(1));
    try {
      const reply = await fetch(location.href, { method: "POST", body: fields, headers: { "HX-Request": "true" } });
      if (reply.ok) await show(reply);
      else toast(`${sentence(reply.headers.get("x-error") || "it was not kept")}.`, { bad: true });
    } catch {
      toast("Not kept yet: the app does not answer. What you chose is still here: send it again.", { bad: true });
    } finally {
      busy = false;
    }
  }

  async function show(reply) {
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const fresh = page.querySelector("#choosing");
    if (!fresh) { location.assign(reply.url); return; }
    desk().replaceWith(document.adoptNode(fresh));
    document.title = page.title;
    history.pushState({}, "", reply.url);
    document.querySelectorAll(".toast.bad").forEach(line => line.remove());
    restartClock();
    htmx.process(desk());
    scrollTo({ top: 0 });
    document.querySelector("#content").focus({ preventScroll: true });
  }

  document.addEventListener("submit", event => {
    if (!event.target.matches("[data-choose]")) return;
    event.preventDefault();
    send(event.target, event.submitter);
  });

  document.addEventListener("click", event => {
    const all = event.target.closest("[data-fold]");
    if (!all) return;
    const folded = [...document.querySelectorAll(".company-page")], open = folded.some(one => !one.open);
    folded.forEach(one => { one.open = open; });
  });

  const typing = element => element.matches("textarea, select, input:not([type=radio]):not([type=checkbox])");

  document.addEventListener("keydown", event => {
    if (event.defaultPrevented || event.altKey || event.isComposing || event.repeat || !desk() || document.querySelector("dialog[open]")) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const keep = desk().querySelector("[data-keep-reading]");
      if (keep) { event.preventDefault(); keep.form.requestSubmit(keep); }
      return;
    }
    if (event.ctrlKey || event.metaKey || typing(event.target)) return;
    if (event.key.startsWith("Arrow") && event.target.matches("input[type=radio]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const target = [...desk().querySelectorAll("[data-pick]")].find(one => one.dataset.pick.split(" ").includes(key));
    if (!target) return;
    event.preventDefault();
    if (target.matches("input")) { target.checked = true; target.focus(); }
    else target.click();
  });
}
