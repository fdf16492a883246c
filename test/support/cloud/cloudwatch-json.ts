/**
 * Translates CloudWatch's JSON protocol, which the SDK uses, for moto 5.1.1: moto accepts JSON requests, but ignores lists in them, and
 * answers in XML. Its query protocol works, so requests and answers are translated to that.
 */

type Json = string | number | boolean | Json[] | { [name: string]: Json };

const jsonType = "application/x-amz-json-1.0";
const target = "x-amz-target";

/** A request of CloudWatch's JSON protocol in the query protocol; undefined for all others. */
export function asQuery(
  headers: Record<string, string>,
  body: string,
): { headers: Record<string, string>; body: string } | undefined {
  const { [target]: operation = "", "content-type": type, ...others } = headers;
  if (type !== jsonType) return undefined;
  const form = new URLSearchParams({ Action: operation.split(".").at(-1) ?? "", Version: "2010-08-01" });
  for (const [name, value] of flat(JSON.parse(body) as Json)) form.set(name, value);
  return {
    headers: { ...others, "content-type": "application/x-www-form-urlencoded" },
    body: form.toString(),
  };
}

/** Fields with their paths: `Tags.member.1.Key`. */
function flat(value: Json, path = ""): [string, string][] {
  const below = (name: string) => (path === "" ? name : `${path}.${name}`);
  if (Array.isArray(value)) return value.flatMap((item, place) => flat(item, below(`member.${place + 1}`)));
  if (typeof value !== "object") return [[path, String(value)]];
  return Object.entries(value).flatMap(([name, part]) => flat(part, below(name)));
}

/** An answer of the query protocol in JSON: OPERATIONResponse, in it OPERATIONResult, lists as `member`. */
export function jsonAnswer(status: number, xml: string) {
  const root: Element = { name: "", text: "", parts: [] };
  const open = [root];
  for (const [, closing, name = "", empty, text = ""] of xml.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>([^<]*)/g)) {
    if (closing) open.pop();
    else {
      const element: Element = { name, text, parts: [] };
      open.at(-1)?.parts.push(element);
      if (!empty) open.push(element);
    }
  }
  const result = root.parts[0]?.parts.find((part) => part.name.endsWith("Result"));
  return { status, body: JSON.stringify(result ? fields(result) : {}), type: jsonType };
}

interface Element {
  name: string;
  text: string;
  parts: Element[];
}

const fields = ({ parts }: Element) => Object.fromEntries(parts.map((part) => [part.name, valueOf(part)]));

const numbers = /^(Period|EvaluationPeriods|DatapointsToAlarm|Threshold)$/;
const times = /Timestamp$/;

function valueOf(element: Element): Json {
  const { name, text, parts } = element;
  if (parts[0]?.name === "member") return parts.map(valueOf);
  if (parts.length > 0) return fields(element);
  if (numbers.test(name)) return Number(text);
  if (times.test(name)) return Date.parse(text) / 1000;
  if (text === "true" || text === "false") return text === "true";
  return text.trim() === "" ? [] : text;
}
