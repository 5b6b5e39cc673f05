/** Starts the console in the page. */
import '@fontsource-variable/inter/wght.css';
import './mantine.css';
import './theme.css';
import { config } from 'zod';

// compiled validators need eval, which the page's policy forbids; said before the first schema is made
config({ jitless: true });

const [{ createRoot }, { createQueryClient }, { Console }] = await Promise.all([
  import('react-dom/client'),
  import('./api/queryclient.ts'),
  import('./Console.tsx'),
]);
const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<Console client={createQueryClient()} />);
