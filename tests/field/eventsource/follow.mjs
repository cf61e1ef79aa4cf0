// Follows an event stream as a browser's EventSource does: `node follow.mjs eventsource3|eventsource4 URL TYPE...`
// Each open, error and event is a line on stdout; it ends when the EventSource has given up.
const [library, url, ...types] = process.argv.slice(2);
const { EventSource } = await import(library);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const source = new EventSource(url);

source.addEventListener('open', () => say({ kind: 'open' }));
source.addEventListener('error', (event) => {
  const closed = source.readyState === EventSource.CLOSED;
  say({ kind: closed ? 'closed' : 'error', status: event.code ?? null });
  if (closed) process.exit(0);
});
for (const type of types) {
  source.addEventListener(type, (event) => say({ kind: 'event', type, id: event.lastEventId }));
}
