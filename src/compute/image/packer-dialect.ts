/**
 * The two dialects of Packer templates: 1.6 (Debian's, every builder built in) and current (1.7 and later: more
 * options, plugins installed by `packer init`). Options that 1.6 does not have are set through the EC2 API after the bake.
 */
export type PackerDialect = "1.6" | "current";

/** The dialect of a Packer, from the output of `packer version`. */
export function dialectOf(version: string): PackerDialect {
  const [, major = "0", minor = "0"] = /v?(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) > 1 || Number(minor) >= 7 ? "current" : "1.6";
}
