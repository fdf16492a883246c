import { describe, expect, test } from "vitest";
import { causeOf } from "../../../src/understand/yaml/syntax-causes.js";
import { parseYaml } from "../../../src/understand/yaml/document.js";

/** The fault of a text: line:column, message, hint. */
function reported(source: string): [place: string, message: string, hint: string | undefined] {
  const fault = parseYaml(source, "fleet.yaml");
  if (!("message" in fault)) throw new Error(`this is valid YAML: ${JSON.stringify(fault.value)}`);
  const above = source.slice(0, fault.range?.start ?? 0).split("\n");
  return [`${above.length}:${(above.at(-1)?.length ?? 0) + 1}`, fault.message, fault.hint];
}

const tab = ["a tab in the indentation", "indent with spaces"];
const indentation = [
  "the indentation does not fit the lines above",
  "begin all entries of a section, and all items of a list, in the same column",
];
const noColon = ["no `: ` after the name", "write each entry as `name: value`, with a space after the colon"];
const open = ["a quote or bracket is still open here", "close it with \", ', ] or } where its value ends"];
const closing = ["a closing bracket without an opening one", "remove it, or put the value in quotes"];
const begin = ["a name or value cannot begin with @, `, % or a comma", "put it in quotes"];
const afterQuote = [
  "text after the closing quote",
  "inside '…' write '' for each ', and inside \"…\" write \\\" for each \"",
];
const secondColon = [
  "a second `: ` on the line",
  "put the value in quotes, or each entry on a line of its own",
];
const alias = [
  "`*` at the beginning of a value refers to an anchor (`&`), and no anchor has this name",
  "if `*` is part of the value, put the value in quotes",
];
const anchor = [
  "`&` at the beginning of a value defines an anchor, and this is not a valid one",
  "if `&` is part of the value, put the value in quotes",
];
const tag = [
  "`!` at the beginning of a value is a YAML tag, and this one is unknown or does not fit the value",
  "if `!` is part of the value, put the value in quotes",
];
const block = [
  "`|` or `>` at the beginning of a value begins a block of lines, and other text follows it",
  "begin the text on the next line, or put the value in quotes",
];
const escape = [
  "an unknown escape sequence: `\\` in double quotes begins one",
  "write `\\\\` for a backslash, or use single quotes",
];
const directive = [
  "a line that begins with `%` is a YAML directive, and this one is wrong or lacks `---` after it",
  "remove that line",
];
const nullByte = ["a null byte, which is not text", "save the file as text in UTF-8"];
const comma = ["no comma between two items", "separate the items in [ ] and { } with commas"];

