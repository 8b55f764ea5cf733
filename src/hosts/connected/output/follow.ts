import type { Readable } from 'node:stream'
import type { OutputLog } from './outputLog.js'

/**
 * Writes a stream to `log` and never pauses it, so that a guest is not blocked when it writes. Resolves when the stream is
 * closed. `stream` is undefined if no descriptor was left for it.
 */
export function follow(stream: Readable | undefined, log: OutputLog): Promise<void> {
  if (stream === undefined) return Promise.resolve()
  return new Promise(resolve => {
    stream
      .on('data', chunk => log.write(chunk))
      .on('error', () => {})
      .once('close', () => {
        log.end()
        resolve()
      })
  })
}
