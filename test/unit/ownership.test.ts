import { expect, test } from "vitest";
import { isAllocated } from "../../src/targets/ec2/compute/elastic-ip.js";
import { ownership, refuseForeign, type Leave } from "../../src/targets/ec2/compute/ownership.js";
import type { Fleet, Host } from "../../src/understand/fleet.js";

const owner = { fleet: "eu", host: "sipproxy0" };
const mark = { "sip-proxy:fleet": "eu" };

test.each([
  ["the fleet's mark alone, as launch templates have it", mark, { of: "us" }],
  ["fleet and host", { ...mark, "sip-proxy:host": "sipproxy0" }, { of: "us" }],
  ["no mark", { Name: "eu-sipproxy0" }, { of: "nobody" }],
  [
    "another host",
    { ...mark, "sip-proxy:host": "sipproxy1" },
    { of: "others", whom: "sipproxy1 of the fleet eu" },
  ],
  ["another fleet", { "sip-proxy:fleet": "eu-west" }, { of: "others", whom: "the fleet eu-west" }],
  [
    "a group's instance with a host's mark",
    { ...mark, "sip-proxy:host": "sipproxy0", "aws:autoscaling:groupName": "eu-proxies" },
    { of: "others", whom: "the autoscaling group eu-proxies" },
  ],
  [
    "a stack's",
    { ...mark, "aws:cloudformation:stack-name": "voice" },
    { of: "managed", by: "the CloudFormation stack voice" },
  ],
  [
    "a stack's of no fleet",
    { "aws:cloudformation:stack-name": "voice" },
    { of: "others", whom: "the CloudFormation stack voice" },
  ],
  ["another tool's", { ...mark, "sip-proxy:managed-by": "terraform" }, { of: "managed", by: "terraform" }],
])("whose a thing is: %s", (_, tags, whose) => {
  expect(ownership(tags, owner)).toEqual(whose);
  const act = (leave: Leave) => () => refuseForeign({ what: "the thing", tags }, owner, leave);
  const refuses = (leave: Leave, words: RegExp) => expect(act(leave)).toThrow(words);
  if (whose.of === "us") act({})();
  else refuses({}, /^the thing (belongs to|is managed by|was not created for)/);
  if (whose.of === "us" || whose.of === "nobody") act({ adopt: true })();
  else refuses({ adopt: true }, /^the thing (belongs to|is managed by)/);
  if (whose.of === "us" || whose.of === "managed") act({ managed: true })();
  else refuses({ managed: true }, /^the thing (belongs to|was not created for)/);
});

test("an address is given back only when launch has allocated it, and the fleet file does not name it", () => {
  const host = { name: "sipproxy0", public_ip_address: "auto" } as Host;
  const fleet = (address: string) =>
    ({ name: "eu", launch: { ec2: { tags: {} } }, hosts: [host, { public_ip_address: address }] }) as Fleet;
  const ours = { ...mark, "sip-proxy:host": "sipproxy0" };
  expect(isAllocated({ ...ours, Name: "eu-sipproxy0" }, "192.0.2.1", fleet("auto"), host)).toBe(true);
  expect(isAllocated(ours, "192.0.2.1", fleet("auto"), host)).toBe(false);
  expect(isAllocated({ ...ours, Name: "eu-sipproxy0" }, "192.0.2.1", fleet("192.0.2.1"), host)).toBe(false);
});
