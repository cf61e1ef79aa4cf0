/** The items of all pages. `read` gets the query of the next page. */
export async function* pages<Item>(
  read: (cursor: { cursor?: string }) => Promise<{ data: Item[]; next_cursor: string | null }>,
): AsyncGenerator<Item, void, void> {
  let cursor: { cursor?: string } = {};
  for (;;) {
    const page = await read(cursor);
    yield* page.data;
    if (page.next_cursor === null) return;
    cursor = { cursor: page.next_cursor };
  }
}
