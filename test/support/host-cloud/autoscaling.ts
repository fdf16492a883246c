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

/** The instance that a hook holds. Throws what Auto Scaling answers when none does. */
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

/** An instance of bad health is replaced. */
const setInstanceHealth: Action = {
  ...ofGroup("SetInstanceHealth", ({ account, parameters }) => {
    const instance = account.instance(parameters["InstanceId"]);
    instance.health = parameters["HealthStatus"] ?? "";
    if (instance.health === "Unhealthy" && instance.lifecycle === "InService") account.terminate(instance);
    return "";
  }),
};

export const autoscaling: Service = {
  prefix: "autoscaling",
  protocol: "query",
  actions: {
    CompleteLifecycleAction: completeLifecycleAction,
    RecordLifecycleActionHeartbeat: recordLifecycleActionHeartbeat,
    SetInstanceHealth: setInstanceHealth,
  },
};
