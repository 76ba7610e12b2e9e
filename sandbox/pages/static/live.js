// Keeps the platform's page fresh: when the server says there is something to see, the page is fetched again and
// what differs is exchanged. Nothing moves under a pointer's press, a keyboard's focus, or once updates are paused.
"use strict";
const by = (id) => document.getElementById(id);
const word = (name) => document.querySelector(`#words [data-word="${name}"]`).textContent;
const regions = () => document.querySelectorAll("[data-live]");
let paused = false, behind = false, busy = false, pressed = false;

async function look() {
  if (paused || busy || pressed) { behind = true; return; }
  busy = true;
  behind = false;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of regions()) {
      const now = fresh.querySelector(`[data-live="${old.dataset.live}"]`);
      if (!now || now.innerHTML === old.dataset.was) continue;
      if (old.contains(document.activeElement)) { behind = true; continue; }
      const open = [...old.querySelectorAll("details")].map((each) => each.open);
      old.dataset.was = now.innerHTML;
      old.replaceChildren(...now.childNodes);
      old.querySelectorAll("details").forEach((each, at) => { each.open = open[at] ?? false; });
    }
    if (by("said").textContent) by("said").textContent = "";
  } catch {
    by("said").textContent = word("lost");
  } finally { busy = false; }
}

for (const each of regions()) each.dataset.was = each.innerHTML;
const source = new EventSource("/platform/events");
source.onmessage = look;
source.onerror = () => { if (!paused) by("said").textContent = word("lost"); };
document.addEventListener("pointerdown", () => { pressed = true; });
document.addEventListener("pointerup", () => { pressed = false; });
document.addEventListener("focusout", () => { if (behind) setTimeout(look, 50); });
by("pause").hidden = false;
by("pause").addEventListener("click", () => {
  paused = !paused;
  by("pause").textContent = word(paused ? "resume" : "pause");
  by("said").textContent = paused ? word("paused") : "";
  if (!paused) look();
});
