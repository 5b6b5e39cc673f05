/** The console as somebody uses it who has a keyboard only: what has the focus, and whether it can be seen. */
import type { ConsolePage } from './console.ts';

export interface Focused {
  /** What it is called: its label or its text. */
  name: string;
  inDialog: boolean;
  /** False while one of the browser's own controls has the focus. */
  inPage: boolean;
  /** Something is drawn around it, or it differs from itself without the focus. */
  visible: boolean;
}

const TABS_MAX = 60;

interface Element {
  id: string;
  tagName: string;
  textContent: string;
  labels?: ArrayLike<{ textContent: string }> | null;
  getAttribute(name: string): string | null;
  closest(selector: string): unknown;
  matches(selector: string): boolean;
}

export function focused(teal: ConsolePage): Promise<Focused> {
  return teal.page.evaluate(() => {
    const { document, getComputedStyle } = globalThis as unknown as {
      document: { activeElement: Element; body: Element; hasFocus(): boolean };
      getComputedStyle(element: Element): {
        outlineStyle: string;
        outlineWidth: string;
        boxShadow: string;
        borderColor: string;
      };
    };
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const outlined = style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) > 0;
    const isField = element.tagName === 'INPUT' || element.tagName === 'TEXTAREA' || element.tagName === 'SELECT';
    const label = element.labels?.[0]?.textContent ?? element.getAttribute('aria-label') ?? element.textContent;
    return {
      name: (element.getAttribute('aria-label') ?? label).trim(),
      inDialog: element.closest('dialog[open]') !== null,
      inPage: element !== document.body,
      visible: element.matches(':focus-visible') && (outlined || style.boxShadow !== 'none' || isField),
    };
  });
}

/** Presses a key and looks where the focus is then. */
export async function press(teal: ConsolePage, key: string): Promise<Focused> {
  await teal.page.keyboard.press(key);
  return focused(teal);
}

/** Goes on with Tab until what is called `name` has the focus; everything on the way shows that it has it. */
export async function tabTo(teal: ConsolePage, name: string): Promise<void> {
  const passed: string[] = [];
  for (let i = 0; i < TABS_MAX; i += 1) {
    const now = await press(teal, 'Tab');
    if (now.inPage && !now.visible) throw new Error(`"${now.name}" has the focus and does not show it`);
    if (now.name === name) return;
    passed.push(now.name);
  }
  throw new Error(`Tab does not reach "${name}", only ${passed.join(', ')}`);
}
