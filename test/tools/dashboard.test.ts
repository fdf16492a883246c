import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveDashboard, type Dashboard } from "../../src/do/dashboard/server.js";
import { UserError } from "../../src/errors.js";
import { look, viewed } from "../support/seen.js";

// `npm run test:browser` tests the page in a browser.

let page: Dashboard;
let url: URL;
let shown = () => viewed([{ name: "one", look: look() }]);
beforeAll(async () => {
  page = await serveDashboard(0, () => Promise.resolve().then(shown));
  url = new URL(page.url);
});
afterAll(() => page.close());

/** Sends a request; fetch cannot set a Host header. */
function ask(path: string, headers: Record<string, string> = {}, method = "GET") {
  return new Promise<{ status: number | undefined; headers: Record<string, unknown>; body: string }>(
    (resolve, reject) => {
      const asked = request(new URL(path, url), { headers, method }, (answer) => {
        let body = "";
        answer.on("data", (chunk: Buffer) => (body += chunk.toString()));
        answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body }));
      });
      asked.on("error", reject).end();
    },
  );
}
const known = () => ({ authorization: `Bearer ${url.hash.slice(1)}` });

test("listens on loopback alone, and gives the fleet to whoever has the token", async () => {
  expect(url.hostname).toBe("127.0.0.1");
  const { status, body } = await ask("/state", known());
  expect(status).toBe(200);
  expect(JSON.parse(body)).toEqual(viewed([{ name: "one", look: look() }]));
});

test.each([{}, { authorization: "Bearer " }, { authorization: `Bearer ${"x".repeat(32)}` }])(
  "gives nothing of the fleet without it: %o",
  async (headers: Record<string, string>) => {
    const { status, body } = await ask("/state", headers);
    expect(status).toBe(401);
    expect(body).toMatch(/open the URL/);
  },
);

test("the page and what it loads come from here, and hold nothing of the fleet", async () => {
  const { status, body, headers } = await ask("/");
  expect(status).toBe(200);
  expect(headers["content-security-policy"]).toMatch(/default-src 'none'; script-src 'self' 'sha256-[^']+';/);
  const loaded = [...body.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = ""]) => path);
  expect(loaded).toEqual(["/page.css", "/page.js"]);
  for (const path of [...loaded, "/draw.js", "/lit-html.js"]) expect((await ask(path)).status).toBe(200);
});

test("is read only, knows nothing else, and answers no other name", async () => {
  expect((await ask("/state", known(), "POST")).status).toBe(405);
  expect((await ask("/etc/passwd")).status).toBe(404);
  expect((await ask("/constructor")).status).toBe(404);
  expect((await ask("/state", { ...known(), host: "example.com" })).status).toBe(421);
  expect((await ask("/state", { ...known(), host: `localhost:${url.port}` })).status).toBe(200);
});

test("what cannot be asked is told on the page", async () => {
  shown = () => {
    throw new UserError("no such instance profile");
  };
  expect(await ask("/state", known())).toMatchObject({ status: 500, body: "no such instance profile\n" });
});

test("a port that is taken is an error with the way out", async () => {
  await expect(
    serveDashboard(Number(url.port), () => Promise.reject(new Error("not asked"))),
  ).rejects.toMatchObject({
    message: `cannot listen on 127.0.0.1:${url.port}: EADDRINUSE`,
    hint: "choose another port with --port",
  });
});
