"use strict";
// The pages of public screening change in place: the address stays that of the empty start page, so a reload,
// Back or the next person finds nothing. Without this script every press is an ordinary form.
(() => {
  let busy = false;

  function ready() {
    const print = document.querySelector("[data-print]");
    if (print) {
      print.hidden = false;
      print.addEventListener("click", () => window.print());
    }
  }

  function show(text) {
    const next = new DOMParser().parseFromString(text, "text/html");
    document.title = next.title;
    document.documentElement.lang = next.documentElement.lang;
    document.documentElement.dir = next.documentElement.dir;
    for (const part of ["header", "main", "footer"]) {
      document.querySelector(`body > ${part}`).replaceWith(document.adoptNode(next.querySelector(`body > ${part}`)));
    }
    scrollTo(0, 0);
    const head = document.querySelector("[autofocus], [role=alert] a, main h1");
    if (head && !head.matches("input, a")) head.tabIndex = -1;
    if (head) head.focus({ preventScroll: !head.matches("input, a") });
    // What the pages inside a form do more than that looks for the form when it is loaded.
    const old = document.querySelector("script[src*='answer.js']");
    old.replaceWith(Object.assign(document.createElement("script"), { src: old.src }));
    ready();
  }

  // The second try comes so soon that the server takes it for the same press, where only its reply was lost.
  const PAUSES = [700, 3000];

  async function send(action, body, tries) {
    const unsent = document.querySelector("[data-unsent]");
    try {
      const reply = await fetch(action, { method: "POST", body, credentials: "omit" });
      show(await reply.text());
      busy = false;
    } catch {
      if (unsent && tries) unsent.hidden = false;
      setTimeout(() => send(action, body, tries + 1), PAUSES[Math.min(tries, 1)]);
    }
  }

  addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    document.querySelector("main").inert = true; // what is shown is what was sent
    const body = new URLSearchParams(new FormData(form));
    if (event.submitter && event.submitter.name) body.append(event.submitter.name, event.submitter.value);
    send(form.action, body, 0);
  });

  // A page that the browser put aside whole must not come back with somebody's answers.
  addEventListener("pagehide", () => document.querySelector("main").replaceChildren());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  ready();
})();
