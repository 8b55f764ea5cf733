const AT_ONCE = 16

/** Calls a function with each item, some at once. */
export async function eachOf(items: readonly string[], act: (item: string) => Promise<void>): Promise<void> {
  const queue = [...items]
  const lane = async () => {
    for (let item = queue.pop(); item !== undefined; item = queue.pop()) await act(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}
