/** A value as a string of kamailio.cfg. Use it for all text in Kamailio's configuration. */
export function kamailioString(value: string): string {
  if (/[\0\r\n]/.test(value)) throw new RangeError("a string of kamailio.cfg cannot contain a line break");
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
