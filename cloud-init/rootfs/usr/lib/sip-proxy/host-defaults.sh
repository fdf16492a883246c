# shellcheck shell=bash
# shellcheck disable=SC2034 # those who load the host's settings use them
# Names that the host.env of a former release does not hold, as its hosts and its group were made with. Sourced before
# host.env.

# release 0.1.0
DATABASE_LOCK=1397313616
LAUNCH_HOOK=sip-proxy-launch
TERMINATE_HOOK=sip-proxy-terminate
POOL_TAG=sip-proxy:elastic-ip-pool
METRIC_NAMESPACE=SipProxy
METRIC_NAME=ActiveCalls
METRIC_DIMENSION=AutoScalingGroupName
