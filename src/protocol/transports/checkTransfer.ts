import { types } from 'node:util'
import type { Transferable } from '../../contract/index.js'

/** Refuses detached buffers, for which Node.js would send empty ones. @throws TypeError that names the buffer */
export function checkTransfer(list: readonly Transferable[] | undefined): void {
  list?.forEach((item, index) => {
    if (types.isArrayBuffer(item) && isDetached(item)) {
      throw new TypeError(`transfer[${index}] is a detached buffer: it was transferred before. Send a copy.`)
    }
  })
}

/** `ArrayBuffer.prototype.detached` requires Node.js 22. */
function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength > 0) return false
  try {
    return new Uint8Array(buffer).length !== 0
  } catch {
    return true
  }
}
