/** Colours of our own output; plain text where colours are not wanted. */

type Painter = (text: string) => string;
const HUES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;

export type Paint = Readonly<Record<keyof typeof HUES, Painter>> & { readonly on: boolean };

/** Painters that paint only when `on`. */
export function makePaint(on: boolean): Paint {
  const painter =
    (hue: number): Painter =>
    (text) =>
      on && text !== '' ? `\u001b[${hue}m${text}\u001b[${hue <= 2 ? 22 : 39}m` : text;
  const painters = Object.fromEntries(Object.entries(HUES).map(([name, hue]) => [name, painter(hue)]));
  return { ...(painters as Record<keyof typeof HUES, Painter>), on };
}

/** The hue of a state's name: what answers is green, what failed red, what goes on cyan. */
export function paintState(paint: Paint, state: string): string {
  if (state === 'live' || state === 'running') return paint.green(state);
  if (state === 'failed') return paint.red(state);
  if (state === 'cancelled' || state === 'stopped') return paint.yellow(state);
  if (state === 'replaced' || state === 'asleep' || state === 'off' || state === 'empty') return paint.dim(state);
  return paint.cyan(state);
}
