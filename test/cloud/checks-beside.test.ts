import { RunInstancesCommand } from "@aws-sdk/client-ec2";
import {
  CreateAliasCommand,
  CreateGrantCommand,
  DisableKeyCommand,
  type CreateKeyCommandInput,
} from "@aws-sdk/client-kms";
import { ChangeResourceRecordSetsCommand } from "@aws-sdk/client-route-53";
import { expect, test } from "vitest";
import { bases } from "../support/cloud/cloud.js";
import { findingsOf } from "../support/cloud/findings.js";
import { makeKey, makeZone } from "../support/cloud/made-beside.js";
import { playQuotas } from "../support/cloud/quotas.js";
import { told } from "../support/cloud/told.js";
import { cloud, subnets, useCloud } from "../support/cloud/use-cloud.js";

// Checks of `validate --target ec2` in services other than EC2: Route 53, Service Quotas, KMS.

useCloud();

const launch = (more: object = {}) => ({
  ec2: { ami: bases.newest.ami_id, instance_type: "m5.xlarge", volume_size: 16, ...more },
});
const group = (more: object = {}) => ({ name: "proxies", min: 2, max: 4, subnets, ...more });

const newZone = (name: string) => makeZone(cloud, name);

const addRecord = (zone: string, Name: string, Type: "A" | "TXT" | "CNAME", Value: string) =>
  cloud.route53.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: zone,
      ChangeBatch: {
        Changes: [
          { Action: "CREATE", ResourceRecordSet: { Name, Type, TTL: 60, ResourceRecords: [{ Value }] } },
        ],
      },
    }),
  );

test("the hosted zone: there, of the name, and the name nobody else's", async () => {
  const zone = await newZone("example.com.");
  const of = (hosted_zone_id: string, domain = "Sip.example.com") =>
    findingsOf(cloud, { dns: { domain, ttl: 30 }, group: group({ hosted_zone_id }), launch: launch() });
  const at = "$.group.hosted_zone_id";
  expect((await of("Z0123456789ABC")).get(at)).toMatchObject({
    severity: "error",
    message: expect.stringMatching(/must be a hosted zone of this account; got Z0123456789ABC/) as string,
  });
  expect((await of(zone, "sip.notexample.com")).get(at)?.message).toMatch(
    /must be the zone of dns\.domain \(sip\.notexample\.com\); \w+ is the zone of example\.com/,
  );
  expect((await of(zone)).get(at)).toBeUndefined();

  const own = '"sip-proxy fleet=test group=test-proxies region=eu-west-1 turn=3"';
  await addRecord(zone, "_sip-proxy.own.example.com", "TXT", own);
  await addRecord(zone, "own.example.com", "A", "192.0.2.1");
  expect((await of(zone, "own.example.com")).get("$.dns.domain")).toBeUndefined();
  await addRecord(zone, "_sip-proxy.other.example.com", "TXT", own.replace("fleet=test", "fleet=other"));
  expect((await of(zone, "other.example.com")).get("$.dns.domain")?.message).toMatch(
    /other\.example\.com belongs to another owner: _sip-proxy\.other\.example\.com is "sip-proxy fleet=other/,
  );
  await addRecord(zone, "web.example.com", "CNAME", "elsewhere.example.net");
  expect((await of(zone, "web.example.com")).get("$.dns.domain")).toMatchObject({
    severity: "error",
    message: expect.stringMatching(/has records already \(CNAME\), but no _sip-proxy/) as string,
  });
});

test("quotas of vCPUs leave room for the largest group, a roll, single hosts, and what others run", async () => {
  const onDemand = (Value: number) => playQuotas(cloud, { "L-1216C47A": Value });
  const parts = { group: group({ max_healthy_percentage: 150 }), launch: launch() };
  const found = async (more = {}) => (await findingsOf(cloud, { ...parts, ...more })).get("$.group.max");
  // one single host and four hosts of the group, with 4 vCPUs each
  onDemand(20);
  expect(await found()).toBeUndefined();
  onDemand(19);
  expect(await found()).toMatchObject({
    severity: "warning",
    message: expect.stringMatching(
      /needs up to 20 vCPUs of On-Demand instances.*quota for Standard \(A, .*\) \(19\) leaves 19 in eu-west-1/,
    ) as string,
    hint: expect.stringMatching(/--quota-code L-1216C47A --desired-value 20$/) as string,
  });
  // a roll of a group that always has its maximum size
  onDemand(27);
  expect((await found({ group: group({ desired: 4, max_healthy_percentage: 150 }) }))?.message).toMatch(
    /needs up to 28 /,
  );
  // instances of others; their vCPUs count only if their type has the same quota
  const run = { ImageId: bases.newest.ami_id, MinCount: 1, MaxCount: 1 };
  await cloud.ec2.send(new RunInstancesCommand({ ...run, InstanceType: "c5.2xlarge" }));
  await cloud.ec2.send(new RunInstancesCommand({ ...run, InstanceType: "g4dn.xlarge" }));
  const { Instances } = await cloud.ec2.send(
    new RunInstancesCommand({
      ...run,
      InstanceType: "c5.4xlarge",
      TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "sip-proxy:fleet", Value: "test" }] }],
    }),
  );
  expect(Instances).toHaveLength(1);
  expect((await found())?.message).toMatch(/\(27\) leaves 19 /);

  playQuotas(cloud, { "L-1216C47A": 1000, "L-34B43A08": 7 });
  const spot = { group: group({ spot_percentage: 50, instance_types: ["m5.large", "m5.xlarge"] }) };
  expect((await found(spot))?.message).toMatch(/needs up to 8 vCPUs of spot instances.* \(7\) leaves 7/);
  cloud.proxy.clear();
  cloud.proxy.standIns.delete("GetServiceQuota");
  expect(await found(spot)).toBeUndefined();
});

