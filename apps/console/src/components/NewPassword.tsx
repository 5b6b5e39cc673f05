/** Asks for a new password, twice by eye instead of twice by typing: it can be shown. */
import { PasswordInput } from '@mantine/core';

export interface NewPasswordProps {
  value: string;
  error?: string | undefined;
  onChange(value: string): void;
}

export function NewPassword({ value, error, onChange }: NewPasswordProps) {
  return (
    <PasswordInput
      label="New password"
      description="A few words that nobody would guess; the longer, the better"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={error}
      autoComplete="new-password"
      visibilityToggleButtonProps={{ 'aria-label': 'Show the new password' }}
      required
      withAsterisk={false}
    />
  );
}
