import type { Event as ApiEvent, EventType, RunState } from './generated/index.js';
import { toCamel, type Camel } from './names.js';

export type { EventType, RunState };

type ApiData = { [Type in EventType]: Camel<Extract<ApiEvent, { type: Type }>['data']> };

/** What each type of event tells. */
export type EventData<Result = unknown> = Omit<ApiData, 'completed'> & {
  completed: Omit<ApiData['completed'], 'result'> & { result: Result };
};

/** All types of this version, for what is checked at run time. */
const TYPES: Readonly<Record<EventType, true>> = {
  queued: true,
  started: true,
  progress: true,
  log: true,
  retrying: true,
  interrupted: true,
  cancelling: true,
  completed: true,
  failed: true,
  cancelled: true,
};

export const EVENT_TYPES = Object.keys(TYPES) as readonly EventType[];

interface EventFacts<Type extends EventType, Result> {
  id: string;
  /** 1, 2, 3 … within its run. */
  seq: number;
  type: Type;
  time: Date;
  runId: string;
  jobType: string;
  queue: string;
  /** The run's, after this event. */
  state: RunState;
  attempt: number;
  data: EventData<Result>[Type];
  /** Where a stream resumes after this event. */
  cursor: string;
}

/**
 * One change of a run. `event.type` tells what `event.data` is. A newer server may send types that are not listed here:
 * let a `switch` fall through.
 */
export type RunEvent<Type extends EventType = EventType, Result = unknown> = {
  [Each in Type]: EventFacts<Each, Result>;
}[Type];

const FINAL: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);

/** Of a state or an event's type: nothing comes after it. */
export function isFinal(word: string): boolean {
  return FINAL.has(word);
}

export function readEvent<Result>(text: string, cursor: string): RunEvent<EventType, Result> {
  const raw = JSON.parse(text) as ApiEvent;
  const { time, data } = raw;
  return { ...toCamel(raw), time: new Date(time), data: toCamel(data), cursor } as unknown as RunEvent<
    EventType,
    Result
  >;
}

/** Reads `text/event-stream` as browsers do: text in, the id and data of each event out. */
export class EventLines {
  #buffer = '';
  #data: string[] = [];
  #id: string;

  /** @param lastId Of the last block, which need not have been an event. */
  constructor(public lastId = '') {
    this.#id = lastId;
  }

  *feed(text: string): Generator<{ id: string; data: string }, void, void> {
    const lines = (this.#buffer + text).split('\n');
    this.#buffer = lines.pop() ?? '';
    for (const line of lines) {
      const trimmed = line.endsWith('\r') ? line.slice(0, -1) : line;
      if (trimmed) {
        this.#field(trimmed);
        continue;
      }
      this.lastId = this.#id;
      const data = this.#data;
      this.#data = [];
      if (data.length) yield { id: this.lastId, data: data.join('\n') };
    }
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') this.#data.push(value);
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
  }
}
