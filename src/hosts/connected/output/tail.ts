import { printable } from '../../../support/index.js'

const MAX_BYTES = 4_096
/** When Node.js 26 runs out of memory, the message is 22 lines before the end of stderr. */
const MAX_LINES = 40

/** The end of a stream of text: its last 40 lines, and no more than 4 KiB. Control characters are escaped. */
export class Tail {
  #bytes = Buffer.alloc(0)

  write(chunk: Buffer): void {
    const kept = chunk.length >= MAX_BYTES ? chunk : Buffer.concat([this.#bytes, chunk])
    // A copy does not keep the chunk alive.
    this.#bytes = Buffer.from(kept.subarray(-MAX_BYTES))
  }

  text(): string {
    const from = this.#bytes.length < MAX_BYTES ? 0 : firstCharacter(this.#bytes)
    const lines = this.#bytes.subarray(from).toString('utf8').trimEnd().split(/\r?\n/)
    return lines.slice(-MAX_LINES).map(printable).join('\n')
  }
}

/** The offset of the first whole UTF-8 character. */
function firstCharacter(bytes: Buffer): number {
  const at = bytes.subarray(0, 4).findIndex(byte => (byte & 0xc0) !== 0x80)
  return Math.max(at, 0)
}
