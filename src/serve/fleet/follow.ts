/** Waits until a fleet has come to the end of a deployment. */
import type { NatsConnection, Status } from '@nats-io/transport-node'
import {
  filter,
  firstValueFrom,
  from,
  fromEvent,
  map,
  merge,
  NEVER,
  type Observable,
  switchMap,
  take,
  tap,
  timer,
} from 'rxjs'
import type { FleetStatus } from '../../fleet/index.js'
import { time } from '../print/text.js'
import { UserError } from '../userError.js'
import type { Opened } from './connect.js'
import { arrivalOf, courseOf, type Deployed } from './deployment.js'
import type { DeployPrinter } from './deployPrinter.js'

/** A node that has failed may be about to move again. It is given so long to begin, in ms. */
const GRACE = 2_000
const GOES_ON = 'The fleet goes on by itself: see cutover fleet status, pause or halt.'

/**
 * Prints how the deployment goes, until each node that is not silent is where the record wants it, or has failed.
 *
 * @param timeout - ms
 * @returns the exit code
 * @throws UserError (rejects) another deployment took its place, it took too long, Ctrl-C, or the connection was closed for good
 */
export async function follow(
  { fleet, connection }: Opened,
  deployed: Deployed,
  printer: DeployPrinter,
  timeout: number | undefined,
): Promise<number> {
  const told = fleet.watch().pipe(
    map(status => ({ status, course: courseOf(status, deployed), arrival: arrivalOf(status) })),
    filter(({ course }) => course !== 'before'),
    tap(({ status, course }) => {
      printer.tell(status, course)
      if (course === 'replaced')
        throw new UserError(`Another order took the place of ${deployed.version}: ${orderOf(status)}.`, 1)
    }),
  )
  const ended = told.pipe(
    switchMap(each => {
      const { course, arrival } = each
      if (course === 'rolling' || arrival.moving.length > 0) return NEVER
      return timer(arrival.failed.length > 0 ? GRACE : 0).pipe(map(() => each))
    }),
    take(1),
  )
  const noting = noteStatus(connection, printer)
  try {
    const end = merge(stopped(timeout), closed(connection.closed()), ended)
    const { course, arrival, status } = await firstValueFrom(end)
    printer.end(status, arrival, course === 'permanent')
    return course === 'permanent' ? 0 : 1
  } finally {
    noting.stop()
    printer.leave()
  }
}

/** Says when the server is away. The nodes change nothing meanwhile. */
function noteStatus(connection: NatsConnection, printer: DeployPrinter): { stop(): void } {
  const statuses: AsyncIterable<Status> & { stop?(): void } = connection.status()
  const read = async () => {
    for await (const { type } of statuses) {
      if (type === 'disconnect') printer.note('NATS is away: the nodes serve on, and change nothing until it is back')
      else if (type === 'reconnect') printer.note('NATS is back')
    }
  }
  void read()
  return { stop: () => statuses.stop?.() }
}

function orderOf({ wanted }: FleetStatus): string {
  if (wanted === null) return 'the record was removed'
  return wanted.reason === null ? `the fleet moves to ${wanted.version}` : `the fleet goes back to ${wanted.version}`
}

/** Fails after the timeout, or at Ctrl-C. */
function stopped(timeout: number | undefined): Observable<never> {
  const late = timeout === undefined ? NEVER : timer(timeout).pipe(map(() => `It is under way after ${time(timeout)}.`))
  const interrupted = fromEvent(process, 'SIGINT').pipe(map(() => 'Interrupted.'))
  return merge(late, interrupted).pipe(
    map(why => {
      throw new UserError(`${why} ${GOES_ON}`, 1)
    }),
  )
}

/** Fails when the connection was closed for good. */
function closed(ending: Promise<unknown>): Observable<never> {
  return from(ending).pipe(
    map(error => {
      const why = error instanceof Error ? error.message : 'the server has ended it'
      throw new UserError(`The connection to NATS was closed: ${why}. ${GOES_ON}`, 1)
    }),
  )
}
