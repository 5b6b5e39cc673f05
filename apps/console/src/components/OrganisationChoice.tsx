/** The organisation one works in: its name, or a choice where one belongs to several. */
import type { Me } from '@teal/contracts';
import { useLocation, useNavigate } from 'react-router';
import { useOrganisation } from '../hooks/organisation.tsx';
import { visibleText } from '../view/visible.ts';
import { Choice } from './Choice.tsx';
import { Quote } from './Quote.tsx';
import classes from './Shell.module.css';

export function OrganisationChoice({ me }: { me: Me }) {
  const { organisation, choose } = useOrganisation();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  if (organisation === null) return <span className={classes.organisation} />;
  if (me.organisations.length === 1) return <Quote text={organisation.name} className={classes.organisation} />;
  const change = (id: string) => {
    choose(id);
    // the page of an app of another organisation would be out of place
    if (pathname.startsWith('/apps/')) navigate('/');
  };
  return (
    <div className={classes.organisation}>
      <Choice
        label="Organisation"
        quiet
        value={organisation.id}
        options={me.organisations.map(({ id, name }) => ({ value: id, label: visibleText(name) }))}
        onChange={change}
      />
    </div>
  );
}