const newKey = (input?: CreateKeyCommandInput) => makeKey(cloud, input);

test("KMS keys: there, enabled, symmetric, shared only where they are one's own", async () => {
  const disabled = await newKey();
  await cloud.kms.send(new DisableKeyCommand({ KeyId: disabled.id }));
  const asymmetric = await newKey({ KeySpec: "RSA_2048", KeyUsage: "ENCRYPT_DECRYPT" });
  const lost = "1234abcd-12ab-34cd-56ef-1234567890ab";
  const ec2 = { region: "eu-west-1", ami_regions: ["eu-west-2", "eu-west-3", "eu-north-1"] };
  const own = await newKey();
  const found = await findingsOf(cloud, {
    image: {
      media_relay: "rtpengine",
      targets: {
        ec2: {
          ...ec2,
          kms_key_id: disabled.id,
          // a key of another region, and a key that does not exist
          region_kms_key_ids: { "eu-west-2": own.arn, "eu-west-3": lost },
        },
      },
    },
    launch: launch({ kms_key_id: asymmetric.arn }),
  });
  for (const [path, message] of Object.entries({
    "image.targets.ec2.kms_key_id": /must be an enabled KMS key; \S+ is Disabled/,
    "image.targets.ec2.region_kms_key_ids.eu-west-2":
      /must be a KMS key of eu-west-2; got arn:aws:kms:eu-west-1:/,
    "image.targets.ec2.region_kms_key_ids.eu-west-3":
      /must be a KMS key of eu-west-3; got 1234abcd.*: KMS DescribeKey: NotFound/,
    "launch.ec2.kms_key_id": /must be a symmetric KMS key for encryption; \S+ is RSA_2048/,
  })) {
    expect(found.get(`$.${path}`)?.message, path).toMatch(message);
    expect(found.get(`$.${path}`)).toMatchObject({ severity: "error", line: 1 });
  }
  await cloud.kms.send(new CreateAliasCommand({ AliasName: "alias/voice", TargetKeyId: own.id }));
  expect(
    (await findingsOf(cloud, { launch: launch({ kms_key_id: "alias/voice" }) })).get(
      "$.launch.ec2.kms_key_id",
    ),
  ).toBeUndefined();
});

test("a group's volumes with a key of one's own: Auto Scaling's role must be let in by its policy or a grant", async () => {
  const role =
    "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
  const found = async ({ arn }: { arn: string }) =>
    (await findingsOf(cloud, { group: group(), launch: launch({ kms_key_id: arn }) })).get(
      "$.launch.ec2.kms_key_id",
    );
  const plain = await newKey();
  expect(await found(plain)).toMatchObject({
    severity: "warning",
    message: expect.stringMatching(/do not allow Auto Scaling's role.*Client\.InternalError/) as string,
    hint: expect.stringContaining(role) as string,
  });
  await cloud.kms.send(
    new CreateGrantCommand({
      KeyId: plain.id,
      GranteePrincipal: role,
      Operations: ["Decrypt", "CreateGrant"],
    }),
  );
  expect(await found(plain)).toBeUndefined();
  const Statement = [{ Effect: "Allow", Principal: { AWS: role }, Action: "kms:*", Resource: "*" }];
  const open = await newKey({ Policy: JSON.stringify({ Version: "2012-10-17", Statement }) });
  expect(await found(open)).toBeUndefined();
});

test("without the permissions for them, and without a way to them, the other checks go on", async () => {
  const { arn } = await newKey();
  const zone = await newZone("example.com.");
  const file = await cloud.fleet({
    dns: { domain: "sip.example.com", ttl: 30 },
    group: group({ hosted_zone_id: zone }),
    launch: launch({ kms_key_id: arn }),
  });
  for (const [action, code] of Object.entries({
    GetServiceQuota: "AccessDeniedException",
    GetKeyPolicy: "AccessDeniedException",
    GetHostedZone: "AccessDenied",
  }))
    cloud.proxy.trouble(action, { code, message: "not authorized" });
  const denied = await told(cloud, "validate", file, "--target", "ec2");
  expect([denied.code, denied.stderr]).toEqual([0, expect.stringContaining("fleet test is valid")]);
  for (const what of ["Service Quotas GetServiceQuota", "KMS GetKeyPolicy", "Route 53 GetHostedZone"])
    expect(denied.stderr).toMatch(new RegExp(`is not checked in part: ${what}: AccessDenied`));
  expect(denied.changes).toEqual([]);

  cloud.overridden = { AWS_ENDPOINT_URL_ROUTE_53: "http://127.0.0.1:9", AWS_MAX_ATTEMPTS: "1" };
  try {
    const { code, stderr } = await told(cloud, "validate", file, "--target", "ec2");
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/is not checked in part: Route 53 GetHostedZone: ECONNREFUSED/),
    ]);
  } finally {
    cloud.overridden = {};
  }
});
