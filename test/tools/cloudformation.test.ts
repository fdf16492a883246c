import { CelEngine } from "@aws/cloudformation-validate";
import { expect, test } from "vitest";
import { exported, fleetForExport } from "../support/exported.js";

test("the exported template is as CloudFormation's schemas and cfn-lint's rules want it", () => {
  const engine = new CelEngine();
  const findings = (template: object) =>
    engine
      .validateStandard(inMemory(template), { severityLevel: "WARN" })
      .diagnostics.map(({ ruleId, message, propertyPath }) => `${ruleId} ${propertyPath}: ${message}`);
  try {
    const template = exported(fleetForExport());
    expect(findings(template)).toEqual([]);
    Object.assign(template.Resources["Group"]?.Properties ?? {}, { MinSise: "2" });
    expect(findings(template)).toEqual([expect.stringMatching(/MinSise/)]);
  } finally {
    engine.free();
  }
});

const inMemory = (template: object) => ({
  path: "template.json",
  readBytes: () => Buffer.from(JSON.stringify(template)),
});
