/** Makes text that strangers wrote harmless for a terminal. Knows no colours of our own. */

const ESCAPES =
  /\u001b\[([0-9;]*)m|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[PX^_][^\u001b]*(?:\u001b\\)?|\u001b\[[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-~]?/g;
const CONTROLS = /[\u0000-\u0008\u000a-\u001a\u001c-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const RESET = '\u001b[0m';

const withoutControls = (text: string) => text.replace(CONTROLS, (character) => (character === '\n' ? ' ' : ''));

/**
 * One line of output: colours stay when `colours` is true, every other escape sequence, control character and
 * bidirectional override goes. A carriage return keeps what was written last, as a terminal would show it.
 */
export function cleanLine(text: string, colours: boolean): string {
  const visible = text.replace(/[\r\n]+$/, '');
  const last = visible.slice(visible.lastIndexOf('\r') + 1);
  let painted = false;
  const kept = last.replace(ESCAPES, (sequence, colour: string | undefined) => {
    if (colour === undefined || !colours) return '';
    painted = true;
    return sequence;
  });
  const clean = withoutControls(kept);
  return painted && !clean.endsWith(RESET) ? `${clean}${RESET}` : clean;
}

/** A name, a commit message: one line without colours; line breaks and tabs become spaces. */
export function cleanWord(text: string): string {
  return withoutControls(text.replace(ESCAPES, '')).replace(/\t/g, ' ').trim();
}

/** Several lines, each cleaned; line breaks stay. */
export function cleanText(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => cleanLine(line, false))
    .join('\n');
}

/** JSON on one line; characters that JSON allows but a terminal may obey are written as escapes. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
