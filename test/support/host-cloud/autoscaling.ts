import { AwsError } from "./aws-error.js";
import { arn, type Action, type Request, type Service } from "./service.js";

function ofGroup(action: string, run: Action["run"]): Action {
  return {
    needs: ({ account }) => [
      {
        action: `autoscaling:${action}`,
        resource: arn(
          "autoscaling",
          account,
          `autoScalingGroup:0b1c2d3e:autoScalingGroupName/${account.options.group}`,
        ),
        context: {},
      },
    ],
    run,
  };
}

/** The instance for which a hook is waiting. Throws Auto Scaling's error if there is none. */
function held({ account, parameters }: Request) {
  const { InstanceId: id = "", LifecycleHookName: hook = "", AutoScalingGroupName: group } = parameters;
  const instance = account.instances.find((one) => one.id === id);
  if (group !== account.options.group)
    throw new AwsError("ValidationError", "AutoScalingGroup name not found - no such group");
  if (!instance || !account.waits(instance, hook)) {
    throw new AwsError("ValidationError", `No active Lifecycle Action found with instance ID ${id}`);
  }
  return { instance, hook };
}

const completeLifecycleAction = ofGroup("CompleteLifecycleAction", (request) => {
  const { instance, hook } = held(request);
  request.account.complete(instance, hook, request.parameters["LifecycleActionResult"] ?? "");
  return "<CompleteLifecycleActionResult/>";
});

const recordLifecycleActionHeartbeat = ofGroup("RecordLifecycleActionHeartbeat", (request) => {
  held(request);
  return "<RecordLifecycleActionHeartbeatResult/>";
});

/** Replaces an unhealthy instance. */
const setInstanceHealth: Action = {
  ...ofGroup("SetInstanceHealth", ({ account, parameters }) => {
    const instance = account.instance(parameters["InstanceId"]);
    instance.health = parameters["HealthStatus"] ?? "";
    if (instance.health === "Unhealthy" && instance.lifecycle === "InService") account.terminate(instance);
    return "";
  }),
};

/** The group with its instances, without ended ones. */
const describeAutoScalingGroups: Action = {
  needs: ({ account }) => [
    {
      action: "autoscaling:DescribeAutoScalingGroups",
      resource: "*",
      context: { "aws:RequestedRegion": account.options.region },
    },
  ],
  run: ({ account }) => {
    const members = account.instances
      .filter(({ lifecycle }) => lifecycle !== "Terminated" && lifecycle !== "none")
      .map(
        ({ id, lifecycle, health }) =>
          `<member><InstanceId>${id}</InstanceId><LifecycleState>${lifecycle}</LifecycleState><HealthStatus>${health}</HealthStatus></member>`,
      );
    const group = `<AutoScalingGroupName>${account.options.group}</AutoScalingGroupName><Instances>${members.join("")}</Instances>`;
    return `<DescribeAutoScalingGroupsResult><AutoScalingGroups><member>${group}</member></AutoScalingGroups></DescribeAutoScalingGroupsResult>`;
  },
};

export const autoscaling: Service = {
  prefix: "autoscaling",
  protocol: "query",
  actions: {
    DescribeAutoScalingGroups: describeAutoScalingGroups,
    CompleteLifecycleAction: completeLifecycleAction,
    RecordLifecycleActionHeartbeat: recordLifecycleActionHeartbeat,
    SetInstanceHealth: setInstanceHealth,
  },
};
