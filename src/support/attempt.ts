/** Whatever `act` throws, at once or by a promise that nobody asked it for, goes to `failed`. */
export function attempt(act: () => unknown, failed: (error: unknown) => void): void {
  try {
    Promise.resolve(act()).catch(failed)
  } catch (error) {
    failed(error)
  }
}
