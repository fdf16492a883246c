/** Passwords in URLs, as asterisks: a text's offsets stay. */
export function maskLogins(text: string): string {
  return text.replaceAll(passwordInUrl, (password) => "*".repeat(password.length));
}

const passwordInUrl = /(?<=:\/\/[^\s/?#:@"']*:)[^\s/?#@"']+(?=@)/g;
