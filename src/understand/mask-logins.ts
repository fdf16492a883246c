/** Replaces logins in URLs with asterisks, without changing offsets. In doubt, text is treated as a login. */
export function maskLogins(text: string): string {
  return text.replaceAll(login, (found) => "*".repeat(found.length));
}

/** Up to the last @ before the path. If the part after `:` is no port number, it is a password that may contain a slash: up to the last @. */
const login = /(?<=:\/\/)(?:[^\s/?#:@]*:(?!\d*(?:[/?#\s"']|$))[^\s"]*|[^\s/?#]+)(?=@)/g;
