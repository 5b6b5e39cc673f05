/** The console as a whole: theme, cache of answers, session, and which page an address shows. */
import { createTheme, MantineProvider } from '@mantine/core';
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { BrowserRouter, Route, Routes } from 'react-router';
import { Crash } from './components/Crash.tsx';
import { Session } from './components/Session.tsx';
import { lazyPage } from './lazypage.tsx';
import { Apps } from './pages/Apps.tsx';
import { NotFound } from './pages/NotFound.tsx';

const theme = createTheme({ primaryColor: 'teal', primaryShade: 7, respectReducedMotion: true });

const AppFrame = lazyPage(async () => (await import('./pages/AppFrame.tsx')).AppFrame);
const AppOverview = lazyPage(async () => (await import('./pages/AppOverview.tsx')).AppOverview);
const Deployments = lazyPage(async () => (await import('./pages/Deployments.tsx')).Deployments);
const Logs = lazyPage(async () => (await import('./pages/Logs.tsx')).Logs);
const Settings = lazyPage(async () => (await import('./pages/Settings.tsx')).Settings);
const AppActivity = lazyPage(async () => (await import('./pages/Activity.tsx')).AppActivity);
const OrganisationFrame = lazyPage(async () => (await import('./pages/Organisation.tsx')).OrganisationFrame);
const Members = lazyPage(async () => (await import('./pages/Members.tsx')).Members);
const OrganisationTokens = lazyPage(async () => (await import('./pages/Tokens.tsx')).OrganisationTokens);
const OrganisationActivity = lazyPage(async () => (await import('./pages/Activity.tsx')).OrganisationActivity);
const Notifications = lazyPage(async () => (await import('./pages/Notifications.tsx')).Notifications);
const Metrics = lazyPage(async () => (await import('./pages/Metrics.tsx')).Metrics);
const OrganisationSettings = lazyPage(
  async () => (await import('./pages/OrganisationSettings.tsx')).OrganisationSettings,
);
const AccountFrame = lazyPage(async () => (await import('./pages/AccountFrame.tsx')).AccountFrame);
const Account = lazyPage(async () => (await import('./pages/Account.tsx')).Account);
const OwnTokens = lazyPage(async () => (await import('./pages/Tokens.tsx')).OwnTokens);
const OwnKeys = lazyPage(async () => (await import('./pages/Keys.tsx')).OwnKeys);
const OwnActivity = lazyPage(async () => (await import('./pages/Activity.tsx')).OwnActivity);
const Certificates = lazyPage(async () => (await import('./pages/Certificates.tsx')).Certificates);
const Deployment = lazyPage(async () => (await import('./pages/Deployment.tsx')).Deployment);

export function Console({ client }: { client: QueryClient }) {
  return (
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
        <Crash>
          <QueryClientProvider client={client}>
            <BrowserRouter>
              <Session>
                <Pages />
              </Session>
            </BrowserRouter>
          </QueryClientProvider>
        </Crash>
      </MantineProvider>
    </StrictMode>
  );
}

function Pages() {
  return (
    <Routes>
      <Route index element={<Apps />} />
      <Route path="apps/:app" element={<AppFrame />}>
        <Route index element={<AppOverview />} />
        <Route path="deployments" element={<Deployments />} />
        <Route path="deployments/:id" element={<Deployment />} />
        <Route path="logs" element={<Logs />} />
        <Route path="metrics" element={<Metrics />} />
        <Route path="activity" element={<AppActivity />} />
        <Route path="settings" element={<Settings />} />
        <Route path="*" element={<NotFound />} />
      </Route>
      <Route path="organisation" element={<OrganisationFrame />}>
        <Route index element={<Members />} />
        <Route path="tokens" element={<OrganisationTokens />} />
        <Route path="activity" element={<OrganisationActivity />} />
        <Route path="notifications" element={<Notifications />} />
        <Route path="settings" element={<OrganisationSettings />} />
      </Route>
      <Route path="account" element={<AccountFrame />}>
        <Route index element={<Account />} />
        <Route path="tokens" element={<OwnTokens />} />
        <Route path="keys" element={<OwnKeys />} />
        <Route path="activity" element={<OwnActivity />} />
      </Route>
      <Route path="certificates" element={<Certificates />} />
      <Route path="*" element={<NotFound />} />
    </Routes>
  );
}
