/** Waiting for a condition with a deadline: tests never sleep for a fixed time. */

/** Calls `probe` until it returns something other than null, undefined or false; throws after `deadlineMs`. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  deadlineMs = 10_000,
): Promise<T> {
  const end = Date.now() + deadlineMs;
  let trouble: unknown = null;
  for (;;) {
    try {
      const value = await probe();
      if (value !== null && value !== undefined && value !== false) return value;
      trouble = null;
    } catch (error) {
      trouble = error;
    }
    if (Date.now() >= end) throw new Error(`not within ${deadlineMs} ms: ${what}`, { cause: trouble });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
