/** A variable of the environment, where there is one: Node, Deno and Bun; not browsers. An empty one counts as none. */
export function environment(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.[name] || undefined;
}
