/** Logins in URLs, as asterisks: a text's offsets stay. What only may be one is taken for one. */
export function maskLogins(text: string): string {
  return text.replaceAll(login, (found) => "*".repeat(found.length));
}

/** Up to the last @ of host and port; where these have no number as port, a password has a slash in it, and the last @ of all ends it. */
const login = /(?<=:\/\/)(?:[^\s/?#:@]*:(?!\d*(?:[/?#\s"']|$))[^\s"]*|[^\s/?#]+)(?=@)/g;
