// What pages do beyond what they do without it. Nothing here is needed: every form and link works alone. A browser that
// cannot read this, or fails within it, is never "scripted" (below), so pages stay as they are without scripts.
"use strict";

// What is hidden has no words until it is shown: browsers without style sheets show it all the same.
const reveal = (piece, whether) => {
  if (whether) for (const each of [piece, ...piece.querySelectorAll("[data-says]")]) if (each.dataset.says) each.textContent = each.dataset.says;
  piece.hidden = !whether;
};

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
const ALIKE = {
  "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u2032": "'", "\u00b4": "'", "`": "'", "\u2039": "'", "\u203a": "'",
  "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"', "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-",
  "\u2014": "-", "\u2212": "-", "\u2022": "*", "\u00d7": "x", "\u2026": "...", "\t": " ", "\u00a0": " ", "\u2009": " ", "\u202f": " ",
  "\u00ad": "", "\u200b": "", "\u200c": "", "\u200d": "", "\ufe0e": "", "\ufe0f": "", "\u0142": "l", "\u0141": "L", "\u0111": "d", "\u0110": "D",
  "\u0131": "i", "\u0153": "oe", "\u0152": "OE", "\u00fe": "th", "\u00de": "Th", "\u00f0": "d", "\u00d0": "D", "\u2192": "->", "\u2190": "<-",
  "\u00a9": "(c)", "\u00ae": "(R)", "\u2122": "(TM)", "\u00bd": " 1/2", "\u00bc": " 1/4", "\u00be": " 3/4", "\u00b0": " deg ",
};
const known = (c) => BASIC.includes(c) || EXTENSION.includes(c);
const plain = (text) => [...text].map((c) => {
  if (known(c)) return c;
  if (c in ALIKE) return ALIKE[c];
  return /\p{Script=Latin}/u.test(c) ? c.normalize("NFKD").replace(/\p{M}/gu, "") : c;
}).join("");
const withoutPictures = (text) => [...plain(text)].filter((c) => known(c) || /[\p{L}\p{M}\p{N}]/u.test(c)).join("").replace(/ {2,}/g, " ").trim();
const sentAs = (text) => {
  const asIs = segments(text), made = segments(plain(text));
  return made.gsm && made.count < asIs.count ? made : asIs;
};

