/** A version of a launch template that names an AMI. */
export interface TemplateVersion {
  templateId: string;
  templateName: string;
  version: number;
  imageId: string;
  /** The template's default, which EC2 does not delete. */
  isDefault: boolean;
}

/** A version that nothing comes back to, and the one to make the default in its place. */
export interface SupersededVersion extends TemplateVersion {
  current: number;
}

/** Something that launches a version of a template. */
export interface TemplateUser {
  /** The template's id or its name, whichever is said. */
  template: string;
  version: string | undefined;
  /** Of an autoscaling group: its version before the last roll. */
  before?: string | undefined;
  /** The fleet's own group, which is at rest: the kind of user whose versions are known. */
  plainGroup: boolean;
}

/** The group that uses a fleet's own launch template, as far as its versions go. */
export interface TemplateUse {
  /** The version that the group launches. */
  current: number;
  /** The version that a rollback goes to. */
  previous: number | undefined;
}

/**
 * Versions of a fleet's own template that nothing comes back to: older than the group's, and not the one that a rollback
 * goes to. Newer ones wait to be rolled out.
 */
export function supersededVersions(
  versions: readonly TemplateVersion[],
  { current, previous }: TemplateUse,
): SupersededVersion[] {
  return versions
    .filter(({ version }) => version < current && version !== previous)
    .map((version) => ({ ...version, current }));
}

/** How a template's only user uses it; undefined when it has none, more than one, or one that may come back to any version. */
export function soleUse(
  { id, name }: { id: string; name: string },
  users: readonly TemplateUser[],
): TemplateUse | undefined {
  const [user, ...more] = users.filter(({ template }) => template === id || template === name);
  const current = Number(user?.version);
  if (!user?.plainGroup || more.length > 0 || !Number.isInteger(current)) return undefined;
  const previous = Number(user.before);
  return { current, previous: Number.isInteger(previous) && previous > 0 ? previous : current - 1 };
}
