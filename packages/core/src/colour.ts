/** The two colours that an app's releases alternate between. */

export const COLOURS = ['blue', 'green'] as const;
export type Colour = (typeof COLOURS)[number];

/** The colour a new release gets: the one that is not live; `blue` for an app's first. */
export function nextColour(live: Colour | null): Colour {
  return live === 'blue' ? 'green' : 'blue';
}
