import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** A request as it was received. Header names are in lower case. */
export interface ReceivedRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** The content of a request's Authorization header (AWS Signature Version 4). */
export interface Authorization {
  accessKeyId: string;
  date: string;
  region: string;
  service: string;
  signedHeaders: string[];
  signature: string;
}

export function readAuthorization(header = ""): Authorization | undefined {
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([\w;-]+), ?Signature=([0-9a-f]{64})$/;
  const [, accessKeyId, date, region, service, signedHeaders, signature] = form.exec(header) ?? [];
  if (!accessKeyId || !date || !region || !service || !signedHeaders || !signature) return undefined;
  return { accessKeyId, date, region, service, signedHeaders: signedHeaders.split(";"), signature };
}

/** Whether this signature was made with the secret key for this request. */
export function isSignedWith(secret: string, request: ReceivedRequest, given: Authorization): boolean {
  const scope = `${given.date}/${given.region}/${given.service}/aws4_request`;
  const text = [
    "AWS4-HMAC-SHA256",
    request.headers["x-amz-date"] ?? "",
    scope,
    sha256(canonical(request, given)),
  ];
  const key = [given.date, given.region, given.service, "aws4_request"].reduce<Buffer | string>(
    hmac,
    `AWS4${secret}`,
  );
  return timingSafeEqual(hmac(key, text.join("\n")), Buffer.from(given.signature, "hex"));
}

function canonical(
  { method, path, headers, body }: ReceivedRequest,
  { signedHeaders }: Authorization,
): string {
  const lines = signedHeaders.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}\n`);
  const [name = "", query = ""] = path.split("?");
  const sorted = query.split("&").sort().join("&");
  return [method, name, sorted, lines.join(""), signedHeaders.join(";"), sha256(body)].join("\n");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
