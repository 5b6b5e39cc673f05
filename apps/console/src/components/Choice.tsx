/** One of a few things, chosen from the browser's own list. */
import { NativeSelect } from '@mantine/core';

export interface ChoiceProps<T extends string> {
  label: string;
  /** The label is for those who listen only. */
  quiet?: boolean;
  description?: string;
  value: T;
  options: readonly { value: T; label: string }[];
  disabled?: boolean;
  onChange(value: T): void;
}

export function Choice<T extends string>({
  label,
  quiet = false,
  description,
  value,
  options,
  disabled = false,
  onChange,
}: ChoiceProps<T>) {
  return (
    <NativeSelect
      {...(quiet ? { 'aria-label': label } : { label })}
      description={description}
      value={value}
      data={[...options]}
      disabled={disabled}
      onChange={(event) => onChange(event.currentTarget.value as T)}
    />
  );
}