// An answer, or words to a group, begin with a name in Latin letters, whichever way the rest of it is written.
const LEFTWARDS = /^(?:\s*[@!]\w+)+\P{L}*[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u;

for (const form of document.querySelectorAll("form.composer")) {
  const field = form.querySelector("textarea");
  const shown = (name) => form.querySelector(`[data-count=${name}]`);
  const show = (name, whether) => { if (shown(name)) reveal(shown(name), whether); };
  const longest = Number(form.dataset.longest);
  const words = shown("segments") ? shown("segments").dataset.words.split("|") : [];
  const counter = form.querySelector("button[value=count]");
  let leaveOut = form.querySelector("button[value=plain]");
  if (!leaveOut) {
    leaveOut = counter.cloneNode();
    leaveOut.value = "plain";
    leaveOut.className = "second";
    leaveOut.textContent = form.dataset.leaveOut;
    leaveOut.hidden = true;
    counter.before(leaveOut);
  }
  const count = () => {
    const text = field.value.normalize("NFC").trim();
    field.dir = LEFTWARDS.test(text) ? "rtl" : "auto";
    const length = [...text].length, over = length > longest;
    shown("characters").textContent = length;
    shown("characters").classList.toggle("over", over);
    show("over", over);
    if (!words.length) return;
    const sent = sentAs(form.dataset.before + text);
    shown("segments").textContent = words[Math.min(sent.count, words.length) - 1];
    const dear = !over && sent.count > 1 && !sent.gsm;
    show("segments", !over);
    show("dear", dear);
    if (dear) shown("signs").textContent = [...new Set([...plain(text)].filter((c) => !known(c)))].slice(0, 3).join(" ");
    leaveOut.hidden = !dear || segments(form.dataset.before + withoutPictures(text)).count >= sent.count;
  };
  field.addEventListener("input", count);
  addEventListener("pageshow", count);
  count();
}

// ---- a field that takes only so much says how much is in it; near the end it says so aloud
const NEAR = 20; // characters

for (const place of document.querySelectorAll("[data-counts]")) {
  const field = document.getElementById(place.dataset.counts), longest = Number(place.dataset.longest);
  const count = () => {
    const length = [...field.value.normalize("NFC").trim()].length;
    place.setAttribute("aria-live", length > longest - NEAR ? "polite" : "off");
    place.classList.toggle("over", length > longest);
    place.textContent = length ? place.dataset.words.replace("%(n)s", length.toLocaleString(document.documentElement.lang)) : "";
    place.hidden = !length;
  };
  field.addEventListener("input", count);
  addEventListener("pageshow", count);
  count();
}

// ---- what changes while it is looked at: heard for as long as somebody looks, and again after a pause or a failure
const AGAIN = 5000, SELDOM = 60000; // milliseconds: the first wait, which doubles, and the longest

function listen(address, hear, lost) {
  let source, last = "", timer, wait = AGAIN;
  const again = () => location.reload();
  const close = () => { clearTimeout(timer); if (source) source.close(); source = undefined; };
  const open = () => {
    if (source || document.hidden) return;
    const url = new URL(address, location.href);
    if (last) url.searchParams.set("last", last);
    source = new EventSource(url);
    source.onopen = () => { wait = AGAIN; lost(false); };
    source.onmessage = (event) => { last = event.lastEventId; hear(event.data); };
    source.addEventListener("over", again); // not for whoever looks any more: the page says so
    source.onerror = () => {
      lost(true);
      if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself
      close();
      // it is refused: if the page is as well, since its reader was logged out while nobody looked, it says so itself
      fetch(location.href, { method: "HEAD", redirect: "manual" }).then((page) => {
        if (page.type === "opaqueredirect" || page.status === 403 || page.status === 404) again();
      }, () => undefined);
      timer = setTimeout(open, wait);
      wait = Math.min(2 * wait, SELDOM);
    };
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
}

for (const place of document.querySelectorAll("[data-live]")) {
  const pause = document.querySelector("[data-pause]");
  const sign = document.querySelector("[data-lost]");
  let waiting = [], paused = false;
  const idOf = (piece) => piece.firstElementChild && piece.firstElementChild.id;
  const isThere = (piece) => document.getElementById(idOf(piece)) || waiting.some((each) => idOf(each) === idOf(piece));
  const show = (piece) => {
    place.prepend(piece);
    [...place.querySelectorAll("article")].slice(Number(place.dataset.most)).forEach((each) => each.remove());
  };
  const takeAway = (ids) => {
    for (const id of ids.map((each) => `p${each}`)) {
      const piece = document.getElementById(id);
      if (piece) piece.remove();
      waiting = waiting.filter((each) => idOf(each) !== id);
    }
  };
  const label = () => { if (pause) pause.textContent = paused ? pause.dataset.goOn + (waiting.length ? ` (${waiting.length})` : "") : pause.dataset.says; };
  for (const each of place.querySelectorAll("[data-says]")) reveal(each, true);
  listen(place.dataset.live, (data) => {
    const piece = document.createRange().createContextualFragment(data);
    const gone = piece.querySelector("[data-gone]");
    if (gone) takeAway(gone.dataset.gone.split(" "));
    else if (place.dataset.how === "replace") { place.textContent = ""; place.append(piece); }
    else if (isThere(piece)) return; // a stream may say once more what was said while it was opened
    else if (paused) waiting.push(piece);
    else show(piece);
    label();
  }, (is) => { if (sign) reveal(sign, is); });
  if (pause) {
    reveal(pause, true);
    pause.addEventListener("click", () => {
      paused = !paused;
      if (!paused) waiting.splice(0).forEach(show);
      label();
    });
  }
}

// ---- a bar says that there are new posts; nothing moves by itself
for (const bar of document.querySelectorAll("[data-fresh]")) {
  const title = document.title;
  const look = async () => {
    if (document.hidden) return;
    const answer = await fetch(bar.dataset.fresh, { redirect: "error" }).catch(() => undefined);
    if (!answer || answer.status !== 200) return;
    bar.innerHTML = await answer.text();
    bar.hidden = false;
    document.title = `• ${title}`;
  };
  setInterval(look, 1000 * Number(bar.dataset.every));
  document.addEventListener("visibilitychange", look);
}

// ---- what was just done is said once, and not again when the page is shown again
const said = new URL(location.href);
for (const name of ["posted", "done", "new"]) said.searchParams.delete(name);
if (said.href !== location.href) history.replaceState(null, "", said);

// ---- a second press of an impatient finger sends nothing
const FINGER = 1500; // milliseconds

addEventListener("submit", (event) => {
  const form = event.target, before = Number(form.dataset.sent);
  if (before && event.timeStamp - before < FINGER) event.preventDefault();
  else if (!event.defaultPrevented) form.dataset.sent = event.timeStamp;
});

// ---- browsers keep pages for the way back; one is shown to nobody whose log-in it was not made for
const visit = document.body.dataset.visit; // empty for whoever is not logged in; walls, and faults of ours, have none
const kept = (what) => { try { return what(); } catch (refused) { return undefined; } }; // some may keep nothing
const isForAnother = () => visit && ![visit, undefined, null].includes(kept(() => localStorage.getItem("visit")));
const fetchAnew = () => {
  document.documentElement.hidden = true;
  location.replace(location.pathname + location.search);
};
const [way] = performance.getEntriesByType("navigation");
const isKept = way ? way.type === "back_forward" : (performance.navigation || {}).type === 2; // as older browsers say it
if (!isKept && visit !== undefined) kept(() => localStorage.setItem("visit", visit));
else if (isKept && isForAnother()) fetchAnew();
addEventListener("pageshow", (event) => { if (event.persisted && isForAnother()) fetchAnew(); });

document.documentElement.classList.add("scripted");
