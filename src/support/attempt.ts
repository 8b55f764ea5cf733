/** Runs `act`. Passes its error to `failed`, whether it throws or returns a promise that rejects. */
export function attempt(act: () => unknown, failed: (error: unknown) => void): void {
  try {
    const result = act()
    if (result !== undefined) Promise.resolve(result).catch(failed)
  } catch (error) {
    failed(error)
  }
}
