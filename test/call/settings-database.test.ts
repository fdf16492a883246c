import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CallLab } from "../support/call-lab.js";

// dbhost, dbport, db_kam, dbuser_kam, dbpass_kam: how Kamailio, kamctl and the host's scripts reach the database.

let lab: CallLab;
beforeAll(async () => {
  lab = await CallLab.start({
    database: { dbport: 5433, db_kam: "calls-eu", dbuser_kam: "sip_proxy", dbpass_kam: "secret" },
  });
});
afterAll(() => lab?.stop());

it("dbport, db_kam and dbuser_kam: the schema and the recorders are there, and Kamailio has them", async () => {
  const [row] = (await lab.postgres?.query("SELECT count(*)::int AS n FROM dispatcher", "calls-eu")) ?? [];
  expect(row).toEqual({ n: 2 });
  expect(await lab.proxy().kamcmd("dispatcher.list")).toContain("sip:10.0.0.3:5060;transport=udp");
  const [owner] =
    (await lab.postgres?.query(
      "SELECT tableowner FROM pg_tables WHERE tablename = 'dispatcher'",
      "calls-eu",
    )) ?? [];
  expect(owner).toEqual({ tableowner: "sip_proxy" });
  expect((await lab.calls({ calls: 2, holdMs: 100 })).summary.outcomes.ok).toBe(2);
});

/** Passwords that break URLs, psql's strings, shells, templates, Kamailio's configuration, and files with one line per value. */
const awkward: Record<string, string> = {
  "a colon": "a:b",
  "an at sign": "a@b",
  "a slash": "a/b",
  "a question mark": "a?b=c",
  "a number sign": "a#b",
  "a percent sign": "a%b",
  "a percent escape": "a%40b",
  "an ampersand": "a&b",
  "an equals sign": "a=b",
  "a single quote": "it's",
  "a double quote": 'a"b',
  "a backslash": "a\\b",
  "a backslash at the end": "a\\",
  "a dollar sign": "a$HOME",
  "a command": "$(id)`id`",
  "a brace": "{{a}}${b",
  "an exclamation mark": "a!b!!",
  "a semicolon": "a;b",
  "a bar": "a|b>c<d",
  "an asterisk": "*",
  "a tilde": "~",
  brackets: "[a](b)",
  "a comma": "a,b",
  "a plus sign": "a+b c",
  "blanks around": "  a  ",
  "a tab": "a\tb",
  "letters beyond ASCII": "pässwörd-日本",
  "a dash in front": "-a --b",
};

describe("dbpass_kam", () => {
  /** Changes the password on both sides; Kamailio reconnects when it reloads the list. */
  const reachesWith = async (password: string, told = password) => {
    await lab.postgres?.query(`ALTER ROLE sip_proxy PASSWORD '${password.replaceAll("'", "''")}'`);
    const base64 = Buffer.from(told).toString("base64");
    const proxy = lab.proxy();
    await proxy.run("bash", "-c", `base64 -d <<<'${base64}' >/etc/sip-proxy/secrets/dbpass_kam`);
    await proxy.step("configure");
    const reload = await proxy.run("bash", "-c", "kamcmd dispatcher.reload 2>&1 || true");
    const kamctl = await proxy.run("bash", "-c", "kamctl dispatcher show 2>&1 || true");
    const list = await proxy.run("bash", "-c", "/usr/lib/sip-proxy/dispatcher-list && echo copied || true");
    return {
      kamailio: /Ok\. Dispatcher successfully reloaded/.test(reload.stdout),
      kamctl: /sip:10\.0\.0\.3:5060;transport=udp/.test(kamctl.stdout),
      scripts: /copied/.test(list.stdout),
    };
  };

  it("that is wrong opens nothing", async () => {
    expect(await reachesWith("right", "wrong")).toEqual({ kamailio: false, kamctl: false, scripts: false });
  });

  it.each(Object.entries(awkward))(
    "with %s opens the database to Kamailio, kamctl and the scripts",
    async (_, password) => {
      expect(await reachesWith(password)).toEqual({ kamailio: true, kamctl: true, scripts: true });
    },
  );
});
