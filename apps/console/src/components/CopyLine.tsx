/** A line to copy, as it is to be typed. */
import { ActionIcon } from '@mantine/core';
import { useRef, useState } from 'react';
import classes from './CopyLine.module.css';
import { Icon } from './Icon.tsx';

type Result = 'none' | 'copied' | 'selected';
const WORDS: Readonly<Record<Result, string>> = {
  none: '',
  copied: 'Copied',
  selected: 'Selected: copy it with Ctrl+C',
};
const SHOWN_MS = 2_000;

export function CopyLine({ text, label }: { text: string; label: string }) {
  const line = useRef<HTMLElement>(null);
  const [result, setResult] = useState<Result>('none');
  const copy = async () => {
    setResult(await writeClipboard(text, line.current));
    setTimeout(() => setResult('none'), SHOWN_MS);
  };
  return (
    <div className={classes.line}>
      <code ref={line}>{text}</code>
      <span role="status" className={classes.result}>
        {WORDS[result]}
      </span>
      <ActionIcon variant="subtle" color="gray" aria-label={`Copy ${label}`} onClick={copy}>
        <Icon name={result === 'copied' ? 'check' : 'copy'} />
      </ActionIcon>
    </div>
  );
}

/** Pages without a secure context have no clipboard: there the text gets selected. */
async function writeClipboard(text: string, element: HTMLElement | null): Promise<Result> {
  try {
    await navigator.clipboard.writeText(text);
    return 'copied';
  } catch {
    if (element !== null) getSelection()?.selectAllChildren(element);
    return 'selected';
  }
}
