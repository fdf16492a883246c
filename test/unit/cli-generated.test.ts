import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { program } from "../../src/cli/program.js";
import { runCli } from "../support/cloud/cli.js";

// Generated from the command tree: completion scripts, the manual page (see generated.test.ts), the reference of one setting.

/** bash's completions for these words; the last one is the beginning of the next word. */
async function offered(...words: string[]): Promise<string[]> {
  const { stdout: script } = await runCli(["completion", "bash"]);
  const call = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sip_proxy; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const answer = execFileSync("bash", ["-c", `${script}\n${call}`, "bash", "sip-proxy", ...words]);
  return answer.toString().split("\n").filter(Boolean);
}

test("bash completes commands, options and the values of options, at every depth", async () => {
  const commands = await offered("");
  expect(commands).toEqual(
    expect.arrayContaining(
      program()
        .commands.map((command) => command.name())
        .filter((name) => name !== "help"),
    ),
  );
  expect(await offered("val")).toEqual(["validate"]);
  expect(await offered("db", "")).toEqual(expect.arrayContaining(["init", "seed", "diff"]));
  expect(await offered("db", "init", "fleet.yaml", "--take")).toEqual(["--take-ownership"]);
  expect(await offered("launch", "fleet.yaml", "--target", "")).toEqual(["local", "ec2"]);
  expect(await offered("completion", "")).toEqual(["bash", "zsh", "fish"]);
});

test("where a file may stand bash is left to complete files", async () => {
  expect(await offered("validate", "")).toEqual([]);
  expect(await offered("render", "fleet.yaml", "--out", "")).toEqual([]);
});

test("zsh runs the same function, fish has a rule for each command and option", async () => {
  const bash = (await runCli(["completion", "bash"])).stdout;
  expect((await runCli(["completion", "zsh"])).stdout).toContain(bash);
  const fish = (await runCli(["completion", "fish"])).stdout;
  expect(fish).toContain(`-n 'test (__sip_proxy_at) = "db"' -f -a 'seed'`);
  expect(fish).toMatch(/"launch"' -l target -x -a 'local ec2'/);
});

test("the help of a command says what it does, and which options it needs", async () => {
  const { stdout } = await runCli(["fleet", "status", "--help"]);
  expect(stdout).toContain("Show each host's image, whether it is up to date, and its calls.");
  expect(stdout).toMatch(/--target <target> +this machine or EC2\s+\(required\)/);
});

test("a word that is in names of settings finds them", async () => {
  const { stderr } = await runCli(["schema", "--setting", "alarm"]);
  expect(stderr).toContain("did you mean alarm_actions?");
});

test("an unknown shell is a wrong argument", async () => {
  expect((await runCli(["completion", "ksh"])).code).toBe(2);
});

test("schema --setting explains one setting: section, places, value, default, where the host finds it", async () => {
  const { stdout } = await runCli(["schema", "--setting", "sip_udp_port"]);
  expect(stdout).toBe(
    [
      "sip_udp_port: UDP port for SIP from the voice platform.",
      "  section       Connectivity",
      "  given in      settings, group, proxies.NAME",
      "  value         a whole number from 1 to 65535",
      "  default       5080",
      "  Ansible role  has it, with this name",
      "  on the host   SIP_UDP_PORT in /etc/kamailio/kamailio-local.cfg; SIP_UDP_PORT in /etc/sip-proxy/host.env",
      "",
    ].join("\n"),
  );
});

test("schema --setting knows other spellings, and every section that has the name", async () => {
  expect((await runCli(["schema", "--setting", "enable_anitflood"])).stdout).toMatch(/^enable_antiflood: /);
  const { stdout } = await runCli(["schema", "--setting", "private_ip_address"]);
  expect(stdout.match(/^ {2}section/gm)?.length).toBeGreaterThan(2);
});

test("schema --setting of what is no setting names the closest one", async () => {
  const { code, stderr } = await runCli(["schema", "--setting", "rtp_strat"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("did you mean rtp_start?")]);
});
