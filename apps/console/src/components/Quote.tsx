/** Text that strangers wrote, shown as exactly that text. */
import { visibleText } from '../view/visible.ts';

export function Quote({ text, className }: { text: string; className?: string }) {
  return <bdi className={className}>{visibleText(text)}</bdi>;
}
