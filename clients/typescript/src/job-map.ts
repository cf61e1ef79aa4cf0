/**
 * What a caller says of its jobs: `interface MyJobs { 'send-welcome-email': { payload: …; result: … } }`, for
 * `new Jobs<MyJobs>()`. What an entry leaves out is `unknown`.
 */
export interface JobShape {
  payload?: unknown;
  result?: unknown;
}

/** Any name, any payload: where no map was given. */
export type AnyJobs = Record<string, JobShape>;

/** Of a type parameter: the map has an entry's shape under each of its names. */
export type JobMap<Map> = { [Name in keyof Map]: JobShape };

export type JobName<Map> = keyof Map & string;

type Field<Entry, Name extends keyof JobShape> = Name extends keyof Entry ? Entry[Name] : unknown;

/** What the job is given. */
export type PayloadOf<Map, Name extends JobName<Map>> = Field<Map[Name], 'payload'>;

/** What its handler returns, as JSON. */
export type ResultOf<Map, Name extends JobName<Map>> = Field<Map[Name], 'result'>;

type Stored<Payload> = undefined extends Payload ? Exclude<Payload, undefined> | null : Payload;

/** The payload as the server tells it: null where it was left out. */
export type StoredOf<Map, Name extends JobName<Map>> = Stored<PayloadOf<Map, Name>>;

/** Where a payload may be left out. */
export type MayBeLeftOut<Payload> = undefined extends Payload ? true : null extends Payload ? true : false;

/** A job of the map by its name, with its payload. */
export type JobCall<Map> = {
  [Name in JobName<Map>]: { jobType: Name } & (MayBeLeftOut<PayloadOf<Map, Name>> extends true
    ? { payload?: PayloadOf<Map, Name> }
    : { payload: PayloadOf<Map, Name> });
}[JobName<Map>];

type Named<Map> = keyof {
  [Name in keyof Map as string extends Name ? never : number extends Name ? never : Name]: true;
};

/** string where the map names no job at all, so that any goes. */
export type AnyName<Map> = [Named<Map>] extends [never] ? (string extends keyof Map ? string : never) : never;
