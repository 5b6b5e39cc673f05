/** The 95 % upper bound of a rate. Pure. */

/** P(X ≤ count) of a Poisson variable. */
function atMost(count: number, mean: number): number {
  let term = Math.exp(-mean);
  let sum = term;
  for (let i = 1; i <= count; i += 1) {
    term *= mean / i;
    sum += term;
  }
  return sum;
}

/** With 95 % confidence the rate is below this; without any event it is the rule of three. 1 when nothing was tried. */
export function upperBound95(events: number, tries: number): number {
  if (tries === 0) return 1;
  let low = events;
  let high = events * 2 + 10;
  while (high - low > 1e-9 * high) {
    const middle = (low + high) / 2;
    if (atMost(events, middle) > 0.05) low = middle;
    else high = middle;
  }
  return Math.min(1, high / tries);
}
