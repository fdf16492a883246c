/** Control and format characters (bidi marks among them), separators of lines, and halves of characters: what does something to a terminal. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Text of anybody's (a file, a table, a server) as it is shown to people, of the same length: it does nothing to a terminal. */
export function printable(text: string): string {
  return text.replaceAll(unprintable, (character) => "·".repeat(character.length));
}

/** The same of several lines. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** JSON that means the same, with such characters as \u escapes: it is read by people, too. */
export function printableJson(json: string): string {
  const escape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return json.replaceAll(unprintable, (character) =>
    character === "\n" ? character : character.split("").map(escape).join(""),
  );
}
