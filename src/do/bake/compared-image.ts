import { versionsOf, type ComparedImage } from "../../compute/image/diff.js";
import type { ImageContents, Manifest } from "./image-store.js";

/** An image for a comparison: its contents and, if its manifest is on this machine, what it was made from. */
export function comparedImage(name: string, contents: ImageContents, manifest?: Manifest): ComparedImage {
  const bytes = manifest && "bytes" in manifest.image ? { "image file, bytes": manifest.image.bytes } : {};
  return {
    name,
    versions: {
      ...versionsOf(contents),
      ...(manifest ? { base: manifest.base.id, ...sources(manifest) } : {}),
    },
    packages: contents.packages,
    checksums: contents.checksums,
    sizes: { "used on disk, KiB": contents.usedKiB, ...bytes },
  };
}

function sources(manifest: Manifest): Record<string, string> {
  return Object.fromEntries(
    Object.entries(manifest.sources).map(([name, pin]) => [`source of ${name}`, pin]),
  );
}
