/** Makes text that strangers wrote show what it holds: nothing in it may hide, reorder or act. */

const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;

/** Control characters, bidirectional and invisible marks by their number: `‹U+202E›`. Line ends and tabs stay. */
export function visibleText(text: string): string {
  return text.replace(
    HIDDEN,
    (character) => `‹U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}›`,
  );
}
