"use strict";
// A form without this script works as well. It moves on after a tap, reads aloud, and keeps what was
// chosen on the page while there is no network. Nothing is stored on the device.
(() => {
  const form = document.getElementById("sheet");
  if (!form) return;

  // Moving on by itself: after a tap of a finger, a pen or a mouse; never from the keyboard, and never after
  // a click that assistive software made, which no pointer went down for.
  const pointers = ["mouse", "touch", "pen"];
  const choiceOf = (node) => node instanceof Element && node.closest("label.choice");
  let tapped = null;
  let soon = 0;
  const wait = () => clearTimeout(soon);
  if ("movesOn" in form.dataset) {
    addEventListener("pointerdown", (event) => {
      wait();
      tapped = event.isTrusted && pointers.includes(event.pointerType) ? choiceOf(event.target) : null;
    });
    addEventListener("keydown", () => { wait(); tapped = null; });
    addEventListener("pagehide", wait);
    form.addEventListener("click", (event) => {
      const choice = choiceOf(event.target);
      if (!event.isTrusted || !event.detail || !choice || choice !== tapped) return;
      wait();
      soon = setTimeout(() => {
        if (choice.querySelector("input").checked) form.querySelector("button.next").click();
      }, 400);
    });
  }
  const switches = form.querySelector("[data-by-hand]");
  if (switches && matchMedia("(any-pointer: coarse), (any-pointer: fine)").matches) switches.hidden = false;

  // Reading aloud, with a voice of the device alone: words that are sent to a service would say too much.
  const voices = window.speechSynthesis;
  const buttons = form.querySelectorAll("[data-listen]");
  const voiceFor = (language) => voices.getVoices().find(
    (voice) => voice.localService && voice.lang.toLowerCase().startsWith(language.slice(0, 2)));
  const asked = (button) => button.closest("fieldset") || form.querySelector("fieldset");
  const languageOf = (node) => (node.closest("[lang]") || document.documentElement).lang;
  const words = (fieldset) => {
    const around = [];
    for (let node = fieldset.previousElementSibling; node && node.matches(".stem"); node = node.previousElementSibling) {
      around.unshift(node);
    }
    return [...around, ...fieldset.querySelectorAll("legend, .choice span, .typed .soft")];
  };
  const offer = () => buttons.forEach((button) => {
    const first = asked(button).querySelector("legend h1, legend h2");
    button.hidden = !voiceFor(languageOf(first));
  });
  let reading = null;
  const listen = (button) => {
    const stop = voices.speaking && reading === button;
    voices.cancel();
    reading = button;
    if (stop) return;
    for (const part of words(asked(button))) {
      const said = new SpeechSynthesisUtterance(part.innerText);
      said.lang = languageOf(part.querySelector("[lang]") || part);
      said.voice = voiceFor(said.lang);
      if (said.voice) voices.speak(said);
    }
    form.elements.heard.value = "1";
  };
  if (voices && buttons.length) {
    offer();
    voices.addEventListener("voiceschanged", offer);
    buttons.forEach((button) => button.addEventListener("click", () => { wait(); listen(button); }));
    addEventListener("pagehide", () => voices.cancel());
  }

  // No network: what was chosen stays here, and goes out by itself when there is one. Sending the same page
  // twice stores it once. On a tablet its own script does this.
  if (!("sends" in form.dataset)) return;
  const unsent = form.querySelector("[data-unsent]");
  let number = 0;
  let again = 0;
  let under = null;
  let retry = null;
  async function send(body, turn, pause) {
    clearTimeout(again);
    under?.abort(); // an older answer does not come after this one
    const given = (under = new AbortController());
    const late = setTimeout(() => given.abort(), 20000);
    try {
      const reply = await fetch(form.action, {
        method: "POST", body, signal: given.signal, headers: { Accept: "application/json" },
      });
      const told = (reply.headers.get("Content-Type") || "").startsWith("application/json");
      if (turn !== number) return;
      if (told && reply.ok) location.assign((await reply.json()).to);
      else if (reply.status >= 500) throw new Error("not taken");
      else plain(body);
    } catch {
      if (turn !== number) return;
      unsent.hidden = false;
      retry = () => send(body, turn, Math.min(pause * 2, 30000));
      again = setTimeout(retry, pause);
    } finally {
      clearTimeout(late);
    }
  }
  // What the server has to say about a page is a page: the browser fetches it in its own way.
  function plain(body) {
    const copy = document.createElement("form");
    copy.method = "post";
    copy.action = form.action;
    copy.hidden = true;
    for (const [name, value] of body) copy.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    document.body.append(copy);
    copy.submit();
  }
  form.addEventListener("submit", (event) => {
    wait();
    if (!event.submitter) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form));
    if (event.submitter.name) body.append(event.submitter.name, event.submitter.value);
    number += 1;
    send(body, number, 2000);
  });
  addEventListener("online", () => { if (retry && !unsent.hidden) retry(); });
})();
