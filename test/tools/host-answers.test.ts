import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/do/assets.js";

const program = join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy/read-answer");

/** Runs the host's parser of service answers. */
function read(input: string, ...argv: string[]) {
  const { status, stdout, stderr } = spawnSync(program, argv, { input, encoding: "utf8" });
  return { status, stdout, stderr };
}

const lines = (input: string, ...argv: string[]) => {
  const { status, stdout, stderr } = read(input, ...argv);
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.split("\n").slice(0, -1);
};

test.each([
  ["JSON", '{"__type":"com.amazon#AccessDeniedException","Message":"not \\"you\\""}', 'not "you"'],
  [
    "EC2's XML",
    "<Response><Errors><Error><Code>AccessDeniedException</Code><Message>a &lt;b&gt;</Message></Error></Errors></Response>",
    "a <b>",
  ],
  [
    "XML with a namespace",
    '<E xmlns="http://x/"><Error><Code>AccessDeniedException</Code><Message>two\nlines</Message></Error></E>',
    "two lines",
  ],
  ["an error without a message", '{"__type":"AccessDeniedException"}', ""],
])("errors of AWS: %s", (_, input, message) => {
  expect(lines(input, "error")).toEqual(["AccessDeniedException", message]);
});

test("Route 53 names an error after itself", () => {
  const text =
    '<InvalidChangeBatch xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Messages><Message>it was not found</Message></Messages></InvalidChangeBatch>';
  expect(lines(text, "error")).toEqual(["InvalidChangeBatch", "it was not found"]);
});

test("a role's credentials, in any order, with what JSON escapes; those that would break out of curl's file are refused", () => {
  const parts = {
    Token: "t/+=",
    SecretAccessKey: "s\u0065cret",
    AccessKeyId: "AKIA",
    Expiration: "2026-11-28T10:00:00Z",
  };
  const text = JSON.stringify(parts, null, 1).replace("t/", "t\\/");
  expect(lines(text, "credentials")).toEqual(["1795860000 AKIA secret t/+="]);
  for (const Token of ['a"b', "a b", "a\nb", "", 7])
    expect(read(JSON.stringify({ ...parts, Token }), "credentials")).toMatchObject({ status: 1, stdout: "" });
});

test("Elastic IPs: free, an instance's, an interface's", () => {
  const item = (inner: string) =>
    `<item><allocationId>e</allocationId><publicIp>192.0.2.1</publicIp>${inner}</item>`;
  const holders = ["", "<instanceId>i-1</instanceId>", "<associationId>a-1</associationId>"]
    .map(item)
    .join("");
  const body = `<addressesSet>${holders}</addressesSet>`;
  const wanted = ["e 192.0.2.1 -", "e 192.0.2.1 i-1", "e 192.0.2.1 a-1"];
  expect(lines(`<R xmlns="http://ec2/">${body}</R>`, "addresses")).toEqual(wanted);
  expect(lines(`<R>${body}</R>`, "addresses")).toEqual(wanted);
  expect(lines("<R><addressesSet/></R>", "addresses")).toEqual([]);
});

test("secrets, whole or one text of an object; what is wrong is told without them", () => {
  const text = JSON.stringify({ SecretString: JSON.stringify({ password: 'p"w\\', port: 5432 }) });
  expect(read(text, "secret", "secretsmanager", "password").stdout).toBe('p"w\\');
  expect(read(JSON.stringify({ Parameter: { Value: "v\n" } }), "secret", "ssm", "").stdout).toBe("v\n");
  for (const key of ["port", "other"]) {
    const { status, stdout, stderr } = read(text, "secret", "secretsmanager", key);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).not.toContain('p"w');
  }
});

test("recorders, with URIs that look like JSON", () => {
  const dest = (URI: string, FLAGS: string) => ({
    DEST: { URI, FLAGS, PRIORITY: 0, ATTRS: { BODY: '"URI": "x"' } },
  });
  const sets = [{ SET: { ID: 1, TARGETS: [dest('sip:10.0.0.2;a="}', "AP"), dest("sip:10.0.0.3", "IX")] } }];
  expect(lines(JSON.stringify({ result: { RECORDS: sets } }), "recorders")).toEqual([
    '1 AP sip:10.0.0.2;a="}',
    "1 IX sip:10.0.0.3",
  ]);
});

test("an answer that is none ends in an error, without a word of it", () => {
  const page = "<html><body>Sign in to the s3cret network<br></body></html>";
  for (const argv of [["error"], ["credentials"], ["addresses"], ["secret", "ssm"], ["recorders"]])
    for (const input of [page, "", '{"result":null}', "[".repeat(100_000)]) {
      const { status, stdout, stderr } = read(input, ...argv);
      expect([argv, input.slice(0, 20), status, stdout]).toEqual([argv, input.slice(0, 20), 1, ""]);
      expect(stderr).toBe(`answer ${argv[0]}: the answer is not of the expected shape\n`);
    }
});
