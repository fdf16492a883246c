#!/usr/bin/env python3
import json, sys

hosts = {
    "proxy-a": {"public_ip_address": "192.0.2.81", "private_ip_address": "10.8.0.1", "sip_udp_port": "5062"},
    "recorder-a": {"private_ip_address": "10.8.1.1", "siprec_attrs": " "},
}
print(json.dumps({
    "sipproxy": {"hosts": ["proxy-a"], "vars": {"dbhost": "pg.example.com", "dbpass_root": 12345678901234567890, "dbpass_kam": "x"}},
    "recorder": ["recorder-a"],
    "_meta": {"hostvars": hosts},
} if "--list" in sys.argv else {}))
