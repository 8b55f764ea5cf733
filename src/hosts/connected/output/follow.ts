import type { Readable } from 'node:stream'
import type { OutputLog } from './outputLog.js'

/**
 * Gives `log` whatever comes, never pausing: a guest that writes must not wait for us. Resolves when the stream is closed.
 * `stream` is missing when there was no descriptor left for it.
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
