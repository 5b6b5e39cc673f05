/** Reads a user's Dockerfile for its `syntax` directive. Changes nothing else in it. */

export type FrontendOutcome = { ok: true; text: string } | { ok: false; frontend: string };

const OFFICIAL = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?::[\w.-]+)?(?:@sha256:[0-9a-f]+)?$/i;
const DIRECTIVE = /^#\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/;

/**
 * Takes the official directive out, because the daemon would ask a registry for what it has built in; the number of
 * lines stays the same, so that messages name the right line. A foreign front end is refused by its name.
 */
export function neutraliseFrontend(dockerfile: string): FrontendOutcome {
  const lines = dockerfile.replace(/^\uFEFF/, '').split('\n');
  let end = 0;
  let syntax: { at: number; frontend: string } | null = null;
  // directives count only above everything else, blank lines and other comments included
  for (; end < lines.length; end++) {
    const match = DIRECTIVE.exec(lines[end]?.replace(/\r$/, '') ?? '');
    if (match?.[1] === undefined) break;
    if (match[1].toLowerCase() === 'syntax') syntax ??= { at: end, frontend: match[2] ?? '' };
  }
  if (syntax === null) return { ok: true, text: dockerfile };
  const frontend = syntax.frontend.split(/\s/, 1)[0] ?? '';
  if (!OFFICIAL.test(frontend)) return { ok: false, frontend: syntax.frontend };
  lines.splice(end, 0, '');
  lines.splice(syntax.at, 1);
  return { ok: true, text: lines.join('\n') };
}
