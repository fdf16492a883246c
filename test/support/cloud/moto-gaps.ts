import {
  PutLifecycleHookCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  UpdateAutoScalingGroupCommand,
  type AutoScalingClient,
} from "@aws-sdk/client-auto-scaling";
import { launchedTemplate } from "../../../src/targets/ec2/compute/group/mixed.js";
import type { AwsRequest } from "./aws-request.js";
import type { Answer, FaultProxy } from "./fault-proxy.js";
import { eachOf } from "./each-of.js";
import { desiredVersion } from "./mixed-updates.js";
import { refreshXml, refused, result, type Refresh } from "./refreshes.js";

/**
 * Stand-ins for what moto 5.1.1 and 5.2.4 do not support: instance refresh (instances are replaced at the second query), hooks of a new group,
 * some fields of groups, image deprecation, deletion of template versions.
 */
export class MotoGaps {
  readonly refreshes: Refresh[] = [];
  /** AMI ids and dates. */
  readonly deprecations = new Map<string, string>();
  /** Template id and version numbers. */
  readonly deletedVersions: { template: string; versions: string[] }[] = [];
  /** The next refresh fails, and rolls back automatically. */
  failNextRefresh = false;
  /** Refreshes never end. */
  stuck = false;
  /** Versions of instances that a refresh has skipped: moto 5.1.1 shows the group's version for all, 5.2.4 the template's default. */
  readonly #passedOver = new Map<string, string>();
  readonly #extras = new Map<string, Record<string, string>>();

