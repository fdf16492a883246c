import { expect, test } from "vitest";
import {
  soleUse,
  supersededVersions,
  type TemplateUser,
} from "../../../src/targets/ec2/compute/prune/template-versions.js";
import { filterPages } from "../../../src/targets/ec2/do/chunks.js";
import { isRefusal, AwsError } from "../../../src/targets/ec2/do/errors.js";
import { refuseUndone } from "../../../src/targets/ec2/do/undone.js";

const template = { id: "lt-1", name: "test-proxies" };
const group: TemplateUser = { template: "lt-1", version: "5", before: "3", plainGroup: true };

test("a template's versions are known to be unused when one plain group alone launches it", () => {
  expect(soleUse(template, [group, { ...group, template: "lt-2" }])).toEqual({ current: 5, previous: 3 });
  expect(soleUse(template, [{ ...group, template: "test-proxies", before: undefined }])).toEqual({
    current: 5,
    previous: 4,
  });
  const others: TemplateUser[][] = [
    [],
    [group, { template: "test-proxies", version: "1", plainGroup: false }],
    [{ ...group, plainGroup: false }],
    [{ ...group, version: "$Latest" }],
  ];
  for (const users of others) expect(soleUse(template, users)).toBeUndefined();
});

test("versions newer than the group's wait to be rolled out, the previous one to be rolled back to", () => {
  const versions = [1, 2, 3, 4, 5, 6].map((version) => ({
    templateId: "lt-1",
    templateName: "test-proxies",
    version,
    imageId: "ami-1",
    isDefault: version === 1,
  }));
  const old = supersededVersions(versions, { current: 5, previous: 3 });
  expect(old.map(({ version }) => version)).toEqual([1, 2, 4]);
});

test("filters ask for at most 200 values a call, and for all of them", () => {
  const ids = Array.from({ length: 401 }, (_, index) => `i-${index}`);
  const tag = { Name: "tag:sip-proxy:fleet", Values: ["test"] };
  const pages = filterPages([tag, { Name: "instance-id", Values: ids }]);
  expect(pages.map((filters) => filters.map(({ Values = [] }) => Values.length))).toEqual([
    [1, 199],
    [1, 199],
    [1, 3],
  ]);
  expect(pages.flatMap(([, filter]) => filter?.Values ?? [])).toEqual(ids);
  expect(filterPages([tag])).toEqual([[tag]]);
  expect(filterPages([])).toEqual([[]]);
  expect(filterPages([{ Name: "instance-id", Values: [] }])).toHaveLength(1);
});

test("an answer of 200 that tells of something undone is an error", () => {
  const undone = (Code: string) => () =>
    refuseUndone("ec2:DeleteLaunchTemplateVersions", {
      UnsuccessfullyDeletedLaunchTemplateVersions: [
        { VersionNumber: 2, ResponseError: { Code, Message: "no" } },
      ],
    });
  expect(undone("unexpectedError")).toThrow("version 2: unexpectedError: no");
  expect(undone("launchTemplateVersionDoesNotExist")).not.toThrow();
  expect(() => refuseUndone("ec2:EnableImage", { Return: false })).toThrow("AWS reports a failure");
  expect(() => refuseUndone("ec2:EnableImage", { Return: true })).not.toThrow();
});

test("what one thing is refused for is told from what every call meets", () => {
  const code = (text: string) => isRefusal(new AwsError(text, "refused", {}, 1));
  expect(["InvalidSnapshot.InUse", "OperationNotPermitted", "IncorrectState"].map(code)).toEqual([
    true,
    true,
    true,
  ]);
  expect(["UnauthorizedOperation", "RequestLimitExceeded", "ExpiredToken", "ECONNREFUSED"].map(code)).toEqual(
    [false, false, false, false],
  );
});
