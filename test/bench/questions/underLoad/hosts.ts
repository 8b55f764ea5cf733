import { childProcess, inProcess, type Provisioner } from 'cutover/hosts'
import { fixture } from '../../harness/fixture.js'

/** The load of every row, in calls/s. */
export const RATE = 20_000

/** Answers with its version in the next turn of the event loop, so that calls are in flight. Never answers `hang`. */
const nextTurn = inProcess({
  module: ({ version }) => ({
    call: request => new Promise(resolve => request !== 'hang' && setImmediate(resolve, version)),
  }),
})

export const HOSTS: readonly { readonly name: string; readonly provisioner: Provisioner }[] = [
  { name: 'in-process', provisioner: nextTurn },
  { name: 'processes', provisioner: childProcess({ module: fixture('versioned') }) },
]
