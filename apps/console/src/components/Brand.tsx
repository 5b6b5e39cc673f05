/** Teal's sign: a blue and a green pool, and what both make together. */
import classes from './Brand.module.css';

export function Brand({ large = false }: { large?: boolean }) {
  return (
    <span className={large ? classes.large : classes.brand}>
      <svg viewBox="0 0 32 24" aria-hidden="true">
        <circle cx="11" cy="12" r="10" fill="#2b7fe0" />
        <circle cx="21" cy="12" r="10" fill="#4caf50" />
        <path d="M16 3.34a10 10 0 0 1 0 17.32a10 10 0 0 1 0-17.32z" fill="#0d8f88" />
      </svg>
      Teal
    </span>
  );
}
