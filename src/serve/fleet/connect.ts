/** Connects a command to NATS, and opens its fleet. */
import { readFileSync } from 'node:fs'
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node'
import { isCutoverError, withoutFullStop } from '../../contract/index.js'
import type { Fleet } from '../../fleet/index.js'
import { UserError } from '../userError.js'
import { wrong } from './arguments.js'
import type { FleetSettings } from './table.js'

const DEFAULT_SERVER = 'nats://127.0.0.1:4222'
/** How long to wait for the server, in ms. */
const TIMEOUT = 5_000

/** A fleet, and the connection to its server. */
export interface Opened extends AsyncDisposable {
  readonly fleet: Fleet
  readonly connection: NatsConnection
}

/** @throws UserError; CutoverError (rejects) of `openFleet` */
export async function open(settings: FleetSettings): Promise<Opened> {
  const { fleet: name, heartbeat } = settings
  if (name === undefined) throw wrong('Option --fleet is required: the name of the fleet')
  // First, because it says what to install.
  const { openFleet } = await import('../../fleet/index.js')
  const connection = await connected(settings)
  try {
    const fleet = await openFleet({ connection, fleet: name, heartbeat })
    const close = async () => {
      await fleet.close()
      await connection.close()
    }
    return { fleet, connection, [Symbol.asyncDispose]: close }
  } catch (error) {
    await connection.close()
    throw isCutoverError(error, 'CUTOVER_INVALID_OPTION') ? new UserError(error.message, 2, error) : error
  }
}

async function connected(settings: FleetSettings): Promise<NatsConnection> {
  const { server: servers = [DEFAULT_SERVER], creds, user, password, token } = settings
  const { connect, credsAuthenticator } = await import('@nats-io/transport-node')
  const options: NodeConnectionOptions = {
    servers: [...servers],
    name: 'cutover fleet',
    timeout: TIMEOUT,
    // A command that waits outlives a restart of the server.
    maxReconnectAttempts: -1,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(token === undefined ? {} : { token }),
    ...(creds === undefined ? {} : { authenticator: credsAuthenticator(contentOf('creds', creds)) }),
    ...tlsOf(settings),
  }
  try {
    return await connect(options)
  } catch (cause) {
    const why = withoutFullStop((cause as Error).message)
    const message = `Cannot connect to NATS at ${servers.join(', ')}: ${why}. Check --server, that the server runs, and the credentials.`
    throw new UserError(message, 1, cause)
  }
}

function tlsOf(settings: FleetSettings): Pick<NodeConnectionOptions, 'tls'> {
  const { server: servers = [], tls = false, 'tls-ca': ca, 'tls-cert': cert, 'tls-key': key } = settings
  const files = Object.entries({ ca, cert, key }).flatMap(([name, file]) =>
    file === undefined ? [] : [[name, contentOf(`tls-${name}`, file).toString()] as const],
  )
  const isWanted = tls || files.length > 0 || servers.some(server => server.startsWith('tls://'))
  return isWanted ? { tls: Object.fromEntries(files) } : {}
}

function contentOf(option: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new UserError(`Option --${option} names a file that cannot be read: ${(cause as Error).message}.`, 2, cause)
  }
}
