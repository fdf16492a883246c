/** A value as one word of a POSIX shell: the one door through which text enters shell files. */
export function shellWord(value: string | number): string {
  const text = String(value);
  if (/[\0\r\n]/.test(text)) throw new RangeError("a line break cannot stand in a one-line shell assignment");
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