describe("a text that is not YAML", () => {
  test.each([
    ["settings:\n\ta: 64\n", "2:1", tab],
    ["settings:\n  a: 1\n\tb: 64\n", "3:1", tab],
    ["a:\n  - 1\n\t- 2\n", "3:1", tab],
    ["a:\n-\t- 2\n", "2:3", tab],
    ["a: 1\nb: 2\na: 3\n", "3:1", ["duplicate key", "remove one of the two"]],
    ['a: "b\nc: 1\n', "2:1", open],
    ["a: 'b\nc: 1\n", "2:1", open],
    ['a: "b\n', "1:5", open],
    ["a: [1, 2\nb: 3\n", "2:1", open],
    ["a: { b: 1\n\n\n", "1:9", open],
    ["a: 1\n  b: 2\n", "2:4", indentation],
    ["a:\n   b: 1\n  c: 2\n", "3:3", indentation],
    ["a:\n  - b: 1\n   c: 2\n", "3:4", indentation],
    ["a:\n  - b\n - c\n", "3:2", indentation],
    ["  a: 1\nb: 2\n", "2:1", indentation],
    ["a:1\nb: 2\n", "1:1", noColon],
    ["a: 1\nb:2\n", "2:1", noColon],
    ["a: 1\nb:2\n\n# end\n", "2:1", noColon],
    ["a: 1\nb\nc\nd: 2\n", "2:1", noColon],
    ["a:\n  b: 1\n  c\n  d: 2\n", "3:3", noColon],
    ['a:\n  "b":1\n', "2:7", noColon],
    ["a: b: c\n", "1:5", secondColon],
    ["a: 1 b: 2\n", "1:7", secondColon],
    [
      "a: - b\n",
      "1:4",
      ["a list that begins on the line of its name", "begin each item, with its `-`, on a line of its own"],
    ],
    ["a: !vault b\n", "1:4", tag],
    ["a: !vault |\n  b\nc: 1\n", "1:4", tag],
    ["a: !x {b: 1}\n", "1:4", tag],
    ["a: !x [b]\n", "1:4", tag],
    ["a: !!int b\n", "1:4", tag],
    ["a: !b!c d\n", "1:8", tag],
    ["a: !b!c!d e\n", "1:8", tag],
    ["a: !b,c d\n", "1:8", tag],
    ["a: !b#c d\n", "1:4", tag],
    ["a: *b\n", "1:5", alias],
    ["a: * b\n", "1:5", alias],
    ["a: &b *c\n", "1:7", alias],
    ["a: & b\n", "1:5", anchor],
    ["a: &b &c d\n", "1:7", anchor],
    [
      "a: 1\n<<: 2\n",
      "2:1",
      [
        "`<<` takes a section, or a list of sections",
        "refer to a section that is defined with `&`, such as `<<: *name`",
      ],
    ],
    ["a: b\u0001c\n", "1:5", ["a control character", "remove it"]],
    ['a: "b\u0001c"\n', "1:6", ["a control character", "remove it"]],
    ["a: b\0c\n", "1:5", nullByte],
    ["\ufffd\ufffda\0:\0", "1:4", nullByte],
    ["a: @b\n", "1:4", begin],
    ["a: `b`\n", "1:4", begin],
    ["a: %b\n", "1:4", begin],
    ["a: ,b\n", "1:4", begin],
    ["a: 1\n%b: 2\n", "2:1", begin],
    ["%b\na: 1\n", "2:1", directive],
    ["%YAML 2.0\n---\na: 1\n", "2:1", directive],
    ["a: ]b\n", "1:4", closing],
    ["a: [1, 2]]\n", "1:10", closing],
    ["a:\n  - { b: 1 }}\n", "2:13", closing],
    ['a: "b" c\n', "1:8", afterQuote],
    ["a: 'don't'\n", "1:9", afterQuote],
    ["a: { b: 1 c: 2 }\n", "1:12", comma],
    ['a: ["b" "c"]\n', "1:9", comma],
    [
      "a: { b: ${env:C} }\n",
      "1:10",
      ["no comma between two items", 'quote references inside { }: dbpass_kam: "${env:NAME}"'],
    ],
    ["a: [1,,2]\n", "1:7", ["no item before this comma", "remove the comma"]],
    ['a: "C:\\dir"\n', "1:8", escape],
    ['a: "\\xzz"\n', "1:7", escape],
    ["a: |x\n  b\n", "1:5", block],
    ["a: > b\n  c\n", "1:6", block],
    [
      "a: 1\nb: {{ c }}\n",
      "1:1",
      [
        "a section or list in place of a name, such as {{ name }}",
        "write the value itself: templates in a fleet file are not rendered",
      ],
    ],
    [
      `a: ${"[".repeat(200)}`,
      "1:103",
      [
        "too many levels or aliases",
        "write the file with fewer nested lists and sections, and fewer values that begin with `*`",
      ],
    ],
  ] as const)("%j", (source, place, [message, hint]) =>
    expect(reported(source)).toEqual([place, `is not valid YAML: ${message}`, hint]),
  );

  test("a secret that looks like an alias or a tag is not repeated", () => {
    for (const value of ["*s3cret", "!s3cret", "!s3!cret", "!s3cret#", "&s3cret *cret"]) {
      const [, message, hint] = reported(`database: { dbpass_kam: ${value} }\n`);
      expect(`${message} ${hint}`).not.toContain("cret");
    }
  });
});

test.each([
  ["a: 1\n---\nb: 2\n", "2:1"],
  ["# first\n---\na: 1\n---\nb: 2\n", "4:1"],
])("two documents: %j", (source, place) =>
  expect(reported(source)).toEqual([
    place,
    "must be one YAML document; a second one begins after `---`",
    "write each fleet to a file of its own",
  ]),
);

test.each([
  ["a: &x\n  b: *x\n", "2:6"],
  ["a: &x [1, [*x]]\n", "1:12"],
])("a section or list in itself: %j", (source, place) =>
  expect(reported(source)).toEqual([
    place,
    "must not refer to a section or list that contains it",
    "remove this reference",
  ]),
);

test("an alias of a section beside it is no cycle", () =>
  expect(parseYaml("a: &x { b: 1 }\nc: *x\nd: [*x, { e: *x }]\n", "fleet.yaml")).toMatchObject({
    value: { c: { b: 1 } },
  }));

test("a reason that the table does not have is shown as it is", () =>
  expect(causeOf({ reason: "something new", before: "a: ", rest: "b" })).toEqual({
    message: "something new",
  }));
