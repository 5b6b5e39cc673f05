/** Reads the colours of a terminal line into pieces of plain text. Every other escape sequence is taken out. */
import { visibleText } from './visible.ts';

export const ANSI_COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;
export type AnsiColour = (typeof ANSI_COLOURS)[number];

export interface Style {
  /** One of eight, so that every combination stays readable on the log's own ground. */
  colour: AnsiColour | null;
  ground: AnsiColour | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
}
export interface Piece {
  text: string;
  style: Style;
}

const PLAIN: Style = Object.freeze({
  colour: null,
  ground: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
});

// SGR | OSC | DCS, SOS, PM, APC | other CSI | other escapes
const SEQUENCES =
  /\u001b\[([0-9;:]*)m|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[PX^_][^\u001b]*(?:\u001b\\)?|\u001b\[[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-~]?/g;

/** The line's pieces in order; concealment is not honoured. */
export function parseAnsi(line: string): Piece[] {
  const pieces: Piece[] = [];
  let style = PLAIN;
  let from = 0;
  const keep = (text: string) => {
    if (text === '') return;
    const before = pieces.at(-1);
    if (before?.style === style) before.text += visibleText(text);
    else pieces.push({ text: visibleText(text), style });
  };
  for (const match of line.matchAll(SEQUENCES)) {
    keep(line.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[1] !== undefined) style = applySgr(style, match[1]);
  }
  keep(line.slice(from));
  return pieces;
}

function applySgr(before: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map((code) => (code === '' ? 0 : Number(code)));
  let style = before;
  for (let i = 0; i < codes.length; i += 1) {
    const code = codes[i] ?? 0;
    if (code === 38 || code === 48) {
      const [colour, used] = extendedColour(codes.slice(i + 1));
      style = code === 38 ? { ...style, colour } : { ...style, ground: colour };
      i += used;
    } else {
      style = applyCode(style, code);
    }
  }
  return style;
}

function applyCode(style: Style, code: number): Style {
  if (code >= 30 && code <= 37) return { ...style, colour: ANSI_COLOURS[code - 30] ?? null };
  if (code >= 40 && code <= 47) return { ...style, ground: ANSI_COLOURS[code - 40] ?? null };
  if (code >= 90 && code <= 97) return { ...style, colour: ANSI_COLOURS[code - 90] ?? null };
  if (code >= 100 && code <= 107) return { ...style, ground: ANSI_COLOURS[code - 100] ?? null };
  switch (code) {
    case 0:
      return PLAIN;
    case 1:
      return { ...style, bold: true };
    case 2:
      return { ...style, dim: true };
    case 3:
      return { ...style, italic: true };
    case 4:
      return { ...style, underline: true };
    case 22:
      return { ...style, bold: false, dim: false };
    case 23:
      return { ...style, italic: false };
    case 24:
      return { ...style, underline: false };
    case 39:
      return { ...style, colour: null };
    case 49:
      return { ...style, ground: null };
    default:
      return style;
  }
}

/** What follows 38 or 48: `5;n` or `2;r;g;b`, brought to the eight colours, and how many codes that took. */
function extendedColour(codes: readonly number[]): [AnsiColour | null, number] {
  const [kind, a = 0, b = 0, c = 0] = codes;
  if (kind === 2) return [nearest(a, b, c), 4];
  if (kind !== 5) return [null, 0];
  if (a < 16) return [ANSI_COLOURS[a % 8] ?? null, 2];
  if (a >= 232) return [a < 244 ? 'black' : 'white', 2];
  const cube = a - 16;
  return [nearest(Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51), 2];
}

/** Red is bit 0, green bit 1, blue bit 2 of the colour's number: a channel counts when it is near the strongest. */
function nearest(red: number, green: number, blue: number): AnsiColour {
  const strongest = Math.max(red, green, blue);
  if (strongest < 64) return 'black';
  const bit = (channel: number) => (channel > strongest * 0.6 ? 1 : 0);
  return ANSI_COLOURS[bit(red) + 2 * bit(green) + 4 * bit(blue)] ?? 'white';
}
