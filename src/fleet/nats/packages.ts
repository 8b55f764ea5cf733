/** The packages of NATS, which are optional peers, loaded with the entry: it says at once what to install. */
import { CutoverError } from '../../contract/index.js'

type Packages = typeof import('@nats-io/transport-node') &
  typeof import('@nats-io/jetstream') &
  typeof import('@nats-io/kv')

/** @throws CutoverError (rejects) `CUTOVER_MISSING_PACKAGE` */
async function loaded(): Promise<Packages> {
  try {
    const [transport, jetstream, kv] = await Promise.all([
      import('@nats-io/transport-node'),
      import('@nats-io/jetstream'),
      import('@nats-io/kv'),
    ])
    return { ...transport, ...jetstream, ...kv }
  } catch (cause) {
    const message =
      'cutover/fleet needs NATS, whose packages cannot be loaded. Install them: npm install @nats-io/transport-node @nats-io/jetstream @nats-io/kv'
    throw new CutoverError('CUTOVER_MISSING_PACKAGE', message, { cause })
  }
}

/** The exports of the three packages. A static import would fail with an error of Node.js that names one of them. */
export const nats = await loaded()
