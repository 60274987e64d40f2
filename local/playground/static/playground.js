// The playground. Everything runs in this page; the checker is that of the command line, as WebAssembly.
"use strict";

const $ = (id) => document.getElementById(id);
const file = $("file"), cases = $("cases"), facts = $("facts");
const store = { get(k) { try { return localStorage.getItem(k); } catch { return null; } }, set(k, v) { try { localStorage.setItem(k, v); } catch { /* private window */ } } };
const sample = `version: 1
parties:
  max_size: {default: 4, min: 1, max: 8}
rules:
  - id: friends-at-night
    on: [join]
    deny: hour(now) >= 22 and not relation.friend_of_leader
    message: After ten, this party is for friends.
`;
const sampleCases = `join {now: "2026-05-01T23:00:00Z"} -> denied by friends-at-night
join {now: "2026-05-01T12:00:00Z"} -> allowed
`;
let base = "", known = { keys: [], facts: [], functions: [] };

const ask = (name, ...args) => JSON.parse(globalThis.partyline[name](...args));

// el makes an element; texts are never HTML.
function el(tag, text = "", cls = "", ...children) {
  const e = document.createElement(tag);
  if (text) e.textContent = text;
  if (cls) e.className = cls;
  e.append(...children);
  return e;
}

function jump(line, col) {
  const before = file.value.split("\n").slice(0, line - 1);
  const at = before.join("\n").length + (line > 1 ? 1 : 0) + Math.max(0, col - 1);
  file.focus();
  file.setSelectionRange(at, at);
  file.scrollTop = Math.max(0, (line - 6) * 20);
}

function check() {
  const out = ask("check", file.value);
  const marks = new Map(out.problems.map((p) => [p.line, p.warning ? "warn" : "bad"]));
  $("lines").replaceChildren(...file.value.split("\n").map((_, i) => el("span", `${i + 1}\n`, marks.get(i + 1) ?? "")));
  $("lines").scrollTop = file.scrollTop;
  $("state").className = out.loads ? "good" : "bad";
  const effect = out.taken ? "A server would use this file all the same" : "A server would keep the rules it has";
  $("state").textContent = out.loads ? `Loads: ${count(out.rules, "rule")}, ${count(out.queues, "queue")}` : effect;
  $("problems").replaceChildren(...out.problems.map((p) => {
    const go = el("button", "", p.warning ? "warn" : "bad");
    go.type = "button";
    go.append(el("b", `${p.line}:${p.col} ${p.path}`), ` ${p.what}`);
    go.onclick = () => jump(p.line, p.col);
    return el("li", "", "", go, ...(p.allowed ? [el("div", p.allowed, "fine")] : []));
  }));
  return out.loads;
}

// merge merges b into a, section by section; b wins.
function merge(a, b) {
  for (const [k, v] of Object.entries(b)) a[k] = v && a[k] && typeof v === "object" && !Array.isArray(v) && typeof a[k] === "object" ? merge({ ...a[k] }, v) : v;
  return a;
}

function given() {
  const v = Object.fromEntries(new FormData(facts));
  const now = new Date(Date.UTC(2026, 4, 1, Number(v.hour)));
  const f = {
    action: v.action, now: now.toISOString().replace(".000", ""), invited: facts.invited.checked, relation: { friend_of_leader: facts.friend.checked },
    user: { id: "you", username: "you", account_age: `${v.age}d`, metadata: { level: Number(v.level) } },
  };
  if (v.action !== "create") f.party = { id: "p", size: Number(v.size), max_size: Number(v.max), leader_id: "lea", open: true, state: "idle", members: Array.from({ length: Number(v.size) }, (_, i) => ({ user_id: i ? `m${i}` : "lea", username: i ? `member ${i}` : "lea", leader: !i, stage: "ready" })) };
  return merge(f, v.more.trim() ? JSON.parse(v.more) : {});
}

const count = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

// outcomes are the words of the command line for the outcomes of an explanation.
const outcomes = {
  held: "its condition holds", "not held": "its condition does not hold", broken: "its condition cannot be evaluated", "not asked": "not asked",
};

function explain() {
  for (const range of facts.querySelectorAll("input[type=range]")) range.previousElementSibling.textContent = range.value;
  const box = $("answer");
  let f;
  try { f = given(); } catch { box.replaceChildren(el("p", "The facts are not a JSON object.", "bad")); return; }
  const e = ask("explain", file.value, JSON.stringify(f));
  if (!e.answer) { box.replaceChildren(...(e.problems ?? []).map((p) => el("p", `${p.path} ${p.what}`, "bad"))); return; }
  const ok = e.answer.startsWith("allowed") && !e.gate;
  box.replaceChildren(el("p", e.gate ? `Refused ${e.behind ? "after" : "before"} the rules: ${e.gate}` : `${f.action}: ${e.answer}`, `verdict ${ok ? "good" : "bad"}`));
  if (e.gate) box.append(el("p", `${e.behind ? "The rules say" : "If it were not, the rules would say"}: ${e.answer}`, "fine"));
  else if (e.message) box.append(el("p", `The player reads: ${e.message}`));
  if (e.error) box.append(el("p", e.error, "bad"));
  for (const r of e.rules ?? []) {
    const table = el("table");
    for (const p of r.Parts ?? []) for (const [text, value] of [[p.Text, p.Value], ...(p.Each ?? []).map((x) => [`  ${x.Text}`, x.Value])]) table.append(el("tr", "", "", el("td", "", "", el("code", `${"\u00a0\u00a0".repeat(p.Depth)}${text}`)), el("td", value)));
    box.append(el("p", "", "", el("b", r.Rule), `: ${outcomes[r.Outcome]}${r.Outcome === "held" ? (r.Denies ? ", so it denies" : ", so it allows") : ""}`), table);
  }
}

