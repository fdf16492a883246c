/** Parameters of a header or URI in their order; names in lower case; a flag such as `lr` has the value undefined. */
export type Params = Map<string, string | undefined>;

/** Splits at a separator, but not inside a quoted string or (where asked) inside `<…>`. */
export function splitOutside(text: string, separator: string, angles: boolean): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c === "\\") i++;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (angles && c === "<") depth++;
    else if (angles && c === ">") depth = Math.max(0, depth - 1);
    else if (c === separator && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

/** Reads `;name=value;flag`; a quoted value keeps its quotes, so that it can be written back unchanged. */
export function parseParams(text: string): Params {
  const params: Params = new Map();
  for (const part of splitOutside(text, ";", false)) {
    const equals = part.indexOf("=");
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    params.set(name, equals < 0 ? undefined : part.slice(equals + 1).trim());
  }
  return params;
}

export function formatParams(params: Params): string {
  let text = "";
  for (const [name, value] of params) text += value === undefined ? `;${name}` : `;${name}=${value}`;
  return text;
}

/** A parameter's value without the quotes and backslashes of a quoted string (RFC 3261, 25.1). */
export function unquote(value: string): string {
  return value.startsWith('"') && value.endsWith('"') && value.length > 1
    ? value.slice(1, -1).replace(/\\(.)/g, "$1")
    : value;
}
