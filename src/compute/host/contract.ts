import type { Scalar } from "../template.js";

/**
 * Names that hosts and the operator's machine must both use. They stand here alone; hosts get them in host.env. One that
 * is new, or changes, needs a line in the host's host-defaults.sh: what hosts of former releases were made with.
 */

/** Name of the group, and of what makes its instances, where they run. */
export const groupName = (fleet: string, group: string): string => `${fleet}-${group}`;

/** Lifecycle hooks: the first holds an instance until it takes calls, the second until its calls are over. */
export const launchHook = "sip-proxy-launch";
export const terminateHook = "sip-proxy-terminate";

/** Tag of the Elastic IPs that a group's hosts claim; its value names the pool. */
export const poolTag = "sip-proxy:elastic-ip-pool";

/** What the hosts of a group publish: calls that are up on one host, with the group's name as dimension. */
export const callsMetric = {
  namespace: "SipProxy",
  name: "ActiveCalls",
  dimension: "AutoScalingGroupName",
} as const;

/** What they publish besides, where the group has alarms. */
export const alarmMetrics = {
  /** 1 from each host that takes calls. */
  ready: "HostsReady",
  /** Recorders that one host gives calls to. */
  recorders: "RecordersUp",
  /** Calls that one host has refused since it last published, platforms' own faults and draining aside. */
  refused: "CallsRefused",
  /** Days until the certificate of one host's TLS listeners ends. */
  certificate: "CertificateDays",
} as const;

/** Label, below the name that a group's hosts keep in DNS, of the TXT record that says whose the name is. */
export const dnsMarker = "_sip-proxy";

/**
 * Key of the advisory lock under which every host and operator changes the database: hosts that boot together take
 * turns (without it 280 of 400 concurrent `CREATE TABLE IF NOT EXISTS` fail). Any constant does; this one is "SIPP".
 */
export const databaseLock = 1_397_313_616;

/** Of every host's host.env. */
export const hostContract: Record<string, Scalar> = { DATABASE_LOCK: databaseLock };

/** Of the host.env of a group's hosts. */
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
