// What a clerk's business system needs to have a citizen rate at the window: copy it, and keep what you need.
//
// It talks to the pad's counter service (docs/counter.md) with fetch and a WebSocket, and to nothing else.
// The pad has to know this page: its origin (such as "https://zwfw.example.gov.cn") stands in counter.origins of
// pad.toml. There is no call that rates, none that tells a level, and nothing of either arrives here.
"use strict";

// --- The pad: all of the contract ------------------------------------------------------------------------------

class Pad {
  constructor(address) { this.address = address; }   // "http://127.0.0.1:27100"

  // One call. An answer that is not 2xx throws {code, field, message}; no answer at all throws {code: "away"}.
  async call(method, path, body) {
    let answer;
    try {
      answer = await fetch(this.address + path, {
        method,
        headers: body ? { "Content-Type": "application/json" } : {},
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      });
    } catch { throw { code: "away" }; }
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw told.error ?? { code: "away" };
    return { ...told, later: answer.status === 202 };   // 202: it takes effect when the person is done
  }

  signIn(staff) { return this.call("PUT", "/v1/staff", staff); }   // {number, name?, photo?, stars?, post?}
  signOut() { return this.call("DELETE", "/v1/staff"); }
  service(state, notice) { return this.call("PUT", "/v1/service", notice ? { state, notice } : { state }); }
  invite(matter, timeout_s) { return this.call("POST", "/v1/invitations", { matter, timeout_s }); }   // → {invitation}
  cancel(invitation, by, reason) { return this.call("DELETE", `/v1/invitations/${invitation}`, { by, reason }); }
  stateOf(invitation) { return this.call("GET", `/v1/invitations/${invitation}`); }   // → {state}, never the level

  // The pad's state at once and at every change, for as long as the page is open; null while the pad is away.
  // What an invitation came to stands in `ended`: [{invitation, state}].
  watch(see) {
    const socket = new WebSocket(this.address.replace(/^http/, "ws") + "/v1/events");
    socket.onmessage = (event) => see(JSON.parse(event.data));
    socket.onclose = () => { see(null); setTimeout(() => this.watch(see), 2000); };   // it may be starting anew
  }
}

// --- This page: a counter's system in small ---------------------------------------------------------------------

const pad = new Pad(document.body.dataset.pad);
const by = (id) => document.getElementById(id);
const word = (name) => document.querySelector(`#words [data-word="${name}"]`)?.textContent;
const LAMPS = { serving: "busy", inviting: "busy", waiting: "busy", rating: "busy", rated: "good", idle: "good",
  paused: "warn", timed_out: "warn", withdrawn: "warn", cannot_store: "bad", away: "bad" };
let invitation = null;   // the one this page asked for last
let photo = "";          // base64, without "data:…;base64,"

function lamp(id, state) {
  by(id).className = `state ${LAMPS[state] ?? "quiet"}`;
  if (by(id).textContent !== word(state)) by(id).textContent = word(state) ?? state;
}

function log(text) {   // the newest first, the last twelve
  const line = document.createElement("li"), time = document.createElement("time");
  time.textContent = new Date().toTimeString().slice(0, 8);
  line.append(time, " ", text);
  by("log").prepend(line);
  while (by("log").children.length > 12) by("log").lastChild.remove();
}

// Do something at the pad; whatever is in the way is said in words.
async function ask(what) {
  try {
    const told = await what();
    say(told.later ? word("later") : "");
    return told;
  } catch (error) {
    if (!error.code) throw error;
    say(error.code === "away" ? word("origin") : word(error.code) ?? `${error.message} (${error.field || error.code})`);
    return null;
  }
}
function say(text) { by("answer").textContent = text; by("answer").hidden = !text; }

// How an invitation stands; after its end nothing more comes of it.
function show(state) {
  const before = by("invitation").textContent;
  lamp("invitation", state);
  by("cancel").disabled = state !== "waiting";
  if (before !== by("invitation").textContent) log(`${word(state) ?? state} · ${invitation.slice(0, 8)}`);
  if (state === "waiting" || state === "rating") return;
  invitation = null;
  number();   // the next matter
}

let before = "";
pad.watch(async (told) => {
  lamp("pad", told ? told.state : "away");
  if (before !== (before = told ? told.state : "away")) log(word(before) ?? before);
  by("signed-in").textContent = told?.staff ?? "–";
  by("pending").textContent = told ? told.pending : "–";
  if (!told || !invitation) return;
  const mine = told.ended?.find((each) => each.invitation === invitation);
  if (mine) show(mine.state);
  else if (told.invitation === invitation) show(told.state === "rating" ? "rating" : "waiting");
  else {   // it ended while nobody watched: ask
    const asked = invitation;
    const { state } = await pad.stateOf(asked).catch(() => ({ state: "unknown" }));
    if (invitation === asked) show(state);
  }
});

by("invite").addEventListener("submit", async (event) => {
  event.preventDefault();
  const matter = Object.fromEntries(new FormData(event.target));
  matter.service_number = Number(matter.service_number);
  const told = await ask(() => pad.invite(matter));
  if (told) { invitation = told.invitation; show((await pad.stateOf(invitation)).state); }
});
by("cancel").addEventListener("click", () => ask(() => pad.cancel(invitation, by("number").value || "counter", word("reason"))));

by("staff").addEventListener("submit", (event) => {
  event.preventDefault();
  const { stars, ...card } = Object.fromEntries(new FormData(event.target));
  ask(() => pad.signIn({ ...card, photo, ...(stars && { stars: Number(stars) }) }));
});
by("signout").addEventListener("click", () => ask(() => pad.signOut()));
by("photo").addEventListener("change", async () => {
  const file = by("photo").files[0];
  if (!file) return;
  if (file.size > 700_000) { say(word("big_photo")); return; }
  const reader = new FileReader();
  reader.onload = () => { by("portrait").src = reader.result; photo = reader.result.split(",")[1]; };
  reader.readAsDataURL(file);
});

by("service").addEventListener("submit", (event) => {
  event.preventDefault();
  const state = event.submitter?.value ?? "open";
  ask(() => pad.service(state, ["paused", "closed"].includes(state) ? by("notice").value : ""));
});

// The queue is made up here; yours has real matters. One step of one matter is rated once, so each gets a number.
function number() {
  const now = new Date(Date.now() + 8 * 3600_000).toISOString().replace(/\D/g, "");   // China time
  by("project_no").value = "500110" + now.slice(0, 14) + (by("matter").value || "000");
  if (by("matter").value) by("task_name").value = by("matter").selectedOptions[0].textContent;
}
by("matter").addEventListener("change", number);
number();
