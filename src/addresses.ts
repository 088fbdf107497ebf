/** Whether a source is a URL rather than a path. */
export function isUrl(source: string): boolean {
  return /^[a-z][a-z\d+.-]+:\/\//i.test(source);
}

/**
 * Returns a source as it may be shown to others: a path unchanged, a URL without user, password, query and fragment. Label
 * files and logs are shared, and addresses of cameras and signed links contain passwords and tokens.
 *
 * @example
 * publicSource('rtsp://me:secret@camera/1?token=3'); // 'rtsp://camera/1'
 */
export function publicSource(source: string): string {
  const [, scheme, rest] = /^([a-z][a-z\d+.-]+:\/\/)(.*)$/is.exec(source) ?? [];
  return scheme === undefined || rest === undefined
    ? source
    : scheme + withoutUser(rest).replace(/[?#].*$/s, '');
}

/**
 * Removes user and password, also where a password contains `@`, `/`, `?` or `#` that should have been escaped. In doubt
 * it removes too much.
 */
function withoutUser(rest: string): string {
  const [authority] = /^[^/?#]*/.exec(rest)!;
  if (authority.includes('@')) {
    const [beforeQuery] = /^[^?#]*/.exec(rest)!;
    return rest.slice((authority.includes(':') ? beforeQuery : authority).lastIndexOf('@') + 1);
  }
  const afterColon = /:([^:\]]*)$/.exec(authority)?.[1] ?? '';
  const hasPort = /^\d*$/.test(afterColon);
  return hasPort ? rest : rest.slice(rest.lastIndexOf('@') + 1);
}

/** Redacts every URL in a text as {@link publicSource} does: one in double quotes up to the quote, another up to a space. */
export function redactAddresses(text: string): string {
  return text.replace(
    /"([a-z][a-z\d+.-]+:\/\/[^"]*)"|[a-z][a-z\d+.-]+:\/\/[^\s"'<>]+/gi,
    (match: string, quoted?: string) =>
      quoted === undefined ? publicSource(match) : `"${publicSource(quoted)}"`,
  );
}
