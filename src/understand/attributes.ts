/** The attributes of a dispatcher row, in order. Undefined if the text does not have the form `name1=value1;…;nameN=valueN`. */
export function readAttributes(text: string): Map<string, string> | undefined {
  const attributes = new Map<string, string>();
  const pairs = text.split(";").map((pair) => pair.trim());
  for (const pair of pairs.filter((p) => p !== "")) {
    const [, name, value] = /^([A-Za-z_]\w*)=([^;="'\\\s]*)$/.exec(pair) ?? [];
    if (name === undefined || value === undefined || attributes.has(name)) return undefined;
    attributes.set(name, value);
  }
  return attributes;
}

/** The share of calls of a row: its `rweight`, or else its `weight`; undefined if it has neither. */
export function weightOf(attrs: string): number | undefined {
  const attributes = readAttributes(attrs);
  const weight = attributes?.get("rweight") ?? attributes?.get("weight");
  return weight === undefined ? undefined : Number(weight);
}
