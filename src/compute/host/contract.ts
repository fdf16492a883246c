import type { Scalar } from "../template.js";

/**
 * Names that hosts and the operator's machine both use. They are defined only here; hosts get them in host.env. A new or changed name
 * needs a line in the host's host-defaults.sh with its value for hosts of earlier releases.
 */

/** Name of the group, and of the resource that launches its instances, on the target. */
export const groupName = (fleet: string, group: string): string => `${fleet}-${group}`;

/** Lifecycle hooks: the first waits until an instance accepts calls, the second until its calls have ended. */
export const launchHook = "sip-proxy-launch";
export const terminateHook = "sip-proxy-terminate";

/** Tag of the Elastic IPs that a group's hosts use; its value is the name of the pool. */
export const poolTag = "sip-proxy:elastic-ip-pool";

/** The metric that a group's hosts publish: current calls of one host, with the group's name as dimension. */
export const callsMetric = {
  namespace: "SipProxy",
  name: "ActiveCalls",
  dimension: "AutoScalingGroupName",
} as const;

/** Other metrics that they publish if the group has alarms. */
export const alarmMetrics = {
  /** 1 from each host that accepts calls. */
  ready: "HostsReady",
  /** Number of recorders to which a host sends calls. */
  recorders: "RecordersUp",
  /** Calls that a host has refused since it last published, except errors of platforms and while draining. */
  refused: "CallsRefused",
  /** Days until the certificate of a host's TLS listeners expires. */
  certificate: "CertificateDays",
} as const;

/** Label, below the group's DNS name, of the TXT record with the owner of the name. */
export const dnsMarker = "_sip-proxy";

/**
 * Key of the advisory lock that hosts and operators hold while they change the database, so that hosts that boot together take
 * turns (without it, 280 of 400 concurrent `CREATE TABLE IF NOT EXISTS` fail). Any constant works; this one is "SIPP".
 */
export const databaseLock = 1_397_313_616;

/** Part of every host's host.env. */
export const hostContract: Record<string, Scalar> = { DATABASE_LOCK: databaseLock };

/** Part of host.env of a group's hosts. */
export const groupContract: Record<string, Scalar> = {
  LAUNCH_HOOK: launchHook,
  TERMINATE_HOOK: terminateHook,
  POOL_TAG: poolTag,
  METRIC_NAMESPACE: callsMetric.namespace,
  METRIC_NAME: callsMetric.name,
  METRIC_DIMENSION: callsMetric.dimension,
  READY_METRIC: alarmMetrics.ready,
  RECORDERS_METRIC: alarmMetrics.recorders,
  REFUSED_METRIC: alarmMetrics.refused,
  CERTIFICATE_METRIC: alarmMetrics.certificate,
};
