/** The attributes of a dispatcher row, `name1=value1;…;nameN=valueN`, in order. Undefined when they do not have that form. */
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

/** The parts of the calls that a row asks for: `rweight`, else `weight`; undefined when it has neither. */
export function weightOf(attrs: string): number | undefined {
  const attributes = readAttributes(attrs);
  const weight = attributes?.get("rweight") ?? attributes?.get("weight");
  return weight === undefined ? undefined : Number(weight);
}
