/** The organisation that the console is about now; this browser keeps the choice. */
import type { Me } from '@teal/contracts';
import { createContext, type ReactNode, useContext, useState } from 'react';

export type Organisation = Me['organisations'][number];

interface Chosen {
  /** Null: one belongs to none. */
  organisation: Organisation | null;
  choose(id: string): void;
}

const KEY = 'teal-organisation';
const Context = createContext<Chosen>({ organisation: null, choose: () => {} });

export function OrganisationProvider({ me, children }: { me: Me; children: ReactNode }) {
  const [id, setId] = useState(kept);
  const organisation = me.organisations.find((one) => one.id === id) ?? me.organisations[0] ?? null;
  const choose = (next: string) => {
    keep(next);
    setId(next);
  };
  return <Context value={{ organisation, choose }}>{children}</Context>;
}

export function useOrganisation(): Chosen {
  return useContext(Context);
}

/** A browser may refuse to keep anything. */
function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function keep(id: string): void {
  try {
    localStorage.setItem(KEY, id);
  } catch {
    // the choice lasts as long as the page
  }
}