  constructor(
    proxy: FaultProxy,
    private readonly autoscaling: () => AutoScalingClient,
  ) {
    const { standIns } = proxy;
    standIns.set("CreateAutoScalingGroup", (call, forward) => this.#create(call, forward));
    standIns.set("UpdateAutoScalingGroup", async (call, forward) => {
      this.#remember(call);
      return forward();
    });
    standIns.set("DescribeAutoScalingGroups", async (_, forward) => this.#complete(await forward()));
    standIns.set("DescribePolicies", async (_, forward) => replaced(await forward(), ...scaleIn));
    standIns.set("DescribeWarmPool", async (_, forward) => replaced(await forward(), ...reuse));
    standIns.set("DescribeLaunchTemplateVersions", async (_, forward) =>
      replaced(await forward(), ...ownTags),
    );
    standIns.set("StartInstanceRefresh", (call) => this.#start(call));
    standIns.set("DescribeInstanceRefreshes", (call) => this.#describe(call));
    standIns.set("RollbackInstanceRefresh", (call) => this.#rollback(call));
    standIns.set("CancelInstanceRefresh", (call) => this.#cancel(call));
    standIns.set("EnableImageDeprecation", ({ params }) => {
      this.deprecations.set(String(params["ImageId"]), String(params["DeprecateAt"]));
      return {
        body: "<EnableImageDeprecationResponse><return>true</return></EnableImageDeprecationResponse>",
      };
    });
    standIns.set("DeleteLaunchTemplateVersions", ({ params }) => {
      const versions = Object.entries(params).flatMap(([name, value]) =>
        name.startsWith("LaunchTemplateVersion.") ? [String(value)] : [],
      );
      this.deletedVersions.push({ template: String(params["LaunchTemplateId"]), versions });
      return { body: "<DeleteLaunchTemplateVersionsResponse/>" };
    });
  }

  async #create(call: AwsRequest, forward: () => Promise<Answer>): Promise<Answer> {
    this.#remember(call);
    const answer = await forward();
    if ((answer.status ?? 200) >= 300) return answer;
    for (
      let index = 1;
      `LifecycleHookSpecificationList.member.${index}.LifecycleHookName` in call.params;
      index++
    ) {
      const field = (name: string) =>
        String(call.params[`LifecycleHookSpecificationList.member.${index}.${name}`]);
      await this.autoscaling().send(
        new PutLifecycleHookCommand({
          AutoScalingGroupName: String(call.params["AutoScalingGroupName"]),
          LifecycleHookName: field("LifecycleHookName"),
          LifecycleTransition: field("LifecycleTransition"),
          HeartbeatTimeout: Number(field("HeartbeatTimeout")),
          DefaultResult: field("DefaultResult"),
        }),
      );
    }
    return answer;
  }

  #remember({ params }: AwsRequest): void {
    const name = String(params["AutoScalingGroupName"]);
    const kept = Object.entries(params).filter(([field]) =>
      /^(DefaultInstanceWarmup|InstanceMaintenancePolicy\.|InstanceLifecyclePolicy\.|DeletionProtection)/.test(
        field,
      ),
    );
    this.#extras.set(name, {
      ...this.#extras.get(name),
      ...Object.fromEntries(kept.map(([field, value]) => [field, String(value)])),
    });
  }

  /** Adds fields that moto does not store to its answer. Instances have the group's version, unless a refresh has skipped them. */
  #complete(answer: Answer): Answer {
    const body = eachOf(answer.body, "AutoScalingGroups", "member", (group) => {
      const [, name = ""] = /<AutoScalingGroupName>([^<]+)</.exec(group) ?? [];
      const [, version = ""] = /<Version>([^<]+)</.exec(group.replace(instances, "")) ?? [];
      const versioned = group.replace(instances, (all) =>
        eachOf(all, "Instances", "member", (instance) => {
          const [, id = ""] = /<InstanceId>([^<]+)</.exec(instance) ?? [];
          return instance.replace(/<Version>[^<]*</, `<Version>${this.#passedOver.get(id) ?? version}<`);
        }),
      );
      return versioned.replace(/<.member>$/, `${extraFields(this.#extras.get(name) ?? {})}$&`);
    });
    return { ...answer, body };
  }

  async #start({ params }: AwsRequest): Promise<Answer> {
    const group = String(params["AutoScalingGroupName"]);
    if (this.#goingOn(group))
      return refused("InstanceRefreshInProgress", "An Instance Refresh is already in progress");
    const refresh = {
      id: `refresh-${this.refreshes.length + 1}`,
      group,
      version: desiredVersion(params),
      before: await this.#version(group),
      status: "Pending",
      reason: "",
      percentage: 0,
      started: new Date(Date.now() + this.refreshes.length).toISOString(),
      shielded: String(params["Preferences.ScaleInProtectedInstances"]),
      standby: String(params["Preferences.StandbyInstances"]),
    };
    this.refreshes.push(refresh);
    return result("StartInstanceRefresh", `<InstanceRefreshId>${refresh.id}</InstanceRefreshId>`);
  }

  async #describe({ params }: AwsRequest): Promise<Answer> {
    const asked = this.refreshes.filter(({ group, id }) => {
      const wanted = params["InstanceRefreshIds.member.1"];
      return group === params["AutoScalingGroupName"] && (wanted === undefined || wanted === id);
    });
    const current = this.#goingOn(String(params["AutoScalingGroupName"]));
    if (current && !this.stuck) await this.#advance(current);
    return result(
      "DescribeInstanceRefreshes",
      `<InstanceRefreshes>${asked.map(refreshXml).join("")}</InstanceRefreshes>`,
    );
  }

  async #advance(refresh: Refresh): Promise<void> {
    if (refresh.status === "Pending") {
      Object.assign(refresh, { status: "InProgress", percentage: 50 });
    } else if (refresh.status === "InProgress" && this.failNextRefresh) {
      this.failNextRefresh = false;
      Object.assign(refresh, { status: "RollbackInProgress", reason: "instances failed their launch hook" });
    } else if (refresh.status === "InProgress") {
      await this.#replace(refresh, refresh.version);
      Object.assign(refresh, { status: "Successful", percentage: 100 });
    } else if (refresh.status === "RollbackInProgress") {
      if ((await this.#version(refresh.group)) !== refresh.before)
        await this.#replace(refresh, refresh.before);
      Object.assign(refresh, { status: "RollbackSuccessful", percentage: 100 });
    }
  }

  #rollback({ params }: AwsRequest): Answer {
    const refresh = this.#goingOn(String(params["AutoScalingGroupName"]));
    if (!refresh) return refused("ActiveInstanceRefreshNotFound", "no refresh is going on");
    refresh.status = "RollbackInProgress";
    return result("RollbackInstanceRefresh", `<InstanceRefreshId>${refresh.id}</InstanceRefreshId>`);
  }

