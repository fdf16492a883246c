import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitForConsole } from "../../../src/do/local/console.js";
import { qmp } from "../../../src/do/local/qmp.js";

let folder: string;
let server: Server | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sip-proxy-test-"));
});

afterEach(async () => {
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** A stand-in for QEMU's monitor (QMP): it sends a greeting, and answers each command after an event. */
async function fakeQemu(answer: (command: string) => object | undefined): Promise<string> {
  const path = join(folder, "qmp.sock");
  server = createServer((socket) => {
    socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      const { execute } = JSON.parse(String(data)) as { execute: string };
      const reply = answer(execute);
      if (reply === undefined) return socket.destroy();
      return socket.write(`{"event": "RESUME"}\r\n${JSON.stringify(reply)}\r\n`);
    });
  });
  await new Promise<void>((resolve) => server?.listen(path, resolve));
  return path;
}

describe("QEMU's machine protocol", () => {
  it("returns the answer to the command, past events", async () => {
    const path = await fakeQemu((command) => ({ return: { was: command } }));
    expect(await qmp(path, "query-status")).toEqual({ was: "query-status" });
  });

  it("reports QEMU's own words", async () => {
    const path = await fakeQemu((command) =>
      command === "qmp_capabilities"
        ? { return: {} }
        : { error: { class: "GenericError", desc: "no such thing" } },
    );
    await expect(qmp(path, "nonsense")).rejects.toThrow("nonsense: no such thing");
  });

  it("fails when QEMU goes, and when it is not there", async () => {
    const path = await fakeQemu(() => undefined);
    await expect(qmp(path, "quit")).rejects.toThrow("closed by QEMU");
    await expect(qmp(join(folder, "missing"), "quit")).rejects.toThrow("ENOENT");
  });

  it("does not wait for ever", async () => {
    const path = await fakeQemu((command) => (command === "qmp_capabilities" ? { return: {} } : {}));
    await expect(qmp(path, "stuck", 100)).rejects.toThrow("no answer in 0.1 s");
  });
});

describe("waiting for a console line", () => {
  const log = () => join(folder, "console.log");

  it("returns the match, without colours", async () => {
    setTimeout(() => void writeFile(log(), "[\u001b[0;32m  OK  \u001b[0m] done\r\nproxy login: "), 50);
    const match = await waitForConsole(log(), /^(\w+) login:/, { timeout: 5000 });
    expect(match[1]).toBe("proxy");
  });

  it("ends with the log's last lines when the guest is gone", async () => {
    await writeFile(log(), "Kernel panic\n");
    const wait = waitForConsole(log(), /login:/, { timeout: 5000, running: () => false });
    await expect(wait).rejects.toThrow(/before the guest ended\n {2}\| Kernel panic/);
  });

  it("tells what the guest says meanwhile, and nothing twice", async () => {
    const told: string[] = [];
    const tell = (words: string) => {
      told.push(words);
      void writeFile(log(), told.length === 1 ? "a: one\na: two\n" : "a: two\nlogin:");
    };
    await writeFile(log(), "a: zero\na: one\n");
    await waitForConsole(log(), /login:/, {
      timeout: 60_000,
      meanwhile: {
        words: (lines) => lines.findLast((line) => line.startsWith("a: "))?.slice(3),
        tell,
        every: 10,
      },
    });
    expect(told).toEqual(["one", "two"]);
  });

  it("ends when it takes too long", async () => {
    await expect(waitForConsole(log(), /login:/, { timeout: 50 })).rejects.toThrow("in 0.05 s");
  });
});
