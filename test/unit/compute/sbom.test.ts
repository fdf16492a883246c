import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { expect, test } from "vitest";
import { sbomText } from "../../../src/compute/image/sbom.js";
import { lockOf } from "../../support/locks.js";

const lock = lockOf({
  sources: { rtpproxy: { pin: "git:b26b09b32481e4cb6350075a73784bc1a2503ca0", sha256: "f".repeat(64) } },
  tools: { "sip-proxy": "0.1.0" },
  packages: {
    openssl: {
      ...{ version: "1:3.5.1-1+deb13u1", architecture: "amd64", source: "openssl", sha256: "a".repeat(64) },
      ...{ archive: "http://deb.debian.org/debian-security trixie-security", file: "pool/o.deb" },
    },
    kamailio: {
      ...{ version: "6.1.0+x", architecture: "amd64", source: "kamailio", sha256: "b".repeat(64) },
      ...{ archive: "http://deb.kamailio.org/kamailio61 trixie", file: "pool/k.deb" },
    },
    gone: { version: "1", architecture: "all", source: "gone" },
  },
});

interface Sbom {
  metadata: { component: { name: string }; timestamp?: string };
  components: {
    name: string;
    purl?: string;
    version: string;
    hashes?: object[];
    properties: { value: string }[];
  }[];
}

test("a bill of materials keeps to CycloneDX's schema, and is the same for the same lock file", async () => {
  const text = sbomText("debian-13", lock);
  expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).toBeNull();
  expect(sbomText("debian-13", lock)).toBe(text);
  expect(sbomText("debian-13", { ...lock, packages: {} })).not.toContain("openssl");
});

test("it names every package as scanners look for it, and what was compiled with what was changed", () => {
  const { metadata, components } = JSON.parse(sbomText("debian-13", lock)) as Sbom;
  expect(metadata.component.name).toBe("debian-13");
  expect(metadata.timestamp).toBeUndefined();
  expect(Object.fromEntries(components.map(({ name, purl }) => [name, purl]))).toEqual({
    gone: "pkg:deb/debian/gone@1?arch=all",
    kamailio:
      "pkg:deb/debian/kamailio@6.1.0+x?arch=amd64&distro=trixie&repository_url=http%3A%2F%2Fdeb.kamailio.org%2Fkamailio61",
    openssl: "pkg:deb/debian/openssl@1:3.5.1-1+deb13u1?arch=amd64&distro=trixie",
    rtpproxy: undefined,
  });
  const rtpproxy = components.find(({ name }) => name === "rtpproxy");
  expect(rtpproxy).toMatchObject({
    version: "git:b26b09b32481e4cb6350075a73784bc1a2503ca0",
    hashes: [{ alg: "SHA-256", content: "f".repeat(64) }],
  });
  expect(rtpproxy?.properties.map(({ value }) => value).join()).toContain("its ports are free at once");
});
