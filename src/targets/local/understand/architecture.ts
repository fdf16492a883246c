/** The only architecture of this target's bases, disks and guests. */
export const localArchitecture = "amd64";
