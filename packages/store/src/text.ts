/** Strangers' text in a form that PostgreSQL takes: it refuses NUL in text and jsonb, and half surrogate pairs in jsonb. */

export function toText(text: string): string {
  return text.replaceAll('\u0000', '\ufffd').toWellFormed();
}

/** `value` as JSON for a jsonb column. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner) => {
    if (typeof inner === 'string') return toText(inner);
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).map(([name, entry]) => [toText(name), entry]));
  });
}
