import { afterAll, expect, test, vi } from "vitest";
import type { MediaRelay } from "../../../src/relay/media-relay.js";
import { relays } from "../../../src/relay/registry.js";

// loaded modules stay for the next test file
afterAll(() => vi.resetModules());

const third: MediaRelay = {
  name: "third",
  title: "Third",
  packages: ["third-daemon"],
  protocol: "ng",
  sessionsPerCall: 3,
  callsPerCore: 400,
  instances: ({ rtp_start }) => [
    { number: 1, control: "udp:127.0.0.1:1", arguments: [`--from=${rtp_start}`] },
    { number: 2, control: "udp:127.0.0.1:2", arguments: [] },
  ],
  kamailio: () => ({ numbers: { THIRDS: 2 }, strings: { THIRD: "it's" }, lines: ["# third"] }),
};

test("a relay is all that the registry says of it: nothing else asks for its name", async () => {
  vi.resetModules();
  Object.assign((await import("../../../src/relay/registry.js")).relays, { third });
  // modules that read the registry when they are loaded
  const { fleetOf } = await import("../../support/fleets.js");
  const { renderHost } = await import("../../../src/commands/render-host.js");
  const { buildFolder } = await import("../../../src/compute/image/build-folder.js");
  const { imageSources } = await import("../../../src/do/assets.js");
  const { debianPackages } = await import("../../../src/do/debian-packages.js");

  const fleet = fleetOf({ image: { media_relay: "third" } });
  const host = fleet.hosts[0] ?? expect.fail();
  const { files } = renderHost(fleet, host, () => "");
  const textOf = (path: string) =>
    String([...files, ...buildFolder(fleet, imageSources())].find((file) => file.path === path)?.content);

  expect(textOf("etc/sip-proxy/addressed/etc/sip-proxy/third-1.env")).toMatch(/^OPTIONS="--from=20000"$/m);
  expect(textOf("etc/sip-proxy/addressed/etc/sip-proxy/third-2.env")).toMatch(/^OPTIONS=""$/m);
  expect(textOf("etc/sip-proxy/host.env").split("\n")).toEqual(
    expect.arrayContaining([
      "MEDIA_RELAY=third",
      "RELAY_UNITS='third@1.service third@2.service'",
      "RELAY_CONTROLS='udp:127.0.0.1:1 udp:127.0.0.1:2'",
      "RELAY_PROTOCOL=ng",
      "RELAY_SESSIONS_PER_CALL=3",
    ]),
  );
  const local = textOf("etc/kamailio/kamailio-local.cfg");
  expect(local).toMatch(/^#!define WITH_THIRD\n[^]*^#!define THIRDS 2\n[^]*^#!define THIRD "it's"$/m);
  expect(local).not.toMatch(/RTPPROXY|RTPENGINE/);
  expect(textOf("etc/kamailio/kamailio-relays.cfg")).toMatch(/^# third$/m);
  expect(textOf("sources/sources.json")).toBe("{}\n");
  expect(textOf("sip-proxy.pkr.json")).toContain("MEDIA_RELAY=third ");
  expect(debianPackages.proxies).toContain("third-daemon");
});

test("everything that a relay is known by follows its name", () => {
  for (const [name, relay] of Object.entries(relays)) expect(relay.name).toBe(name);
});
