import {
  createWebhook,
  deleteWebhook,
  forgetPreviousWebhookSecret,
  getWebhook,
  listDeliveries,
  listWebhooks,
  patchWebhook,
  putWebhook,
  recoverDeliveries,
  retryDelivery,
  rotateWebhookSecret,
  testWebhook,
  type Delivery as ApiDelivery,
  type DeliveryState,
  type NewWebhook as ApiNewWebhook,
  type Webhook as ApiWebhook,
  type WebhookEventType,
  type WebhookIn,
  type WebhookPatch,
  type WebhookPut,
  type WebhookTest as ApiWebhookTest,
} from './generated/index.js';
import { toCamel, toSnake, type Camel } from './names.js';
import { pages } from './pages.js';
import type { Abortable, Server } from './server.js';

export type Webhook = Camel<ApiWebhook>;
/** With the secret that signs its messages in `secret`, which is not shown again. */
export type NewWebhook = Camel<ApiNewWebhook>;
export type WebhookDefinition = Camel<WebhookIn>;
export type Delivery = Camel<ApiDelivery>;
export type WebhookTest = Camel<ApiWebhookTest>;

export interface DeliveryFilter extends Abortable {
  state?: DeliveryState;
  type?: WebhookEventType;
  runId?: string;
  /** Of a page. */
  limit?: number;
}

/** `jobs.webhooks`: who is told what became of runs. */
export class Webhooks {
  readonly #server: Server;

  /** @internal */
  constructor(server: Server) {
    this.#server = server;
  }

  /** Newest first, page by page; `limit` of a page. */
  async *list({ limit, ...options }: Abortable & { limit?: number } = {}): AsyncGenerator<Webhook, void, void> {
    const size = limit === undefined ? {} : { limit };
    const read = async (cursor: { cursor?: string }) =>
      (await listWebhooks({ ...this.#server.call(options), query: { ...size, ...cursor } })).data;
    for await (const webhook of pages(read)) yield toCamel(webhook);
  }

  /** Throws ApiError `webhook_not_found`, as all that follow do. */
  async get(name: string, options: Abortable = {}): Promise<Webhook> {
    return toCamel((await getWebhook({ ...this.#server.call(options), path: { name } })).data);
  }

  /**
   * Told of what happens from now on. Not tried again where its answer is lost. Throws ApiError `webhook_exists` and
   * `blocked_destination`.
   */
  async create(definition: WebhookDefinition, options: Abortable = {}): Promise<NewWebhook> {
    const { data } = await createWebhook({ ...this.#server.call(options), body: toSnake<WebhookIn>(definition) });
    return toCamel(data);
  }

  /** Makes it, then with its `secret`, or replaces what it is; what is left out is the server's default, but for `enabled`. */
  async put(
    name: string,
    definition: Omit<WebhookDefinition, 'name'>,
    options: Abortable = {},
  ): Promise<Webhook | NewWebhook> {
    const body = toSnake<WebhookPut>(definition);
    return toCamel((await putWebhook({ ...this.#server.call(options), path: { name }, body })).data);
  }

  /** Changes only these fields; `enabled: true` starts again one that the server has disabled. */
  async change(name: string, changes: Camel<WebhookPatch>, options: Abortable = {}): Promise<Webhook> {
    const body = toSnake<WebhookPatch>(changes);
    return toCamel((await patchWebhook({ ...this.#server.call(options), path: { name }, body })).data);
  }

  /** With its deliveries. */
  async delete(name: string, options: Abortable = {}): Promise<void> {
    await deleteWebhook({ ...this.#server.call(options), path: { name } });
  }

  /**
   * Gives it another secret. The one before signs too for `overlapSeconds`, a day where nothing is said. Throws ApiError
   * `rotation_pending` where two sign already.
   */
  async rotateSecret(
    name: string,
    { overlapSeconds, ...options }: Abortable & { overlapSeconds?: number } = {},
  ): Promise<NewWebhook> {
    const body = overlapSeconds === undefined ? {} : { overlap_seconds: overlapSeconds };
    return toCamel((await rotateWebhookSecret({ ...this.#server.call(options), path: { name }, body })).data);
  }

  /** Only the present secret signs from now on. */
  async forgetPreviousSecret(name: string, options: Abortable = {}): Promise<void> {
    await forgetPreviousWebhookSecret({ ...this.#server.call(options), path: { name } });
  }

  /** Those of which the first attempt failed and none has succeeded since, newest first, page by page. */
  async *deliveries(
    name: string,
    { limit, state, type, runId, ...options }: DeliveryFilter = {},
  ): AsyncGenerator<Delivery, void, void> {
    const given = { limit, state, type, run_id: runId };
    const filters = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const read = async (cursor: { cursor?: string }) =>
      (await listDeliveries({ ...this.#server.call(options), path: { name }, query: { ...filters, ...cursor } })).data;
    for await (const delivery of pages(read)) yield toCamel(delivery);
  }

  /** At once. Throws ApiError `delivery_not_found`. */
  async retry(name: string, deliveryId: string, options: Abortable = {}): Promise<Delivery> {
    const path = { name, delivery_id: deliveryId };
    return toCamel((await retryDelivery({ ...this.#server.call(options), path })).data);
  }

  /** All whose first attempt failed then or later, at once; how many. */
  async recover(name: string, since: Date | string, options: Abortable = {}): Promise<number> {
    const body = { since: since instanceof Date ? since.toISOString() : since };
    return (await recoverDeliveries({ ...this.#server.call(options), path: { name }, body })).data.deliveries;
  }

  /** Sends one message that is about no run, and tells what came of it. */
  async test(name: string, options: Abortable = {}): Promise<WebhookTest> {
    return toCamel((await testWebhook({ ...this.#server.call(options), path: { name } })).data);
  }
}
