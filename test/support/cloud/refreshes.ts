import type { Answer } from "./fault-proxy.js";

// Simulated instance refreshes, and the XML of Auto Scaling.

/** A simulated refresh. */
export interface Refresh {
  id: string;
  group: string;
  version: string;
  before: string;
  status: string;
  reason: string;
  percentage: number;
  started: string;
  /** What happens to instances with scale-in protection, and in Standby. */
  shielded: string;
  standby: string;
}

const namespace = 'xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"';

/** Auto Scaling's answer to an action. */
export function result(action: string, inner: string): Answer {
  return {
    body: `<${action}Response ${namespace}><${action}Result>${inner}</${action}Result></${action}Response>`,
  };
}

/** Auto Scaling's refusal. */
export function refused(code: string, message: string): Answer {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
  return {
    status: 400,
    body: `<ErrorResponse ${namespace}>${error}<RequestId>test</RequestId></ErrorResponse>`,
  };
}

export function refreshXml({ id, group, version, status, reason, percentage, started }: Refresh): string {
  return `<member><InstanceRefreshId>${id}</InstanceRefreshId><AutoScalingGroupName>${group}</AutoScalingGroupName><Status>${status}</Status><StatusReason>${reason}</StatusReason><StartTime>${started}</StartTime><PercentageComplete>${percentage}</PercentageComplete><DesiredConfiguration><LaunchTemplate><LaunchTemplateName>${group}</LaunchTemplateName><Version>${version}</Version></LaunchTemplate></DesiredConfiguration></member>`;
}
