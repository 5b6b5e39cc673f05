/** The secret that a mail's link carries behind the #. */
import { useState } from 'react';
import { useLocation } from 'react-router';

/** As it was when the page was opened. */
export function useFragment(): string {
  const { hash } = useLocation();
  const [fragment] = useState(hash.slice(1));
  return fragment;
}
