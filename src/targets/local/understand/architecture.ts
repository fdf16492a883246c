/** What the bases, disks and guests of this target are made for. */
export const localArchitecture = "amd64";
