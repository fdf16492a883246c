import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import { PackageURL } from "packageurl-js";
import { digestOf, uuidOf } from "../local/cache-key.js";
import { architectureOfLock, type ImageLock, type LockedPackage } from "./lock.js";
import { softwareOf, type SourceName } from "./pinned-sources.js";

/**
 * The bill of materials of an image (CycloneDX 1.6, JSON), from its lock file: all Debian packages, and compiled software with its changes.
 * It is deterministic.
 */
export function sbomText(name: string, lock: ImageLock): string {
  const bom = new Models.Bom({ serialNumber: `urn:uuid:${uuidOf(digestOf([name, lock]))}` });
  const image = new Models.Component(Enums.ComponentType.OperatingSystem, name, {
    bomRef: "image",
    properties: new Models.PropertyRepository([
      new Models.Property("debian:architecture", architectureOfLock(lock)),
    ]),
  });
  bom.metadata.component = image;
  bom.metadata.tools.components.add(
    new Models.Component(Enums.ComponentType.Application, "sip-proxy", {
      ...(lock.tools["sip-proxy"] === undefined ? {} : { version: lock.tools["sip-proxy"] }),
    }),
  );
  const packages = Object.entries(lock.packages).map(([of, one]) => packageComponent(of, one));
  const compiled = Object.entries(lock.sources).map(([of, source]) => compiledComponent(of, source));
  for (const component of [...packages, ...compiled]) {
    bom.components.add(component);
    image.dependencies.add(component.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function packageComponent(name: string, { version, architecture, source, sha256, archive }: LockedPackage) {
  const [address = "", suite] = (archive ?? "").split(" ");
  const isDebian = /\/debian(-security)?$/.test(address);
  const qualifiers = {
    arch: architecture,
    ...(suite === undefined ? {} : { distro: suite.replace(/-(updates|security)$/, "") }),
    ...(isDebian || address === "" ? {} : { repository_url: address }),
  };
  const purl = new PackageURL("deb", "debian", name, version, qualifiers, undefined).toString();
  return new Models.Component(Enums.ComponentType.Library, name, {
    bomRef: purl,
    purl,
    version,
    hashes: hashes(sha256),
    properties: new Models.PropertyRepository([new Models.Property("debian:source", source)]),
  });
}

/** Software that was built for the image, from the archive with this checksum. */
function compiledComponent(name: string, { pin, sha256 }: ImageLock["sources"][string]) {
  const changes = softwareOf(name as SourceName).changes.map(
    (change) => new Models.Property("sip-proxy:change", change),
  );
  return new Models.Component(Enums.ComponentType.Application, name, {
    bomRef: `compiled:${name}`,
    version: pin,
    hashes: hashes(sha256),
    properties: new Models.PropertyRepository([new Models.Property("sip-proxy:built-from", pin), ...changes]),
  });
}

function hashes(sha256: string | undefined): Models.HashDictionary {
  return new Models.HashDictionary(sha256 === undefined ? [] : [[Enums.HashAlgorithm["SHA-256"], sha256]]);
}
