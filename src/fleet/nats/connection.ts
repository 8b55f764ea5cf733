/** The connection to NATS that a user gives, and the servers that it may lead to. */
import type { NatsConnection } from '@nats-io/transport-node'
import { invalidOption } from '../../contract/index.js'

/** The oldest nats-server that `cutover/fleet` is tested with, the one of Debian 12. */
export const OLDEST_NATS_SERVER = '2.9.10'

const METHODS = ['publish', 'subscribe', 'request', 'flush', 'status', 'isClosed'] as const

/**
 * Validates the option `connection`: an open connection of `@nats-io/transport-node`, of any copy of it.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`: it is something else, it is closed, or its server is too old
 */
export function validConnection(value: unknown): NatsConnection {
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Partial<NatsConnection>
  if (METHODS.some(method => typeof fields[method] !== 'function'))
    throw invalidOption('connection', 'the connection that connect() of @nats-io/transport-node resolves with', value)
  const connection = fields as NatsConnection
  if (connection.isClosed()) throw invalidOption('connection', 'open; connect again', 'a closed connection')
  const version = connection.info?.version
  if (version !== undefined && isOlder(version, OLDEST_NATS_SERVER))
    throw invalidOption('connection', `a connection to nats-server ${OLDEST_NATS_SERVER} or later`, version)
  return connection
}

/** Compares the numbers of two versions. The first part that is no number, as in `2.11.0-RC.1`, ends the comparison. */
function isOlder(version: string, than: string): boolean {
  const numbers = (text: string) => text.split(/[.-]/, 3).map(Number)
  const others = numbers(than)
  for (const [at, number] of numbers(version).entries()) {
    const other = others[at] ?? 0
    if (number !== other) return number < other
  }
  return false
}
