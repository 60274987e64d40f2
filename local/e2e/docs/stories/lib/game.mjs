// Games: each is one player's program, made of a document's JavaScript blocks. A story runs them
// block by block, reads their variables, and asserts.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import assert from "node:assert/strict";
import * as nakama from "@heroiclabs/nakama-js";
import WebSocket from "ws";

globalThis.WebSocket = WebSocket; // the SDK uses the global one

// The blocks of the document: [{name, where, code}]. The fence names each block, as in ```js connect.
const blocks = new Map(JSON.parse(readFileSync(process.env.BLOCKS, "utf8")).map((b) => [b.name, b]));
const ran = new Set();

const given = process.env.NAKAMA;
export const host = given.slice(0, given.lastIndexOf(":"));
export const port = given.slice(given.lastIndexOf(":") + 1);
export const patience = 40_000; // milliseconds that any step may take; only waits for the matchmaker's interval come near it

const AsyncFunction = (async () => {}).constructor;
const installed = createRequire(import.meta.url);

// Game holds the variables that all blocks of one program share.
export class Game {
  // own are the values and functions that the document uses but leaves to the game.
  constructor(own = {}) {
    this.vars = { deviceId: randomUUID(), ...own };
    this.scope = new Proxy(this.vars, {
      has: (_, name) => typeof name === "string" && (name in this.vars || !(name in globalThis)),
      get: (vars, name) => {
        if (name === Symbol.unscopables) return undefined;
        if (!(name in vars)) throw new ReferenceError(`${String(name)} is not defined`);
        return vars[name];
      },
    });
  }

  // run executes one block. Declarations at its top level become variables of the game.
  async run(name) {
    const block = blocks.get(name);
    assert.ok(block, `there is no block ${name}; there are ${[...blocks.keys()].join(", ")}`);
    ran.add(name);
    const code = block.code
      .replace(/^import \{ (.+) \} from "(.+)";$/gm, (_, names, from) => this.#take(names.split(", "), from))
      .replaceAll('"127.0.0.1", "7350"', `"${host}", "${port}"`)
      .replace(/^(?:const|let) (\w+);/gm, "$1 = undefined;")
      .replace(/^(?:const|let) (\w+) =/gm, "$1 =")
      .replace(/^const (\{.*?\}) = (.*);$/gm, "($1 = $2);")
      .replace(/^(async )?function (\w+)/gm, (_, async = "", f) => `${f} = ${async}function ${f}`)
      .replace(/^\}\n(?=\S)/gm, "};\n");
    const body = new AsyncFunction("scope", `with (scope) {\n${code}\n}\n//# sourceURL=${block.where}`);
    try {
      await body(this.scope);
    } catch (error) {
      throw Object.assign(new Error(`${block.where} (${name}): ${error?.message ?? error}`), { cause: error });
    }
    return this.vars;
  }

  #take(names, from) {
    assert.equal(from, "@heroiclabs/nakama-js", "a package the documentation does not use");
    installed.resolve(from);
    for (const name of names) {
      assert.ok(name in nakama, `${from} exports no ${name}`);
      this.vars[name] = nakama[name];
    }
    return "";
  }
}

// everyBlockRan is a story's last test: the document has no block that the story did not run.
export function everyBlockRan() {
  test("every block ran", () => {
    assert.deepEqual([...blocks.keys()].filter((name) => !ran.has(name)), []);
  });
}

// until repeats ask until it returns a true value. It is for messages that arrive at any time.
export async function until(ask, what) {
  const deadline = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${patience} ms`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}
