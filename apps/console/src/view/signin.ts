/** Which way of signing in this browser was told to use. */

export type SignInWay = 'password' | 'token';
const KEY = 'teal-sign-in';

/** Null where nobody has chosen; a browser may refuse to keep anything. */
export function chosenWay(): SignInWay | null {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'password' || kept === 'token' ? kept : null;
  } catch {
    return null;
  }
}

export function keepWay(way: SignInWay): void {
  try {
    localStorage.setItem(KEY, way);
  } catch {
    // it is asked about again next time
  }
}
