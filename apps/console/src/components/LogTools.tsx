/** What can be done with a log: search it, follow its end, wrap its lines, take it along. */
import { ActionIcon, Button, TextInput } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import { Icon } from './Icon.tsx';
import classes from './LogTools.module.css';

export interface Found {
  search: string;
  onSearch(search: string): void;
  /** Indexes of the lines found. */
  found: readonly number[];
  onGoTo(index: number): void;
}

export interface LogToolsProps extends Found {
  follow: boolean;
  /** Null where nothing more comes. */
  onFollow: ((follow: boolean) => void) | null;
  wrap: boolean;
  onWrap(wrap: boolean): void;
  /** Makes the file: name and text. */
  file(): { name: string; text: string };
  children?: ReactNode;
}

export function LogTools({ follow, onFollow, wrap, onWrap, file, children, ...found }: LogToolsProps) {
  return (
    <div className={classes.tools}>
      {children}
      <SearchBox {...found} />
      <div className={classes.buttons}>
        {onFollow !== null && (
          <Button
            size="compact-xs"
            variant={follow ? 'filled' : 'default'}
            aria-pressed={follow}
            onClick={() => onFollow(!follow)}
          >
            Follow
          </Button>
        )}
        <Button
          size="compact-xs"
          variant={wrap ? 'filled' : 'default'}
          aria-pressed={wrap}
          onClick={() => onWrap(!wrap)}
        >
          Wrap
        </Button>
        <ActionIcon variant="subtle" color="gray" aria-label="Download" title="Download" onClick={() => save(file())}>
          <Icon name="download" />
        </ActionIcon>
      </div>
    </div>
  );
}

function SearchBox({ search, onSearch, found, onGoTo }: Found) {
  const [at, setAt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another search begins at its first line
  useEffect(() => {
    setAt(0);
    if (found[0] !== undefined) onGoTo(found[0]);
  }, [search]);
  const go = (step: number) => {
    if (found.length === 0) return;
    const next = (at + step + found.length) % found.length;
    setAt(next);
    onGoTo(found[next] ?? 0);
  };
  return (
    <search className={classes.search}>
      <TextInput
        size="xs"
        aria-label="Search the log"
        placeholder="Search"
        leftSection={<Icon name="search" />}
        value={search}
        onChange={(event) => onSearch(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') go(event.shiftKey ? -1 : 1);
          if (event.key === 'Escape') onSearch('');
        }}
      />
      {search !== '' && (
        <>
          <span role="status" aria-label="Lines found">
            {found.length === 0 ? 'not found' : `${Math.min(at, found.length - 1) + 1} of ${found.length}`}
          </span>
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label="Line found before" onClick={() => go(-1)}>
            <Icon name="up" />
          </ActionIcon>
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label="Next line found" onClick={() => go(1)}>
            <Icon name="down" />
          </ActionIcon>
        </>
      )}
    </search>
  );
}

function save({ name, text }: { name: string; text: string }): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
