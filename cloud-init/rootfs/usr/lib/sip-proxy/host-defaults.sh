# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # host.env sets some, and those who load the host's settings use them
# Values that are missing in host.env of earlier releases, as these used them. Sourced before host.env.

# release 0.1.0
DATABASE_LOCK=1397313616
LAUNCH_HOOK=sip-proxy-launch
TERMINATE_HOOK=sip-proxy-terminate
POOL_TAG=sip-proxy:elastic-ip-pool
METRIC_NAMESPACE=SipProxy
METRIC_NAME=ActiveCalls
METRIC_DIMENSION=AutoScalingGroupName
PUBLISH_ALARM_METRICS=no
READY_METRIC=
RECORDERS_METRIC=
REFUSED_METRIC=
CERTIFICATE_METRIC=
RTP_TIMEOUT=14400
DNS_ZONE=
CALL_LOG_JSON=no
RELAY_KERNEL_MODULE=

# Sets the variables of the relay from its name and units in host.env. Called after host.env is sourced.
relay_defaults() {
	if [[ -n ${RELAY_PROTOCOL:-} ]]; then return; fi
	case ${MEDIA_RELAY:-} in
	rtpproxy)
		RELAY_PROTOCOL=rtpproxy RELAY_SESSIONS_PER_CALL=2
		RELAY_CONTROLS=${RELAY_UNITS//rtpproxy@/unix:\/run\/rtpproxy\/}
		RELAY_CONTROLS=${RELAY_CONTROLS//.service/.sock}
		;;
	rtpengine) RELAY_PROTOCOL=ng RELAY_SESSIONS_PER_CALL=1 RELAY_CONTROLS=udp:127.0.0.1:2223 ;;
	esac
}
