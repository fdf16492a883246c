/** Bytes of a qcow2 file that readQcow2Header needs. */
export const QCOW2_HEADER_BYTES = 80;

const [DIRTY, EXTERNAL_DATA] = [1n << 0n, 1n << 2n];

/**
 * Reads the header of a qcow2 (QEMU's docs/interop/qcow2.rst): the size of its disk in bytes, or why the file cannot be used. Images with a
 * backing file or external data are refused, because QEMU would read other files of the user who opens them.
 */
export function readQcow2Header(start: Buffer): { bytes: number } | { fault: string } {
  if (start.length < QCOW2_HEADER_BYTES || start.toString("latin1", 0, 4) !== "QFI\xfb")
    return { fault: "is not a qcow2 image" };
  const version = start.readUInt32BE(4);
  if (version !== 2 && version !== 3)
    return { fault: `is a qcow2 image of version ${version}; versions 2 and 3 are supported` };
  if (start.readBigUInt64BE(8) !== 0n) return { fault: "is a qcow2 image with a backing file" };
  if (start.readUInt32BE(32) !== 0) return { fault: "is an encrypted qcow2 image" };
  const features = version === 3 ? start.readBigUInt64BE(72) : 0n;
  if ((features & EXTERNAL_DATA) !== 0n) return { fault: "is a qcow2 image with its data in another file" };
  if ((features & DIRTY) !== 0n) return { fault: "is a qcow2 image that is in use or was not closed" };
  return { bytes: Number(start.readBigUInt64BE(24)) };
}
