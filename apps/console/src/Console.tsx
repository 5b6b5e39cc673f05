/** The console as a whole: theme, cache of answers, session, and which page an address shows. */
import { createTheme, MantineProvider } from '@mantine/core';
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { BrowserRouter, Route, Routes } from 'react-router';
import { Crash } from './components/Crash.tsx';
import { Session } from './components/Session.tsx';
import { AppOverview } from './pages/AppOverview.tsx';
import { Apps } from './pages/Apps.tsx';
import { Deployment } from './pages/Deployment.tsx';
import { NotFound } from './pages/NotFound.tsx';

const theme = createTheme({ primaryColor: 'teal', primaryShade: 7, respectReducedMotion: true });

export function Console({ client }: { client: QueryClient }) {
  return (
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
        <Crash>
          <QueryClientProvider client={client}>
            <BrowserRouter>
              <Session>
                <Routes>
                  <Route index element={<Apps />} />
                  <Route path="apps/:app" element={<AppOverview />} />
                  <Route path="apps/:app/deployments/:id" element={<Deployment />} />
                  <Route path="*" element={<NotFound />} />
                </Routes>
              </Session>
            </BrowserRouter>
          </QueryClientProvider>
        </Crash>
      </MantineProvider>
    </StrictMode>
  );
}
