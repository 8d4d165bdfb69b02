// What pages do beyond what they do without it. Nothing here is needed: every form and link works alone.
"use strict";
document.documentElement.classList.add("scripted");

// ---- the composer counts while you type, as the server does
const BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION = "\f^{}\\[~]|€";

function segments(text) {
  const gsm = [...text].every((c) => BASIC.includes(c) || EXTENSION.includes(c));
  const [whole, part] = gsm ? [160, 153] : [70, 67];
  const places = [...text].map((c) => (gsm ? (EXTENSION.includes(c) ? 2 : 1) : c.length));
  const all = places.reduce((sum, each) => sum + each, 0);
  if (all <= whole) return { count: 1, gsm };
  let count = 1, left = part;
  for (const each of places) {
    if (each > left) { count += 1; left = part; }
    left -= each;
  }
  return { count, gsm };
}

// Quotes, dashes and accents are made plain by the server where that makes a text cheaper.
const ALIKE = { "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2013": "-", "\u2014": "-", "\u2026": "...", "\u00a0": " " };
function plain(text) {
  return [...text].map((c) => {
    if (BASIC.includes(c) || EXTENSION.includes(c)) return c;
    if (ALIKE[c]) return ALIKE[c];
    return /\p{Script=Latin}/u.test(c) ? c.normalize("NFKD").replace(/\p{M}/gu, "") : c;
  }).join("");
}
function sentAs(text) {
  const asIs = segments(text), made = segments(plain(text));
  return made.gsm && made.count < asIs.count ? made : asIs;
}

for (const form of document.querySelectorAll("form.composer[data-name]")) {
  const field = form.querySelector("textarea");
  const shown = (name) => form.querySelector(`[data-count=${name}]`);
  const leaveOut = form.querySelector("button[value=plain]");
  const words = shown("segments").textContent;
  const before = /\d+/.exec(words);
  const count = () => {
    const text = field.value.normalize("NFC").trim();
    const length = [...text].length;
    const sent = sentAs(`${form.dataset.name}: ${text}`);
    shown("characters").textContent = length;
    shown("characters").classList.toggle("over", length > Number(form.dataset.longest));
    shown("segments").textContent = before ? words.replace(/\d+/, sent.count) : String(sent.count);
    const dear = sent.count > 1 && !sent.gsm;
    shown("dear").hidden = !dear;
    leaveOut.hidden = !dear;
  };
  field.addEventListener("input", count);
  count();
}

// ---- what changes while it is looked at
for (const place of document.querySelectorAll("[data-live]")) {
  const pause = document.querySelector("[data-pause]");
  const waiting = [];
  const show = (data) => {
    const piece = document.createRange().createContextualFragment(data);
    if (place.dataset.how === "replace") { place.replaceChildren(piece); return; }
    const id = piece.firstElementChild && piece.firstElementChild.id;
    if (id && document.getElementById(id)) return;
    place.querySelectorAll(".empty").forEach((each) => each.remove());
    place.prepend(piece);
    while (place.children.length > Number(place.dataset.most)) place.lastElementChild.remove();
  };
  const events = new EventSource(place.dataset.live);
  events.onmessage = (event) => (pause && pause.getAttribute("aria-pressed") === "true" ? waiting.push(event.data) : show(event.data));
  addEventListener("pagehide", () => events.close());
  if (pause) {
    const words = pause.textContent;
    pause.addEventListener("click", () => {
      const paused = pause.getAttribute("aria-pressed") !== "true";
      pause.setAttribute("aria-pressed", String(paused));
      pause.textContent = paused ? pause.dataset.goOn : words;
      if (!paused) waiting.splice(0).forEach(show);
    });
  }
}
