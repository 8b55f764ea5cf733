/** The example of `docs/recipes/sunday.md`: a version takes over at a given time. A test runs it. */
import { Aggregate, type Logger } from 'cutover'
import { inProcess } from 'cutover/hosts'
import { follow } from 'cutover/rollout'
import { interval, map, type Observable, of, startWith } from 'rxjs'

const rates: Record<string, number> = { '1.4.0': 0.19, '2.0.0': 0.21 }
const provisioner = inProcess({ module: ({ version }) => ({ call: (net: number) => net * (rates[version] ?? 0) }) })

/** The time, once a second. */
const systemTime$ = interval(1_000).pipe(
  startWith(0),
  map(() => Date.now()),
)

/** Makes the service, and lets it follow its schedule. */
export function createTaxes(logger: Logger, now$: Observable<number> = systemTime$) {
  const taxes = new Aggregate<number, number>({ id: 'taxes', logger })
  for (const version of Object.keys(rates))
    taxes.addVersion(version, provisioner.provision({ id: 'taxes', version, logger }))
  taxes.start()
  const deployments = [
    { version: '1.4.0', validFrom: Date.parse('2026-01-01T00:00:00+01:00') },
    { version: '2.0.0', validFrom: Date.parse('2026-11-29T03:00:00+01:00') }, // a Sunday
  ]
  const schedule = follow(taxes, of(deployments), now$, { prewarm: 600_000, logger }) // starts at 2:50
  return { taxes, schedule }
}
