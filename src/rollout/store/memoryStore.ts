import type { RolloutRecord, RolloutStore } from './rolloutStore.js'

/** A store that ends with the process. */
export function memoryStore(): RolloutStore {
  let last: RolloutRecord | undefined
  return {
    open: async () => last,
    save: async record => {
      last = { ...record }
    },
    close: async () => {},
  }
}
