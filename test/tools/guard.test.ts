import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { guardValues } from "../../src/compute/host/guard.js";
import { imageSources } from "../../src/do/assets.js";
import { writeFiles } from "../../src/do/write-files.js";
import { fleetOf } from "../support/fleets.js";
import { inNetworkOf } from "../support/guarded-network.js";

const inNetwork = (lines: string, enter: string[] = []) => inNetworkOf(root, lines, enter);

// The host's guard of the SIP and RTP ports with the kernel's real packet filter, in networks that end with their shell.

let root: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "guard-"));
  await writeFiles(root, imageSources().rootfs);
});
afterEach(() => rmSync(root, { recursive: true }));

const configure = (settings: object = {}) => {
  const fleet = fleetOf({ settings });
  const values = guardValues(fleet, fleet.hosts[0]?.settings ?? expect.fail());
  return writeFiles(root, [{ path: "etc/sip-proxy/guard-values.nft", content: values }]);
};

test.each([{ trusted: [] }, { enable_tls: true, enable_metrics: true, http_allow: ["10.0.0.0/8"] }])(
  "its recorders are those of the dispatcher list, also after changes (%j)",
  async (settings) => {
    await configure(settings);
    const said = await inNetwork(
      "guard; shown; list 192.0.2.7 192.0.2.6; guard; shown; list 192.0.2.7; guard; shown",
    );
    expect(said.split("\n").map((line) => line.trim())).toEqual([
      "none",
      "elements = { 192.0.2.6, 192.0.2.7 }",
      "elements = { 192.0.2.7 }",
    ]);
  },
);

test("the addresses of names are let in, and none that a name has in it", async () => {
  await configure();
  const name = "rec.192.0.2.9.example.org";
  const said = await inNetwork(
    `list ${name} 192.0.2.6; echo '${name} 192.0.2.8' >"$SIP_PROXY_ROOT/var/lib/sip-proxy/recorder.addresses"; guard; shown; guard; shown`,
  );
  expect(said.split("\n").map((line) => line.trim())).toEqual([
    "elements = { 192.0.2.6, 192.0.2.8 }",
    "elements = { 192.0.2.6, 192.0.2.8 }",
  ]);
});

test("what is no address in the list does no harm", async () => {
  await configure();
  const said = await inNetwork(
    "list recorder.example.com 192.0.2.7 999.2.3.4 192.0.2.7; guard; guard; shown",
  );
  expect(said).toContain("elements = { 192.0.2.7 }");
});

test("rules that others have removed come back, those that are there stay", async () => {
  await configure();
  const said = await inNetwork(`list 192.0.2.7; guard; nft flush ruleset; guard; shown
    nft add element ip sip_proxy regulars { 192.0.2.99 }; guard; nft list set ip sip_proxy regulars
    guard reload; nft list set ip sip_proxy regulars | grep -c 192.0.2.99 || true`);
  expect(said).toContain("elements = { 192.0.2.7 }");
  expect(said).toContain("192.0.2.99");
  expect(said.trim().split("\n").at(-1)).toBe("0");
});

test("the rules of a host of release 0.1.0 are loaded as they are", async () => {
  const rules =
    "table ip sip_proxy_media { chain input { type filter hook input priority filter; udp dport 9 drop; }; }";
  await writeFiles(root, [{ path: "etc/sip-proxy/media-guard.nft", content: rules }]);
  expect(await inNetwork("guard; guard; nft list ruleset")).toMatch(/^table ip sip_proxy_media \{/);
});

test("strangers' packets are dropped before rtpengine's rule takes them out, though that was added later; others' are not", async () => {
  await configure({ trusted: ["198.51.100.0/24"] });
  const said = await inNetwork(`
    guard
    nft 'table ip filter { chain INPUT { type filter hook input priority filter; udp dport 20000-30000 counter drop; }; }'
    other=$(network_beside)
    trap 'kill $other' EXIT
    ip link add here type veth peer name there netns $other
    ip address add 10.9.0.1/24 dev here
    ip link set here up
    ip route add default dev here
    sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.here.rp_filter=0
    at() { nsenter --net=/proc/$other/ns/net "$@"; }
    at ip link set there up
    for address in 192.0.2.66 198.51.100.7; do at ip address add $address/32 dev there; done
    at ip route add 10.9.0.1 dev there
    say() { at bash -c "echo | socat -u - udp:10.9.0.1:20000,bind=$1"; }
    for _ in {1..100}; do
      say 192.0.2.66; say 198.51.100.7
      stranger=$(nft list counter ip sip_proxy stranger | grep -oP 'packets \\K[0-9]+')
      taken=$(nft list chain ip filter INPUT | grep -oP 'counter packets \\K[0-9]+')
      if ((stranger > 0 && taken > 0)); then break; fi
      sleep 0.1
    done
    ((stranger > 0 && taken > 0))
    # from here on each is seen
    say 192.0.2.66; say 192.0.2.66; say 192.0.2.66
    nft list chain ip filter INPUT | grep -oP 'counter packets \\K[0-9]+' | awk -v before=$taken '{ print $1 - before }'`);
  expect(said.trim()).toBe("0");
});

test("where packet filters are not permitted, it says so and goes on", async () => {
  await configure();
  const said = await inNetwork("guard", ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"]);
  expect(said).toContain("no guard: packet filters are not permitted");
});

test("rules that the kernel refuses are a fault", async () => {
  writeFileSync(join(root, "usr/share/sip-proxy/guard.nft"), "nonsense");
  await configure();
  await expect(inNetwork("guard")).rejects.toThrow(/nonsense/);
});
