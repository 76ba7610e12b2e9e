// The practice platform's page: a clerk on one side, what the platform received on the other.
"use strict";
const LEVELS = { 5: ["非常满意", "#0a5ba8"], 4: ["满意", "#4fa8e0"], 3: ["基本满意", "#f4d35e"], 2: ["不满意", "#f28f3b"], 1: ["非常不满意", "#9e1b1b"] };
const STATES = { idle: "空闲", serving: "办理中", inviting: "等待评价", rating: "评价中", paused: "暂停", closed: "关闭", cannot_store: "无法保存",
  waiting: "等待评价", rated: "已评价", timed_out: "超时未评价", withdrawn: "已放弃", cancelled: "已撤回", superseded: "已被替换" };
const EVERY_MS = 1000;
const by = (id) => document.getElementById(id);
let invitation = null;

async function call(method, path, body) {
  const answer = await fetch(path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  const told = await answer.json().catch(() => ({}));
  return { ok: answer.ok, status: answer.status, told };
}

// --- the clerk ---------------------------------------------------------------------------

async function ask(method, path, body) {
  const { ok, status, told } = await call(method, "/counter" + path, body);
  by("answer").textContent = ok ? (status === 202 ? "群众评价结束后生效" : "") : told.error ? `${told.error.message} (${told.error.field || told.error.code})` : "没有回答";
  refresh();
  return ok ? told : null;
}

by("invite").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = Object.fromEntries(new FormData(event.target));
  const { timeout_s, ...matter } = form;
  const told = await ask("POST", "/v1/invitations", { matter, timeout_s: Number(timeout_s) });
  if (told) { invitation = told.invitation; fresh(); follow(invitation); }
});
by("cancel").addEventListener("click", () => ask("DELETE", `/v1/invitations/${invitation}`, { by: "1024", reason: "窗口撤回" }));
by("staff").addEventListener("submit", (event) => { event.preventDefault(); ask("PUT", "/v1/staff", Object.fromEntries(new FormData(event.target))); });
by("signout").addEventListener("click", () => ask("DELETE", "/v1/staff"));
by("service").addEventListener("click", (event) => { if (event.target.dataset.state) ask("PUT", "/v1/service", { state: event.target.dataset.state }); });

function fresh() {
  const now = new Date(), two = (n) => String(n).padStart(2, "0");
  by("invite").project_no.value = "500110" + now.getFullYear() + two(now.getMonth() + 1) + two(now.getDate()) + two(now.getHours()) + two(now.getMinutes()) + two(now.getSeconds());
}

async function follow(id) {
  let state = "waiting", wait = 0;
  while (id === invitation) {
    const { ok, told } = await call("GET", `/counter/v1/invitations/${id}?wait=${wait}`);
    if (!ok) return;
    state = told.state; wait = 5;
    by("invitation").textContent = STATES[state] || state;
    by("cancel").disabled = state !== "waiting";
    if (!["waiting", "rating"].includes(state)) return;
  }
}

// --- the platform ------------------------------------------------------------------------

function cell(text) { const td = document.createElement("td"); td.textContent = text; return td; }

function showReceived(rows) {
  by("received").replaceChildren(...rows.slice(-15).reverse().map((row) => {
    const tr = document.createElement("tr");
    tr.append(...[row.received_at.slice(11, 19), LEVELS[row.level][0], row.project_no || "（未关联）", row.indicators, row.comment, row.arrivals].map(cell));
    return tr;
  }));
}

function showLevels(levels) {
  by("levels").replaceChildren(...[5, 4, 3, 2, 1].map((level) => {
    const box = document.createElement("div"), word = document.createElement("dt"), count = document.createElement("dd");
    box.style.setProperty("--level", LEVELS[level][1]);
    word.textContent = LEVELS[level][0]; count.textContent = levels[level];
    box.append(word, count);
    return box;
  }));
}

function showMisbehaviours({ known, on }) {
  by("misbehaviours").replaceChildren(...Object.entries(known).map(([name, kind]) => {
    const button = document.createElement("button"), does = document.createElement("small");
    const left = on[name] && on[name].left;
    button.textContent = name + (on[name] ? (left ? `（还有 ${left} 次）` : "（开）") : "");
    button.setAttribute("aria-pressed", String(name in on));
    does.textContent = kind.does;
    button.append(does);
    button.onclick = async () => { await call(name in on ? "DELETE" : "PUT", `/control/misbehaviours/${name}`, name in on ? undefined : { first: 1 }); refresh(); };
    return button;
  }));
}

by("cut").onclick = async () => { await call("PUT", "/control/line", { up: false }); refresh(); };
by("restore").onclick = async () => { await call("PUT", "/control/line", { up: true }); refresh(); };
by("behave").onclick = async () => { await call("DELETE", "/control/misbehaviours"); refresh(); };

let shown = "";
async function refresh() {
  const [pad, summary, received, misbehaviours] = await Promise.all([
    call("GET", "/counter/v1/state"), call("GET", "/control/summary"), call("GET", "/control/received?most=15"), call("GET", "/control/misbehaviours")]);
  by("pad").textContent = pad.ok ? `${STATES[pad.told.state]}；待上传 ${pad.told.pending}` : "没有回答";
  by("line").textContent = `线路${summary.told.line ? "通" : "断"}；收到 ${summary.told.distinct}，重复到达 ${summary.told.arrivals - summary.told.distinct}`;
  showLevels(summary.told.levels);
  showReceived(received.told.received);
  const now = JSON.stringify(misbehaviours.told);
  if (now !== shown) { shown = now; showMisbehaviours(misbehaviours.told); }
}

fresh();
refresh();
setInterval(refresh, EVERY_MS);
