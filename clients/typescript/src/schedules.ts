import {
  createSchedule,
  deleteSchedule,
  getSchedule,
  listFireTimes,
  listSchedules,
  patchSchedule,
  pauseSchedule,
  previewSchedule,
  putSchedule,
  resumeSchedule,
  triggerSchedule,
  type PreviewIn,
  type Schedule as ApiSchedule,
  type ScheduleIn,
  type SchedulePatch,
  type SchedulePut,
} from './generated/index.js';
import type { AnyJobs, JobCall, JobMap } from './job-map.js';
import { toCamel, toSnake, type Camel } from './names.js';
import { pages } from './pages.js';
import { Run } from './run.js';
import { idempotencyKey, type Abortable, type Keyed, type Server } from './server.js';

export type Schedule = Camel<ApiSchedule>;
/** What says which runs are made, and when. */
export type ScheduleDefinition<Map = AnyJobs> = Omit<Camel<ScheduleIn>, 'jobType' | 'payload'> & JobCall<Map>;
/** A definition whose name stands elsewhere. */
export type ScheduleSettings<Map = AnyJobs> = Omit<Camel<SchedulePut>, 'jobType' | 'payload'> & JobCall<Map>;
/** Fields to change; those left out stay. */
export type ScheduleChanges = Camel<SchedulePatch>;
export type Trigger = ScheduleDefinition['trigger'];

/** When something would fire, and how often that is told; the first time is later than `after`, or than now. */
export interface SchedulePreview extends Camel<Omit<PreviewIn, 'after'>> {
  after?: Date | undefined;
}

/** `jobs.schedules`. */
export class Schedules<Map extends JobMap<Map> = AnyJobs> {
  readonly #server: Server;

  /** @internal */
  constructor(server: Server) {
    this.#server = server;
  }

  /** Throws ApiError `schedule_exists`. */
  async create(definition: ScheduleDefinition<Map>, options: Abortable = {}): Promise<Schedule> {
    const { data } = await createSchedule({ ...this.#server.call(options), body: toSnake<ScheduleIn>(definition) });
    return toCamel(data);
  }

  /** Makes or replaces it. */
  async put(name: string, settings: ScheduleSettings<Map>, options: Abortable = {}): Promise<Schedule> {
    const body = toSnake<SchedulePut>(settings);
    return toCamel((await putSchedule({ ...this.#server.call(options), path: { name }, body })).data);
  }

  async change(name: string, changes: ScheduleChanges, options: Abortable = {}): Promise<Schedule> {
    const body = toSnake<SchedulePatch>(changes);
    return toCamel((await patchSchedule({ ...this.#server.call(options), path: { name }, body })).data);
  }

  /** Throws ApiError `schedule_not_found`. */
  async get(name: string, options: Abortable = {}): Promise<Schedule> {
    return toCamel((await getSchedule({ ...this.#server.call(options), path: { name } })).data);
  }

  /** Newest first, page by page; `limit` of a page. */
  async *list({ limit, ...options }: Abortable & { limit?: number } = {}): AsyncGenerator<Schedule, void, void> {
    const size = limit === undefined ? {} : { limit };
    const read = async (cursor: { cursor?: string }) =>
      (await listSchedules({ ...this.#server.call(options), query: { ...size, ...cursor } })).data;
    for await (const schedule of pages(read)) yield toCamel(schedule);
  }

  /** Its runs stay. */
  async delete(name: string, options: Abortable = {}): Promise<void> {
    await deleteSchedule({ ...this.#server.call(options), path: { name } });
  }

  /** Its times pass without a run. */
  async pause(name: string, options: Abortable = {}): Promise<Schedule> {
    return toCamel((await pauseSchedule({ ...this.#server.call(options), path: { name } })).data);
  }

  /** From its next time on; nothing is made up for. */
  async resume(name: string, options: Abortable = {}): Promise<Schedule> {
    return toCamel((await resumeSchedule({ ...this.#server.call(options), path: { name } })).data);
  }

  /** A run now, beside those of its times. */
  async trigger<Result = unknown>(name: string, { idempotencyKey: key, signal }: Keyed = {}): Promise<Run<Result>> {
    const headers = { 'Idempotency-Key': idempotencyKey(key) };
    const { data } = await triggerSchedule({ ...this.#server.call({ signal }), path: { name }, headers });
    return new Run(this.#server, data);
  }

  /** When it fires next, ten times or `count`. */
  async next(name: string, { count, ...options }: Abortable & { count?: number } = {}): Promise<Date[]> {
    const query = count === undefined ? {} : { count };
    return dates((await listFireTimes({ ...this.#server.call(options), path: { name }, query })).data);
  }

  /** When a schedule would fire. Nothing is stored. */
  async preview(plan: SchedulePreview, options: Abortable = {}): Promise<Date[]> {
    return dates((await previewSchedule({ ...this.#server.call(options), body: toSnake<PreviewIn>(plan) })).data);
  }
}

function dates({ data }: { data: string[] }): Date[] {
  return data.map((time) => new Date(time));
}