  #cancel({ params }: AwsRequest): Answer {
    const refresh = this.#goingOn(String(params["AutoScalingGroupName"]));
    if (!refresh) return refused("ActiveInstanceRefreshNotFound", "no refresh is going on");
    refresh.status = "Cancelled";
    return result("CancelInstanceRefresh", `<InstanceRefreshId>${refresh.id}</InstanceRefreshId>`);
  }

  #goingOn(group: string): Refresh | undefined {
    return this.refreshes.find(
      (refresh) =>
        refresh.group === group && /^(Pending|InProgress|RollbackInProgress)$/.test(refresh.status),
    );
  }

  async #version(group: string): Promise<string> {
    return launchedTemplate(await this.#group(group))?.Version ?? "";
  }

  async #group(name: string) {
    const { AutoScalingGroups = [] } = await this.autoscaling().send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
    );
    return AutoScalingGroups[0];
  }

  async #replace({ group: name, shielded, standby }: Refresh, version: string): Promise<void> {
    const group = await this.#group(name);
    const LaunchTemplate = {
      LaunchTemplateName: launchedTemplate(group)?.LaunchTemplateName,
      Version: version,
    };
    await this.autoscaling().send(
      new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: name, LaunchTemplate }),
    );
    for (const { InstanceId, LifecycleState, ProtectedFromScaleIn } of group?.Instances ?? []) {
      const isReplaced =
        LifecycleState === "Standby"
          ? standby === "Terminate"
          : !ProtectedFromScaleIn || shielded === "Refresh";
      if (!isReplaced) {
        this.#passedOver.set(InstanceId ?? "", launchedTemplate(group)?.Version ?? "");
        continue;
      }
      await this.autoscaling().send(
        new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity: false }),
      );
    }
  }
}

/** Fields that moto 5.1.1 does not return (5.2.4 does), or reads wrongly. */
const scaleIn = [
  /<TargetTrackingConfiguration>(?![^]*?<DisableScaleIn>[^]*?<.TargetTrackingConfiguration>)/g,
  "<TargetTrackingConfiguration><DisableScaleIn>false</DisableScaleIn>",
] as const;
/** moto 5.2.4 shows the tags of the template itself among those of what it launches (findings/moto-template-own-tags.sh). */
const ownTags = [
  /<item><resourceType>launch-template<\/resourceType><tagSet>[^]*?<\/tagSet><\/item>/g,
  "",
] as const;
const reuse = ["<ReuseOnScaleIn>true</ReuseOnScaleIn>", "<ReuseOnScaleIn>false</ReuseOnScaleIn>"] as const;

const instances = /<Instances>[^]*?<.Instances>/;

/** The fields of a group that moto does not store, as they are read back. */
function extraFields({ DefaultInstanceWarmup, ...others }: Record<string, string>): string {
  if (DefaultInstanceWarmup === undefined) return "";
  const policy = Object.entries(others).flatMap(([field, value]) => {
    const [, tag] = /^InstanceMaintenancePolicy\.(\w+)$/.exec(field) ?? [];
    return tag === undefined ? [] : [element(tag, value)];
  });
  const kept = others["InstanceLifecyclePolicy.RetentionTriggers.TerminateHookAbandon"];
  const lifecycle = element("RetentionTriggers", kept && element("TerminateHookAbandon", kept));
  return [
    element("DefaultInstanceWarmup", DefaultInstanceWarmup),
    element("InstanceMaintenancePolicy", policy.join("")),
    kept === undefined ? "" : element("InstanceLifecyclePolicy", lifecycle),
    element("DeletionProtection", others["DeletionProtection"]),
  ].join("");
}

const element = (tag: string, inner: string | undefined): string =>
  inner === undefined ? "" : `<${tag}>${inner}</${tag}>`;

const replaced = (answer: Answer, from: string | RegExp, to: string): Answer => ({
  ...answer,
  body: answer.body.replaceAll(from, to),
});
