import { describe, expect, it } from "vitest";
import {
  digestOf,
  entryFolder,
  entryName,
  sameRecipe,
  uuidOf,
} from "../../../src/compute/local/cache-key.js";
import { localPaths } from "../../../src/compute/local/paths.js";
import { baseSpec } from "../../../src/compute/local/base-spec.js";

describe("a digest", () => {
  it("does not depend on the order of keys", () => {
    expect(digestOf({ a: 1, b: { c: 2, d: 3 } })).toBe(digestOf({ b: { d: 3, c: 2 }, a: 1 }));
  });

  it("depends on the order of a list, and on every value", () => {
    expect(digestOf([1, 2])).not.toBe(digestOf([2, 1]));
    expect(digestOf({ a: null })).not.toBe(digestOf({ a: "null" }));
  });
});

describe("a cache entry's name", () => {
  const name = (spec = baseSpec(), archive: unknown = "monday") => entryName(spec.release, spec, archive);

  it("says what it is of", () => {
    expect(entryFolder(name())).toMatch(/^debian-13-[0-9a-f]{12}-[0-9a-f]{12}$/);
  });

  it.each([
    ["release", baseSpec({ release: "debian-12" })],
    ["mirror", baseSpec({ mirror: "http://mirror.example/debian" })],
    ["security mirror", baseSpec({ securityMirror: null })],
    ["packages", baseSpec({ packages: ["tcpdump"] })],
    ["disk size", baseSpec({ diskMiB: 8192 })],
  ])("changes its recipe with the %s", (_what, spec) => {
    expect(name(spec).recipe).not.toBe(name().recipe);
  });

  it("keeps its recipe when only the archive changed", () => {
    const [monday, tuesday] = [name(), name(baseSpec(), "tuesday")];
    expect(tuesday).toEqual({ ...monday, archive: tuesday.archive });
    expect(entryFolder(tuesday)).not.toBe(entryFolder(monday));
    const other = entryFolder(name(baseSpec({ diskMiB: 8192 })));
    expect(sameRecipe([entryFolder(monday), other], tuesday)).toEqual([entryFolder(monday)]);
  });
});

describe("a UUID from a digest", () => {
  it("is one, of version 8", () => {
    expect(uuidOf("0123456789abcdef".repeat(4))).toBe("01234567-89ab-8def-8123-456789abcdef");
  });
});

describe("the folders", () => {
  const paths = (env: Record<string, string>) => localPaths(env, "/home/me");

  it("follow the XDG base directories", () => {
    expect(paths({})).toEqual({
      cache: "/home/me/.cache/sip-proxy",
      state: "/home/me/.local/state/sip-proxy/local",
    });
    expect(paths({ XDG_CACHE_HOME: "/c", XDG_STATE_HOME: "/s" })).toEqual({
      cache: "/c/sip-proxy",
      state: "/s/sip-proxy/local",
    });
  });

  it("let SIP_PROXY_CACHE go first", () => {
    expect(paths({ XDG_CACHE_HOME: "/c", SIP_PROXY_CACHE: "/mine" }).cache).toBe("/mine");
  });
});
