/** Where the traces and the logs of runs are, outside of the dashboard: JOBS_UI_TRACE_URL and JOBS_UI_LOG_URL. */
const { traceUrl = "", logUrl = "" } = document.documentElement.dataset;

/** Whether a link to a trace needs the run's attempts. */
export const HAS_TRACES = traceUrl !== "";

/** The address with its places filled in; null where there is none, or nothing to put into it.
 * @param {string} template
 * @param {Record<string, string | null | undefined>} places */
export function filled(template, places) {
  if (!template) return null;
  let isWhole = true;
  const address = template.replace(/\{(\w+)\}/g, (_, name) => {
    isWhole &&= Boolean(places[name]);
    return encodeURIComponent(places[name] ?? "");
  });
  return isWhole ? address : null;
}

/** @param {any} run
 * @param {{ trace_id: string }[]} [attempts] */
export function linksOf(run, attempts = []) {
  const places = {
    run_id: run.id,
    job_type: run.job_type,
    queue: run.queue,
    from: run.created_at,
    to: run.finished_at ?? new Date().toISOString(),
    trace_id: attempts.at(-1)?.trace_id ?? run.metadata?.traceparent?.split("-")[1],
  };
  return { trace: filled(traceUrl, places), log: filled(logUrl, places) };
}
