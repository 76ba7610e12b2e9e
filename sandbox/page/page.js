// The practice platform's page: a clerk on one side, what the platform received on the other.
"use strict";
const LEVELS = { 5: ["非常满意", "#0a5ba8"], 4: ["满意", "#4fa8e0"], 3: ["基本满意", "#f4d35e"], 2: ["不满意", "#f28f3b"], 1: ["非常不满意", "#9e1b1b"] };
const STATES = { idle: "空闲", serving: "办理中", inviting: "等待评价", rating: "评价中", paused: "暂停", closed: "关闭", cannot_store: "无法保存",
  waiting: "等待评价", rated: "已评价", timed_out: "超时未评价", withdrawn: "已放弃", cancelled: "已撤回", superseded: "已被替换" };
const EVERY_MS = 1000;
const PAD_WITHIN_MS = 3000;   // a pad that hangs must not hold up what the platform shows
const FOLLOW_S = 5;
const CALL_WITHIN_MS = 10000; // longer than FOLLOW_S
const UNTIL_OFF = new Set(["poison-record", "clock-ahead"]); // the rest: for the next submission only
const DOES = {
  "slow": "照常回答，但很慢", "hang": "收下请求，不保存，也不回答", "close-mid-body": "已保存，回答到一半断开",
  "status-500": "500，未保存", "html-502": "网关的 502 网页，未保存", "retry-after-503": "503 并要求稍后再来，未保存",
  "status-429": "429 请求过多，未保存", "status-413": "413 一批太多，未保存", "status-401": "401 未授权，未保存",
  "captive-portal": "上网认证页，状态 200，未保存", "truncated-json": "已保存，回答的 JSON 只有一半", "answer-lost": "已保存，不回答就断开",
  "wrong-batch-id": "已保存，回答写成别的批次", "wrong-types": "已保存，回答的类型不对", "poison-record": "凡含某一办件的批次都拒收",
  "clock-ahead": "平台时钟快一小时", "duplicate-answers": "一律说重复，新的其实已保存" };
const by = (id) => document.getElementById(id);
let invitation = null;

async function call(method, path, body, withinMs = CALL_WITHIN_MS) {
  try {
    const answer = await fetch(path, { method, body: body === undefined ? undefined : JSON.stringify(body), signal: AbortSignal.timeout(withinMs) });
    return { ok: answer.ok, status: answer.status, told: await answer.json().catch(() => ({})) };
  } catch { // no connection, or no answer in time
    return { ok: false, status: 0, told: {} };
  }
}

const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));

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
  let wait = 0;
  while (id === invitation) {
    const { ok, status, told } = await call("GET", `/counter/v1/invitations/${id}?wait=${wait}`);
    if (id !== invitation) return; // another was invited meanwhile
    if (!ok) { // the pad may be starting again; one that does not know the invitation never will
      by("invitation").textContent = "没有回答";
      by("cancel").disabled = true;
      if (status === 404) return;
      wait = 0;
      await pause(EVERY_MS);
      continue;
    }
    const state = told.state;
    wait = FOLLOW_S;
    by("invitation").textContent = STATES[state] || state;
    by("cancel").disabled = state !== "waiting";
    if (!["waiting", "rating"].includes(state)) return;
  }
}

// --- the platform ------------------------------------------------------------------------

function cell(text) { const td = document.createElement("td"); td.textContent = text; return td; }

function lag(row) { // from the rating to its arrival; the rating's time has whole seconds
  const seconds = Math.max(0, Math.floor((Date.parse(row.received_at) - Date.parse(row.assess_time.replace(" ", "T") + "+08:00")) / 1000));
  const text = seconds < 60 ? `${seconds} 秒` : seconds < 3600 ? `${Math.floor(seconds / 60)} 分` : `${Math.floor(seconds / 3600)} 小时`;
  return row.time_uncertain ? `${text}（时间存疑）` : text;
}

function showReceived(rows) {
  by("received").replaceChildren(...rows.slice(-15).reverse().map((row) => {
    const tr = document.createElement("tr");
    tr.append(...[row.received_at.slice(11, 19), LEVELS[row.level][0], row.project_no || "（未关联）", row.indicators, row.comment, lag(row), row.arrivals].map(cell));
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
    does.textContent = DOES[name] || kind.does;
    button.append(does);
    button.onclick = async () => { await call(name in on ? "DELETE" : "PUT", `/control/misbehaviours/${name}`, name in on ? undefined : UNTIL_OFF.has(name) ? {} : { first: 1 }); refresh(); };
    return button;
  }));
}

by("enrol").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { ok, told } = await call("POST", "/control/enrolments", { pad: Object.fromEntries(new FormData(event.target)) });
  by("code").textContent = ok ? `${told.code}（24 小时内一次有效）` : told.error ? told.error.message : "没有回答";
  by("qr").hidden = !ok;
  if (ok) { by("qr").src = told.qr; by("qr").alt = `注册码 ${told.code} 的二维码`; }
});

by("cut").onclick = async () => { await call("PUT", "/control/line", { up: false }); refresh(); };
by("restore").onclick = async () => { await call("PUT", "/control/line", { up: true }); refresh(); };
by("behave").onclick = async () => { await call("DELETE", "/control/misbehaviours"); refresh(); };

let shown = "";
async function refresh() { await Promise.all([refreshPad(), refreshPlatform()]); }

async function refreshPad() {
  const { ok, told } = await call("GET", "/counter/v1/state", undefined, PAD_WITHIN_MS);
  by("pad").textContent = ok ? `${STATES[told.state] || told.state}；待上传 ${told.pending}` : "没有回答";
}

async function refreshPlatform() {
  const [summary, received, misbehaviours] = await Promise.all([
    call("GET", "/control/summary"), call("GET", "/control/received?most=15"), call("GET", "/control/misbehaviours")]);
  if (!(summary.ok && received.ok && misbehaviours.ok)) { by("line").textContent = "练习平台没有回答"; return; }
  by("line").textContent = `线路${summary.told.line ? "通" : "断"}；收到 ${summary.told.distinct}，重复到达 ${summary.told.arrivals - summary.told.distinct}`;
  showLevels(summary.told.levels);
  showReceived(received.told.received);
  const now = JSON.stringify(misbehaviours.told);
  if (now !== shown) { shown = now; showMisbehaviours(misbehaviours.told); }
}

async function keep(refreshing) { for (;;) { await refreshing(); await pause(EVERY_MS); } } // never two of a kind at once

fresh();
keep(refreshPad);
keep(refreshPlatform);
