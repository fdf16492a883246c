/** What js-yaml reports, and the line that it stopped at. */
export interface Stop {
  /** js-yaml's reason. */
  reason: string;
  /** The line up to the place of the error. */
  before: string;
  /** The line from there on. */
  rest: string;
}

interface Cause {
  /** js-yaml's reasons for it. */
  reason: RegExp;
  /** Tells causes with the same reason apart. */
  when?: (stop: Stop) => boolean;
  /** Stands after "is not valid YAML: ". It never repeats the text of the file: a value can be a secret. */
  message: string;
  hint: string;
  /** The cause is the last line above without `name: value`; js-yaml stops later. */
  aboveThis?: true;
}

const anyPlace = /bad indentation of|end of the stream or a document separator/;
const tabIndent = {
  message: "a tab in the indentation",
  hint: "indent with spaces",
};
const noColon = {
  message: "no `: ` after the name",
  hint: "write each entry as `name: value`, with a space after the colon",
};
const quoteIt = (sign: string) => `if ${sign} is part of the value, put the value in quotes`;

/** Where a value begins: the line so far is empty, or ends with `name:` or `-`. */
const atValue = ({ before }: Stop) => /(^|[:-])\s*$/.test(before);
const afterQuote = ({ before }: Stop) => /["']\s*$/.test(before);
const isIndent = (text: string) => /^[\s-]*$/.test(text) && text.includes("\t");

/** The first cause that fits counts. Reasons: js-yaml 5.5, `throwError` in src/parser and src/constructor. */
const causes: readonly Cause[] = [
  { reason: /tab characters/, ...tabIndent },
  {
    reason: /indentation/,
    when: ({ before, rest }) => isIndent(before + (/^\s*/.exec(rest)?.[0] ?? "")),
    ...tabIndent,
  },
  { reason: /duplicated mapping key/, message: "duplicate key", hint: "remove one of the two" },
  { reason: /null byte/, message: "a null byte, which is not text", hint: "save the file as text in UTF-8" },
  { reason: /valid JSON character|non-printable/, message: "a control character", hint: "remove it" },
  {
    reason: /directive|YAML version|previously declared/,
    message: "a line that begins with `%` is a YAML directive, and this one is wrong or lacks `---` after it",
    hint: "remove that line",
  },
  {
    reason: /alias(?!es)/,
    message: "`*` at the beginning of a value refers to an anchor (`&`), and no anchor has this name",
    hint: quoteIt("`*`"),
  },
  {
    reason: /anchor/,
    message: "`&` at the beginning of a value defines an anchor, and this is not a valid one",
    hint: quoteIt("`&`"),
  },
  {
    reason: /\btag\b/,
    message:
      "`!` at the beginning of a value is a YAML tag, and this one is unknown or does not fit the value",
    hint: quoteIt("`!`"),
  },
  {
    reason: /merge/,
    message: "`<<` takes a section, or a list of sections",
    hint: "refer to a section that is defined with `&`, such as `<<: *name`",
  },
  {
    reason: /exceeded max/,
    message: "too many levels or aliases",
    hint: "write the file with fewer nested lists and sections, and fewer values that begin with `*`",
  },
  {
    reason: /hexadecimal|escape sequence/,
    message: "an unknown escape sequence: `\\` in double quotes begins one",
    hint: "write `\\\\` for a backslash, or use single quotes",
  },
  {
    reason: /line break is expected|chomping|indentation width/,
    message: "`|` or `>` at the beginning of a value begins a block of lines, and other text follows it",
    hint: "begin the text on the next line, or put the value in quotes",
  },
  {
    reason: /complex keys/,
    message: "a section or list in place of a name, such as {{ name }}",
    hint: "write the value itself: templates in a fleet file are not rendered",
  },
  {
    reason: /missed comma/,
    when: ({ before, rest }) => /[{[,].*:\s*\$\{/.test(before + rest),
    message: "no comma between two items",
    hint: 'quote references inside { }: dbpass_kam: "${env:NAME}"',
  },
  {
    reason: /missed comma/,
    message: "no comma between two items",
    hint: "separate the items in [ ] and { } with commas",
  },
  { reason: /found ','/, message: "no item before this comma", hint: "remove the comma" },
  {
    reason: /deficient indentation|unexpected end of the (stream|document) within/,
    message: "a quote or bracket is still open here",
    hint: "close it with \", ', ] or } where its value ends",
  },
  {
    reason: anyPlace,
    when: ({ rest }) => /^[\]}]/.test(rest),
    message: "a closing bracket without an opening one",
    hint: "remove it, or put the value in quotes",
  },
  {
    reason: anyPlace,
    when: afterQuote,
    message: "text after the closing quote",
    hint: "inside '…' write '' for each ', and inside \"…\" write \\\" for each \"",
  },
  {
    reason: anyPlace,
    when: (stop) => /^[@`%,]/.test(stop.rest) && atValue(stop),
    message: "a name or value cannot begin with @, `, % or a comma",
    hint: "put it in quotes",
  },
  {
    reason: anyPlace,
    when: ({ before, rest }) => /^-(\s|$)/.test(rest) && before.trim() !== "",
    message: "a list that begins on the line of its name",
    hint: "begin each item, with its `-`, on a line of its own",
  },
  {
    reason: anyPlace,
    when: ({ before, rest }) => rest.startsWith(":") && /:\s/.test(before),
    message: "a second `: ` on the line",
    hint: "put the value in quotes, or each entry on a line of its own",
  },
  { reason: /document separator/, when: ({ rest }) => rest.startsWith(":"), ...noColon, aboveThis: true },
  { reason: /multiline key/, ...noColon, aboveThis: true },
  { reason: /after a mapping key|after the key-value separator/, ...noColon },
  {
    reason: anyPlace,
    message: "the indentation does not fit the lines above",
    hint: "begin all entries of a section, and all items of a list, in the same column",
  },
];

/** The cause of an error in plain words. A reason that is not in the table is shown as it is. */
export function causeOf(stop: Stop): Pick<Cause, "message" | "aboveThis"> & { hint?: string } {
  const cause = causes.find(({ reason, when }) => reason.test(stop.reason) && (when?.(stop) ?? true));
  return cause ?? { message: stop.reason };
}
