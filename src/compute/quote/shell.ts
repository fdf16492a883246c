/** A value as one word of a POSIX shell, quoted if necessary. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The same for files with one assignment per line. Use it for all text in shell files. */
export function shellWord(value: string | number): string {
  const text = String(value);
  if (/[\0\r\n]/.test(text)) throw new RangeError("a one-line shell assignment cannot contain a line break");
  return shellQuote(text);
}
