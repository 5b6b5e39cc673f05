/** What a long page holds: a way to each of its parts, beside it where there is room. */
import classes from './OnThisPage.module.css';

export interface PagePart {
  id: string;
  words: string;
}

export function OnThisPage({ parts }: { parts: readonly PagePart[] }) {
  return (
    <nav aria-label="On this page" className={classes.parts}>
      <ul>
        {parts.map(({ id, words }) => (
          <li key={id}>
            <a href={`#${id}`}>{words}</a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