function test() {
  const out = ask("test", file.value, cases.value);
  $("results").replaceChildren(
    ...(out.results ?? []).map((r) => el("li", r.Got === r.Want ? `As expected: ${r.Text}` : `Line ${r.Line}: want ${r.Want}, got ${r.Got}`, r.Got === r.Want ? "good" : "bad")),
    ...(out.undecided ?? []).map((id) => el("li", `No case is decided by ${id}`, "warn")),
    ...(out.results ? [] : (out.problems ?? []).map((p) => el("li", `${p.line ? `Line ${p.line}: ` : ""}${p.what}`, "bad"))));
}

function diff() {
  const changes = ask("diff", base, file.value).changes;
  $("changes").replaceChildren(...(changes?.length ? changes.map((c) => el("li", c)) : [el("li", changes ? "Nothing so far." : "One of the two files does not load.", "fine")]));
}

function sim() {
  const out = ask("sim", file.value, JSON.stringify(Object.fromEntries(new FormData($("evening")))));
  $("played").textContent = out.picture ? "" : out.error ?? "The file does not load.";
  $("picture").hidden = !out.picture;
  if (out.picture) $("picture").src = `data:image/svg+xml,${encodeURIComponent(out.picture)}`;
}

function all() {
  store.set("rules.yml", file.value);
  store.set("rules.cases", cases.value);
  check(); explain(); test(); diff();
}

// changed does all of it: at once for a small file, and when the typing pauses for a large one, which takes longer
// than a key.
let pause;
function changed() {
  clearTimeout(pause);
  if (file.value.length < 4096) all();
  else pause = setTimeout(all, 250);
}

// complete offers completions at the cursor.
function complete() {
  const at = file.selectionStart, word = /[\w.]*$/.exec(file.value.slice(0, at))[0];
  const line = file.value.slice(0, at).split("\n").pop();
  const inCondition = /\b(deny|allow):/.test(line);
  const names = inCondition ? [...known.facts, ...known.functions] : known.keys.map((k) => ({ ...k, insert: `${k.name.split(".").pop()}: ` }));
  const found = names.filter((n) => n.name.includes(word) || n.name.split(".").pop().startsWith(word)).slice(0, 40);
  const list = $("words");
  list.replaceChildren(...found.map((n, i) => {
    const li = el("li", "", "", el("code", n.name), el("small", n.doc));
    li.role = "option"; li.ariaSelected = String(i === 0);
    li.onclick = () => { file.setRangeText(n.insert ?? n.name, at - word.length, at, "end"); list.hidden = true; file.focus(); all(); };
    return li;
  }));
  list.hidden = !found.length;
}

file.addEventListener("keydown", (e) => {
  const list = $("words"), picked = list.querySelector("[aria-selected=true]");
  if (e.key === " " && e.ctrlKey) { e.preventDefault(); complete(); return; }
  if (list.hidden) return;
  const next = e.key === "ArrowDown" ? picked.nextElementSibling : e.key === "ArrowUp" ? picked.previousElementSibling : null;
  if (e.key === "Enter" || e.key === "Tab") { e.preventDefault(); picked.click(); return; }
  if (next) { e.preventDefault(); picked.ariaSelected = "false"; next.ariaSelected = "true"; next.scrollIntoView({ block: "nearest" }); return; }
  if (e.key !== "ArrowDown" && e.key !== "ArrowUp") list.hidden = true;
});
file.addEventListener("scroll", () => { $("lines").scrollTop = file.scrollTop; });
facts.addEventListener("submit", (e) => e.preventDefault());
$("evening").addEventListener("submit", (e) => { e.preventDefault(); sim(); });
$("keep").onclick = () => { base = file.value; diff(); };

addEventListener("partyline-ready", () => {
  known = ask("words");
  for (const area of [file, cases]) area.addEventListener("input", changed);
  facts.addEventListener("input", explain);
  all();
});

file.value = store.get("rules.yml") || sample;
cases.value = store.get("rules.cases") ?? sampleCases;
base = file.value;
const go = new Go();
WebAssembly.instantiateStreaming(fetch("partyline.wasm"), go.importObject).then(
  (made) => go.run(made.instance),
  () => { $("state").textContent = "The checker could not be loaded. Serve this page with: partyline playground"; $("state").className = "bad"; });
