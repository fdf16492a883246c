"""Kernel forwarding: checks that the relay's nftables rules exist. Imported, never run."""

import os
import time

import files
from packets import nft, output
from relays import say

root = os.environ.get("SIP_PROXY_ROOT", "")

# Seconds between two checks. Rules count as missing after two checks, because the relay removes them for a moment when it starts.
LOOK = float(os.environ.get("SIP_PROXY_LOOK", 2))

REMOVED = "no: its nftables rules were removed and cannot be restored"


class Forwarding:
    """Restores the rules of the relay with this name. `arguments`: those with which its process uses the module (see kernel.sh). An
    ordinary nftables.conf begins with `flush ruleset`. After a reload, the kernel passes all packets to the process, which relays
    them itself, with many times the CPU, without noticing."""

    def __init__(self, relay, arguments):
        self.relay, self.arguments = relay, arguments.split()
        self.drop_in = f"{root}/run/systemd/system/{relay}@.service.d/kernel.conf"
        self.missing = 0
        # count and state go on after a restart of this program
        restored = self.noted("kernel-forwarding.restored").strip()
        self.restored = int(restored) if restored.isdigit() else 0
        self.failed = self.noted("kernel-forwarding").startswith(REMOVED)

    def run(self):
        while True:
            time.sleep(LOOK)
            if os.path.exists(self.drop_in):
                self.look()

    def look(self):
        if self.has_rules():
            self.missing = 0
            if self.failed:
                # the relay was restarted, or another program restored the rules
                self.failed = False
                self.tell("yes")
                say(f"{self.relay}'s nftables rules have been restored")
            return
        self.missing += 1
        if self.missing < 2:
            return
        if output([self.relay, "--config-file=none", *self.arguments, "--nftables-start"]) is not None and self.has_rules():
            self.restored += 1
            self.note("kernel-forwarding.restored", self.restored)
            self.tell("yes")
            say(
                f"{self.relay}'s nftables rules were removed (nft flush ruleset?), and have been restored: "
                f"for up to {(self.missing + 1) * LOOK:.0f} s packets went through user space"
            )
            self.missing, self.failed = 0, False
        elif not self.failed:
            self.failed = True
            self.tell(REMOVED)
            say(f"FAILED: {self.relay}'s nftables rules were removed and cannot be restored: packets go through user space")

    def has_rules(self):
        """Whether the jump to its chain and the chain's rule exist. (The rule is an old xt target, which nft shows in different ways, but
        always with a counter.)"""
        shown = nft("list table ip filter") or ""
        chain = shown.partition(f"chain {self.relay} {{")[2].partition("}")[0]
        return f"jump {self.relay}" in shown and "counter packets" in chain

    def tell(self, state):
        self.note("kernel-forwarding", state)

    @staticmethod
    def noted(name):
        try:
            with open(f"{root}/run/sip-proxy/{name}", encoding="utf-8") as file:
                return file.read()
        except OSError:
            return ""

    @staticmethod
    def note(name, text):
        files.write(f"{root}/run/sip-proxy/{name}", f"{text}\n")
