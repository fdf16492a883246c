import { z } from "zod";
import { listOf, text, type Kind } from "../../../understand/settings/types.js";

/** Kinds of AWS names, for several sections. */
export const awsRegion = text({
  rule: "an AWS region such as eu-west-1",
  pattern: /^[a-z]{2}(-[a-z]+)+-\d$/,
});

export const resourceId = (prefix: string) =>
  text({
    rule: `an id such as ${prefix}-0123456789abcdef0`,
    pattern: new RegExp(`^${prefix}-[0-9a-f]{8,17}$`),
  });

export const instanceType = text({
  rule: "an EC2 instance type such as c7i.large",
  pattern: /^[a-z0-9-]+\.[a-z0-9-]+$/,
});

export const instanceProfile = text({ rule: "an instance profile name", pattern: /^[\w+=,.@-]{1,128}$/ });

export const kmsKey = text({ rule: "a KMS key id, alias or ARN", pattern: /^[\w:/-]{1,256}$/ });

export const accountId = text({ rule: "an account id of 12 digits", pattern: /^\d{12}$/ });

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html, AlarmActions: up to 5 of up to 1,024 characters. */
export const alarmAction = text({
  rule: "an ARN such as arn:aws:sns:eu-west-1:123456789012:voice",
  pattern: /^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:[^\s]+$/,
  max: 1024,
});

export const hostedZone = text({
  rule: "the id of a hosted zone such as Z0123456789ABCDEFGHIJ",
  pattern: /^[A-Z0-9]{1,32}$/,
});

/** The owner of AMIs among which the base is searched. */
export const imageOwner = text({
  rule: "an account id of 12 digits, self, amazon or aws-marketplace",
  pattern: /^(\d{12}|self|amazon|aws-marketplace)$/,
});

/** EC2's rule for names of AMIs, with the wildcards of filters. */
export const imageNameFilter = text({
  rule: "the name of an AMI, with the wildcards * and ?",
  pattern: /^[A-Za-z0-9()[\] ./'@_*?-]{3,128}$/,
});

/** SSM's rule for names of parameters in a hierarchy; `aws` and `ssm` are reserved. */
export const parameterName = text({
  rule: "the name of an SSM parameter such as /sip-proxy/ami",
  pattern: /^\/(?!aws|ssm)[\w.-]+(\/[\w.-]+){0,14}$/i,
  max: 1011,
});

const regionKeys = z.record(awsRegion.schema, kmsKey.schema, {
  error: "a mapping of regions to KMS keys",
});

/** KMS keys by region, because keys are regional. */
export const kmsKeysByRegion: Kind<Record<string, string>> = {
  schema: regionKeys,
  rule: "a mapping of regions to KMS keys",
  json: { type: "object", additionalProperties: { type: "string" } },
};

export const regions = listOf(awsRegion);
