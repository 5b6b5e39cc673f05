/** `teal webhooks`: who is told over HTTP of what becomes of deployments, of an app or of all of an organisation. */
import type { DeliveryView, WebhookView } from '@teal/contracts';
import { paths, webhookPaths } from '@teal/contracts/paths';
import { type Api, connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { cleanWord } from '../output/clean.ts';
import { CommandError } from '../output/exit.ts';
import { ago } from '../output/moment.ts';
import { chosenOrganisation } from './orgs.ts';

export async function listWebhooks(call: Call): Promise<void> {
  const { api, list } = await opened(call);
  const { webhooks } = await api.get<{ webhooks: WebhookView[] }>(list);
  call.data({ webhooks });
  const nowMs = Date.now();
  call.rows(
    webhooks.map(({ id, name, url, form, events, lastDelivery }) => [
      call.paint.bold(cleanWord(name)),
      cleanWord(url),
      form,
      events.map((event) => event.replace('deployment.', '')).join(', '),
      lastDelivery === null ? 'nothing sent yet' : told(lastDelivery, nowMs),
      cleanWord(id),
    ]),
  );
}

export async function addWebhook(call: Call): Promise<void> {
  const { api, list } = await opened(call);
  const { name, form, events } = call.options;
  const body = {
    url: call.words[0],
    ...(name === undefined ? {} : { name }),
    ...(form === undefined ? {} : { form }),
    ...(events === undefined ? {} : { events: events.split(',').map(eventName) }),
  };
  const added = await api.post<{ webhook: WebhookView; secret: string }>(list, body);
  call.data(added);
  call.say(cleanWord(added.secret));
  call.note(`It signs what "${cleanWord(added.webhook.name)}" is sent, and is shown this once.`);
}

export async function removeWebhook(call: Call): Promise<void> {
  const { api, list, webhook } = await named(call);
  await api.delete(webhookPaths.one(list, webhook.id));
  call.data({ removed: webhook });
  call.say(`${call.paint.green('✔')} removed ${cleanWord(webhook.name)}`);
}

export async function testWebhook(call: Call): Promise<void> {
  const { api, list, webhook } = await named(call);
  const { delivery } = await api.post<{ delivery: DeliveryView }>(webhookPaths.test(list, webhook.id), {});
  call.data({ delivery });
  if (delivery.state === 'delivered') return call.say(`${call.paint.green('✔')} answered ${delivery.status}`);
  throw new CommandError('failed', 'webhook_failed', `It was not delivered: ${cleanWord(delivery.error ?? '')}.`);
}

export async function listDeliveries(call: Call): Promise<void> {
  const { api, list, webhook } = await named(call);
  const { deliveries } = await api.get<{ deliveries: DeliveryView[] }>(webhookPaths.deliveries(list, webhook.id));
  call.data({ deliveries });
  const nowMs = Date.now();
  call.rows(
    deliveries.map((delivery) => [
      delivery.event,
      cleanWord(delivery.appName ?? ''),
      told(delivery, nowMs),
      delivery.error === null ? '' : cleanWord(delivery.error),
      delivery.attempts > 1 ? `${delivery.attempts} attempts` : '',
    ]),
  );
}

const eventName = (given: string) => (given.includes('.') ? given : `deployment.${given}`);

function told({ state, createdAt }: DeliveryView, nowMs: number): string {
  return `${state} ${ago(createdAt, nowMs)}`;
}

/** With `--app` those of an app, else of an organisation. */
async function opened(call: Call): Promise<{ api: Api; list: string }> {
  const api = await connect(call.io);
  const { app, org } = call.options;
  if (app !== undefined) return { api, list: paths.appWebhooks(app) };
  return { api, list: paths.organisationWebhooks((await chosenOrganisation(api, org)).id) };
}

async function named(call: Call) {
  const word = call.words[0] ?? '';
  const { api, list } = await opened(call);
  const { webhooks } = await api.get<{ webhooks: WebhookView[] }>(list);
  const [webhook, second] = webhooks.filter(({ id, name }) => [id, name].includes(word));
  if (webhook === undefined)
    throw new CommandError(
      'notFound',
      'webhook_not_found',
      `There is no webhook "${word}". "teal webhooks list" has them; --app for those of an app.`,
    );
  if (second !== undefined)
    throw new CommandError('conflict', 'webhook_ambiguous', `Several webhooks are called "${word}". Give the id.`);
  return { api, list, webhook };
}
