import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Account, Instance } from "./account.js";

/**
 * The instance metadata service, only version 2: no data without a token, and no token through a proxy. The hop limit of its answers
 * is set by packet rules (see cloud.ts).
 */
export class MetadataService {
  readonly #tokens = new Map<string, number>();

  constructor(private readonly account: Account) {}

  answer(request: IncomingMessage, response: ServerResponse): void {
    const instance = this.account.at(request.socket.remoteAddress ?? "");
    if (!instance) return void response.writeHead(404).end();
    if (request.method === "PUT") return this.giveToken(request, response);
    const expires = this.#tokens.get(String(request.headers["x-aws-ec2-metadata-token"] ?? ""));
    if (expires === undefined || expires < Date.now()) return void response.writeHead(401).end();
    const text = this.text(instance, request.url ?? "");
    if (text === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": "text/plain" }).end(text);
  }

  private giveToken(request: IncomingMessage, response: ServerResponse): void {
    const seconds = Number(request.headers["x-aws-ec2-metadata-token-ttl-seconds"]);
    if (request.url !== "/latest/api/token" || !(seconds >= 1 && seconds <= 21_600))
      return void response.writeHead(400).end();
    if (request.headers["x-forwarded-for"] !== undefined) return void response.writeHead(403).end();
    const token = randomBytes(40).toString("base64");
    this.#tokens.set(token, Date.now() + seconds * 1000);
    response.writeHead(200).end(token);
  }

  private text(instance: Instance, url: string): string | undefined {
    const { region } = this.account.options;
    const role = "sip-proxy-role";
    const hasRole = instance.role !== false;
    const texts: Record<string, () => string | undefined> = {
      "instance-id": () => instance.id,
      "local-ipv4": () => instance.privateAddress,
      "public-ipv4": () => this.account.publicAddress(instance),
      "placement/region": () => region,
      "services/domain": () => "amazonaws.com",
      "autoscaling/target-lifecycle-state": () => instance.target,
      "spot/instance-action": () => instance.interruption && JSON.stringify(instance.interruption),
      "iam/security-credentials/": () => (hasRole ? role : undefined),
      [`iam/security-credentials/${role}`]: () => (hasRole ? this.credentials(instance) : undefined),
    };
    return texts[url.replace("/latest/meta-data/", "")]?.();
  }

  private credentials(instance: Instance): string {
    const { accessKeyId, secretAccessKey, token, expires } = this.account.newCredentials(instance);
    const document = {
      Code: "Success",
      LastUpdated: new Date().toISOString(),
      Type: "AWS-HMAC",
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: token,
      Expiration: expires.toISOString().replace(/\.\d+Z$/, "Z"),
    };
    return JSON.stringify(document, null, 2);
  }
}
