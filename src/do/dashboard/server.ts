import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { readFileSync } from "node:fs";
import type { View } from "../../compute/operate/view.js";
import { UserError } from "../../errors.js";
import { packageRoot } from "../assets.js";

export interface Dashboard {
  /** Contains the token after `#`: browsers do not send that part to any server. */
  url: string;
  close(): void;
}

const require = createRequire(import.meta.url);

/** Files that the page loads, by path. */
const files = {
  "/": { file: join(packageRoot, "templates/dashboard/index.html"), type: "text/html" },
  "/page.css": { file: join(packageRoot, "templates/dashboard/page.css"), type: "text/css" },
  "/page.js": { file: join(packageRoot, "dist/page/page.js"), type: "text/javascript" },
  "/draw.js": { file: join(packageRoot, "dist/page/draw.js"), type: "text/javascript" },
  "/lit-html.js": {
    file: join(dirname(require.resolve("lit-html")), "../lit-html.js"),
    type: "text/javascript",
  },
} as const;

/** The import map is inside the page: browsers do not support one in a separate file. */
const [, importMap = ""] =
  /<script type="importmap">(.*?)<\/script>/s.exec(readFileSync(files["/"].file, "utf8")) ?? [];
const mapHash = createHash("sha256").update(importMap).digest("base64");

/** The page loads nothing from other servers, cannot be framed, and is not cached. */
const headers = {
  "content-security-policy": [
    `default-src 'none'; script-src 'self' 'sha256-${mapHash}'; style-src 'self'; connect-src 'self'; img-src data:`,
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

/**
 * Serves the page on 127.0.0.1, and the result of `look` to clients with the token. Requests with another Host header are refused,
 * against DNS rebinding. Throws UserError if the port is in use.
 */
export async function serveDashboard(port: number, look: () => Promise<View>): Promise<Dashboard> {
  const token = randomBytes(24).toString("base64url");
  const server = createServer((request, response) => void answer(request, response, token, look));
  await listen(server, port);
  const { port: its } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${its}/#${token}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        new UserError(`cannot listen on 127.0.0.1:${port}: ${cause.code}`, {
          hint: "choose another port with --port",
          cause,
        }),
      ),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  look: () => Promise<View>,
): Promise<void> {
  const send = (status: number, type: string, body: string) => {
    response.writeHead(status, { ...headers, "content-type": `${type}; charset=utf-8` });
    response.end(request.method === "HEAD" ? "" : body);
  };
  if (!isLocal(request)) return send(421, "text/plain", "this page is served at http://127.0.0.1 only\n");
  if (request.method !== "GET" && request.method !== "HEAD") return send(405, "text/plain", "read only\n");
  const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
  const page = Object.hasOwn(files, path) ? files[path as keyof typeof files] : undefined;
  if (page) return send(200, page.type, readFileSync(page.file, "utf8"));
  if (path !== "/state") return send(404, "text/plain", "not found\n");
  if (!knows(request, token))
    return send(401, "text/plain", "open the URL that sip-proxy dashboard printed\n");
  try {
    send(200, "application/json", JSON.stringify(await look()));
  } catch (error) {
    send(500, "text/plain", `${error instanceof UserError ? error.message : "see the terminal"}\n`);
    if (!(error instanceof UserError)) throw error;
  }
}

function isLocal({ headers: { host = "" } }: IncomingMessage): boolean {
  return /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host);
}

function knows({ headers: { authorization = "" } }: IncomingMessage, token: string): boolean {
  const [given, wanted] = [Buffer.from(authorization), Buffer.from(`Bearer ${token}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
