/** Which way of signing in this browser used last. */

export type SignInWay = 'password' | 'token';
const KEY = 'teal-sign-in';

/** A browser may refuse to keep anything. */
export function lastWay(): SignInWay {
  try {
    return localStorage.getItem(KEY) === 'password' ? 'password' : 'token';
  } catch {
    return 'token';
  }
}

export function keepWay(way: SignInWay): void {
  try {
    localStorage.setItem(KEY, way);
  } catch {
    // it is asked about again next time
  }
}
