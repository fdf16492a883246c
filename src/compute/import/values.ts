/** A number with its text in Ansible's output: the password 1000000.0 must keep its text. */
export class Numeral {
  constructor(readonly text: string) {}
}

/** A value that is encrypted with ansible-vault. It is never decrypted. */
export class Vaulted {}

export type Value = string | boolean | null | Numeral | Vaulted | Value[] | { [name: string]: Value };

/** The variables of one host. */
export type Variables = Readonly<Record<string, Value>>;

/** Parses JSON of Ansible's programs, and keeps the texts of numbers. Throws SyntaxError. */
export function parseAnsibleJson(text: string): Value {
  const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\bNaN\b|-?\bInfinity\b/g;
  const marked = text.replace(tokens, (token) => (token.startsWith('"') ? token : `{"__number":"${token}"}`));
  return JSON.parse(marked, revive) as Value;
}

function revive(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { __number, __ansible_unsafe, __ansible_vault } = value as Record<string, unknown>;
  if (typeof __number === "string") return new Numeral(__number);
  if (typeof __ansible_unsafe === "string") return __ansible_unsafe;
  return __ansible_vault === undefined ? value : new Vaulted();
}

/** The text of a value in a template of the role (Python's str). */
export function textOf(value: Value | undefined): string {
  if (value instanceof Numeral) return value.text;
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "string" ? value : "";
}

/** All texts inside a value. */
export function textsIn(value: Value | undefined): string[] {
  if (typeof value === "string") return [value];
  if (value === undefined || value === null || typeof value === "boolean") return [];
  if (value instanceof Numeral || value instanceof Vaulted) return [];
  return Object.values(value).flatMap((inner) => textsIn(inner));
}

/** Whether a value contains a template that Ansible must resolve. */
export function hasTemplate(value: Value | undefined): boolean {
  return textsIn(value).some((text) => /\{\{|\{%/.test(text));
}

export function isList(value: Value | undefined): value is Value[] {
  return Array.isArray(value);
}

export function isMapping(value: unknown): value is { [name: string]: Value } {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Numeral) &&
    !(value instanceof Vaulted)
  );
}
