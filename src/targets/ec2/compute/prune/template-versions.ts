/** A version of a launch template that names an AMI. */
export interface TemplateVersion {
  templateId: string;
  templateName: string;
  version: number;
  imageId: string;
  /** Whether it is the template's default version, which EC2 does not delete. */
  isDefault: boolean;
}

/** A version that nothing uses any more, and the version to make the default instead. */
export interface SupersededVersion extends TemplateVersion {
  current: number;
}

/** A resource that launches a version of a template. */
export interface TemplateUser {
  /** The template's id or name, whichever the resource has. */
  template: string;
  version: string | undefined;
  /** For an autoscaling group: its version before the last roll. */
  before?: string | undefined;
  /** True for the fleet's group while no roll runs: only then are all versions that it uses known. */
  plainGroup: boolean;
}

/** The versions of a fleet's launch template that its group uses. */
export interface TemplateUse {
  /** The version that the group launches. */
  current: number;
  /** The version for a rollback. */
  previous: number | undefined;
}

/**
 * Versions of a fleet's template that nothing uses any more: older than the group's version, and not needed for a
 * rollback. Newer versions may still be rolled out.
 */
export function supersededVersions(
  versions: readonly TemplateVersion[],
  { current, previous }: TemplateUse,
): SupersededVersion[] {
  return versions
    .filter(({ version }) => version < current && version !== previous)
    .map((version) => ({ ...version, current }));
}

/** The versions that a template's only user needs. Undefined if there is no user, more than one, or one that may need any version. */
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
