/** Processor architectures of images, by Debian's names. */
export const architectures = ["amd64", "arm64"] as const;

export type Architecture = (typeof architectures)[number];

export const isArchitecture = (name: string): name is Architecture =>
  (architectures as readonly string[]).includes(name);
