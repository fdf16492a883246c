import { describe, expect, test } from "vitest";
import { shellQuote } from "../../../src/compute/quote/shell.js";
import { attempt, run, shellLine, withholdFromPrograms } from "../../../src/do/process.js";

describe("run", () => {
  test("gives what was printed", async () => {
    expect(await run({ argv: ["printf", "%s|%s", "a b", "c"] })).toMatchObject({
      stdout: "a b|c",
      exitCode: 0,
    });
  });

  test("a failure tells the line, the exit code and the last lines of output", async () => {
    await expect(run({ argv: ["sh", "-c", "echo no such thing >&2; exit 3"] })).rejects.toMatchObject({
      message: expect.stringMatching(/sh failed \(exit 3\)[\s\S]*no such thing/) as string,
    });
  });

  test("a program that is not there is told with the way out", async () => {
    await expect(attempt({ argv: ["no-such-program"] })).rejects.toMatchObject({
      hint: expect.stringContaining("install no-such-program") as string,
    });
  });

  test("the variables that hold secrets are not handed on; what a command names is", async () => {
    process.env["TEST_SECRET"] = "s3cret";
    withholdFromPrograms(["TEST_SECRET"]);
    const argv = ["sh", "-c", 'echo "${TEST_SECRET-none}"; test -n "$PATH"'] as const;
    expect((await run({ argv })).stdout).toBe("none");
    expect((await run({ argv, env: { TEST_SECRET: "given" } })).stdout).toBe("given");
    delete process.env["TEST_SECRET"];
  });

  test("a time limit ends it", async () => {
    await expect(attempt({ argv: ["sleep", "10"], timeout: 100 })).rejects.toMatchObject({
      message: "sleep: did not finish in 0.1 s",
    });
  });

  test("lines are given as they come", async () => {
    const lines: string[] = [];
    await run({
      argv: ["sh", "-c", "echo one; echo two >&2; echo three"],
      onLine: (line) => lines.push(line),
    });
    expect(lines.sort()).toEqual(["one", "three", "two"]);
  });
});

describe("the echoed line", () => {
  test("can be pasted, and shows no value of the environment", () => {
    const line = shellLine({ argv: ["psql", "-c", "it's"], env: { PGPASSWORD: "hunter2" } });
    expect(line).toBe(`PGPASSWORD=… psql -c 'it'\\''s'`);
  });

  test.each(["plain-word", "a b", "$(x)", "'", "", "*"])("%j survives a shell", async (word) => {
    expect((await run({ argv: ["sh", "-c", `printf %s ${shellQuote(word)}`] })).stdout).toBe(word);
  });
});
