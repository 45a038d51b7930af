// The waiting-room tablet. The address, the history and the storage never hold anything of a person: a page
// comes in as the reply to a signed step and lives in this document only. Stored is the tablet's key, which
// the browser does not give away, and how often it was used.
"use strict";
(() => {
  const HOLD = 600, ANSWER = 30, PING = 10, FIRST_PAUSE = 1000, LONGEST_PAUSE = 10000, PATIENCE = 8000;
  const clock = () => performance.now() / 1000;
  const names = new WeakMap();
  const text = new TextEncoder();
  let device = null, key = null;
  let sitting = null, lang = "", fresh = secret();
  let blankAt = Infinity, askedAt = null, kept = null, homeAt = Infinity, touchedAt = 0, pingedAt = 0;
  let later = null, lookAt = 0, waiting = false, tapped = null, line = Promise.resolve();

  function base64(bytes) {
    const signs = String.fromCharCode(...new Uint8Array(bytes));
    return btoa(signs).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }
  function secret() {
    return base64(crypto.getRandomValues(new Uint8Array(16)));
  }
  const sleep = (ms) => new Promise((done) => {
    const timer = setTimeout(done, ms);
    addEventListener("online", () => { clearTimeout(timer); done(); }, { once: true });
  });

  // What is stored
  function store(mode, act) {
    return new Promise((done, wrong) => {
      const opening = indexedDB.open("lightq-kiosk", 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
      opening.onerror = () => wrong(opening.error);
      opening.onsuccess = () => {
        const doing = opening.result.transaction("kept", mode);
        const result = act(doing.objectStore("kept"));
        doing.oncomplete = () => { opening.result.close(); done(result && result.result); };
        doing.onerror = doing.onabort = () => wrong(doing.error);
      };
    });
  }
  // One transaction, so that two tabs never use a number twice.
  async function nextCount(least = 0) {
    let count = 0;
    await store("readwrite", (kept) => {
      const reading = kept.get("count");
      reading.onsuccess = () => { count = Math.max(reading.result || 0, least) + 1; kept.put(count, "count"); };
    });
    return count;
  }

  // One signed step
  async function post(step, least) {
    const body = text.encode(JSON.stringify(step));
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
    const hex = [...hash].map((one) => one.toString(16).padStart(2, "0")).join("");
    const count = await nextCount(least);
    const said = text.encode(`lightq.kiosk.v1\n${device}\n${count}\n${hex}`);
    const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, said);
    const reply = await fetch("/kiosk/step", {
      method: "POST", body, cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(PATIENCE),
      headers: {
        "Content-Type": "application/json", "Kiosk-Device": device, "Kiosk-Count": String(count),
        "Kiosk-Signature": base64(signature),
      },
    });
    if (reply.status === 409 && least === undefined) return post(step, (await reply.json()).last);
    if (reply.status === 403) return { gone: true };
    if (!reply.ok) throw new Error(String(reply.status));
    return reply.json();
  }
  const inLine = (step) => (line = line.catch(() => {}).then(() => post(step)));
  const step = (fields, held = 0) => ({ fields, sitting: sitting || "", lang, fresh, held });

  // A press: kept in memory and sent again until it has arrived
  async function press(fields, ago = 0) {
    if (waiting) return;
    waiting = true;
    document.querySelector("main").inert = true; // what is shown is what was sent
    const made = clock() - ago, mine = step(fields, ago);
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        const said = await inLine(mine);
        waiting = false;
        sent();
        take(said);
        return;
      } catch {
        unsent();
      }
      await sleep(pause);
      mine.held = clock() - made;
      if (mine.held > HOLD) break;
    }
    waiting = false;
    sent();
    away(false);
    sitting = askedAt = null;
  }
  // A look or a touch: not worth waiting for
  async function quietly(what) {
    const mine = step([["do", what]]);
    try {
      const said = await inLine(mine);
      if (waiting || mine.sitting !== (sitting || "")) return;
      if (sitting === null && what === "look" && document.querySelector("main[data-away]")) return home();
      take(said);
    } catch {
      if (sitting === null && !waiting) away(false);
    }
  }

  // What the server says
  function take(said) {
    if (said.gone) return forget();
    if (askedAt !== null && kept === null) return home(); // the screen was wiped meanwhile
    if (askedAt !== null && said.page !== null && said.sitting !== null) { later = said; return; }
    lookAt = clock() + said.look_in;
    blankAt = said.blank_in === null ? Infinity : clock() + said.blank_in;
    if (said.page === null) return;
    askedAt = kept = later = null;
    sitting = said.sitting;
    lang = said.lang;
    homeAt = said.home_in === null ? Infinity : clock() + said.home_in;
    if (sitting === null) fresh = secret();
    touchedAt = clock();
    show(new DOMParser().parseFromString(said.page, "text/html"));
  }
  // The browser's own autofocus works on a fresh document only.
  function focusable(part) {
    for (const one of part.querySelectorAll("[autofocus]")) { one.removeAttribute("autofocus"); one.dataset.focus = ""; }
    return part;
  }
  function show(page) {
    focusable(page);
    document.title = page.title;
    document.documentElement.lang = page.documentElement.lang;
    document.documentElement.dir = page.documentElement.dir;
    document.querySelectorAll("link[data-theme]").forEach((one) => one.remove());
    const theme = page.querySelector("link[rel=stylesheet]");
    if (theme) { theme.dataset.theme = ""; document.head.append(document.adoptNode(theme)); }
    for (const part of ["header", "main", "footer"]) {
      document.querySelector(part).replaceWith(document.adoptNode(page.querySelector(part)));
    }
    ready();
  }
  function ready() {
    const main = document.querySelector("main");
    for (const one of main.querySelectorAll("textarea, input:not([type]), input[type=text]")) {
      names.set(one, one.name);
      one.name = "n" + secret();
    }
    for (const one of main.querySelectorAll("[data-by-hand]")) one.hidden = false;
    const button = main.querySelector("[data-listen]");
    if (button && voice()) button.hidden = false;
    scrollTo(0, 0);
    (main.querySelector("[data-focus]") || main).focus({ preventScroll: true });
  }

  // What the tablet shows by itself
  function own(name) {
    const there = document.getElementById(`${name}-${document.documentElement.lang}`);
    return focusable((there || document.getElementById(`${name}-en`)).content.cloneNode(true));
  }
  function put(name) {
    const main = document.querySelector("main");
    main.replaceChildren(own(name));
    main.inert = false;
    ready();
    return main;
  }
  function unsent() {
    if (sitting === null || document.getElementById("unsent") || document.querySelector("main[data-away]")) return;
    const main = document.querySelector("main");
    main.before(own("unsent"));
    main.inert = kept === null;
  }
  function sent() {
    document.getElementById("unsent")?.remove();
    document.querySelector("main").inert = false;
  }
  function away(waits) {
    const main = document.querySelector("main");
    if (main.dataset.away !== String(waits)) {
      clear();
      put("away");
      document.querySelector("[data-waits]").hidden = !waits;
      document.querySelector("[data-gone]").hidden = waits;
      document.querySelector("main").dataset.away = String(waits);
    }
    lookAt = clock() + 4;
  }
  function clear() {
    kept = later = null;
    document.getElementById("unsent")?.remove();
    document.querySelector("header").replaceChildren();
    document.querySelector("footer").replaceChildren();
    const main = document.createElement("main");
    main.id = "main";
    main.tabIndex = -1;
    document.querySelector("main").replaceWith(main);
    document.querySelectorAll("link[data-theme]").forEach((one) => one.remove());
    self.speechSynthesis?.cancel();
  }
  function ask() {
    askedAt = clock();
    kept = document.createDocumentFragment();
    kept.append(...document.querySelector("main").childNodes);
    put("still");
  }
  function goOn() {
    const main = document.querySelector("main");
    main.replaceChildren(kept);
    main.inert = waiting;
    askedAt = kept = null;
    if (later) take(later);
    blankAt = clock() + 180;
    main.focus();
  }
  function wipe() {
    const was = sitting, marked = marks("wiped"), ago = clock() - askedAt;
    away(waiting);
    if (waiting) return; // its reply leads home
    askedAt = null;
    sitting = was;
    if (marked) press(marked, ago);
    else press([["do", "wiped"]]);
  }
  // What stands on the page behind "Still there?", as its own "Stop here" sends it
  function marks(does) {
    const form = kept && kept.querySelector("form#sheet");
    if (!form?.querySelector("input[name=do][value=answer]")) return null;
    return [...fieldsOf(form), ["go", "stop"]].map(([name, value]) => [name, name === "do" ? does : value]);
  }
  function home() {
    clear();
    askedAt = null;
    sitting = null;
    lang = "";
    blankAt = homeAt = Infinity;
    press([["do", "start"]]);
  }
  async function forget() {
    clear();
    device = key = sitting = askedAt = null;
    await store("readwrite", (kept) => kept.delete("key"));
    document.title = "LightQ";
    put("enrol");
  }

  async function enrol(form) {
    const code = form.querySelector("input").value;
    form.closest("main").querySelectorAll("[data-wrong], [data-cannot]").forEach((one) => (one.hidden = true));
    try {
      const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
      const shown = base64(await crypto.subtle.exportKey("spki", pair.publicKey));
      await store("readwrite", (kept) => kept.put({ key: pair.privateKey, device: "" }, "key"));
      const reply = await fetch("/kiosk/enrol", {
        method: "POST", credentials: "omit", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ code, key: shown }),
      });
      const said = await reply.json();
      if (!said.device) { document.querySelector("[data-wrong]").hidden = false; return; }
      await store("readwrite", (kept) => kept.put({ key: pair.privateKey, device: said.device }, "key"));
      [device, key] = [said.device, pair.privateKey];
      home();
    } catch {
      document.querySelector("[data-cannot]").hidden = false;
    }
  }

  function voice() {
    const wanted = document.querySelector("fieldset.ask")?.lang || document.documentElement.lang;
    return self.speechSynthesis?.getVoices().find((one) => one.localService && one.lang.startsWith(wanted));
  }
  function listen() {
    const asked = document.querySelector("fieldset.ask");
    const words = [asked.querySelector("legend"), ...asked.querySelectorAll(".choice span")];
    const speech = new SpeechSynthesisUtterance(words.map((one) => one.textContent.trim()).join(". "));
    [speech.voice, speech.lang] = [voice(), voice().lang];
    speechSynthesis.cancel();
    speechSynthesis.speak(speech);
    const heard = document.querySelector("input[name=heard]");
    if (heard) heard.value = "1";
  }

  function fieldsOf(form, button) {
    const byName = new Map([...form.elements].filter((one) => names.has(one)).map((one) => [one.name, names.get(one)]));
    return [...new FormData(form, button)].map(([name, value]) => [byName.get(name) ?? name, value]);
  }

  // What the person does
  addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    if (form.matches("[data-enrol]")) return enrol(form);
    const fields = fieldsOf(form, event.submitter);
    const does = fields.filter(([name]) => name === "do").map(([, value]) => value).pop();
    const marked = does === "stop" && marks("answer");
    if (marked) askedAt = kept = null;
    if (does === "more") goOn();
    if (does === "start") home();
    else press(marked || fields);
  });
  addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link) {
      event.preventDefault();
      const to = link.getAttribute("href") || "";
      if (to.startsWith("#")) document.getElementById(to.slice(1))?.focus();
    }
    const digit = event.target.closest("[data-digit]")?.dataset.digit;
    const code = document.getElementById("code");
    if (digit && code) code.value = digit === "back" ? code.value.slice(0, -1) : (code.value + digit).slice(0, 6);
    if (event.target.closest("[data-listen]")) listen();
  });
  // Only a tap moves on by itself: arrow keys choose too.
  addEventListener("pointerup", (event) => { tapped = event.target.closest("label.choice"); setTimeout(() => (tapped = null), 100); });
  addEventListener("change", (event) => {
    const form = event.target.form;
    if (!form?.matches("[data-moves-on]") || event.target.type !== "radio" || tapped !== event.target.closest("label")) return;
    setTimeout(() => { if (form.isConnected && event.target.checked) form.requestSubmit(form.querySelector("[name=go][value=next]")); }, 400);
  });
  for (const kind of ["pointerdown", "keydown"]) {
    addEventListener(kind, () => {
      touchedAt = clock();
      if (sitting === null || askedAt !== null || waiting || clock() < pingedAt + PING) return;
      pingedAt = clock();
      blankAt = Math.max(blankAt, clock() + 60);
      quietly("touch");
    });
  }
  // Nothing may come back from the browser's memory of pages.
  addEventListener("pagehide", () => { clear(); sitting = null; });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  setInterval(() => {
    if (key === null) return;
    const at = clock();
    if (askedAt === null && sitting !== null && at > blankAt && !document.querySelector("main[data-away]")) ask();
    else if (askedAt !== null && kept !== null && at > askedAt + ANSWER) wipe();
    else if (at > homeAt || (sitting === null && lang && homeAt === Infinity && at > touchedAt + 60)) home();
    else if (at > lookAt && !waiting) { lookAt = at + 4; quietly("look"); }
  }, 250);

  (async () => {
    try {
      const found = await store("readonly", (kept) => kept.get("key"));
      if (!found?.device) return put("enrol");
      [device, key] = [found.device, found.key];
      home();
    } catch {
      put("enrol");
      document.querySelector("[data-cannot]").hidden = false;
    }
  })();
})();
